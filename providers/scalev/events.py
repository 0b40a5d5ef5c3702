"""Every event name Scalev is known to send (https://docs.scalev.com/en/webhook-events).

The subject is an order; payment is one attribute of it. The amount, the payer and the lines are only in the snapshots; the payment events
carry none of them. There is no expiry, no refund and no subscription event.
"""

from __future__ import annotations

TESTS = frozenset({"business.test_event"})

SNAPSHOTS = frozenset({"order.created", "order.epayment_created", "order.updated", "order.spam_created"})

PAYMENTS: dict[str, frozenset[str]] = {
    "order.payment_status_changed": frozenset({"unpaid", "paid", "conflict", "settled"}),
    "payment.received": frozenset({"paid", "settled"}),
    "payment.failed": frozenset({"conflict"}),
}
"""Payment events and the payment statuses each may report."""

STATUS_CHANGED = "order.status_changed"
DELETED = "order.deleted"

RECORD_ONLY = frozenset({"checkout_intent.abandoned", "checkout_intent.completed"})

CANCELLED_STATUSES = frozenset({"canceled", "cancelled", "closed"})
"""Order statuses that end an order; every other one says nothing about money, `confirmed` and `completed` included."""

KNOWN = frozenset({*TESTS, *SNAPSHOTS, *PAYMENTS, STATUS_CHANGED, DELETED, *RECORD_ONLY})
