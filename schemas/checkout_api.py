"""What checkout takes and answers. Amounts are whole rupiah, times RFC 3339 in UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.api import CUSTOMER_ID_PATTERN, ApiModel, Page, Read
from schemas.vocabulary import PaymentMethod, ProviderName, RequestStatus, SuspenseReason

CustomerId = Field(
    pattern=f"^{CUSTOMER_ID_PATTERN}$", max_length=128, description="A customer who is registered."
)
MOST_IDR = 10**12


class TopUpBody(ApiModel):
    """A top-up that a customer wants to pay."""

    customer_id: str = CustomerId
    # Any number is read: whoever sends one that is not offered is told which are.
    amount: int = Field(
        strict=True, ge=-MOST_IDR, le=MOST_IDR, description="One of the amounts that the catalogue offers."
    )
    payment_method: Literal["qris", "va", "ewallet"]
    va_channel: str | None = Field(
        None,
        max_length=40,
        description="For `va`: `BCA_VIRTUAL_ACCOUNT`, `BNI_VIRTUAL_ACCOUNT`, `BRI_VIRTUAL_ACCOUNT` or `MANDIRI_VIRTUAL_ACCOUNT`.",
    )
    ewallet_channel: str | None = Field(None, max_length=40, description="For `ewallet`: `OVO` or `GOPAY`.")
    mobile_number: str | None = Field(None, max_length=40, description="For OVO, as people write it.")
    allow_second: bool = Field(
        False, strict=True, description="Make a further request although an equal one is open."
    )


class AskedTopUp(ApiModel):
    """A top-up with what its payer needs: a QR text, an account number or a page."""

    payment_id: str = Field(description="Ours; finds the payment everywhere.")
    xendit_id: str | None = Field(description="The provider's; null until it has answered.")
    provider: ProviderName
    customer_id: str
    status: RequestStatus = Field(
        description="`unknown` while the provider has not answered: ask again, it is being looked up."
    )
    amount: int
    payment_method: PaymentMethod
    channel: str
    created_at: datetime
    expires_at: datetime | None = Field(description="Money that comes later is credited and marked late.")
    paid_at: datetime | None
    late: bool
    held: SuspenseReason | None = Field(
        description="Why its money is in suspense: it came, and nothing was granted for it yet."
    )
    qr_string: str | None
    qr_svg_url: str | None = Field(
        description="The code as a picture for pages of yours, while it can be paid; the secret of the payment page is in the address."
    )
    qr_png_url: str | None
    va_number: str | None
    va_channel: str | None
    redirect_url: str | None
    note: Literal["sandbox_without_redirect", "confirm_in_app"] | None = Field(
        description="Why there is nothing to show: GoPay's sandbox gives no page at times, OVO asks in its app."
    )
    payment_page_url: str | None = Field(
        description="Our own page for the payer, who needs no key for it; null where LUNAS_API_PUBLIC_URL is unset."
    )
    failure_code: str | None


class CreatedTopUp(AskedTopUp):
    """A top-up as asked for. `position` is where the log stands with it: pass it as `min_position` to read your write."""

    created: bool = Field(description="False when an equal request was open already: this is that one.")
    position: int


class OneTopUp(Read, AskedTopUp):
    """A top-up and what became of it."""


class TopUps(Page):
    """Top-ups that a customer asked for."""

    customer_id: str
    items: list[AskedTopUp]


class SourceTopUpBody(BaseModel):
    """A top-up as the source application asks for it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    customerId: str = CustomerId
    amount: int = Field(strict=True, ge=-MOST_IDR, le=MOST_IDR)
    paymentMethod: str = Field(max_length=40)
    vaChannel: str | None = Field(None, max_length=40)
    ewalletChannel: str | None = Field(None, max_length=40)
    mobileNumber: str | None = Field(None, max_length=40)


class SourceTopUp(BaseModel):
    """A top-up in the source application's shapes; what a method does not have is absent."""

    paymentId: str
    xenditId: str
    status: str
    amount: int
    expiresAt: int = Field(description="Milliseconds since 1970.")
    qrString: str | None = None
    vaNumber: str | None = None
    vaChannel: str | None = None
    redirectUrl: str | None = None


class SourceError(BaseModel):
    """A refusal in the source application's shape, in Indonesian."""

    error: str


class OrderItemBody(ApiModel):
    """One product and how many of it."""

    product: str = Field(min_length=1, max_length=64, description="Id of a product of the catalogue.")
    quantity: int = Field(1, strict=True, ge=1, le=1000)


class OrderBody(ApiModel):
    """What a customer wants to buy."""

    customer_id: str = CustomerId
    items: list[OrderItemBody] = Field(min_length=1, max_length=50)
    allow_second: bool = Field(
        False, strict=True, description="Make a further request although an equal one is open."
    )


class OrderItem(ApiModel):
    """One product at the price it was ordered for."""

    product: str
    quantity: int
    price_idr: int
    title: str


class AskedOrder(ApiModel):
    """An order with the page where it is paid."""

    order_id: str = Field(description="Ours; finds the payment everywhere.")
    provider: ProviderName
    provider_order_id: str | None = Field(description="The provider's; null until it has answered.")
    customer_id: str
    status: RequestStatus = Field(
        description="`unknown` while the provider has not answered: ask again, it is being looked up."
    )
    amount: int
    items: list[OrderItem]
    payment_url: str | None
    created_at: datetime
    expires_at: datetime | None = Field(description="Money that comes later still counts and is marked late.")
    paid_at: datetime | None
    late: bool
    held: SuspenseReason | None = Field(
        description="Why its money is in suspense: it came, and nothing was granted for it yet."
    )
    payment_page_url: str | None = Field(
        description="Our own page for the payer, who needs no key for it; null where LUNAS_API_PUBLIC_URL is unset."
    )
    failure_code: str | None


class CreatedOrder(AskedOrder):
    """An order as made. `position` is where the log stands with it: pass it as `min_position` to read your write."""

    created: bool = Field(description="False when an equal request was open already: this is that one.")
    position: int


class OneOrder(Read, AskedOrder):
    """An order and what became of it."""


class Orders(Page):
    """Orders of a customer."""

    customer_id: str
    items: list[AskedOrder]
