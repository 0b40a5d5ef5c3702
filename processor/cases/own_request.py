"""What our own checkout said of a payment: the first word on whose it is, what it is for, and how much was asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from processor.cases.state import State
from schemas.catalog import Product
from schemas.decision_model import PartRefund
from schemas.request_facts import CheckoutRequested, RequestedItem, RequestKind


class Sold(State, frozen=True):  # type: ignore[misc]
    """One line: the product on the terms of the day it was asked for."""

    product: str
    kind: str
    quantity: int
    price_idr: int
    chat_tokens: int | None = None
    tier: str | None = None
    period: str | None = None
    grace: str | None = None
    part_refund: PartRefund = "keep"

    @property
    def amount(self) -> int:
        return self.quantity * self.price_idr

    def as_product(self) -> Product:
        """The same as a product of that day's catalogue."""
        return Product.model_validate(
            {
                "id": self.product,
                "kind": self.kind,
                "price_idr": self.price_idr,
                "chat_tokens": self.chat_tokens,
                "tier": self.tier,
                "period": self.period,
                "grace": self.grace,
                "part_refund": self.part_refund,
            }
        )


class OwnRequest(State, frozen=True):  # type: ignore[misc]
    """A request of our checkout, as it was recorded before the provider was called."""

    reference: str
    kind: RequestKind
    customer_id: str
    amount: int
    at: datetime
    method: str | None = None
    channel: str | None = None
    expires_at: datetime | None = None
    items: tuple[Sold, ...] = ()

    @classmethod
    def of(cls, fact: CheckoutRequested) -> OwnRequest:
        return cls(
            reference=fact.reference,
            kind=fact.kind,
            customer_id=fact.customer_id,
            amount=fact.amount_idr,
            at=fact.occurred_at,
            method=fact.method,
            channel=fact.channel,
            expires_at=fact.expires_at,
            items=tuple(sold_of(item) for item in fact.items),
        )

    def word(self, name: str) -> Any:
        """What it says of a field of the payment; None when it says nothing."""
        return {
            "customer_ref": self.customer_id,
            "requested_amount": self.amount,
            "reference_id": self.reference,
            "payment_type": "credit_topup" if self.kind == "topup" else None,
        }.get(name)


def first(one: OwnRequest | None, two: OwnRequest | None) -> OwnRequest | None:
    """Of two the earlier: a case has one, unless ids were mixed up."""
    if one is None or two is None:
        return one or two
    return min(one, two, key=lambda request: (request.at, request.reference))


def sold_of(item: RequestedItem) -> Sold:
    """The line as a case remembers it."""
    return Sold(
        product=item.product,
        kind=item.kind,
        quantity=item.quantity,
        price_idr=item.price_idr,
        chat_tokens=item.chat_tokens,
        tier=item.tier,
        period=item.period,
        grace=item.grace,
        part_refund=item.part_refund,
    )
