"""Lots: what is left of each top-up. Whoever takes takes from the oldest first."""

from __future__ import annotations

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
    left: list[Lot] = []
    for lot in lots:
        share = min(tokens, lot.tokens)
        tokens -= share
        if share == lot.tokens:
            taken.append(lot)
            continue
        idr = lot.idr * share // lot.tokens
        if share:
            taken.append(Lot(lot.lot, lot.key, share, idr))
        left.append(Lot(lot.lot, lot.key, lot.tokens - share, lot.idr - idr))
    return taken, left


def put_back(lots: list[Lot], returned: list[Lot]) -> list[Lot]:
    """With what came back, each part to its own lot, in the order of the top-ups."""
    kept = {lot.lot: lot for lot in lots}
    for part in returned:
        known = kept.get(part.lot)
        kept[part.lot] = (
            part
            if known is None
            else Lot(part.lot, part.key, known.tokens + part.tokens, known.idr + part.idr)
        )
    return [kept[position] for position in sorted(kept)]


def tokens_of(lots: list[Lot]) -> int:
    return sum(lot.tokens for lot in lots)


def idr_of(lots: list[Lot]) -> int:
    return sum(lot.idr for lot in lots)


def parts(lots: list[Lot]) -> tuple[LotPart, ...]:
    """As an event says it."""
    return tuple(LotPart(lot=one.lot, key=one.key, tokens=one.tokens, idr=one.idr) for one in lots)
