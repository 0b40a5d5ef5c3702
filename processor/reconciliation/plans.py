"""Subscriptions of ours whose plan a provider is asked about: those of which anything was decided since the run's first moment.

What our own clock says counts too: a renewal whose webhook was lost shows as a subscription that is due, overdue or over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from eventstore.read import before, read_page
from processor.cases.case import SubscriptionCase
from processor.reconciliation.book import RunBook
from processor.reconciliation.ours import OUT_OF_ORDER
from providers.reconciling import ListedPayment
from runtime.database import Pool
from schemas.decisions import SubscriptionDecision, SubscriptionMerged, SubscriptionWithdrawn
from schemas.events import EVENT_TYPES

PAGE_EVENTS = 50
_OVER = (SubscriptionMerged, SubscriptionWithdrawn)
"""After these there is no plan of that name any more to be asked about."""
_TYPES = [
    name
    for name, model in EVENT_TYPES.items()
    if issubclass(model, SubscriptionDecision) and not issubclass(model, _OVER)
]


@dataclass(frozen=True, slots=True)
class PlanBatch:
    """Cases by the provider's names of their plans. `through`: up to where in the log they were found; `more`: there may be others behind it."""

    plans: Mapping[str, SubscriptionCase]
    through: int
    more: bool


async def our_plans(
    pool: Pool, book: RunBook, provider: str, since: datetime, position: int | None
) -> PlanBatch:
    """The next of them behind a position of the log; from the first moment on, when there is none."""
    async with pool.acquire() as connection:
        if position is None:
            position = await before(connection, since - OUT_OF_ORDER)
        page = await read_page(connection, position, _TYPES, PAGE_EVENTS)
    told = [event.decoded() for event in page.events]
    keys = {
        one.subscription_id
        for one in told
        if isinstance(one, SubscriptionDecision) and one.provider == provider
    }
    cases = await book.plans(keys)
    plans = {case.facts.subscription_key: case for _, case in sorted(cases.items())}
    return PlanBatch(plans, page.through, len(page.events) == PAGE_EVENTS)


def is_known(case: SubscriptionCase, row: ListedPayment) -> bool:
    """Whether we were told already what a plan's row tells: that it is usable or over, that a charge was made or failed. Pure."""
    payers = case.facts.payers.values()
    if row.called == case.facts.subscription_key:
        if row.status == "open":
            return case.facts.in_use
        return any(one.cancelled or one.expired for one in payers)
    cycles = [one.cycles[row.called] for one in payers if row.called in one.cycles]
    if row.status == "paid":
        return any(one.succeeded for one in cycles)
    return any(one.failing or one.succeeded for one in cycles)
