"""What may be done on an account: each act becomes events or a problem. Pure; the time is the database's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from api.credit import postings
from api.credit.account import Account, Reservation
from api.credit.lots import Lot, idr_of, parts, take, tokens_of
from api.credit.meters import metered
from api.credit.quotas import QuotasLeft, day_of, month_of, quotas_left, tier_named
from schemas.catalog import Catalog, Tier
from schemas.credit_events import (
    BalanceLow,
    CreditCaptured,
    CreditFrozen,
    CreditReleased,
    CreditReservationExpired,
    CreditReserved,
    CreditSpent,
    UsageRecorded,
)
from schemas.event_model import EventModel
from schemas.problems import Problem


@dataclass(frozen=True, slots=True)
class CreditMoment:
    """What besides the account counts: the database's time and the catalogue in force."""

    now: datetime
    catalog: Catalog


@dataclass(frozen=True, slots=True)
class Spend:
    """Use credit up."""

    act_id: str
    tokens: int
    reason: str
    reference: str
    kind: Literal["spend"] = "spend"

    def decide(self, account: Account, world: CreditMoment) -> EventModel:
        lots = _lots(account, self.tokens)
        idr = idr_of(lots)
        return CreditSpent(
            customer_id=account.customer_id,
            spend_id=self.act_id,
            tokens=self.tokens,
            idr=idr,
            reason=self.reason,
            reference=self.reference,
            lots=parts(lots),
            credit_tokens=account.credit - self.tokens,
            at=world.now,
            postings=postings.spent(account.customer_id, self.tokens, idr),
        )


@dataclass(frozen=True, slots=True)
class Reserve:
    """Set credit aside for so long."""

    act_id: str
    tokens: int
    reference: str
    seconds: int
    kind: Literal["reservation"] = "reservation"

    def decide(self, account: Account, world: CreditMoment) -> EventModel:
        lots = _lots(account, self.tokens)
        return CreditReserved(
            customer_id=account.customer_id,
            reservation_id=self.act_id,
            tokens=self.tokens,
            reference=self.reference,
            expires_at=world.now + timedelta(seconds=self.seconds),
            lots=parts(lots),
            credit_tokens=account.credit - self.tokens,
            at=world.now,
            postings=postings.reserved(account.customer_id, self.tokens),
        )


@dataclass(frozen=True, slots=True)
class SetAside:
    """Keep the `tokens` that a refund will take from being spent while it is under way, as far as they are there: of its own top-up first.

    `reference` is the refund's id and the reservation's too, which no application can name.
    """

    reference: str
    case: str
    tokens: int
    days: int
    kind: Literal["refund"] = "refund"

    def decide(self, account: Account, world: CreditMoment) -> EventModel:
        own = [lot for lot in account.lots if lot.key.startswith(f"{self.case} ")]
        others = [lot for lot in account.lots if lot not in own]
        lots = take(own, self.tokens)[0]
        lots += take(others, self.tokens - tokens_of(lots))[0]
        if not lots:
            raise Problem("insufficient_balance", credit_tokens=account.credit, tokens=self.tokens)
        held = tokens_of(lots)
        return CreditReserved(
            customer_id=account.customer_id,
            reservation_id=self.reference,
            tokens=held,
            reference=self.reference,
            expires_at=world.now + timedelta(days=self.days),
            lots=parts(lots),
            refund_of=self.case,
            credit_tokens=account.credit - held,
            at=world.now,
            postings=postings.reserved(account.customer_id, held),
        )


@dataclass(frozen=True, slots=True)
class Capture:
    """Use a reservation, all of it or less. A frozen account still pays for what was promised."""

    reference: str
    tokens: int
    kind: Literal["closing"] = "closing"

    def decide(self, account: Account, world: CreditMoment) -> EventModel:
        held = _open(account, self.reference)
        if self.tokens > held.tokens:
            raise Problem("capture_exceeds_reservation", reserved=held.tokens, tokens=self.tokens)
        lots, _ = take(held.lots, self.tokens)
        idr, returned = idr_of(lots), held.tokens - self.tokens
        return CreditCaptured(
            customer_id=account.customer_id,
            reservation_id=held.reservation_id,
            tokens=self.tokens,
            idr=idr,
            returned=returned,
            reference=held.reference,
            lots=parts(lots),
            credit_tokens=account.credit + returned,
            at=world.now,
            postings=postings.captured(account.customer_id, self.tokens, returned, idr),
        )


@dataclass(frozen=True, slots=True)
class Release:
    """Give a reservation up."""

    reference: str
    kind: Literal["closing"] = "closing"

    def decide(self, account: Account, world: CreditMoment) -> EventModel:
        held = _open(account, self.reference)
        return CreditReleased(
            customer_id=account.customer_id,
            reservation_id=held.reservation_id,
            tokens=held.tokens,
            reference=held.reference,
            credit_tokens=account.credit + held.tokens,
            at=world.now,
            postings=postings.given_back(account.customer_id, held.tokens),
        )


