"""What the API takes and answers. Amounts are whole rupiah, times RFC 3339 in UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from schemas.decisions import PaymentStatus, SubscriptionStatus
from schemas.email_address import normalise_email

CUSTOMER_ID_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._:@+|-]{0,127}"
"""Ids of our applications: printable, without spaces or slashes, so that they fit into paths and stream names."""


class ApiModel(BaseModel):
    """Answers and bodies: closed, so that a misspelt field is an error and not silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Read(ApiModel):
    """What every read carries: the log position it reflects, and how old the oldest event is that it does not."""

    position: int = Field(description="Log position this answer reflects.")
    lag_seconds: float = Field(description="Age of the oldest event not reflected yet; 0 when there is none.")


class Page(Read):
    """What every listing carries, beside its `items`, newest first."""

    next_cursor: str | None = Field(description="Pass as `cursor` for what follows; null at the end.")


class CustomerBody(ApiModel):
    """What an application knows about a customer."""

    email: str = Field(
        min_length=3, max_length=320, description="Matched with payers after trimming and case folding."
    )
    name: str | None = Field(None, max_length=200)
    phone: str | None = Field(None, max_length=40)

    @field_validator("email")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if normalise_email(value) is None:
            raise ValueError("no_email")
        return _clean(value.strip())

    @field_validator("name", "phone")
    @classmethod
    def _printable(cls, value: str | None) -> str | None:
        return None if value is None or not value.strip() else _clean(value.strip())


def _clean(value: str) -> str:
    if any(not character.isprintable() for character in value):
        raise ValueError("control_characters")
    return value


class CustomerRegistration(ApiModel):
    """A customer as registered. `position` is where the log stands with it: pass it as `min_position` to read your write."""

    customer_id: str
    email: str
    name: str | None
    phone: str | None
    created: bool = Field(description="True for a new customer.")
    changed: bool = Field(description="False when everything was registered like this already.")
    email_shared: bool = Field(
        description="True when another customer has this address too: a payment that names only the address is then held."
    )
    position: int


class CustomerSummary(ApiModel):
    """One customer with the tier in force now."""

    customer_id: str
    email: str | None
    name: str | None
    phone: str | None
    tier: str
    stale: bool = Field(description="True while something about this customer could not be folded.")


class Customer(Read, CustomerSummary):
    """One customer."""


class CustomersByEmail(Read):
    """Customers with one e-mail. The fields at the top are those of the only one, null when several share the address."""

    customer_id: str | None
    email: str | None
    name: str | None
    phone: str | None
    tier: str | None
    stale: bool
    items: list[CustomerSummary]


class Lifetime(ApiModel):
    topped_up_idr: int = Field(description="Ever topped up; refunds do not reduce it.")
    spent_tokens: int


class LastTopUp(ApiModel):
    at: datetime
    amount_idr: int


class Balance(Read):
    """What a customer has. Credit is kept in tokens, the finer unit; `credit_idr` is a tenth of it, rounded down."""

    customer_id: str
    tier: str
    tier_until: datetime | None = Field(description="When the tier ends by itself.")
    credit_tokens: int
    credit_idr: int
    chat_tokens: int
    lifetime: Lifetime
    last_top_up: LastTopUp | None
    stale: bool


class Subscription(ApiModel):
    """One subscription with its status as of now."""

    subscription_id: str
    plan: str | None = Field(description="Catalogue product; null when the provider did not say which.")
    tier: str | None
    provider: str
    status: SubscriptionStatus = Field(
        description="As of now. What was cancelled stays `cancelled`, also after its end."
    )
    has_access: bool = Field(description="Whether it opens anything right now.")
    licence_code: str | None
    started_at: datetime | None
    expires_at: datetime | None
    access_until: datetime | None = Field(description="`expires_at` and grace.")
    cancel_at_period_end: bool
    stale: bool


class Subscriptions(Page):
    customer_id: str
    items: list[Subscription]


