"""From what was said of a subscription to what should be true: the decisions that lead there. Nothing where both are the same."""

from __future__ import annotations

from collections.abc import Iterator

from processor.cases.keys import suspense_id
from processor.cases.subscription import SubscriptionFacts
from processor.cases.subscription_record import SubscriptionRecord
from processor.cases.world import Decided, World, digest
from processor.grants.outcome import SubscriptionOutcome
from schemas import streams
from schemas.decisions import (
    SubscriptionActivated,
    SubscriptionCancelled,
    SubscriptionCreated,
    SubscriptionDecision,
    SubscriptionExpired,
    SubscriptionExpiringSoon,
    SubscriptionPastDue,
    SubscriptionRenewed,
    SubscriptionTierChanged,
    SubscriptionUpdated,
    SuspenseReleased,
)
from schemas.facts import CustomerRegistered

_BY_STATUS: dict[str, type[SubscriptionDecision]] = {
    "pending": SubscriptionCreated,
    "active": SubscriptionActivated,
    "past_due": SubscriptionPastDue,
    "cancelled": SubscriptionCancelled,
    "expired": SubscriptionExpired,
}


def subscription_difference(
    facts: SubscriptionFacts, record: SubscriptionRecord, outcome: SubscriptionOutcome, world: World
) -> Iterator[Decided]:
    """Pure: the record and the world stay as they are."""
    owner, view = outcome.owner, outcome.view
    if owner.new and owner.customer_id:
        registered = CustomerRegistered(customer_id=owner.customer_id, email=owner.email, source="payment")
        yield Decided(streams.customer(owner.customer_id), registered)
    if outcome.held is None and record.held is not None:
        yield Decided(streams.case(facts.key), _released(facts, world))
    if outcome.held is not None and record.held_said != digest(outcome.held):
        yield Decided(streams.case(facts.key), outcome.held)
    if view is None:
        return
    stream = streams.customer(view.customer_id)
    before = record.view
    if before != view.amended(called=()) or not record.called.issuperset(view.called):
        yield Decided(stream, _named(before, view)(**vars(view)))
    if outcome.soon and record.warned_for != view.expires_at:
        yield Decided(stream, SubscriptionExpiringSoon(**vars(view)))


def _released(facts: SubscriptionFacts, world: World) -> SuspenseReleased:
    return SuspenseReleased(
        case=facts.key,
        suspense_id=suspense_id(facts.key, "subscription"),
        provider=facts.provider,
        payment_id=facts.subscription_key,
        resolution="written_off" if facts.written_off else "granted",
        at=world.now,
    )


def _named(before: SubscriptionDecision | None, now: SubscriptionDecision) -> type[SubscriptionDecision]:
    """What happened, in a word."""
    if before is None:
        return _BY_STATUS[now.status]
    longer = before.expires_at and now.expires_at and now.expires_at > before.expires_at
    if longer and now.status == "active":
        # Before its first charge a plan ends where it begins: what that charge pays for is the first period.
        return SubscriptionActivated if before.expires_at == before.started_at else SubscriptionRenewed
    if before.status != now.status:
        return _BY_STATUS[now.status]
    return SubscriptionTierChanged if before.plan != now.plan else SubscriptionUpdated
