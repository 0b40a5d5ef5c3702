"""Every event name Mayar is known to send, and the older names some integrations still receive.

Documented (https://docs.mayar.id/integration/webhook): testing, payment.received, payment.reminder, membership.*, shipper.status.
`payment.success`, `payment.failed`, `payment.expired`, `payment.created`, `payment.pending` and `subscription.*` are names of older
integrations for the same things. No refund event is documented or was ever seen; should one come, by a name in the manner of
either set, it is a refund.
"""

from __future__ import annotations

from enum import StrEnum

from providers.section import Section
from schemas.errors import UntranslatableError
from schemas.facts import Report


class PaymentReport(StrEnum):
    """What a payment event reports."""

    SUCCEEDED = "succeeded"
    PENDING = "pending"
    REMINDED = "reminded"
    FAILED = "failed"
    EXPIRED = "expired"


TESTS = frozenset({"testing"})
RECORD_ONLY = frozenset({"shipper.status"})

PAYMENTS: dict[str, PaymentReport] = {
    "payment.received": PaymentReport.SUCCEEDED,
    "payment.success": PaymentReport.SUCCEEDED,
    # Unpaid after 29 minutes. It carries status "SUCCESS" of the notification and is never a success of money.
    "payment.reminder": PaymentReport.REMINDED,
    "payment.created": PaymentReport.PENDING,
    "payment.pending": PaymentReport.PENDING,
    "payment.failed": PaymentReport.FAILED,
    "payment.expired": PaymentReport.EXPIRED,
}

REFUNDS = frozenset({"payment.refunded", "payment.refund", "refund.succeeded", "refund.success"})

SUBSCRIPTIONS: dict[str, Report] = {
    "membership.newMemberRegistered": "activated",
    "membership.changeTierMemberRegistered": "tier_changed",
    "membership.memberUnsubscribed": "cancelled",
    "membership.memberExpired": "expired",
    "subscription.created": "created",
    "subscription.activated": "activated",
    "subscription.renewed": "renewed",
    "subscription.cancelled": "cancelled",
    "subscription.expired": "expired",
    "subscription.expiring_soon": "expiring_soon",
}

KNOWN = frozenset({*TESTS, *RECORD_ONLY, *PAYMENTS, *REFUNDS, *SUBSCRIPTIONS})


def event_name(top: Section) -> str:
    """The name, also from the old forms `{"event": {"received": "payment.received"}}` and `{"event.received": "payment.received"}`.

    Raises UntranslatableError when there is none.
    """
    value = top.values.get("event")
    if isinstance(value, dict):
        nested = top.required("event")
        names = [nested.text(key) for key in sorted(nested.values)]
    elif value is None:
        names = [top.text(key) for key in sorted(top.values) if key.startswith("event.")]
    else:
        names = [top.text("event")]
    known = [name for name in names if name]
    if len(known) == 1:
        return known[0]
    raise UntranslatableError("event_missing" if value is None and not known else "event_malformed")
