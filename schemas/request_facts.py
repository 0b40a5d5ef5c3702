"""Facts of our own checkout: what we asked a customer to pay, and what the provider answered.

A request is recorded before its provider is called, so that whatever happens afterwards has a home: a webhook that is faster than our
commit, an answer that never came, money that comes when nobody expects it any more.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from schemas.decision_model import LatePayment, Overpaid, PartRefund
from schemas.event_model import EventModel

RequestKind = Literal["topup", "order"]
_OWN = re.compile(r"req_[0-9a-f]{32}")


def is_own_reference(reference: str | None) -> bool:
    """References of our own checkout: each names one request, whatever the provider calls it."""
    return reference is not None and _OWN.fullmatch(reference) is not None


CANCELLED = "request_cancelled"
"""The code of a refusal by the payer, who did not want to pay after all."""

CallOutcome = Literal["answered", "refused", "unknown", "not_sent"]


class RequestedItem(BaseModel):
    """A catalogue product as it was sold that day: price and terms stay what they were, whatever the catalogue says later."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    product: str
    kind: Literal["course", "tokens", "plan"]
    quantity: int = 1
    price_idr: int
    title: str = ""
    chat_tokens: int | None = None
    tier: str | None = None
    period: str | None = None
    grace: str | None = None
    part_refund: PartRefund = "keep"
    late: LatePayment = "honour"
    overpaid: Overpaid = "keep"


class CheckoutFact(EventModel):
    """`reference` is our own name for the request, which the provider is told and repeats; it is never used for another one."""

    request_id: str
    provider: str
    reference: str
    occurred_at: datetime


class CheckoutRequested(CheckoutFact):
    """We are about to ask this customer for money. `expires_at`: until when we expect it; later money is late, not lost.

    `tokens_per_idr`: what a rupiah of a top-up buys, as the catalogue said when it was asked for; None of what was asked for before it was kept.
    `rest_of`: the reference of the request of which this asks for what is missing; what comes for it is added to what came for that one.
    """

    TYPE: ClassVar[str] = "checkout.requested"

    kind: RequestKind
    customer_id: str
    amount_idr: int
    method: str | None = None
    channel: str | None = None
    items: tuple[RequestedItem, ...] = ()
    expires_at: datetime | None = None
    tokens_per_idr: int | None = None
    rest_of: str | None = None


class CheckoutOpened(CheckoutFact):
    """The provider waits for the payer. `payment_key` and `aliases` are its ids for the request; `expires_at` its own end, when it named one."""

    TYPE: ClassVar[str] = "checkout.opened"

    payment_key: str
    group_id: str | None = None
    aliases: tuple[str, ...] = ()
    expires_at: datetime | None = None


class RestAsked(CheckoutFact):
    """The payer of money that less came for can pay the rest now, of which `suspense_id` was held: reason to tell them."""

    TYPE: ClassVar[str] = "checkout.rest_asked"

    suspense_id: str
    customer_id: str
    amount_idr: int
    expires_at: datetime | None = None


class CheckoutRefused(CheckoutFact):
    """No payment can be made for this request: the provider refused it, an operator or the payer did. `code` is ours and stable."""

    TYPE: ClassVar[str] = "checkout.refused"

    code: str


class ProviderCalled(CheckoutFact):
    """We called the provider about a request. `unknown`: it was sent and nobody knows what became of it."""

    TYPE: ClassVar[str] = "provider.called"

    operation: str
    outcome: CallOutcome
    status: int | None = None
    code: str | None = None
    milliseconds: int = 0


CHECKOUT_FACTS: tuple[type[CheckoutFact], ...] = (
    CheckoutRequested,
    CheckoutOpened,
    CheckoutRefused,
    RestAsked,
    ProviderCalled,
)
