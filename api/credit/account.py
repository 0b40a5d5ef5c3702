"""The account of a customer: credit by lots, reservations, quotas used, tier. A fold of the log and of nothing else.

What may be done on it is decided elsewhere (`acts.py`); here is what events do to it. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import msgspec
from msgspec import field

from api.credit.lots import Lot, place_of, put, split, take, tokens_of
from schemas.corrections import CreditWithdrawn
from schemas.credit_events import (
    BalanceLow,
    CreditCaptured,
    CreditForgiven,
    CreditFrozen,
    CreditReleased,
    CreditReservationExpired,
    CreditReserved,
    CreditSpent,
    CreditUnfrozen,
    LotPart,
    UsageRecorded,
)
from schemas.decision_model import ValueMoved
from schemas.decisions import CreditClawedBack, CreditGranted, TierChanged
from schemas.event_model import EventModel


class _Part(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """Base of what is kept of an account."""


class Reservation(_Part):
    """Credit that is set aside until `expires_at`, with the lots it came from.

    `refund_of`: the case whose refund it waits for. Once that took it there are no lots, and only its end is left to be said.
    """

    reservation_id: str
    reference: str
    tokens: int
    expires_at: datetime
    lots: list[Lot]
    refund_of: str | None = None


class TierHeld(_Part):
    """The tier last decided; from `until` on, `fallback_tier`."""

    tier: str
    until: datetime | None
    fallback_tier: str


class Used(_Part):
    """What counts against quotas, in the newest month and day (Asia/Jakarta) that anything was used in."""

    month: str = ""
    month_tokens: int = 0
    month_papers: int = 0
    day: str = ""
    day_tokens: int = 0


class Account(_Part, dict=True):
    """`lots` are free to spend; `debt` is what was spent before its money went back, and there is none of both.

    `debt_idr`: rupiah that went back and have not been set against a lot yet. The lots, those of reservations too, less `debt_idr` are
    always what the ledger's `credit:<customer>` owes. `peak`: the most there was to spend since the last `balance.low`.
    `carried`: by meter the part of a token, as numerator and denominator, that was used and not counted yet.

    A customer may have topped up ten thousands of times: no event walks over all lots. What is free and whose lot is where is kept beside them
    (and not stored), so lots are changed by `give`, `out` and `remove` alone.
    """

    customer_id: str
    lots: list[Lot] = field(default_factory=list)
    debt: int = 0
    debt_idr: int = 0
    debt_let_be: int = 0
    reservations: dict[str, Reservation] = field(default_factory=dict)
    spent: int = 0
    spent_idr: int = 0
    peak: int = 0
    carried: dict[str, tuple[int, int]] = field(default_factory=dict)
    frozen: str | None = None
    tier: TierHeld | None = None
    used: Used = field(default_factory=Used)

    def __post_init__(self) -> None:
        self._free = tokens_of(self.lots)
        self._places: dict[str, list[int]] = {}
        for lot in self.lots:
            self._places.setdefault(lot.key, []).append(lot.lot)

    @property
    def credit(self) -> int:
        """Tokens that can be spent; below zero only because money went back."""
        return self._free - self.debt

    @property
    def reserved(self) -> int:
        return sum(one.tokens for one in self.reservations.values())

    @property
    def due_at(self) -> datetime | None:
        """When the next reservation expires."""
        return min((one.expires_at for one in self.reservations.values()), default=None)

    def tier_at(self, now: datetime, first_tier: str) -> str:
        """The tier in force."""
        held = self.tier
        if held is None:
            return first_tier
        return held.tier if held.until is None or now < held.until else held.fallback_tier

    def apply(self, event: EventModel, position: int = 0) -> None:
        """What this event does; in the order of the log. `position` counts for grants only."""
        _EFFECTS[type(event)](self, event, position)
        self.peak = self.credit if isinstance(event, BalanceLow) else max(self.peak, self.credit)

    def give(self, lots: Iterable[Lot]) -> None:
        """Tokens come in, or back: debt is covered first."""
        for lot in lots:
            covered = min(self.debt, lot.tokens)
            self.debt -= covered
            if covered == lot.tokens:
                self.debt_idr -= lot.idr
            else:
                self._in(Lot(lot.lot, lot.key, lot.tokens - covered, lot.idr))
        self._set_off()

    def out(self, position: int, tokens: int) -> list[Lot]:
        """Up to `tokens` of the lot of this grant, with their rupiah; nothing where it is used up."""
        index = place_of(self.lots, position)
        if index == len(self.lots) or self.lots[index].lot != position or not tokens:
            return []
        part, rest = split(self.lots[index], tokens)
        self._keep(index, part, rest)
        return [part]

    def remove(self, part: LotPart) -> None:
        """Out of the lot that an event names, with the rupiah that it names."""
        index = place_of(self.lots, part.lot)
        if index == len(self.lots) or self.lots[index].lot != part.lot:
            return
        lot = self.lots[index]
        if part.tokens < lot.tokens:
            rest = Lot(lot.lot, lot.key, lot.tokens - part.tokens, lot.idr - part.idr)
            self._keep(index, Lot(lot.lot, lot.key, part.tokens, part.idr), rest)
        else:
            self._keep(index, lot, None)

    def take_back(self, key: str, tokens: int, idr: int) -> None:
        """Money went back: out of its own top-up first, then out of the others, the rest is debt."""
        taken: list[Lot] = []
        for position in sorted(self._places.get(key, ())):
            taken += self.out(position, tokens - tokens_of(taken))
        missing = tokens - tokens_of(taken)
        while missing and self.lots:
            (part,) = self.out(self.lots[0].lot, missing)
            taken.append(part)
            missing -= part.tokens
        self.debt += missing
        self.debt_idr += idr - sum(lot.idr for lot in taken)
        self._set_off()

    def come_back_for(self, case: str, tokens: int) -> None:
        """Credit that was set aside for a refund of this case is there to be taken, by that or because it was never due; of several the one that is as large, else the oldest."""
        waiting = [one for one in self.reservations.values() if one.refund_of == case and one.lots]
        if waiting:
            found = next((one for one in waiting if one.tokens == tokens), waiting[0])
            found.lots, lots = [], found.lots
            self.give(lots)

    def used_up(self, tokens: int, idr: int) -> None:
        self.spent += tokens
        self.spent_idr += idr

    def _in(self, lot: Lot) -> None:
        put(self.lots, lot)
        self._free += lot.tokens
        places = self._places.setdefault(lot.key, [])
        if lot.lot not in places:
            places.append(lot.lot)

    def _keep(self, index: int, part: Lot, rest: Lot | None) -> None:
        self._free -= part.tokens
        if rest is None:
            del self.lots[index]
        else:
            self.lots[index] = rest

    def _set_off(self) -> None:
        """Rupiah that belong to no tokens any more are set against what is left."""
        for index, lot in enumerate(self.lots):
            share = min(self.debt_idr, lot.idr)
            if self.debt or not share:
                return
            self.debt_idr -= share
            self.lots[index] = Lot(lot.lot, lot.key, lot.tokens, lot.idr - share)


def lots_of(parts: Iterable[LotPart]) -> list[Lot]:
    return [Lot(part.lot, part.key, part.tokens, part.idr) for part in parts]


def _credit_idr(event: ValueMoved, customer_id: str, amount_idr: int) -> int:
    """Rupiah of the customer's liability that a decision moved."""
    if not event.postings:
        return amount_idr
    return abs(sum(one.amount for one in event.postings if one.account == f"credit:{customer_id}"))


