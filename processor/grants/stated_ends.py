"""How far an end that a provider states is believed: as far as money reaches, and one period where its money was not told yet. Pure.

Such an end is somebody's word, protected by no more than a token: a date decades ahead is a mistake of a program, or worse, and access does not
follow it. What was paid for runs from its payment, or from when we heard of it (docs/adr/0035).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from processor.cases.paid_time import Announced, paid_time
from processor.cases.reports import PayerReports, Stated
from processor.cases.subscription_state import Paid
from processor.grants.memberships import SLACK, Memberships, Purchases, announced_end_of, bought_of, valid
from schemas.decision_model import Bought
from schemas.periods import Period

OVERRUN = timedelta(days=3)
"""A provider may count 31 days for February, and to the end of the day: so far beyond a period its end is still the period's."""

UNPAID_PERIODS = 2
"""The one that runs and an early renewal of it: so many may be announced before any of their money was told."""


class Beyond(NamedTuple):
    """An end that is not believed, and when we heard of it."""

    ends: datetime
    told_at: datetime


class Believed(NamedTuple):
    """The same reports with no end beyond what is believed. `beyond`: the latest that was. `most`: beyond it all of them together do not reach."""

    reports: PayerReports
    beyond: Beyond | None = None
    most: datetime | None = None

    def bounded(self, paid: Paid | None) -> Paid | None:
        """What payments bought, without more unpaid periods between them than may be announced."""
        if paid is None or paid.ends is None or self.most is None:
            return paid
        return paid._replace(ends=min(paid.ends, self.most))


def believed(
    case_key: str,
    purchases: Purchases,
    memberships: Memberships,
    reports: PayerReports,
    period: Period,
) -> Believed:
    """`period`: of its plan, where no payment of it names another."""
    if reports.active_at is None or reports.expires_at is None:
        return Believed(reports)
    reach = _Reach(bought_of(case_key, purchases, memberships), reports.stated, period)
    stated, beyond = [], []
    for one in sorted(reports.stated, key=lambda one: (one.told_at, one.ends)):
        most = reach.of(one)
        if one.ends <= most + OVERRUN:
            reach.believe(one)
            stated.append(one)
        else:
            beyond.append(Beyond(one.ends, one.told_at))
            stated.append(replace(one, ends=most))
    ends = max((one.ends for one in stated), default=None)
    if reports.expires_at > max((one.ends for one in reports.stated), default=reports.active_at):
        # Only said of it in passing, with no time: that it was made, or that it ends soon.
        most = ends or reach.after(reports.active_at)
        if reports.expires_at > most + OVERRUN:
            beyond.append(Beyond(reports.expires_at, reports.active_at))
        ends = min(reports.expires_at, most)
    newest = max([reports.active_at, *(one.told_at for one in stated)])
    if beyond or ends != reports.expires_at:
        reports = replace(reports, stated=stated, expires_at=ends)
    return Believed(reports, max(beyond, default=None), reach.most(newest) + OVERRUN)


class _Reach:
    """How far the time of one membership reaches, statement by statement."""

    def __init__(
        self, bought: Mapping[str, Iterable[Bought]], stated: Iterable[Stated], period: Period
    ) -> None:
        self._bought = {product: left for product, of_it in bought.items() if (left := valid(of_it))}
        self._period = period
        self._known: list[Announced] = []
        times = [(time, one.ends) for one in stated for time in one.times]
        self._own: dict[datetime, list[datetime]] = {}
        for purchase in self._purchases():
            if (ends := announced_end_of(purchase, times)) is not None:
                self._own.setdefault(ends, []).append(purchase.at)

    def of(self, one: Stated) -> datetime:
        """The latest end that this one may state: that of what was paid for it, else one period from when we heard of it or from what is known.

        Unpaid periods that are announced one behind the other are two at most. Another tier is no renewal: it adds nothing to what is known.
        """
        until = one.told_at + SLACK
        known = self._until(until, self._known)
        most = self.most(one.told_at, until)
        if one.ends in self._own and known is not None:
            return min(known, most)
        if one.at is None:
            return max(self._period.after(one.told_at), known or one.told_at)
        return min(self._period.after(max(one.told_at, known or one.told_at)), most)

    def most(self, moment: datetime, until: datetime | None = None) -> datetime:
        """How far payments (made `until` then) and as many unpaid periods as may be announced reach from `moment` on."""
        return self._period.after(max(moment, self._until(until, []) or moment), UNPAID_PERIODS)

    def after(self, moment: datetime) -> datetime:
        """The same for an end that nothing was said with."""
        return self._period.after(max(moment, self._until(None, self._known) or moment))

    def believe(self, one: Stated) -> None:
        """This one counts for those that come after it."""
        self._known.append(Announced(max([*one.times, *self._own.get(one.ends, ())]), one.ends))

    def _until(self, moment: datetime | None, announced: list[Announced]) -> datetime | None:
        """How far what was paid until then lasts, together with what is announced beside it; None without any."""
        chains = []
        for of_it in self._bought.values():
            paid = [(one.at, one.quantity) for one in of_it if moment is None or one.at <= moment]
            if paid or announced:
                chains.append(paid_time(paid, Period.parse(of_it[0].terms.period), announced)[1])
        if announced and not self._bought:
            chains.append(paid_time([], self._period, announced)[1])
        return max(chains, default=None)

    def _purchases(self) -> list[Bought]:
        return [one for of_it in self._bought.values() for one in of_it]
