"""Lots: what is left of each top-up. Whoever takes takes from the oldest first."""

from __future__ import annotations

from bisect import bisect_left

import msgspec

from schemas.credit_events import LotPart


class Lot(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """What is left of one top-up: `tokens`, and the rupiah they stand for. `lot`: position of its grant; `key`: its case and part."""

    lot: int
    key: str
    tokens: int
    idr: int


def take(lots: list[Lot], tokens: int) -> tuple[list[Lot], list[Lot]]:
    """Up to `tokens` from the oldest on: what was taken, and what is left.

    The rupiah of a part are rounded down; who takes the last token gets the rest, so that a lot's rupiah add up whatever it was split into.
    """
    taken: list[Lot] = []
    for index, lot in enumerate(lots):
        if not tokens:
            return taken, lots[index:]
        part, rest = split(lot, tokens)
        taken.append(part)
        tokens -= part.tokens
        if rest is not None:
            return taken, [rest, *lots[index + 1 :]]
    return taken, []


def split(lot: Lot, tokens: int) -> tuple[Lot, Lot | None]:
    """Up to `tokens` of one lot, and what is left of it; None when nothing is."""
    if tokens >= lot.tokens:
        return lot, None
    idr = lot.idr * tokens // lot.tokens
    return Lot(lot.lot, lot.key, tokens, idr), Lot(lot.lot, lot.key, lot.tokens - tokens, lot.idr - idr)


def put(lots: list[Lot], part: Lot) -> None:
    """What came in or back goes to its own lot, in the order of the top-ups; nearly always behind all others."""
    index = place_of(lots, part.lot)
    if index < len(lots) and lots[index].lot == part.lot:
        known = lots[index]
        lots[index] = Lot(part.lot, part.key, known.tokens + part.tokens, known.idr + part.idr)
    else:
        lots.insert(index, part)


def place_of(lots: list[Lot], position: int) -> int:
    """Where the lot of this grant is, or would be."""
    return bisect_left(lots, position, key=_position)


def _position(lot: Lot) -> int:
    return lot.lot


def tokens_of(lots: list[Lot]) -> int:
    return sum(lot.tokens for lot in lots)


def idr_of(lots: list[Lot]) -> int:
    return sum(lot.idr for lot in lots)


def parts(lots: list[Lot]) -> tuple[LotPart, ...]:
    """As an event says it."""
    return tuple(LotPart(lot=one.lot, key=one.key, tokens=one.tokens, idr=one.idr) for one in lots)