def _granted(account: Account, event: CreditGranted, position: int) -> None:
    idr = _credit_idr(event, account.customer_id, event.amount_idr)
    account.give([Lot(position, f"{event.case} {event.part}", event.tokens, idr)])


def _taken_back(account: Account, event: CreditClawedBack | CreditWithdrawn, _: int) -> None:
    idr = _credit_idr(event, account.customer_id, event.amount_idr)
    # Also where a word on it was taken back meanwhile: what was set aside is that top-up's, and without it there was a debt that nobody made.
    account.come_back_for(event.case, event.tokens)
    account.take_back(f"{event.case} {event.part}", event.tokens, idr)


def _tier(account: Account, event: TierChanged, _: int) -> None:
    account.tier = TierHeld(event.tier, event.until, event.fallback_tier)


def _remove(account: Account, parts: Iterable[LotPart]) -> None:
    """Out of the lots that the event names."""
    for part in parts:
        account.remove(part)


def _spent(account: Account, event: CreditSpent, _: int) -> None:
    _remove(account, event.lots)
    account.used_up(event.tokens, event.idr)


def _reserved(account: Account, event: CreditReserved, _: int) -> None:
    _remove(account, event.lots)
    account.reservations[event.reservation_id] = Reservation(
        event.reservation_id,
        event.reference,
        event.tokens,
        event.expires_at,
        lots_of(event.lots),
        event.refund_of,
    )


def _captured(account: Account, event: CreditCaptured, _: int) -> None:
    _used_part, rest = take(account.reservations.pop(event.reservation_id).lots, event.tokens)
    account.used_up(event.tokens, event.idr)
    account.give(rest)


def _given_up(account: Account, event: CreditReleased | CreditReservationExpired, _: int) -> None:
    account.give(account.reservations.pop(event.reservation_id).lots)


def _used(account: Account, event: UsageRecorded, _: int) -> None:
    used, by_quota = account.used, event.paid_by == "quota"
    if not by_quota:
        _remove(account, event.lots)
        account.used_up(event.tokens, event.idr)
    if event.metered is not None:
        account.carried[event.metered.meter] = event.metered.carried
    # A clock that goes back over midnight does not open a day again.
    if event.month > used.month:
        used.month, used.month_tokens, used.month_papers = event.month, 0, 0
    if event.day > used.day:
        used.day, used.day_tokens = event.day, 0
    used.month_papers += event.papers
    if by_quota:
        used.month_tokens += event.tokens
        used.day_tokens += event.tokens


def _frozen(account: Account, event: CreditFrozen, _: int) -> None:
    account.frozen = event.reason


def _unfrozen(account: Account, event: CreditUnfrozen, _: int) -> None:
    account.frozen, account.debt_let_be = None, event.debt_tokens


def _forgiven(account: Account, event: CreditForgiven, _: int) -> None:
    account.debt -= event.tokens
    account.debt_idr -= event.idr


def _told(_: Account, __: BalanceLow, ___: int) -> None:
    """What was said changes nothing but `peak`."""


_EFFECTS: dict[type[EventModel], Callable[[Account, Any, int], None]] = {
    CreditGranted: _granted,
    CreditClawedBack: _taken_back,
    CreditWithdrawn: _taken_back,
    TierChanged: _tier,
    CreditSpent: _spent,
    CreditReserved: _reserved,
    CreditCaptured: _captured,
    CreditReleased: _given_up,
    CreditReservationExpired: _given_up,
    UsageRecorded: _used,
    BalanceLow: _told,
    CreditFrozen: _frozen,
    CreditUnfrozen: _unfrozen,
    CreditForgiven: _forgiven,
}

FOLDED: tuple[str, ...] = tuple(model.TYPE for model in _EFFECTS)
"""Types that change an account."""
