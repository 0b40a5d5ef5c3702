"""What refunds take and answer. Amounts are whole rupiah, times RFC 3339 in UTC."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from schemas.api import CUSTOMER_ID_PATTERN, ApiModel, Read
from schemas.vocabulary import ProviderName, RefundMaker, RefundStatus

MOST_IDR = 10**12


class RefundBody(ApiModel):
    """A payment, or a part of it, that is to go back to its payer."""

    provider: str = Field(min_length=1, max_length=40, description="scalev, xendit, mayar or manual.")
    provider_payment_id: str = Field(
        min_length=1, max_length=256, description="Any id that finds the payment, our own reference too."
    )
    amount: int | None = Field(
        None, strict=True, ge=1, le=MOST_IDR, description="Without it everything that is left of the payment."
    )
    reason: str = Field(
        min_length=1,
        max_length=200,
        description="Why, for your records; requested_by_customer, duplicate, fraudulent and cancellation are told to the provider.",
    )
    customer_id: str | None = Field(
        None,
        pattern=f"^{CUSTOMER_ID_PATTERN}$",
        max_length=128,
        description="Whose it is; a key of one customer needs it, and of somebody else's the call knows nothing.",
    )


class AskedRefund(ApiModel):
    """A refund, whoever made it."""

    refund_id: str = Field(description="Ours; of a refund made at the provider, the provider and its id.")
    status: RefundStatus = Field(
        description="`reserved`: nobody knows yet whether the provider took it on, ask again; `pending`: the money is on its way."
    )
    provider: ProviderName
    provider_payment_id: str
    provider_refund_id: str | None = Field(description="The provider's; null until it has answered.")
    customer_id: str | None = Field(description="Null for a refund that was made at the provider.")
    amount: int
    reason: str | None
    made_by: RefundMaker
    created_at: datetime
    settled_at: datetime | None = Field(description="When we learned how it ended.")
    failure_code: str | None


class CreatedRefund(AskedRefund):
    """A refund as asked for. `position` is where the log stands with it: pass it as `min_position` to read your write."""

    created: bool = Field(description="False when an equal request was open already: this is that one.")
    position: int


class OneRefund(Read, AskedRefund):
    """A refund and what became of it."""
