"""What the API takes and answers. Amounts are whole rupiah, times RFC 3339 in UTC."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from schemas.email_address import LONGEST, normalise_email
from schemas.vocabulary import (
    Attestation,
    DeliveryStatus,
    DisputeStatus,
    EnrollmentStatus,
    EventType,
    LedgerUnit,
    PaymentMethod,
    PaymentStatus,
    ProblemCode,
    ProviderName,
    StepKind,
    SubscriptionHeld,
    SubscriptionStatus,
    SuspenseReason,
)

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


UNSEEN = r"\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
"""Control characters, ends of lines and signs that are not seen or turn the direction of what follows."""

ONE_LINE = rf"^[\t\n\r ]*[^{UNSEEN}]*[\t\n\r ]*$"
"""A text of one line, with blanks around it that a form may have left. `$` of JSON Schema is the very end, so the code asks for `fullmatch`."""

_LINE = re.compile(ONE_LINE.removeprefix("^").removesuffix("$"))


def _one_line(value: str | None) -> str | None:
    """Trimmed; blank is nothing."""
    if value is None:
        return None
    if _LINE.fullmatch(value) is None:
        raise ValueError("control_characters")
    return value.strip() or None


_Line = Annotated[str, Field(json_schema_extra={"pattern": ONE_LINE})]


class CustomerBody(ApiModel):
    """What an application knows about a customer."""

    email: str = Field(
        min_length=3,
        max_length=LONGEST,
        description="Matched with payers after trimming and case folding.",
        json_schema_extra={"format": "email"},
    )
    name: Annotated[_Line | None, Field(max_length=200), AfterValidator(_one_line)] = None
    phone: Annotated[_Line | None, Field(max_length=40), AfterValidator(_one_line)] = None

    @field_validator("email")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if normalise_email(value) is None:
            raise ValueError("no_email")
        return value.strip()


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
    spent_idr: int = Field(description="Rupiah that the spent tokens had cost, by top-up.")


class LastTopUp(ApiModel):
    at: datetime
    amount_idr: int


class BalanceAmounts(ApiModel):
    """What a customer has. Credit is kept in tokens, the finer unit; `credit_idr` is a tenth of it, rounded down."""

    customer_id: str
    tier: str
    tier_until: datetime | None = Field(description="When the tier ends by itself.")
    credit_tokens: int = Field(
        description="What can be spent: without what is reserved. Below zero only when money went back after it was spent."
    )
    credit_idr: int
    reserved_tokens: int = Field(description="Set aside by reservations.")
    debt_tokens: int = Field(description="Spent before its money went back; the next top-ups cover it.")
    frozen: bool = Field(description="Nothing can be spent until an operator has looked at it.")
    chat_tokens: int
    lifetime: Lifetime
    last_top_up: LastTopUp | None
    stale: bool


class Balance(Read, BalanceAmounts):
    """What a customer has. Credit is kept in tokens, the finer unit; `credit_idr` is a tenth of it, rounded down."""


class Subscription(ApiModel):
    """One subscription with its status as of now."""

    subscription_id: str
    plan: str | None = Field(description="Catalogue product; null when the provider did not say which.")
    tier: str | None
    provider: ProviderName
    status: SubscriptionStatus = Field(
        description="As of now. What was cancelled stays `cancelled`, also after its end."
    )
    has_access: bool = Field(description="Whether it opens anything right now.")
    licence_code: str | None = Field(description="Null where no webhook named it, as Mayar's of members.")
    started_at: datetime | None
    expires_at: datetime | None
    access_until: datetime | None = Field(description="`expires_at` and grace.")
    cancel_at_period_end: bool
    held: SubscriptionHeld | None = Field(
        description="Why more was announced by its provider than its payments say; null when nothing was."
    )
    stale: bool


class Subscriptions(Page):
    customer_id: str
    items: list[Subscription]


class Enrollment(ApiModel):
    """One course of a customer."""

    course: str = Field(description="Catalogue product.")
    status: EnrollmentStatus
    order_id: str
    provider: ProviderName
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
    allowed: bool | None = Field(
        description="Whether `tokens` and `papers` could be used now; null when neither was asked about."
    )
    refused: str | None = Field(description="The problem that reporting such a use would end in.")
    frozen: bool = Field(description="Nothing can be spent until an operator has looked at it.")
    credit_tokens: int
    chat_tokens: int
    courses: list[str]
    plans: list[PlanAccess]
    stale: bool


class PaymentSummary(ApiModel):
    """One payment as we assess it."""

    provider: ProviderName
    provider_payment_id: str
    status: PaymentStatus
    amount: int | None = Field(
        description="Rupiah received, or asked for while nothing was; null when not told."
    )
    requested_amount: int | None
    refunded_amount: int
    currency: str
    method: PaymentMethod | None
    channel: str | None = Field(description="As the provider names it: an open set.")
    payment_type: str | None
    reference_id: str | None
    customer_id: str | None
    payer_email: str | None
    paid_at: datetime | None
    late: bool = Field(description="The money came after expiry or failure.")
    token_only: bool = Field(description="Only a static token vouches for it.")
    attestation: Attestation | None = Field(description="How much we know of the money; null of none.")
    settled: bool
    held: SuspenseReason | None = Field(description="Why its money is in suspense.")
    failure_code: str | None
    stale: bool


class Payments(Page):
    customer_id: str
    items: list[PaymentSummary]


class Duplicate(ApiModel):
    """Another delivery of the same thing."""

    delivery_id: str
    received_at: datetime
    status: DeliveryStatus


class Delivery(ApiModel):
    """The webhook a fact came from."""

    delivery_id: str
    event_name: str | None
    received_at: datetime
    status: DeliveryStatus
    duplicates: list[Duplicate]


class TimelineStep(ApiModel):
    """What a provider said (`fact`) or what we did because of it (`decision`), with the event itself."""

    position: int
    kind: StepKind
    type: EventType
    stream: str
    recorded_at: datetime
    event_id: str
    causation_id: str | None = Field(description="Event that caused it.")
    actor: str | None = Field(description="Person behind it, if any.")
    delivery: Delivery | None
    data: dict[str, Any]


class PaymentDispute(ApiModel):
    """A payer's bank asks for the money back, or the provider, on being asked, does not stand by the payment (an id that begins with `reconciled-`). What that does to what was bought is `disputes` or `disowned` of the catalogue's provider."""

    dispute_id: str
    status: DisputeStatus
    amount: int | None = Field(description="Rupiah in dispute; null when the provider did not say.")
    opened_at: datetime | None = Field(description="Null when only its end was told.")
    closed_at: datetime | None = Field(description="When it was won or lost.")


class Payment(Read, PaymentSummary):
    """One payment with every id that finds it and everything that happened to it, in order."""

    dispute: PaymentDispute | None = Field(description="The one that is open, else the last one.")
    ids: list[str]
    timeline: list[TimelineStep]


class SuspenseItem(ApiModel):
    """Held money. `amount` is null when the provider never said."""

    id: str
    reason: SuspenseReason
    provider: ProviderName
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
    unit: LedgerUnit
    accounts: int
    debits: int
    credits: int
    sum: int = Field(description="0, or the books are wrong.")


class UnbackedMoney(ApiModel):
    """Money of one provider that decisions moved and that no payment stands behind."""

    provider: ProviderName
    amount: int = Field(description="Rupiah beyond what the provider's facts told.")
    cases: int = Field(description="Cases it is of; also those that grant something and rest on no fact.")


class LedgerCheck(Read):
    """Sums of the double-entry ledger, and whether a payment stands behind everything that was granted."""

    balanced: bool = Field(description="Every unit sums to zero and nothing is unbacked.")
    stale: bool
    items: list[UnitSum]
    unbacked: list[UnbackedMoney] = Field(description="Empty, or somebody wrote a grant without a payment.")


class ProblemAnswer(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    code: ProblemCode = Field(description="Stable; decide by this.")
    detail: str = Field(description="For people, in English or Indonesian by Accept-Language.")
    credit_tokens: int | None = Field(None, description="What can be spent; with `insufficient_balance`.")
    quota: str | None = Field(None, description="Which one; with `quota_exceeded`.")
    resets_at: datetime | None = Field(None, description="When it starts anew; with `quota_exceeded`.")
    outcome: str | None = Field(None, description="What it was; with `reservation_closed`.")
    reserved: int | None = Field(None, description="How many; with `capture_exceeds_reservation`.")
    field: str | None = Field(None, description="The field, parameter or header that it is about, if one.")
