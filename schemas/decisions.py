"""Decisions: what lunas concluded or granted because of facts. Only fulfilment (and later checkout) writes them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from schemas.attestation import Attestation
from schemas.corrections import (
    CourseDated,
    CourseWithdrawn,
    CreditDated,
    CreditWithdrawn,
    SaleWithdrawn,
    TokensWithdrawn,
)
from schemas.decision_model import Decision, Given, Grant, PlanTerms, ValueMoved
from schemas.event_model import EventModel

PaymentStatus = Literal[
    "pending", "authorized", "succeeded", "failed", "expired", "partially_refunded", "refunded", "reversed"
]
SubscriptionStatus = Literal["pending", "active", "past_due", "cancelled", "expired"]


class PaymentAssessed(Decision):
    """Our view of one payment after the facts so far; the newest counts. Amounts in whole rupiah, None when no event told.

    `record` is the payment's stable identity (the key of its read model); `payment_id` is the provider's id to show, which becomes
    more precise when a request turns into a payment. `aliases` are all provider ids that find it.
    `facts` are the log positions that were new since the last assessment. `held` is the suspense reason while money is held.
    `merged` names records that turned out to be this same payment; readers drop them. `whose`: see `Grant`. `given`: what the plans and
    subscriptions of customers know of it, by customer. `contested_amount`: of `refunded_amount` what an open dispute took back here and nobody has given back. `attestation`: how much we know of the money that came; None of none, and as earlier programs stored it.
    `fee_amount`: what the provider keeps of it, None when nobody told; `fee_claimed`: what its own word says, where a statement of settlement says otherwise.
    """

    TYPE: ClassVar[str] = "payment.assessed"

    record: str
    provider: str
    payment_id: str
    aliases: tuple[str, ...] = ()
    status: PaymentStatus
    amount: int | None = None
    requested_amount: int | None = None
    refunded_amount: int = 0
    contested_amount: int = 0
    fee_amount: int | None = None
    fee_claimed: int | None = None
    currency: str = "IDR"
    method: str | None = None
    channel: str | None = None
    payment_type: str | None = None
    reference_id: str | None = None
    customer_id: str | None = None
    payer_email: str | None = None
    paid_at: datetime | None = None
    late: bool = False
    token_only: bool = False
    settled: bool = False
    held: str | None = None
    failure_code: str | None = None
    facts: tuple[int, ...] = ()
    merged: tuple[str, ...] = ()
    whose: str = ""
    attestation: Attestation | None = None
    given: dict[str, Given] = {}  # noqa: RUF012 - no factory: `unvalidated` makes these; events are never changed


class FeeBooked(ValueMoved):
    """What a provider keeps of a payment is `amount_idr` now, and was booked as `before_idr` so far: the difference is posted. It grants and takes nothing."""

    TYPE: ClassVar[str] = "fee.booked"

    provider: str
    payment_id: str
    amount_idr: int
    before_idr: int = 0


class CreditGranted(Grant):
    """A top-up became credit. `tokens` = `amount_idr` × the catalogue's rate at the time of the decision."""

    TYPE: ClassVar[str] = "credit.granted"

    customer_id: str
    provider: str
    payment_id: str
    amount_idr: int
    tokens: int
    at: datetime
    late: bool = False
    token_only: bool = False


class CreditClawedBack(ValueMoved):
    """A refund took credit back, as far as it was unspent."""

    TYPE: ClassVar[str] = "credit.clawed_back"

    customer_id: str
    provider: str
    payment_id: str
    refund_id: str
    amount_idr: int
    tokens: int
    at: datetime


class TokensGranted(Grant):
    """A token package was delivered. `amount_idr` is None when the provider never said what was paid."""

    TYPE: ClassVar[str] = "tokens.granted"

    customer_id: str
    provider: str
    payment_id: str
    product: str
    quantity: int
    chat_tokens: int
    amount_idr: int | None
    at: datetime
    token_only: bool = False


class TokensClawedBack(ValueMoved):
    """A refund took chat tokens back."""

    TYPE: ClassVar[str] = "tokens.clawed_back"

    customer_id: str
    provider: str
    payment_id: str
    refund_id: str
    product: str
    chat_tokens: int
    amount_idr: int
    at: datetime


class CourseEnrolled(Grant):
    """A course was opened for a customer, once per customer and course."""

    TYPE: ClassVar[str] = "course.enrolled"

    customer_id: str
    provider: str
    payment_id: str
    course: str
    order_id: str
    amount_idr: int | None
    at: datetime


class CourseRevoked(ValueMoved):
    """A course was closed again because its money went back."""

    TYPE: ClassVar[str] = "course.revoked"

    customer_id: str
    provider: str
    payment_id: str
    course: str
    order_id: str
    reason: str
    at: datetime


class SaleRecorded(Grant):
    """Money received for something that grants nothing by itself (a paper, a subscription charge), or a plan on its `terms`."""

    TYPE: ClassVar[str] = "sale.recorded"

    customer_id: str | None
    provider: str
    payment_id: str
    product: str
    amount_idr: int
    at: datetime
    quantity: int = 1
    terms: PlanTerms | None = None


class SaleRefunded(ValueMoved):
    """Money of a sale went back."""

    TYPE: ClassVar[str] = "sale.refunded"

    customer_id: str | None
    provider: str
    payment_id: str
    refund_id: str
    product: str
    amount_idr: int
    at: datetime


