"""From what was said of a subscription to what should be true: the decisions that lead there. Nothing where both are the same."""

from __future__ import annotations

from collections.abc import Iterator

from processor.cases.keys import suspense_id
from processor.cases.subscription import SubscriptionFacts
from processor.cases.subscription_record import SubscriptionRecord
from processor.cases.world import Decided, World, digest
from processor.grants.outcome import SubscriptionOutcome
from schemas import decisions as d
from schemas import streams
from schemas.facts import CustomerRegistered

_BY_STATUS: dict[str, type[d.SubscriptionDecision]] = {
    "pending": d.SubscriptionCreated,
    "active": d.SubscriptionActivated,
    "past_due": d.SubscriptionPastDue,
    "cancelled": d.SubscriptionCancelled,
    "expired": d.SubscriptionExpired,
}


def subscription_difference(
    facts: SubscriptionFacts, record: SubscriptionRecord, outcome: SubscriptionOutcome, world: World
) -> Iterator[Decided]:
    """Pure: the record and the world stay as they are."""
    owner, view = outcome.owner, outcome.view
    if owner.new and owner.customer_id:
        registered = CustomerRegistered(customer_id=owner.customer_id, email=owner.email, source="payment")
        yield Decided(streams.customer(owner.customer_id), registered)
    before = record.view
    former = _former(before, view) if record.void else None
    if former is not None:
        before = None
        yield Decided(streams.customer(former.customer_id), former)
    if outcome.held is None and record.held is not None:
        yield Decided(streams.case(facts.key), _released(facts, world))
    if outcome.held is not None and record.held_said != digest(outcome.held):
        yield Decided(streams.case(facts.key), outcome.held)
    if view is not None:
        if record.pinned is None:
            claim = facts.claim
            claimed = claim.position if claim is not None and claim.customer_id == view.customer_id else 0
            yield from _said(record, before, view, soon=outcome.soon, claimed=claimed)
        else:
            yield from _said(record, before, view, soon=outcome.soon)


def _former(
    before: d.SubscriptionDecision | None, view: d.SubscriptionDecision | None
) -> d.SubscriptionWithdrawn | None:
    """Goes from whoever had it by a claim that was taken back, unless they have it all the same."""
    if before is None or (view is not None and view.customer_id == before.customer_id):
        return None
    return d.SubscriptionWithdrawn(**{**vars(before), "status": "withdrawn", "held": None})


def _said(
    record: SubscriptionRecord,
    before: d.SubscriptionDecision | None,
    view: d.SubscriptionDecision,
    *,
    soon: bool,
    claimed: int | None = None,
) -> Iterator[Decided]:
    """What its customer is told. What a void claim said is said again, so that it rests on what is said now."""
    stream = streams.customer(view.customer_id)
    if record.void or before != view.amended(called=()) or not record.called.issuperset(view.called):
        yield Decided(stream, named(before, view)(**{**vars(view), "claimed": claimed}))
    if soon and (before is None or record.warned_for != view.expires_at):
        yield Decided(stream, d.SubscriptionExpiringSoon(**vars(view)))


def _released(facts: SubscriptionFacts, world: World) -> d.SuspenseReleased:
    return d.SuspenseReleased(
        case=facts.key,
        suspense_id=suspense_id(facts.key, "subscription"),
        provider=facts.provider,
        payment_id=facts.subscription_key,
        resolution="written_off" if facts.written_off else "granted",
        at=world.now,
    )


def named(before: d.SubscriptionDecision | None, now: d.SubscriptionDecision) -> type[d.SubscriptionDecision]:
    """What happened, in a word."""
    if before is None:
        return _BY_STATUS[now.status]
    longer = before.expires_at and now.expires_at and now.expires_at > before.expires_at
    if longer and now.status == "active":
        # Before its first charge a plan ends where it begins: what that charge pays for is the first period.
        return d.SubscriptionActivated if before.expires_at == before.started_at else d.SubscriptionRenewed
    if before.status != now.status:
        # A step back is no beginning.
        return d.SubscriptionUpdated if now.status == "pending" else _BY_STATUS[now.status]
    return d.SubscriptionTierChanged if before.plan != now.plan else d.SubscriptionUpdated
