"""Facts: what a provider, one of our applications or an operator told us. Never what we made of it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from schemas.attestation import Attestation
from schemas.event_model import EventModel
from schemas.payment_words import PAYMENT_WORDS
from schemas.plan_facts import PLAN_FACTS
from schemas.refund_facts import OWN_REFUND_FACTS
from schemas.request_facts import CHECKOUT_FACTS
from schemas.settlement_facts import SETTLEMENT_FACTS

Report = Literal[
    "created", "activated", "renewed", "renewal_failed", "cancelled", "expired", "expiring_soon", "tier_changed"
]  # fmt: skip


class ProductHint(BaseModel):
    """How a provider names what was bought; the catalogue turns it into a product.

    `kind`: `variant` and `bundle` (Scalev), `product` (Mayar product id), `tier` (Mayar membership tier name),
    `package` (Mayar's short form), `plan_reference` (Xendit recurring reference), `catalog` (our own product id).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Literal["variant", "bundle", "product", "tier", "package", "plan_reference", "catalog"]
    value: str
    quantity: int = 1


class WebhookReceived(EventModel):
    """One delivery was verified and stored; the bytes are in `deliveries`."""

    TYPE: ClassVar[str] = "webhook.received"

    provider: str
    delivery_id: str
    event_name: str | None
    body_sha256: str
    dedupe_key: str | None
    scheme: str
    secret_id: str
    status: str
    reason: str | None = None
    replay_of: str | None = None


class WebhookConflicted(EventModel):
    """A delivery carries the dedupe key of an earlier one but says something else. Nothing of it is applied.

    `first_delivery_id`: the earlier one. The log says which for good; deliveries are kept for a while.
    """

    TYPE: ClassVar[str] = "webhook.conflicted"

    provider: str
    delivery_id: str
    dedupe_key: str
    first_delivery_id: str


class PaymentFact(EventModel):
    """What a provider said about one payment.

    `attempt_id` names one movement of money at the provider (Xendit `payment_id`); None when only the request is known.
    `group_id` is the request that may have several attempts (Xendit `payment_request_id`). For Scalev both are None and
    `payment_key` is the order. `amount` is what was received (whole rupiah; None when the event does not say);
    `requested_amount` what was asked for. `aliases` are further ids a person may look it up by.
    `announced`: the provider says it is done, but the money itself is told by another event that is still to come.
    `occurred_at` is the provider's time of this state, or our time of receipt when `timed` is false; so it is when the stated time cannot
    be (`untrusted_time`), and then the money is held. `attestation`: who vouches for it; None as earlier programs stored it.
    `fee_amount`: what the provider keeps of the amount, where it says so to the rupiah.
    """

    provider: str
    payment_key: str
    attempt_id: str | None = None
    group_id: str | None = None
    reusable: bool = False
    aliases: tuple[str, ...] = ()
    amount: int | None = None
    requested_amount: int | None = None
    fee_amount: int | None = None
    currency: str = "IDR"
    method: str | None = None
    channel: str | None = None
    payment_type: str | None = None
    reference_id: str | None = None
    customer_ref: str | None = None
    payer_email: str | None = None
    products: tuple[ProductHint, ...] = ()
    subscription_key: str | None = None
    provider_status: str | None = None
    failure_code: str | None = None
    spam: bool | None = None
    token_only: bool = False
    without_id: bool = False
    announced: bool = False
    untrusted_time: Literal["time_in_future", "time_long_past"] | None = None
    occurred_at: datetime
    timed: bool = True
    paid_at: datetime | None = None
    attestation: Attestation | None = None


class PaymentPending(PaymentFact):
    """Waiting for the payer. For Scalev also the report that a paid order was set back to unpaid by hand."""

    TYPE: ClassVar[str] = "payment.pending"


class PaymentAuthorized(PaymentFact):
    """Funds reserved, not received."""

    TYPE: ClassVar[str] = "payment.authorized"


class PaymentSucceeded(PaymentFact):
    """Money received."""

    TYPE: ClassVar[str] = "payment.succeeded"


class PaymentSettled(PaymentFact):
    """The same money reached the merchant's balance; implies that it was received."""

    TYPE: ClassVar[str] = "payment.settled"


class PaymentFailed(PaymentFact):
    """An attempt failed or is disputed; a success may still follow."""

    TYPE: ClassVar[str] = "payment.failed"


class PaymentExpired(PaymentFact):
    """No more payment expected; a late one may still come."""

    TYPE: ClassVar[str] = "payment.expired"


class RefundFact(EventModel):
    """A refund at the provider. `amount` whole rupiah of this refund alone, not a running total. `own_reference`: we asked for it, by this name."""

    provider: str
    payment_key: str
    refund_id: str
    attempt_id: str | None = None
    group_id: str | None = None
    aliases: tuple[str, ...] = ()
    amount: int
    currency: str = "IDR"
    reason: str | None = None
    failure_code: str | None = None
    own_reference: str | None = None
    token_only: bool = False
    occurred_at: datetime
    attestation: Attestation | None = None


class RefundSucceeded(RefundFact):
    """Money went back to the payer."""

    TYPE: ClassVar[str] = "refund.succeeded"


class RefundFailed(RefundFact):
    """The provider refused or lost a refund."""

    TYPE: ClassVar[str] = "refund.failed"


CONTESTED = "reconciled-"
"""Before the id of a dispute whose other side is the provider: on being asked it does not stand by a payment that it, or somebody, told us of."""


class DisputeFact(EventModel):
    """A payer's bank asks for money back, or the provider does not know of any (`CONTESTED`). `amount` in whole rupiah, None when not stated;
    `provider_status` as the provider calls it."""

    provider: str
    payment_key: str
    dispute_id: str
    attempt_id: str | None = None
    group_id: str | None = None
    aliases: tuple[str, ...] = ()
    amount: int | None = None
    currency: str = "IDR"
    reason: str | None = None
    provider_status: str | None = None
    token_only: bool = False
    occurred_at: datetime
    timed: bool = True
    attestation: Attestation | None = None


class DisputeOpened(DisputeFact):
    """It is under way: nothing has moved yet."""

    TYPE: ClassVar[str] = "dispute.opened"


class DisputeWon(DisputeFact):
    """It ended for us: the money stays."""

    TYPE: ClassVar[str] = "dispute.won"


class DisputeLost(DisputeFact):
    """It ended against us: the provider takes the money back."""

    TYPE: ClassVar[str] = "dispute.lost"


class OrderLine(BaseModel):
    """One line of an order; `amount` is the whole line in rupiah before order-level discounts."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    product: ProductHint
    quantity: int
    amount: int


class OrderRecorded(EventModel):
    """A full snapshot of an order as the provider showed it at `as_of`; the newest snapshot counts."""

    TYPE: ClassVar[str] = "order.recorded"

    provider: str
    order_key: str
    aliases: tuple[str, ...] = ()
    status: str | None = None
    gross_amount: int
    currency: str = "IDR"
    lines: tuple[OrderLine, ...]
    payer_email: str | None = None
    method: str | None = None
    spam: bool = False
    draft: bool = False
    as_of: datetime
    timed: bool = True
    attestation: Attestation | None = None


class OrderCancelled(EventModel):
    """The order was cancelled or closed at the provider."""

    TYPE: ClassVar[str] = "order.cancelled"

    provider: str
    order_key: str
    aliases: tuple[str, ...] = ()
    status: str | None = None
    as_of: datetime
    attestation: Attestation | None = None


class OrderDeleted(EventModel):
    """The order was deleted at the provider. After payment this is an alarm, never a revocation."""

    TYPE: ClassVar[str] = "order.deleted"

    provider: str
    order_key: str
    aliases: tuple[str, ...] = ()
    as_of: datetime
    attestation: Attestation | None = None


class SubscriptionReported(EventModel):
    """What a provider said about a subscription, membership or licence.

    `subscription_key`: Xendit plan id, Mayar licence code, else member id. `cycle_id`/`cycle_number` name a charge (Xendit).
    `starts_at`: planned start of the charged period, or of the first one. `expires_at`: end the provider states (Mayar).
    `final`: no further attempt at this cycle will follow. `finished`: all planned recurrences were done. `announced`: its payer has done
    everything, and what makes it usable is told by another event that is still to come. `told_at`: when we were told of an end, where that is
    long after `occurred_at`.
    """

    TYPE: ClassVar[str] = "subscription.reported"

    provider: str
    subscription_key: str
    report: Report
    aliases: tuple[str, ...] = ()
    customer_ref: str | None = None
    payer_email: str | None = None
    products: tuple[ProductHint, ...] = ()
    licence_code: str | None = None
    member_id: str | None = None
    cycle_id: str | None = None
    cycle_number: int | None = None
    payment_id: str | None = None
    amount: int | None = None
    currency: str = "IDR"
    starts_at: datetime | None = None
    expires_at: datetime | None = None
    final: bool = False
    finished: bool = False
    announced: bool = False
    failure_code: str | None = None
    token_only: bool = False
    occurred_at: datetime
    told_at: datetime | None = None
    timed: bool = True
    attestation: Attestation | None = None


class CustomerRegistered(EventModel):
    """An application told us about a customer, for the first time or again. E-mail as given; matching is on the normalised form."""

    TYPE: ClassVar[str] = "customer.registered"

    customer_id: str
    email: str | None
    name: str | None = None
    phone: str | None = None
    source: Literal["api", "payment"] = "api"


class CatalogPublished(EventModel):
    """The catalogue that decisions from here on use. `version` is the first 16 hex of the SHA-256 of `content` in canonical JSON."""

    TYPE: ClassVar[str] = "catalog.published"

    version: str
    content: dict[str, object]


class SuspenseFact(EventModel):
    """A person's word on held money. `case`: the payment or subscription that holds it."""

    suspense_id: str
    case: str


class SuspenseClaimed(SuspenseFact):
    """An operator (or an application) said whose held money this is, and for what when that was unclear.

    `product` is a catalogue id or `credit`; None keeps what the payment itself says.
    """

    TYPE: ClassVar[str] = "suspense.claimed"

    customer_id: str
    product: str | None = None
    actor: str
    reason: str


class SuspenseClaimWithdrawn(SuspenseFact):
    """An operator took a claim back: what is due is what would be, had nobody claimed it."""

    TYPE: ClassVar[str] = "suspense.claim_withdrawn"

    actor: str
    reason: str


class SuspenseWrittenOff(SuspenseFact):
    """An operator closed held money without granting anything."""

    TYPE: ClassVar[str] = "suspense.written_off"

    actor: str
    reason: str


class SuspenseWriteOffWithdrawn(SuspenseFact):
    """An operator took a write-off back: the money waits again, or goes where it would have gone meanwhile."""

    TYPE: ClassVar[str] = "suspense.write_off_withdrawn"

    actor: str
    reason: str


FACTS: tuple[type[EventModel], ...] = (
    WebhookReceived, WebhookConflicted,
    PaymentPending, PaymentAuthorized, PaymentSucceeded, PaymentSettled, PaymentFailed, PaymentExpired,
    RefundSucceeded, RefundFailed, DisputeOpened, DisputeWon, DisputeLost,
    OrderRecorded, OrderCancelled, OrderDeleted, SubscriptionReported, CustomerRegistered, CatalogPublished,
    SuspenseClaimed, SuspenseClaimWithdrawn, SuspenseWrittenOff, SuspenseWriteOffWithdrawn,
    *CHECKOUT_FACTS, *PLAN_FACTS, *OWN_REFUND_FACTS, *PAYMENT_WORDS, *SETTLEMENT_FACTS,
)  # fmt: skip
