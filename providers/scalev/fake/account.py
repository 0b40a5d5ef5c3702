"""The fake Scalev store as the machinery of fakes sees it: key, limits, errors, signing, and what a person can do on a page."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from providers.fakes.bills import FakeBill, Instrument, MoneyLine
from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply, FakeRoute
from providers.fakes.limits import Allowance, Usage
from providers.fakes.outbox import Sealed
from providers.fakes.provider import FakeAccount, FakeProvider
from providers.fakes.world import FakeWorld
from providers.scalev.fake.ledger import NAME, QUIRKS, ScalevLedger
from providers.scalev.fake.orders import OrderDesk
from providers.scalev.fake.state import OrderState, ScalevState
from providers.scalev.fake.stores import StoreDesk
from providers.scalev.signature import HEADER
from providers.simulated import to_bytes
from providers.verification import sign_hmac_sha256

if TYPE_CHECKING:
    from runtime.settings import Settings

STORE = "store_lunaspalsu00000000000000"
_WORDS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


class ScalevFake(FakeProvider):
    """One store with its key."""

    name: ClassVar[str] = NAME
    quirks = QUIRKS
    # Not published; a retried event keeps its unique_id and its snapshot (docs.scalev.com/en/webhook-events).
    retry_gaps = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 1440))
    patience_seconds = 10.0

    def __init__(self, account: FakeAccount, world: FakeWorld) -> None:
        super().__init__(account, world)
        self.ledger = ScalevLedger(world, self.dice)
        self._desks = (
            StoreDesk(account.account_id, account.goods),
            OrderDesk(self.ledger, account.account_id, account.goods),
        )

    @classmethod
    def account_id_of(cls, settings: Settings) -> str:
        return settings.scalev_store_unique_id or STORE

    def routes(self) -> Iterable[FakeRoute]:
        return [route for desk in self._desks for route in desk.routes()]

    def authenticate(self, call: FakeCall) -> None:
        given = call.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, f"Bearer {self.account.key}".encode()):
            raise ApiRefusal(401, "UNAUTHORIZED", "Invalid API key")

    def refused(self, refusal: ApiRefusal, call: FakeCall) -> FakeReply:
        said = {"status": _WORDS.get(refusal.status, "Error"), "code": refusal.status}
        return FakeReply(refusal.status, {"error": refusal.message} | said)

    def allowance(self, call: FakeCall) -> Allowance:
        return Allowance("all", 10_000, timedelta(hours=1))

    def limit_headers(self, usage: Usage) -> Mapping[str, str]:
        return {
            "X-Ratelimit-Limit": str(usage.limit),
            "X-Ratelimit-Remaining": str(usage.remaining),
            "X-Ratelimit-Reset": str(usage.seconds_to_reset),
        }

    def over_limit(self, usage: Usage) -> FakeReply:
        return FakeReply(429, None, self.limit_headers(usage), text="Too Many Requests")

    def seal(self, document: dict[str, Any], at: datetime) -> Sealed:
        body = to_bytes(document)
        signature = sign_hmac_sha256(body, self.account.secret)
        return Sealed(body, {"Content-Type": "application/json", HEADER: signature})

    def ring(self, kind: str, key: str) -> None:
        """It closes nothing by itself and sets no alarms."""

    def greet(self) -> None:
        self.ledger.greet()

    def memory(self) -> ScalevState:
        return self.ledger.state

    def remember(self, memory: ScalevState) -> None:
        self.ledger.state = memory

    def bills(self) -> list[FakeBill]:
        return [self._bill(order) for order in self.ledger.state.orders.values()]

    def bill(self, name: str) -> FakeBill | None:
        order = self.ledger.find(name)
        return None if order is None else self._bill(order)

    def act(self, name: str, act: str, amount: int | None, quirks: frozenset[str]) -> None:
        order = self.ledger.find(name)
        if order is None or act not in _acts(order):
            raise ApiRefusal(409, "CONFLICT", f"{act} is not possible now")
        if act == "pay":
            self.ledger.pay(order, order.gross if amount is None else amount, quirks)
        elif act == "cancel":
            self.ledger.move(order, "canceled")
        elif act == "delete":
            self.ledger.delete(order)
        else:
            self.ledger.reach(order, {"settle": "settled", "fail": "conflict", "reverse": "unpaid"}[act])

    def _bill(self, order: OrderState) -> FakeBill:
        instruments: tuple[Instrument, ...] = ()
        if order.payment_method == "qris" and order.instrument:
            instruments = (Instrument("qr", "QRIS", order.instrument),)
        elif order.instrument:
            instruments = (Instrument("va", order.payment_method, order.instrument),)
        names = (order.record_id, order.order_id, order.slug, order.gateway_reference or order.record_id)
        status = "deleted" if order.deleted else f"{order.payment_status} · {order.status}"
        return FakeBill(
            provider=NAME,
            key=order.record_id,
            reference=order.order_id,
            title=", ".join(f"{line.quantity} × {line.title}" for line in order.lines),
            amount=order.gross,
            status=status,
            created=order.created,
            expires=None,
            instruments=instruments,
            money=tuple(MoneyLine(at, "paid", amount, order.order_id) for at, amount in order.paid),
            acts=_acts(order),
            back=order.back if order.paid else None,
            payer=str(order.customer.get("name") or ""),
            names=names,
        )


def _acts(order: OrderState) -> tuple[str, ...]:
    if order.deleted:
        return ()
    acts = ["pay"]
    if order.payment_status == "unpaid":
        acts.append("fail")
    if order.payment_status == "paid":
        acts += ["settle", "reverse"]
    if order.payment_status == "conflict":
        acts.append("reverse")
    if order.status not in ("canceled", "closed"):
        acts.append("cancel")
    return (*acts, "delete")