class Enrollment(ApiModel):
    """One course of a customer."""

    course: str = Field(description="Catalogue product.")
    status: Literal["active", "revoked"]
    order_id: str
    provider: str
    provider_payment_id: str
    granted_at: datetime
    revoked_at: datetime | None
    revoked_reason: str | None
    stale: bool


class Enrollments(Page):
    customer_id: str
    items: list[Enrollment]


class Quota(ApiModel):
    """`limit` and `remaining` are null when the tier sets none."""

    limit: int | None
    used: int
    remaining: int | None
    resets_at: datetime = Field(description="Midnight or the first of the month in Asia/Jakarta.")


class Quotas(ApiModel):
    month: Quota = Field(description="Tokens per month.")
    day: Quota = Field(description="Tokens per day.")
    papers: Quota = Field(description="Papers per month.")


class PlanAccess(ApiModel):
    """A subscription that opens something now."""

    plan: str | None
    tier: str | None
    status: SubscriptionStatus
    access_until: datetime | None


class Entitlements(Read):
    """Everything needed to decide access, in one call."""

    customer_id: str
    tier: str
    tier_until: datetime | None
    credit_based: bool = Field(description="The tier has no quota of its own: usage is paid from credit.")
    quotas: Quotas
    credit_tokens: int
    chat_tokens: int
    courses: list[str]
    plans: list[PlanAccess]
    stale: bool


class PaymentSummary(ApiModel):
    """One payment as we assess it."""

    provider: str
    provider_payment_id: str
    status: PaymentStatus
    amount: int | None = Field(
        description="Rupiah received, or asked for while nothing was; null when not told."
    )
    requested_amount: int | None
    refunded_amount: int
    currency: str
    method: str | None
    channel: str | None
    payment_type: str | None
    reference_id: str | None
    customer_id: str | None
    payer_email: str | None
    paid_at: datetime | None
    late: bool = Field(description="The money came after expiry or failure.")
    token_only: bool = Field(description="Only a static token vouches for it.")
    settled: bool
    held: str | None = Field(description="Why its money is in suspense.")
    failure_code: str | None
    stale: bool


class Payments(Page):
    customer_id: str
    items: list[PaymentSummary]


class Duplicate(ApiModel):
    """Another delivery of the same thing."""

    delivery_id: str
    received_at: datetime
    status: str


class Delivery(ApiModel):
    """The webhook a fact came from."""

    delivery_id: str
    event_name: str | None
    received_at: datetime
    status: str
    duplicates: list[Duplicate]


class TimelineStep(ApiModel):
    """What a provider said (`fact`) or what we did because of it (`decision`), with the event itself."""

    position: int
    kind: Literal["fact", "decision"]
    type: str
    stream: str
    recorded_at: datetime
    event_id: str
    causation_id: str | None = Field(description="Event that caused it.")
    actor: str | None = Field(description="Person behind it, if any.")
    delivery: Delivery | None
    data: dict[str, Any]


class Payment(Read, PaymentSummary):
    """One payment with every id that finds it and everything that happened to it, in order."""

    ids: list[str]
    timeline: list[TimelineStep]


class SuspenseItem(ApiModel):
    """Held money. `amount` is null when the provider never said."""

    id: str
    reason: str
    provider: str
    provider_payment_id: str
    amount: int | None
    payer_email: str | None
    customer_id: str | None
    product: str | None
    since: datetime
    stale: bool


class Suspense(Page):
    items: list[SuspenseItem]


class UnitSum(ApiModel):
    unit: Literal["IDR", "TOKEN", "CHAT"]
    accounts: int
    debits: int
    credits: int
    sum: int = Field(description="0, or the books are wrong.")


class LedgerCheck(Read):
    """Sums of the double-entry ledger."""

    balanced: bool
    stale: bool
    items: list[UnitSum]


class ProblemAnswer(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    code: str = Field(description="Stable; decide by this.")
    detail: str = Field(description="For people, in English or Indonesian by Accept-Language.")
