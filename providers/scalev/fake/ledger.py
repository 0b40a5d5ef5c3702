"""What happens to a Scalev store's orders, and whom it is told."""

from __future__ import annotations

import string
import uuid
from random import Random
from typing import Any

from providers.fakes.calls import ApiRefusal, Json
from providers.fakes.qris import qris
from providers.fakes.world import FakeWorld
from providers.scalev.fake import documents
from providers.scalev.fake.state import OrderState, ScalevState, SoldLine
from providers.simulated import iso_micro, new_code, new_uuid

NAME = "scalev"
LEAST = {"va_bca": 10_000}
"""Rupiah; the floor comes from the gateway's channel. No page of Scalev's names one."""

QUIRKS = {"gateway_silent": "the gateway tells Scalev nothing of a payment until `check-payment` asks it"}

EXTRAS = ("product_discount", "shipping_cost", "shipping_discount", "other_income")
"""What is added to an order's goods, or taken off."""
_BANKS = {"va_bca": "107660", "va_bni": "880810", "va_bri": "262159", "va_mandiri": "886080"}
WITHOUT_GATEWAY = ("bank_transfer", "cod", "marketplace", "no_payment")


class ScalevLedger:
    """Orders by all their names."""

    def __init__(self, world: FakeWorld, dice: Random) -> None:
        self._world, self._dice = world, dice
        self.state = ScalevState()

    def find(self, name: str) -> OrderState | None:
        return self.state.orders.get(self.state.names.get(name, name))

    def take(self, lines: list[SoldLine], method: str, wish: Json) -> OrderState:
        """A new order. The same wish twice is two orders: there is no idempotency."""
        now = self._world.clock.now()
        extras = {name: int(wish.get(name) or 0) for name in EXTRAS}
        goods = sum(line.price * line.quantity for line in lines)
        added = extras["shipping_cost"] - extras["shipping_discount"] + extras["other_income"]
        order = OrderState(
            number=len(self.state.orders) + 1,
            record_id=self._uuid7(),
            order_id=f"{now:%y%m%d}{new_code(self._dice, 6, string.ascii_uppercase)}",
            slug=new_code(self._dice, 22),
            lines=lines,
            gross=max(0, goods - extras["product_discount"] + added),
            payment_method=method,
            created=now,
            updated=now,
            customer={
                "name": wish.get("customer_name"),
                "email": wish.get("customer_email"),
                "phone": wish.get("customer_phone"),
            },
            extras=extras,
            times={"draft": now, "pending": now, "unpaid": now},
            history=[(now, "unpaid")],
            spam=bool(wish.get("is_probably_spam")),
            external_id=wish.get("external_id"),
            metadata=wish.get("metadata"),
            notes=wish.get("notes"),
            back=wish.get("post_payment_redirect_url"),
        )
        self.state.orders[order.record_id] = order
        for name in filter(None, (order.order_id, order.slug, order.external_id)):
            self.state.names.setdefault(str(name), order.record_id)
        self._tell(order, "order.spam_created" if order.spam else "order.created", documents.snapshot(order))
        return order

    def open_payment(self, order: OrderState, page: str) -> Json:
        """The gateway's side of an order; empty for what has no gateway. Raises ApiRefusal below the channel's floor."""
        method = order.payment_method
        if method in WITHOUT_GATEWAY:
            return {}
        if order.gross < LEAST.get(method, 1):
            raise ApiRefusal(400, "BAD_REQUEST", f"amount is below the minimum of {method}")
        if order.gateway is None:
            order.gateway_reference = f"pr-{new_uuid(self._dice)}"
            order.gateway = self._instrument(order, method, page)
            self.state.names[order.gateway_reference] = order.record_id
            self._tell(order, "order.epayment_created", documents.snapshot(order))
        return order.gateway

    def pay(self, order: OrderState, amount: int, quirks: frozenset[str] = frozenset()) -> None:
        """Money of the right amount is `paid`; another amount is a `conflict` that a person resolves."""
        now = self._world.clock.now()
        order.paid.append((now, amount))
        if order.payment_status in ("paid", "settled"):
            return  # the order is paid; nobody is told of more
        if "gateway_silent" in quirks:
            order.unheard = amount
        else:
            self._told_of(order, amount)

    def ask_gateway(self, order: OrderState) -> None:
        """What `check-payment` does: money that the gateway kept to itself is heard of."""
        amount, order.unheard = order.unheard, None
        if amount is not None and order.payment_status == "unpaid":
            self._told_of(order, amount)

    def _told_of(self, order: OrderState, amount: int) -> None:
        self.reach(order, "paid" if amount == order.gross else "conflict")

    def reach(self, order: OrderState, status: str) -> None:
        """Another payment status, told under both names it has."""
        order.reach(status, self._world.clock.now())
        self._tell(order, "order.payment_status_changed", documents.payment_body(order))
        if status in ("paid", "settled"):
            self._tell(order, "payment.received", documents.payment_body(order))
        elif status == "conflict":
            self._tell(order, "payment.failed", documents.payment_body(order))

    def move(self, order: OrderState, status: str) -> None:
        """Another status of the order itself."""
        now = self._world.clock.now()
        order.status, order.updated = status, now
        order.times[status] = now
        self._tell(order, "order.status_changed", documents.status_body(order))

    def delete(self, order: OrderState) -> None:
        order.deleted, order.updated = True, self._world.clock.now()
        self._tell(order, "order.deleted", documents.deleted_body(order))

    def greet(self) -> None:
        """What saving the webhook settings sends."""
        self._post("business.test_event", "", {})

    def _tell(self, order: OrderState, event: str, data: dict[str, Any]) -> None:
        self._post(event, order.record_id, data)

    def _post(self, event: str, subject: str, data: dict[str, Any]) -> None:
        document = {
            "event": event,
            "unique_id": f"event_{new_code(self._dice, 24)}",
            "timestamp": iso_micro(self._world.clock.now()),
            "data": data,
        }
        self._world.outbox.post(NAME, event, subject, document)

    def _instrument(self, order: OrderState, method: str, page: str) -> Json:
        reference = order.gateway_reference or ""
        info: Json = {"id": reference, "status": "REQUIRES_ACTION", "amount": order.gross}
        if method == "qris":
            order.instrument = qris(order.gross, order.order_id)
            inside = {"channel_properties": {"qr_string": order.instrument}}
            return info | {"payment_method": {"type": "QR_CODE", "qr_code": inside}}
        if method.startswith("va_"):
            order.instrument = _BANKS.get(method, "900000") + new_code(self._dice, 10, string.digits)
            inside = {"channel_properties": {"virtual_account_number": order.instrument}}
            return info | {"payment_method": {"type": "VIRTUAL_ACCOUNT", "virtual_account": inside}}
        return info | {"payment_url": page}

    def _uuid7(self) -> str:
        """Sorts by time as Scalev's ids do; what is not time comes from the seed."""
        value = int(self._world.clock.now().timestamp() * 1000) << 80 | self._dice.getrandbits(80)
        value = value & ~(0xF << 76) | 0x7 << 76
        value = value & ~(0b11 << 62) | 0b10 << 62
        return str(uuid.UUID(int=value))
