"""The customer's tier: the best plan in force, else the tier of those who ever topped up, else the first tier."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from processor.cases.customer import CustomerRecord, TierState
from processor.cases.world import Decided, World
from schemas import streams
from schemas.decisions import TierChanged
from schemas.event_model import unvalidated

_FOREVER = datetime.max.replace(tzinfo=UTC)
_changed = unvalidated(TierChanged)


def tier_difference(customer: CustomerRecord, case: str, reason: str, world: World) -> Iterator[Decided]:
    """tier.changed when the tier in force, its end or what follows it differs from what was last decided."""
    wanted = _tier_of(customer, world)
    first = world.catalog.first_tier
    if wanted != (customer.tier or TierState(tier=first, until=None, fallback_tier=first)):
        changed = _changed(
            case=case,
            customer_id=customer.customer_id,
            tier=wanted.tier,
            until=wanted.until,
            fallback_tier=wanted.fallback_tier,
            reason=reason,
        )
        yield Decided(streams.customer(customer.customer_id), changed)


def _tier_of(customer: CustomerRecord, world: World) -> TierState:
    catalog = world.catalog
    base = catalog.credit_tier if customer.topups else catalog.first_tier
    order = {tier.id: rank for rank, tier in enumerate(catalog.tiers)} if customer.plans else {}
    in_force = [
        plan
        for plan in customer.plans.values()
        if plan.tier in order and (plan.until is None or plan.until > world.now)
    ]
    if not in_force:
        return TierState(tier=base, until=None, fallback_tier=base)
    best = max(in_force, key=lambda plan: (order[plan.tier], plan.until or _FOREVER))
    return TierState(tier=best.tier, until=best.until, fallback_tier=base)
