"""A provider that calls a subscription over before its time: whether it does, and what that makes of it when the catalogue lets it."""

from __future__ import annotations

from datetime import datetime

from processor.cases.reports import PayerReports
from processor.cases.subscription_state import SubscriptionState


def early_end(reports: PayerReports, state: SubscriptionState, paid_at: datetime | None) -> datetime | None:
    """When it was called over, where that is before the end we know and nothing has lifted it since. `paid_at`: its newest payment.

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
