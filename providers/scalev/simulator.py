"""Webhooks as Scalev sends them, signed over their bytes. Pure: ids come from the given generator, times from the caller.

`event(name, …)` makes any documented event on its own; an order made first ties several events together.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from providers.scalev.events import KNOWN, PAYMENTS, SNAPSHOTS, STATUS_CHANGED, TESTS
from providers.scalev.signature import HEADER
from providers.simulated import Buyer, SimulatedWebhook, iso_micro, new_code, new_uuid, to_bytes
from providers.verification import sign_hmac_sha256

EVENTS: tuple[str, ...] = tuple(sorted(KNOWN))
VARIANT = "variant_kelas_python"

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ScalevOrder:
    """One order of one variant."""

    order_id: str
    record_id: str
    buyer: Buyer
    variant: str
    price: int
    quantity: int
    created: datetime

    @property
    def total(self) -> int:
        return self.price * self.quantity


class ScalevSimulator:
    """One Scalev store that calls us."""

    def __init__(self, secret: str, rng: Random) -> None:
        self._secret = secret
        self._rng = rng

    def order(
        self, *, buyer: Buyer, at: datetime, variant: str = VARIANT, price: int = 150_000, quantity: int = 1
    ) -> ScalevOrder:
        """An order to send events about."""
        number = f"{at:%y%m%d}{new_code(self._rng, 6, string.ascii_uppercase)}"
        return ScalevOrder(number, new_uuid(self._rng), buyer, variant, price, quantity, at)

    def event(
        self,
        name: str,
        at: datetime,
        *,
        order: ScalevOrder | None = None,
        buyer: Buyer | None = None,
        amount: int | None = None,
        status: str | None = None,
    ) -> SimulatedWebhook:
        """Any event of `EVENTS`. Without an order, one is made for `buyer` and `amount`. Raises ValueError for another name.

        `status` is the payment status (or, for `order.status_changed`, the order status) that the event reports.
        """
        if name not in KNOWN:
            raise ValueError(f"scalev sends no event {name}")
        if name in TESTS:
            return self._request(name, {}, at)
        buyer = buyer or Buyer("ratna.wulandari@contoh.id")
        order = order or self.order(buyer=buyer, at=at, price=150_000 if amount is None else amount)
        if name.startswith("checkout_intent."):
            return self._request(name, self._intent(name, order, at), at)
        return self._request(name, self._ids(order, at) | self._body(name, order, at, status), at)

    def _body(self, name: str, order: ScalevOrder, at: datetime, status: str | None) -> Body:
        if name in SNAPSHOTS:
            return self._snapshot(name, order, status or "unpaid", at)
        if name == STATUS_CHANGED:
            reached = status or "canceled"
            return {"status": reached, f"{reached}_time": iso_micro(at)}
        if name in PAYMENTS:
            return self._payment(order, status or ("conflict" if name == "payment.failed" else "paid"), at)
        return {}

    def _ids(self, order: ScalevOrder, at: datetime) -> Body:
        return {
            "id": order.record_id,
            "order_id": order.order_id,
            "payment_link_id": None,
            "is_from_payment_link": False,
            "is_probably_spam": False,
            "created_at": iso_micro(order.created),
            "last_updated_at": iso_micro(at),
        }

    def _payment(self, order: ScalevOrder, status: str, at: datetime) -> Body:
        times: dict[str, str | None] = dict.fromkeys(("paid_time", "conflict_time", "settled_time"))
        times |= {"unpaid_time": iso_micro(order.created)}
        if status != "unpaid":
            times[f"{status}_time"] = iso_micro(at)
        return {"payment_status": status, "epayment_provider": "xendit", "payment_method": "qris", **times}

    def _snapshot(self, name: str, order: ScalevOrder, status: str, at: datetime) -> Body:
        price, total = f"{order.price}.00", f"{order.total}.00"
        line = {
            "quantity": order.quantity,
            "product_name": "Kelas Python",
            "variant_unique_id": order.variant,
            "variant_price": price,
            "product_price": total,
            "discount": "0.00",
        }
        who = {"name": order.buyer.name, "email": order.buyer.email, "phone": order.buyer.phone}
        return self._payment(order, status, at) | {
            "status": "pending",
            "is_probably_spam": name == "order.spam_created",
            "gross_revenue": total,
            "net_revenue": total,
            "product_price": total,
            "total_quantity": order.quantity,
            "customer": who,
            "destination_address": who | {"city": "Kota Bandung"},
            "orderlines": [line],
        }

    def _intent(self, name: str, order: ScalevOrder, at: datetime) -> Body:
        return {
            "id": order.record_id,
            "status": name.rpartition(".")[2],
            "occurred_at": iso_micro(at),
            "cart_summary": {"item_quantity": 1, "estimated_total": str(order.total), "currency": "IDR"},
            "order": None,
        }

    def _request(self, name: str, data: Body, at: datetime) -> SimulatedWebhook:
        unique_id = f"event_{new_code(self._rng, 24)}"
        body = to_bytes({"event": name, "unique_id": unique_id, "timestamp": iso_micro(at), "data": data})
        headers = {"content-type": "application/json", HEADER: sign_hmac_sha256(body, self._secret)}
        return SimulatedWebhook("scalev", "/webhooks/scalev", name, body, headers, at)
