"""Closed sets of words that the API's answers are written in, each under a name of its own: in OpenAPI they are components, and a client
generated from it gets one type for each.

Sets that a registry of ours holds (providers, types of events, codes of problems) are only named here; the document fills them in.
"""

from __future__ import annotations

from typing import Literal, get_args

from typing_extensions import TypeAliasType

from schemas import attestation, decisions

PaymentStatus = TypeAliasType("PaymentStatus", decisions.PaymentStatus)
RequestStatus = TypeAliasType(
    "RequestStatus",
    Literal[
        "unknown",
        "pending",
        "authorized",
        "succeeded",
        "failed",
        "expired",
        "partially_refunded",
        "refunded",
        "reversed",
    ],
)
"""Of a payment that we asked for: `unknown` while its provider has not answered."""

SubscriptionStatus = TypeAliasType("SubscriptionStatus", decisions.SubscriptionStatus)
SubscriptionHeld = TypeAliasType("SubscriptionHeld", Literal["unconfirmed", "awaiting_confirmation"])
"""Why more was announced of a subscription than its payments say."""

LicenceState = TypeAliasType(
    "LicenceState",
    Literal["active", "inactive", "expired", "not_found", "past_due", "cancelled", "pending"],
)
"""As its provider tells it, or, when only our own records know, as they do."""
SubscriptionRequestStatus = TypeAliasType(
    "SubscriptionRequestStatus",
    Literal["unknown", "pending", "active", "past_due", "cancelled", "expired", "failed"],
)
"""Of a subscription that we asked for: `unknown` while its provider has not answered, `failed` when it would not have it."""

EnrollmentStatus = TypeAliasType("EnrollmentStatus", Literal["active", "revoked"])
DeliveryStatus = TypeAliasType(
    "DeliveryStatus",
    Literal["processed", "no_effect", "test", "duplicate", "conflict", "parked", "quarantined"],
)
DisputeStatus = TypeAliasType("DisputeStatus", Literal["opened", "won", "lost"])
RefundStatus = TypeAliasType("RefundStatus", Literal["reserved", "pending", "succeeded", "failed"])
RefundMaker = TypeAliasType("RefundMaker", Literal["api", "operator", "provider"])
ChangeKind = TypeAliasType(
    "ChangeKind", Literal["payment", "balance", "subscription", "enrollment", "suspense"]
)
StepKind = TypeAliasType("StepKind", Literal["fact", "decision"])
LedgerUnit = TypeAliasType("LedgerUnit", Literal["IDR", "TOKEN", "CHAT"])

Attestation = TypeAliasType("Attestation", attestation.Attestation)
"""How much we know of money."""

SuspenseReason = TypeAliasType(
    "SuspenseReason",
    Literal[
        "customer_missing",
        "customer_unknown",
        "customer_ambiguous",
        "unmapped_product",
        "ambiguous_product",
        "duplicate_purchase",
        "awaiting_confirmation",
        "underpaid",
        "overpaid",
        "currency_unexpected",
        "awaiting_order",
        "spam_order",
        "order_deleted",
        "paid_after_cancel",
        "paid_late",
        "paid_late_refund",
        "licence_of_another_customer",
        "payload_without_id",
        "unconfirmed",
        "time_in_future",
        "time_long_past",
        "amount_zero",
        "amount_unknown",
        "purpose_unknown",
    ],
)
"""Why money is held. `docs/runbooks/held-money.md` says what to do about each."""

SuspenseStatus = TypeAliasType("SuspenseStatus", Literal["held", "released"])
SuspenseResolution = TypeAliasType(
    "SuspenseResolution", Literal["granted", "refunded", "written_off", "changed"]
)
"""What became of held money."""

CandidateStrength = TypeAliasType("CandidateStrength", Literal["strong", "likely", "weak"])
CandidateReason = TypeAliasType(
    "CandidateReason",
    Literal[
        "owner",
        "reference",
        "named",
        "email",
        "email_alias",
        "email_near",
        "email_mailbox",
        "phone",
        "earlier_payments",
        "open_request",
        "open_request_shared",
        "open_request_channel",
        "name",
    ],
)
"""What speaks for a customer whose held money may be. `schemas.candidate_reasons` says each in a sentence."""

PaymentMethod = TypeAliasType(
    "PaymentMethod",
    Literal[
        "qris",
        "va",
        "ewallet",
        "card",
        "retail",
        "direct_debit",
        "paylater",
        "bank_transfer",
        "cod",
        "marketplace",
        "invoice",
        "payment_link",
        "no_payment",
        "manual",
        "other",
    ],
)
"""How it was paid, the same words for every provider. What a provider calls otherwise is `other`; `channel` keeps its own word."""

METHODS: frozenset[str] = frozenset(get_args(PaymentMethod.__value__))

ProviderName = TypeAliasType("ProviderName", str)
EventType = TypeAliasType("EventType", str)
ProblemCode = TypeAliasType("ProblemCode", str)


def method_word(stored: str | None) -> str | None:
    """A stored method in the words of `PaymentMethod`: providers and operators may write any."""
    return stored if stored is None or stored in METHODS else "other"


MailKind = Literal[
    "payment.received",
    "payment.refunded",
    "payment.rest_asked",
    "balance.low",
    "subscription.expiring",
    "subscription.renewed",
    "subscription.past_due",
    "suspense.held",
    "suspense.released",
]
"""What customers are told of by mail."""

NotificationKind = Literal[MailKind, "enrollment.granted", "enrollment.revoked"]
"""What applications are told of: all of that, and what a course platform has to do."""
