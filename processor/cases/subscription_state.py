"""The state of a subscription at a moment: a pure function of its reports, its product and the time. Access ends by our own clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from processor.cases.joining import latest
from processor.cases.paid_time import Back, paid_time, shortened
from processor.cases.reports import Cycle, Ending, PayerReports
from schemas.catalog import Product
from schemas.decision_model import Bought
from schemas.decisions import SubscriptionStatus
from schemas.periods import Period

FIRST_CHARGE_ALLOWANCE = timedelta(days=1)
"""How long a plan may be used before its first charge is reported, when its product names no grace."""


class SubscriptionState(NamedTuple):
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
    ended_at: datetime | None = None,
    lessened: Sequence[Back] = (),
    *,
    sent_back: bool = False,
) -> SubscriptionState:
    """`counted` are the cycles whose money counts (a charge above the confirmation threshold may not yet), `lessened` what went back of them.

    `sent_back`: others were paid, and all of their money went back.

    `ended_at`: its customer's word that it ends there and then. A charge that is made later all the same gives what it paid for.
    """
    grace = Period.parse(product.grace) if product and product.grace else None
    state = _Told(reports, grace, now, sent_back).running(product, counted, paid, lessened)
    if ended_at is None or state.status == "expired" or any(cycle.start > ended_at for cycle in counted):
        return state
    ends = min(ended_at, state.expires_at or ended_at)
    return SubscriptionState("cancelled", state.started_at, ends, ends)


def early_end(reports: PayerReports, state: SubscriptionState, paid_at: datetime | None) -> datetime | None:
    """When its provider called it over before the end we know, and nothing has lifted that since. `paid_at`: its newest payment.

    A report about an earlier period is none: it names an end that was past when it was said, or one that was stated before.
    """
    expired, ends = reports.expired, state.expires_at
    if expired is None or ends is None or expired.at >= ends:
        return None
    if any(lifted is not None and lifted > expired.at for lifted in (reports.active_at, paid_at)):
        return None
    named = expired.expires_at
    if named is None or named >= ends:
        return expired.at
    of_earlier = named <= expired.at or any(stated.ends == named for stated in reports.stated)
    return None if of_earlier else expired.at


def ended_early(state: SubscriptionState, at: datetime) -> SubscriptionState:
    """The same, over since then: grace is for money that is late, and the provider says that none comes."""
    return SubscriptionState("expired", state.started_at, at, at)


class _Told(NamedTuple):
    """What was reported of it, as seen `now`."""

    reports: PayerReports
    grace: Period | None
    now: datetime
    sent_back: bool = False

    def running(
        self, product: Product | None, counted: list[Cycle], paid: Paid | None, lessened: Sequence[Back]
    ) -> SubscriptionState:
        """The state whatever its customer said of an end there and then."""
        if counted and product and product.period:
            return self.charged(counted, Period.parse(product.period), lessened)
        bought = self.bought(paid) if paid else None
        if bought is not None:
            return bought
        if self.reports.active_at is None or (self.sent_back and self.is_charged):
            return self.never_active()
        if self.is_charged:
            return self.before_first_charge(self.reports.active_at)
        return self.timed(self.reports.active_at, self.reports.expires_at, overdue=bool(self.failing))

    @property
    def failing(self) -> list[Cycle]:
        return [cycle for cycle in self.reports.cycles.values() if cycle.failing and not cycle.succeeded]

    @property
    def is_charged(self) -> bool:
        """A recurring plan: its charges give time, not a stated end."""
        reports = self.reports
        named = any(hint["kind"] == "plan_reference" for hint in reports.products)
        return bool(reports.cycles or reports.anchor or named)

    def charged(self, counted: list[Cycle], period: Period, lessened: Sequence[Back]) -> SubscriptionState:
        """As long as its charges paid for."""
        started, ends = paid_time([(cycle.start, 1) for cycle in counted], period)
        ends = shortened(started, ends, period, lessened)
        last = max(cycle.start for cycle in counted)
        return self.timed(started, ends, overdue=any(cycle.start >= last for cycle in self.failing))

    def bought(self, paid: Paid) -> SubscriptionState | None:
        """As long as payments bought of it or as was stated, whichever is longer: both tell of the same periods. None when nothing is known."""
        overruled = paid.overrules(self.reports)
        if paid.started is None or paid.ends is None:
            if not overruled or paid.refunded_at is None:
                return None
            ended = min(paid.refunded_at, self.now)  # the provider's clock may be ahead of ours
            return SubscriptionState("cancelled", None, ended, ended)
        ends = paid.ends if overruled else latest(paid.ends, self.reports.expires_at)
        # A payment is a word of its own.
        lifted = paid.newest or paid.started
        cancelled = [ending for ending in self.reports.cancelled if ending.at >= lifted]
        active_at = latest(self.reports.active_at, lifted)
        told = self._replace(reports=replace(self.reports, active_at=active_at, cancelled=cancelled))
        return told.timed(paid.started, ends)

    def never_active(self) -> SubscriptionState:
        """Nobody said it was usable and no charge of it counts."""
        if self.reports.expired is not None:
            return SubscriptionState("expired", None, self.reports.expired.at, self.reports.expired.at)
        if self.reports.cancelled:
            first = min(ending.at for ending in self.reports.cancelled)
            return SubscriptionState("cancelled", None, first, first)
        # What was paid for and went back opens nothing until the next charge; there was a beginning all the same.
        return SubscriptionState("pending", self.reports.active_at, self.reports.expires_at, None)

    def before_first_charge(self, began: datetime) -> SubscriptionState:
        due = max(began, self.reports.anchor or began)
        until = self.grace.after(due) if self.grace else due + FIRST_CHARGE_ALLOWANCE
        if self.reports.cancelled:
            ends = min(until, *(ending.at for ending in self.reports.cancelled))
            return SubscriptionState("cancelled", began, ends, ends)
        if self.now >= until:
            return SubscriptionState("expired", began, due, until)
        return SubscriptionState("past_due" if self.failing else "active", began, due, until)

    def timed(self, started: datetime, ends: datetime | None, *, overdue: bool = False) -> SubscriptionState:
        """It has an end, or none that is known."""
        cancelled = self._cancelled()
        # The grace of a charge that failed is not cut short by giving up on it.
        if cancelled is not None and not (cancelled.failed and overdue):
            return self._left(cancelled, started, ends)
        until = self.grace.after(ends) if self.grace and ends else ends
        if self._expired(ends) or self._past(until):
            end_known = ends or (self.reports.expired.at if self.reports.expired else None)
            return SubscriptionState("expired", started, end_known, until or end_known)
        return SubscriptionState(
            "past_due" if overdue or self._past(ends) else "active", started, ends, until
        )

    def _left(self, cancelled: Ending, started: datetime, ends: datetime | None) -> SubscriptionState:
        """Cancelled, or all its charges were made: then it stays active to its end. No grace follows."""
        over = self._past(ends)
        if cancelled.finished:
            return SubscriptionState("expired" if over else "active", started, ends, ends, True)
        end = ends or cancelled.at
        return SubscriptionState("cancelled", started, end, end, ends is not None and not over)

    def _past(self, moment: datetime | None) -> bool:
        return moment is not None and self.now >= moment

    def _cancelled(self) -> Ending | None:
        """The cancellation in force: saying it again changes nothing, a return in between lifts it."""
        in_force = [ending for ending in self.reports.cancelled if self._in_force(ending)]
        return min(in_force, key=lambda ending: (ending.failed, ending.at), default=None)

    def _in_force(self, ending: Ending) -> bool:
        """One that names its period counts unless a later one was stated; without periods the last word counts."""
        reports = self.reports
        if reports.cycles:
            return True
        if ending.expires_at is not None and reports.expires_at is not None:
            return ending.expires_at >= reports.expires_at
        return reports.active_at is None or ending.at >= reports.active_at

    def _expired(self, ends: datetime | None) -> bool:
        """A provider's word only confirms our clock; alone it decides when no end is known."""
        expired, active_at = self.reports.expired, self.reports.active_at
        if expired is None:
            return False
        return self._past(ends) if ends else active_at is None or expired.at >= active_at
