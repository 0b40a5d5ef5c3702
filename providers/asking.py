"""What checkout asks of any provider, and what it is told: values only. Each provider's `client.py` speaks them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class AskedLine(_Value):
    """One line of an order, with the names that providers know the product by."""

    product: str
    title: str
    quantity: int
    price_idr: int
    variant: str | None = None
    bundle: str | None = None


class PaymentAsk(_Value):
    """A payment to be opened. `reference` is ours, unique, and repeated by the provider; `channel` as the provider calls it. `rest_of`: the reference of what
    this asks for the rest of, which is held as `suspense_id`."""

    reference: str
    kind: Literal["topup", "order"]
    customer_id: str
    amount_idr: int
    description: str
    asked_at: datetime | None = None
    method: str | None = None
    channel: str | None = None
    expires_at: datetime | None = None
    mobile_number: str | None = None
    payer_name: str | None = None
    payer_email: str | None = None
    payer_phone: str | None = None
    lines: tuple[AskedLine, ...] = ()
    return_url: str | None = None
    page_url: str | None = None
    rest_of: str | None = None
    suspense_id: str | None = None


class PayInstrument(_Value):
    """What the payer needs: a QR text, an account number, or a page. `note`: why there is none."""

    qr_string: str | None = None
    va_number: str | None = None
    redirect_url: str | None = None
    payment_url: str | None = None
    note: Literal["sandbox_without_redirect", "confirm_in_app"] | None = None


class Opening(_Value):
    """A payment that the provider waits for, by the provider's ids. `amount`: what it charges, where its own prices decide."""

    payment_key: str
    group_id: str | None = None
    aliases: tuple[str, ...] = ()
    status: str | None = None
    amount: int | None = None
    expires_at: datetime | None = None
    instrument: PayInstrument = PayInstrument()


class PaymentClient(Protocol):
    """Calls to one provider. Both raise `CallFailed` (providers/outgoing.py)."""

    async def open(self, ask: PaymentAsk) -> Opening:
        """Open a payment. Never twice: after a call whose end is unknown, `find` comes first."""

    async def find(self, ask: PaymentAsk) -> Opening | None:
        """The payment that was opened for this reference, if any."""

    def repeats_safely(self, ask: PaymentAsk) -> bool:
        """Whether the provider refuses a second payment of the same reference. If not, one is made only when `find` finds none for long enough."""

    async def close(self) -> None:
        """End connections."""
