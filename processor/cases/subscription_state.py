"""The state of a subscription at a moment: a pure function of its reports, its product and the time. Access ends by our own clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from processor.cases.paid_time import paid_time
from processor.cases.payment_record import Bought
from processor.cases.subscription import Cycle, Ending, PayerReports
from schemas.catalog import Product
from schemas.decisions import SubscriptionStatus
from schemas.periods import Period

FIRST_CHARGE_ALLOWANCE = timedelta(days=1)
"""How long a plan may be used before its first charge is reported, when its product names no grace."""


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """What readers see. `access_until` None = no end known."""

    status: SubscriptionStatus
    started_at: datetime | None
    expires_at: datetime | None
    access_until: datetime | None
    cancel_at_period_end: bool = False


class Paid(NamedTuple):
    """What payments bought of a membership: of `product` on its `terms`, from when until when, and when the newest of them was paid.

    `newest` is None when all of their money went back; the times then too, unless a period is left that was announced and none of these
    payments was for. `refunded_at`: when money of it last went back in full.
    """

    product: str
    terms: Bought
    started: datetime | None = None
    ends: datetime | None = None
    newest: datetime | None = None
    refunded_at: datetime | None = None

    def overrules(self, reports: PayerReports) -> bool:
        """What the provider stated was bought with money that went back, and neither a payment nor a renewal came after that."""
        since = (self.newest, reports.renewed_at)
        return self.refunded_at is not None and all(one is None or one <= self.refunded_at for one in since)


def state_of(
    reports: PayerReports,
    product: Product | None,
    counted: list[Cycle],
    now: datetime,
    paid: Paid | None = None,
) -> SubscriptionState:
    """`counted` are the cycles whose money counts (a charge above the confirmation threshold may not yet)."""
    grace = Period.parse(product.grace) if product and product.grace else None
    failing = [cycle for cycle in reports.cycles.values() if cycle.failing and not cycle.succeeded]
    if counted and product and product.period:
        started, ends = paid_time([(c.starts_at or c.at, 1) for c in counted], Period.parse(product.period))
        overdue = any((c.starts_at or c.at) >= _last_start(counted) for c in failing)
        return _timed(reports, started, ends, grace, overdue, now)
    if paid and paid.refunded_at and paid.overrules(reports) and paid.ends is None:
        ended = min(paid.refunded_at, now)  # the provider's clock may be ahead of ours
        return SubscriptionState("cancelled", None, ended, ended)
    if paid and paid.started and paid.ends:
        return _bought(reports, paid, paid.started, paid.ends, grace, now)
    if reports.active_at is None:
        return _never_active(reports)
    if reports.cycles or reports.anchor or _is_charged(reports):
        return _before_first_charge(reports, grace, bool(failing), now)
    return _timed(
        reports, reports.active_at or reports.first_at, reports.expires_at, grace, bool(failing), now
    )


def _bought(
    reports: PayerReports, paid: Paid, started: datetime, ends: datetime, grace: Period | None, now: datetime
) -> SubscriptionState:
    """It lasts as long as was paid for or as was stated, whichever is longer: both tell of the same periods. A payment is a word of its own."""
    if not paid.overrules(reports):
        ends = max(filter(None, (ends, reports.expires_at)))
    lifted = paid.newest or started
    told = replace(
        reports,
        active_at=max(filter(None, (reports.active_at, lifted))),
        cancelled=[ending for ending in reports.cancelled if ending.at >= lifted],
    )
    return _timed(told, started, ends, grace, False, now)


def _last_start(cycles: list[Cycle]) -> datetime:
    return max(cycle.starts_at or cycle.at for cycle in cycles)


def _is_charged(reports: PayerReports) -> bool:
    """A recurring plan: its charges give time, not a stated end."""
    return reports.naming is not None and any(
        hint["kind"] == "plan_reference" for hint in reports.naming.products
    )


def _never_active(reports: PayerReports) -> SubscriptionState:
    """Nobody said it was usable and no charge of it counts."""
    if reports.expired is not None:
        return SubscriptionState("expired", None, reports.expired.at, reports.expired.at)
    if reports.cancelled:
        first = min(ending.at for ending in reports.cancelled)
        return SubscriptionState("cancelled", None, first, first)
    return SubscriptionState("pending", None, reports.expires_at, None)


def _before_first_charge(
    reports: PayerReports, grace: Period | None, failing: bool, now: datetime
) -> SubscriptionState:
    began = reports.active_at or reports.first_at
    due = max(filter(None, (reports.anchor, began)))
    until = grace.after(due) if grace else due + FIRST_CHARGE_ALLOWANCE
    if reports.cancelled:
        ends = min(until, *(ending.at for ending in reports.cancelled))
        return SubscriptionState("cancelled", began, ends, ends)
    if now >= until:
        return SubscriptionState("expired", began, due, until)
    return SubscriptionState("past_due" if failing else "active", began, due, until)


def _timed(
    reports: PayerReports,
    started: datetime,
    ends: datetime | None,
    grace: Period | None,
    overdue: bool,
    now: datetime,
) -> SubscriptionState:
    until = grace.after(ends) if grace and ends else ends
    cancelled = _cancelled(reports)
    if cancelled is not None and not cancelled.finished:
        return SubscriptionState(
            "cancelled", started, ends or cancelled.at, ends or cancelled.at, bool(ends and now < ends)
        )
    if cancelled is not None:
        return SubscriptionState("expired" if ends and now >= ends else "active", started, ends, ends, True)
    if _expired(reports, ends, now) or (until is not None and now >= until):
        end = ends or (reports.expired.at if reports.expired else None)
        return SubscriptionState("expired", started, end, until or end)
    if overdue or (ends is not None and now >= ends):
        return SubscriptionState("past_due", started, ends, until)
    return SubscriptionState("active", started, ends, until)


def _cancelled(reports: PayerReports) -> Ending | None:
    """The cancellation in force: saying it again changes nothing, a return in between lifts it."""
    in_force = [ending for ending in reports.cancelled if _in_force(ending, reports)]
    return min(in_force, key=lambda ending: ending.at, default=None)


def _in_force(ending: Ending, reports: PayerReports) -> bool:
    """One that names its period counts unless a later one was stated; without periods the last word counts."""
    if reports.cycles:
        return True
    if ending.expires_at is not None and reports.expires_at is not None:
        return ending.expires_at >= reports.expires_at
    return reports.active_at is None or ending.at >= reports.active_at


def _expired(reports: PayerReports, ends: datetime | None, now: datetime) -> bool:
    """A provider's word only confirms our clock; alone it decides when no end is known."""
    if reports.expired is None:
        return False
    if ends is not None:
        return now >= ends
    return reports.active_at is None or reports.expired.at >= reports.active_at
