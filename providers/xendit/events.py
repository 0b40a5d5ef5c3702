"""Every event name Xendit is known to send, old and new, and what it means.

Payments API v3 names, their v2 predecessors, and names seen only in older integrations map to one meaning each. Sources:
https://docs.xendit.co/apidocs/payment-webhook-notification, …/refund-webhook-notification, …/subscription-webhook,
…/payment-token-webhook-notification, https://docs.xendit.co/docs/payments-api-webhooks.
"""

from __future__ import annotations

from enum import StrEnum


class Meaning(StrEnum):
    """What to make of an event; `BY_STATUS` looks at the payload's own status."""

    SUCCEEDED = "succeeded"
    AUTHORIZED = "authorized"
    PENDING = "pending"
    FAILED = "failed"
    EXPIRED = "expired"
    BY_STATUS = "by_status"
    SESSION_COMPLETED = "session_completed"
    SESSION_EXPIRED = "session_expired"
    REFUND_SUCCEEDED = "refund_succeeded"
    REFUND_FAILED = "refund_failed"
    PLAN_ACTIVATED = "plan_activated"
    PLAN_INACTIVATED = "plan_inactivated"
    CYCLE_SUCCEEDED = "cycle_succeeded"
    CYCLE_RETRYING = "cycle_retrying"
    CYCLE_FAILED = "cycle_failed"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    RECORD_ONLY = "record_only"


MEANINGS: dict[str, Meaning] = {
    # Payments API v3
    "payment.capture": Meaning.SUCCEEDED,
    "payment.authorization": Meaning.AUTHORIZED,
    "payment.failure": Meaning.FAILED,
    "payment.expiry": Meaning.EXPIRED,
    "payment_request.expiry": Meaning.EXPIRED,
    # the same requests under names of older integrations
    "payment_request.expired": Meaning.EXPIRED,
    "payment_request.succeeded": Meaning.SUCCEEDED,
    "payment_request.failed": Meaning.FAILED,
    # Payments API v2
    "payment.succeeded": Meaning.SUCCEEDED,
    "payment.failed": Meaning.FAILED,
    "payment.awaiting_capture": Meaning.AUTHORIZED,
    "payment.pending": Meaning.PENDING,
    "capture.succeeded": Meaning.SUCCEEDED,
    "capture.failed": Meaning.FAILED,
    # e-wallet API before v2
    "ewallet.capture": Meaning.BY_STATUS,
    # hosted pages: a completed one is accompanied by payment.capture, which is the money signal
    "payment_session.completed": Meaning.SESSION_COMPLETED,
    "payment_session.expired": Meaning.SESSION_EXPIRED,
    # stored instruments
    "payment_token.activation": Meaning.RECORD_ONLY,
    "payment_token.failure": Meaning.RECORD_ONLY,
    "payment_token.expiry": Meaning.RECORD_ONLY,
    "payment_method.activated": Meaning.RECORD_ONLY,
    "payment_method.expiring": Meaning.RECORD_ONLY,
    "payment_method.expired": Meaning.RECORD_ONLY,
    "refund.succeeded": Meaning.REFUND_SUCCEEDED,
    "refund.failed": Meaning.REFUND_FAILED,
    # subscriptions; the guide also spells the first one .activation
    "recurring.plan.activated": Meaning.PLAN_ACTIVATED,
    "recurring.plan.activation": Meaning.PLAN_ACTIVATED,
    "recurring.plan.inactivated": Meaning.PLAN_INACTIVATED,
    "recurring.cycle.created": Meaning.RECORD_ONLY,
    "recurring.cycle.succeeded": Meaning.CYCLE_SUCCEEDED,
    "recurring.cycle.retrying": Meaning.CYCLE_RETRYING,
    "recurring.cycle.failed": Meaning.CYCLE_FAILED,
    "recurring.cycle.force_attempt_failed": Meaning.RECORD_ONLY,
    # flat bodies without `data`
    "dispute.action_required": Meaning.DISPUTE_OPENED,
    "dispute.under_review": Meaning.DISPUTE_OPENED,
    "dispute.won": Meaning.DISPUTE_WON,
    "dispute.lost": Meaning.DISPUTE_LOST,
    "dispute.due_date_approaching": Meaning.DISPUTE_OPENED,
    "payment.verified": Meaning.RECORD_ONLY,
}

SUCCESS_STATUSES = frozenset({"SUCCEEDED", "COMPLETED", "CAPTURED", "PAID"})
"""What a payload may call money received; a success event that says anything else contradicts itself."""

FAILURE_STATUSES = frozenset({"FAILED", "CANCELED", "CANCELLED"})
UNDONE_STATUSES = frozenset({"REFUNDED", "PARTIALLY_REFUNDED", "REVERSED"})
"""Money that had come went back. The event of a payment says it without a refund's id: a person looks."""

STATUSES = SUCCESS_STATUSES | FAILURE_STATUSES | UNDONE_STATUSES | {
    "PENDING", "ACTIVE", "REQUIRES_ACTION", "AUTHORIZED", "EXPIRED", "INACTIVE", "SETTLED", "VOIDED",
}  # fmt: skip
"""Of which an operator is told by name."""

INVOICE_STATUSES: dict[str, str] = {
    "PAID": "succeeded",
    "SETTLED": "settled",
    "EXPIRED": "expired",
    "PENDING": "pending",
}
"""Invoice callbacks have no event name; their status decides (https://docs.xendit.co/apidocs/invoice-callback)."""

SAMPLE_ACCOUNTS = frozenset(
    {
        "62440e322008e87fb29c1fd0",  # Payments API v3, subscriptions, sessions
        "6094fa76c2fd53701b8e079c",  # payments and refunds of v3, as their reference shows them today
        "58cd618ba0464eb64acdb246",  # QR codes of 2022, OVO
        "5781d19b2e2385880609791c",  # invoices
        "59e0daf7049b567510c63f67",  # e-wallets
        "57b4e5181473eeb61c11f9b9",  # virtual accounts
        "5f27a14a9bf05c73dd040bc8",  # Payments API v2
        "60ca10b83ffd534ece8aa856",  # retail outlets
    }
)
"""Accounts that the examples of Xendit's reference belong to. A body that names one of them is such an example, unless it is ours."""

SAMPLE_IDS = frozenset(
    {
        "py-97716cc2-2840-4ead-949b-db60e9aeb55e",
        "pr-ced7965b-d588-49f1-ba41-d499277e5395",
        "ewc_95d47d3a-db03-4b4b-9b6c-71077157cbc8",
        "90392f42-d98a-49ef-a7f3-90392f42d98a",
        "57fb4e076fa3fa296b7f5a97",
        "demo-1476087608948_1476087303080",
        "598d91b1191029596846047f",
        "5f218745736e619164dc8608",
        "61c53c4f6cc577e4038ab099",
        "pr-90392f42-d98a-49ef-a7f3-abcezas123",
        "90392f42-d98a-49ef-a7f3-abcezas123",
        "579c8d61f23fa4ca35e52da4",
        "invoice_123124123",
        "qrpy_8182837te-87st-49ing-8696-1239bd4d759c",
        "a962e7ab-9bb6-4e39-aa67-e43c565d7a7d",
        "py-1fdaf346-dd2e-4b6c-b938-124c7167a822",
        "pr-1fdaf346-dd2e-4b6c-b938-124c7167a822",
    }
)
"""Ids of the examples in Xendit's reference; the dashboard's "Test and save" sends those examples to a new address."""
