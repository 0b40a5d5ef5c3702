"""Which decisions are told, and what of them: ids, amounts and times, nothing personal. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple, get_args

from schemas.credit_events import BalanceLow
from schemas.decisions import (
    CourseEnrolled,
    CourseRevoked,
    PaymentAssessed,
    SubscriptionDecision,
    SubscriptionExpiringSoon,
    SubscriptionPastDue,
    SubscriptionRenewed,
    SuspenseHeld,
    SuspenseReleased,
)
from schemas.event_model import EventModel
from schemas.request_facts import RestAsked
from schemas.vocabulary import MailKind, NotificationKind

KINDS: tuple[NotificationKind, ...] = get_args(NotificationKind)
MAILED: tuple[MailKind, ...] = get_args(MailKind)
"""Those that there are texts of mails for."""
TEST_KIND = "endpoint.test"
"""What `lunas endpoints test` sends; no decision is behind it."""

PAID = frozenset({"succeeded", "partially_refunded", "refunded", "reversed"})
"""Statuses of a payment whose money had come."""

_SUBSCRIPTIONS: dict[str, NotificationKind] = {
    SubscriptionExpiringSoon.TYPE: "subscription.expiring",
    SubscriptionRenewed.TYPE: "subscription.renewed",
    SubscriptionPastDue.TYPE: "subscription.past_due",
}
TYPES = (
    PaymentAssessed.TYPE,
    RestAsked.TYPE,
    BalanceLow.TYPE,
    SuspenseHeld.TYPE,
    SuspenseReleased.TYPE,
    CourseEnrolled.TYPE,
    CourseRevoked.TYPE,
    *_SUBSCRIPTIONS,
)
"""Events that may give reason to tell something."""


class Notice(NamedTuple):
    """What is told because of one event. `subject`: of this it is told once, however many events say so."""

    kind: NotificationKind
    subject: str
    customer_id: str | None
    occurred_at: datetime
    data: dict[str, Any]


class Seen(NamedTuple):
    """An event with what has to be known beside it: when it was recorded, `before`, what we had said of the same thing before, and `still_held`: of
    money that was released because some of it went back, whether the rest is held in the same breath; `again`: of money that had been released and is
    held anew, by which release, counted in its stream."""

    event: EventModel
    event_id: str
    recorded_at: datetime
    before: EventModel | None = None
    still_held: bool = False
    again: int = 0


def notice_of(told: Seen) -> Notice | None:
    """What this event gives reason to tell; None for nothing."""
    event = told.event
    if isinstance(event, PaymentAssessed):
        return _payment(event, told)
    if isinstance(event, SubscriptionDecision):
        return _subscription(event, told)
    if isinstance(event, RestAsked):
        data = _of(event, *_REST) | {"amount": event.amount_idr}
        return Notice("payment.rest_asked", event.request_id, event.customer_id, event.occurred_at, data)
    if isinstance(event, BalanceLow):
        data = _of(event, "customer_id", "credit_tokens", "low_balance_tokens")
        return Notice("balance.low", told.event_id, event.customer_id, event.at, data)
    if isinstance(event, SuspenseHeld):
        data = _of(event, *_HELD, "reason")
        subject = f"{event.suspense_id}:{told.again}" if told.again else event.suspense_id
        return Notice("suspense.held", subject, event.customer_id, event.since, data)
    if isinstance(event, CourseEnrolled):
        return Notice("enrollment.granted", told.event_id, event.customer_id, event.at, _of(event, *_COURSE))
    if isinstance(event, CourseRevoked):
        data = _of(event, *_COURSE, "reason")
        return Notice("enrollment.revoked", told.event_id, event.customer_id, event.at, data)
    return _released(event, told) if isinstance(event, SuspenseReleased) else None


def _payment(now: PaymentAssessed, told: Seen) -> Notice | None:
    before = told.before if isinstance(told.before, PaymentAssessed) else None
    if now.status not in PAID:
        return None
    went_back = _went_back(now)
    if went_back > (_went_back(before) if before else 0):
        subject = f"{now.record}:{went_back}"
        data = _of(now, *_PAYMENT) | {"refunded_amount": went_back}
        return Notice("payment.refunded", subject, now.customer_id, told.recorded_at, data)
    if now.status != "succeeded" or (before is not None and before.status in PAID):
        return None
    occurred = now.paid_at or told.recorded_at
    return Notice("payment.received", now.record, now.customer_id, occurred, _of(now, *_PAYMENT, "held"))


def _went_back(payment: PaymentAssessed) -> int:
    """Rupiah that its payer has again. What an open dispute took back here is with nobody yet."""
    return payment.refunded_amount - payment.contested_amount


def _subscription(now: SubscriptionDecision, told: Seen) -> Notice | None:
    kind = _SUBSCRIPTIONS.get(now.TYPE)
    if kind is None:
        return None
    return Notice(kind, told.event_id, now.customer_id, told.recorded_at, _of(now, *_SUBSCRIPTION))


def _released(now: SuspenseReleased, told: Seen) -> Notice | None:
    if now.resolution == "changed" or told.still_held:
        return None  # held again, for another reason, or the rest of it; what went back is told as that
    data = dict.fromkeys(_HELD) | _of(now, "suspense_id", "provider", "payment_id", "resolution")
    if isinstance(told.before, SuspenseHeld):
        data |= _of(told.before, *_HELD)
    return Notice("suspense.released", told.event_id, data["customer_id"], now.at, data)


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
_REST = ("request_id", "suspense_id", "provider", "customer_id", "expires_at")
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
_COURSE = ("customer_id", "course", "order_id", "provider", "payment_id", "at")
_HELD = ("suspense_id", "provider", "payment_id", "customer_id", "amount", "product")


def _of(event: EventModel, *names: str) -> dict[str, Any]:
    return {name: getattr(event, name) for name in names}