@dataclass(frozen=True, slots=True)
class Use:
    """Report use of the product: against the quotas of the tier in force, or from credit where the tier is paid by it.

    `meter`: what was used is told in `units` of it, and the tokens follow from the catalogue.
    """

    act_id: str
    tokens: int
    papers: int
    reference: str
    meter: str | None = None
    units: int = 0
    kind: Literal["usage"] = "usage"

    def decide(self, account: Account, world: CreditMoment) -> EventModel:
        tier, tokens, use = tier_of(account, world), self.tokens, None
        if self.meter is not None:
            carried = account.carried.get(self.meter)
            tokens, use = metered(world.catalog, self.meter, self.units, carried, world.now)
        over = quotas_left(account.used, tier, world.now).exceeded(tokens, self.papers)
        if over is not None:
            resets_at = f"{over[1].resets_at:%Y-%m-%dT%H:%M:%SZ}"
            field = "papers" if "paper" in over[0] else "tokens"
            raise Problem("quota_exceeded", quota=over[0], resets_at=resets_at, field=field)
        by_credit = tier.credit_based
        lots = _lots(account, tokens) if by_credit and tokens else []
        idr, paid = idr_of(lots), tokens if by_credit else 0
        return UsageRecorded(
            customer_id=account.customer_id,
            usage_id=self.act_id,
            reference=self.reference,
            tokens=tokens,
            papers=self.papers,
            tier=account.tier_at(world.now, world.catalog.first_tier),
            paid_by="credit" if by_credit else "quota",
            month=month_of(world.now),
            day=day_of(world.now),
            idr=idr,
            lots=parts(lots),
            credit_tokens=account.credit - paid,
            at=world.now,
            postings=postings.spent(account.customer_id, paid, idr),
            metered=use,
        )


Act = Spend | Reserve | SetAside | Capture | Release | Use


def tier_of(account: Account, world: CreditMoment) -> Tier:
    """The tier in force, as the catalogue has it."""
    return tier_named(world.catalog, account.tier_at(world.now, world.catalog.first_tier))


def left_of(account: Account, world: CreditMoment) -> QuotasLeft:
    """Quotas of the tier in force."""
    return quotas_left(account.used, tier_of(account, world), world.now)


def expired(account: Account, world: CreditMoment) -> list[EventModel]:
    """Reservations whose time is over, the oldest first. At `expires_at` itself it is."""
    over = sorted(
        (one for one in account.reservations.values() if one.expires_at <= world.now),
        key=lambda one: (one.expires_at, one.reservation_id),
    )
    events: list[EventModel] = []
    credit = account.credit
    for held in over:
        credit += held.tokens
        events.append(
            CreditReservationExpired(
                customer_id=account.customer_id,
                reservation_id=held.reservation_id,
                tokens=held.tokens,
                reference=held.reference,
                expired_at=held.expires_at,
                credit_tokens=credit,
                at=world.now,
                postings=postings.given_back(account.customer_id, held.tokens),
            )
        )
    return events


def taken(account: Account, world: CreditMoment) -> list[EventModel]:
    """The end of what was set aside for refunds that have taken it since."""
    return [
        CreditReleased(
            customer_id=account.customer_id,
            reservation_id=held.reservation_id,
            tokens=held.tokens,
            reference=held.reference,
            credit_tokens=account.credit,
            at=world.now,
            postings=postings.given_back(account.customer_id, held.tokens),
        )
        for held in account.reservations.values()
        if not held.lots
    ]


def signals(account: Account, world: CreditMoment) -> list[EventModel]:
    """What follows from how the account stands now: frozen for a debt, where that is the policy; low, once per crossing."""
    terms, events = world.catalog.credit, list[EventModel]()
    if terms.refund_after_spend == "freeze" and account.debt > account.debt_let_be and account.frozen is None:
        events.append(
            CreditFrozen(
                customer_id=account.customer_id, reason="debt", debt_tokens=account.debt, at=world.now
            )
        )
    if account.credit < terms.low_balance_tokens <= account.peak:
        events.append(
            BalanceLow(
                customer_id=account.customer_id,
                credit_tokens=account.credit,
                low_balance_tokens=terms.low_balance_tokens,
                at=world.now,
            )
        )
    return events


def _lots(account: Account, tokens: int) -> list[Lot]:
    """Where this many tokens come from. Raises Problem when they cannot be spent."""
    if account.frozen is not None:
        raise Problem("account_frozen")
    if tokens > account.credit:
        raise Problem("insufficient_balance", credit_tokens=account.credit, tokens=tokens)
    return take(account.lots, tokens)[0]


def _open(account: Account, reservation_id: str) -> Reservation:
    held = account.reservations.get(reservation_id)
    if held is None:
        raise Problem("reservation_not_found")
    return held