class SubscriptionDecision(Decision):
    """The full state of a subscription after the decision.

    `access_until` is `expires_at` plus grace, the moment our own clock ends access whatever anybody says; None = no end known.
    Of an announced membership: `began`, whether anybody `named` its product, and `called`, the plans that its names meant in the catalogue
    so far, which its payments may have been for. `claimed`, where it gets an owner: where in the log the claim stands that says whose it is; 0: no claim does.
    `held`: `unconfirmed` while it was announced as usable and no payment of it was told for too long; it is usable meanwhile. `awaiting_confirmation`
    while more was announced than is granted on what is known of it: that much is not usable before its provider, a payment or a person says the same.
    """

    subscription_id: str
    customer_id: str
    provider: str
    plan: str | None
    tier: str | None
    status: SubscriptionStatus | Literal["merged", "withdrawn"]
    licence_code: str | None = None
    member_id: str | None = None
    started_at: datetime | None
    expires_at: datetime | None
    access_until: datetime | None
    cancel_at_period_end: bool = False
    called: tuple[str, ...] = ()
    claimed: int | None = None
    began: datetime | None = None
    named: bool = False
    held: Literal["unconfirmed", "awaiting_confirmation"] | None = None


class SubscriptionCreated(SubscriptionDecision):
    """Known, but not usable yet."""

    TYPE: ClassVar[str] = "subscription.created"


class SubscriptionActivated(SubscriptionDecision):
    """Usable from now on (also after a pause)."""

    TYPE: ClassVar[str] = "subscription.activated"


class SubscriptionRenewed(SubscriptionDecision):
    """One or more periods were added."""

    TYPE: ClassVar[str] = "subscription.renewed"


class SubscriptionPastDue(SubscriptionDecision):
    """A renewal failed or is overdue; access continues until `access_until`."""

    TYPE: ClassVar[str] = "subscription.past_due"


class SubscriptionCancelled(SubscriptionDecision):
    """Will not renew; with `cancel_at_period_end` access continues until `expires_at`."""

    TYPE: ClassVar[str] = "subscription.cancelled"


class SubscriptionExpired(SubscriptionDecision):
    """Ended."""

    TYPE: ClassVar[str] = "subscription.expired"


class SubscriptionTierChanged(SubscriptionDecision):
    """Moved to another plan."""

    TYPE: ClassVar[str] = "subscription.tier_changed"


class SubscriptionExpiringSoon(SubscriptionDecision):
    """Will end soon; for notifications."""

    TYPE: ClassVar[str] = "subscription.expiring_soon"


class SubscriptionUpdated(SubscriptionDecision):
    """A detail changed (licence code, member id, an earlier end), or its money went back: `pending` then, it opens nothing until it is paid again."""

    TYPE: ClassVar[str] = "subscription.updated"


class SubscriptionMerged(SubscriptionDecision):
    """Turned out to be one with the subscription `into`, which stands for both; readers drop this one (status `merged`)."""

    TYPE: ClassVar[str] = "subscription.merged"

    into: str


class SubscriptionWithdrawn(SubscriptionDecision):
    """Was never due, by what we learned since (status `withdrawn`): readers show it no more."""

    TYPE: ClassVar[str] = "subscription.withdrawn"


class TierChanged(Decision):
    """The customer's tier. It holds until `until` (None = no end), then `fallback_tier` applies by the clock alone."""

    TYPE: ClassVar[str] = "tier.changed"

    customer_id: str
    tier: str
    until: datetime | None
    fallback_tier: str
    reason: str


class SuspenseHeld(ValueMoved):
    """Verified money (or a grant of unknown money) waits for a reason an operator understands. `refunded` rupiah of it went back before."""

    TYPE: ClassVar[str] = "suspense.held"

    suspense_id: str
    provider: str
    payment_id: str
    reason: str
    amount: int | None
    payer_email: str | None = None
    customer_id: str | None = None
    product: str | None = None
    since: datetime
    refunded: int = 0


class SuspenseReleased(ValueMoved):
    """Held money found its place. `resolution`: granted, refunded, written_off or changed (held again for another reason).

    `attempts` and `refunds` of money that was written off: it stays what it was.
    """

    TYPE: ClassVar[str] = "suspense.released"

    suspense_id: str
    provider: str
    payment_id: str
    resolution: Literal["granted", "refunded", "written_off", "changed"]
    actor: str | None = None
    at: datetime
    attempts: tuple[str, ...] = ()
    refunds: dict[str, int] = Field(default_factory=dict)


DECISIONS: tuple[type[EventModel], ...] = (
    PaymentAssessed,
    FeeBooked,
    CreditGranted,
    CreditClawedBack,
    CreditWithdrawn,
    CreditDated,
    TokensGranted,
    TokensClawedBack,
    TokensWithdrawn,
    CourseEnrolled,
    CourseRevoked,
    CourseWithdrawn,
    CourseDated,
    SaleRecorded,
    SaleRefunded,
    SaleWithdrawn,
    SubscriptionCreated,
    SubscriptionActivated,
    SubscriptionRenewed,
    SubscriptionPastDue,
    SubscriptionCancelled,
    SubscriptionExpired,
    SubscriptionTierChanged,
    SubscriptionExpiringSoon,
    SubscriptionUpdated,
    SubscriptionMerged,
    SubscriptionWithdrawn,
    TierChanged,
    SuspenseHeld,
    SuspenseReleased,
)
