"""How a provider's payments behave, as far as deciding about them depends on it. Policies are handed these; they know no provider by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Traits:
    """`orders_carry_payments`: a payment is an attribute of an order; its ids are ids of that order, and without the order's snapshot nobody
    knows what was bought.
    `announces_memberships`: one purchase of a plan is told of twice, as a payment and as a membership, and neither names the other.
    `unknown_purpose`: what is wrong with a payment that says neither a type nor a product: our own request should have said it
    (`purpose_unknown`), or the catalogue lacks a product (`unmapped_product`).
    `sells_store_products`: it knows products by ids of its own store, which an order must name.
    `sells_licences`: it can be asked about licence codes.
    `paid_by_hand`: a person confirms that the money came; nobody is called.
    `unsigned`: its webhooks bear a shared token and no signature: whoever has seen the token can write one.
    `order_needs`: what it must be told of a customer (`email`, `phone`) before it makes an order.
    """

    orders_carry_payments: bool = False
    announces_memberships: bool = False
    sells_store_products: bool = False
    sells_licences: bool = False
    paid_by_hand: bool = False
    unsigned: bool = False
    order_needs: frozenset[str] = frozenset()
    unknown_purpose: Literal["purpose_unknown", "unmapped_product"] = "unmapped_product"

    @property
    def asks_any_amount(self) -> bool:
        """Whether it can be asked to take an amount that is no price of its own."""
        return not (self.sells_store_products or self.paid_by_hand)


ORDINARY = Traits()
"""Of a provider that this program does not know (any more)."""
