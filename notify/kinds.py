"""Which decisions are told, and what of them: ids, amounts and times, nothing personal. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple, get_args

from schemas.credit_events import BalanceLow
from schemas.decisions import (
    PaymentAssessed,
    SubscriptionDecision,
    SubscriptionExpiringSoon,
    SubscriptionPastDue,
    SubscriptionRenewed,
    SuspenseHeld,
    SuspenseReleased,
)
from schemas.event_model import EventModel
from schemas.vocabulary import NotificationKind

KINDS: tuple[NotificationKind, ...] = get_args(NotificationKind)
TEST_KIND = "endpoint.test"
"""What `lunas endpoints test` sends; no decision is behind it."""

PAID = frozenset({"succeeded", "partially_refunded", "refunded", "reversed"})
"""Statuses of a payment whose money had come."""

_SUBSCRIPTIONS: dict[str, NotificationKind] = {
    SubscriptionExpiringSoon.TYPE: "subscription.expiring",
    SubscriptionRenewed.TYPE: "subscription.renewed",
    SubscriptionPastDue.TYPE: "subscription.past_due",
}
TYPES = (PaymentAssessed.TYPE, BalanceLow.TYPE, SuspenseHeld.TYPE, SuspenseReleased.TYPE, *_SUBSCRIPTIONS)
"""Events that may give reason to tell something."""


class Notice(NamedTuple):
    """What is told because of one event. `subject`: of this it is told once, however many events say so."""

    kind: NotificationKind
    subject: str
    customer_id: str | None
    occurred_at: datetime
    data: dict[str, Any]


class Seen(NamedTuple):
    """An event with what has to be known beside it: when it was recorded, and `before`, what we had said of the same thing before."""

    event: EventModel
    event_id: str
    recorded_at: datetime
    before: EventModel | None = None


def notice_of(told: Seen) -> Notice | None:
    """What this event gives reason to tell; None for nothing."""
    event = told.event
    if isinstance(event, PaymentAssessed):
        return _payment(event, told)
    if isinstance(event, SubscriptionDecision):
        return _subscription(event, told)
    if isinstance(event, BalanceLow):
        data = _of(event, "customer_id", "credit_tokens", "low_balance_tokens")
        return Notice("balance.low", told.event_id, event.customer_id, event.at, data)
    if isinstance(event, SuspenseHeld):
        data = _of(event, *_HELD, "reason")
        return Notice("suspense.held", event.suspense_id, event.customer_id, event.since, data)
    return _released(event, told) if isinstance(event, SuspenseReleased) else None


def _payment(now: PaymentAssessed, told: Seen) -> Notice | None:
    before = told.before if isinstance(told.before, PaymentAssessed) else None
    if now.status not in PAID:
        return None
    if now.refunded_amount > (before.refunded_amount if before else 0):
        subject = f"{now.record}:{now.refunded_amount}"
        data = _of(now, *_PAYMENT, "refunded_amount")
        return Notice("payment.refunded", subject, now.customer_id, told.recorded_at, data)
    if now.status != "succeeded" or (before is not None and before.status in PAID):
        return None
    occurred = now.paid_at or told.recorded_at
    return Notice("payment.received", now.record, now.customer_id, occurred, _of(now, *_PAYMENT, "held"))


def _subscription(now: SubscriptionDecision, told: Seen) -> Notice | None:
    kind = _SUBSCRIPTIONS.get(now.TYPE)
    if kind is None:
        return None
    return Notice(kind, told.event_id, now.customer_id, told.recorded_at, _of(now, *_SUBSCRIPTION))


def _released(now: SuspenseReleased, told: Seen) -> Notice | None:
    if now.resolution == "changed":
        return None  # held again, for another reason
    data = _of(now, "suspense_id", "provider", "payment_id", "resolution")
    customer = None
    if isinstance(told.before, SuspenseHeld):
        customer = told.before.customer_id
        data |= _of(told.before, *_HELD)
    return Notice("suspense.released", told.event_id, customer, now.at, data)


_PAYMENT = (
    "record",
    "provider",
    "payment_id",
    "reference_id",
    "customer_id",
    "status",
    "amount",
    "currency",
    "method",
    "channel",
    "payment_type",
    "paid_at",
)
_SUBSCRIPTION = (
    "subscription_id",
    "customer_id",
    "provider",
    "plan",
    "tier",
    "status",
    "started_at",
    "expires_at",
    "access_until",
    "cancel_at_period_end",
)
_HELD = ("suspense_id", "provider", "payment_id", "customer_id", "amount", "product")


def _of(event: EventModel, *names: str) -> dict[str, Any]:
    return {name: getattr(event, name) for name in names}
