"""Every call of ours that leads to a provider, each in the same few words: ask, how often was it made there, pay, what it gave."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from api.checkout.watching import RequestWatch
from tests.integration.checkout.conftest import KEY
from tests.integration.checkout.street import Street
from tests.unit.providers.fakes.stand import SILVER

Answer = tuple[int, dict[str, Any]]


@dataclass
class OurCall(ABC):
    """One of them. `path`: the provider's call that it is about; each time it is asked for somebody new."""

    street: Street
    watch: RequestWatch
    customer: str = ""
    number: int = 0

    name: ClassVar[str]
    provider: ClassVar[str]
    path: ClassVar[str]
    method: ClassVar[str] = "POST"
    good: ClassVar[int] = 201
    alike: ClassVar[bool] = False
    """Another of them walks through what can happen to any call."""

    async def prepare(self) -> None:
        """A new customer, with what must be there before."""
        self.number += 1
        self.customer = f"{self.name.replace(' ', '-')}-{self.number}"
        await self.street.shop.customer(self.customer, f"{self.customer}@contoh.id", phone="081234567890")

    @abstractmethod
    async def ask(self, language: str = "id") -> Answer:
        """The call, once."""

    async def post(self, path: str, body: Mapping[str, Any], language: str) -> Answer:
        headers = KEY | {"Accept-Language": language}
        async with self.street.shop.client.post(path, json=body, headers=headers) as said:
            return said.status, await said.json(content_type=None)

    @abstractmethod
    def made(self) -> int:
        """How often the provider has done it."""

    @abstractmethod
    async def waiting(self) -> int:
        """How many of them have no end yet, for us."""

    @abstractmethod
    async def resolve(self) -> None:
        """One look of our timers, as if the pause before it were over."""

    async def granted_once(self) -> None:
        """The payer pays; whatever is told, and however often: once. What was not told our timers find. A licence was paid for before."""
        assert self.number, "it was asked for"


class TopUp(OurCall):
    name, provider, path = "top-up", "xendit", "/v3/payment_requests"
    wish: ClassVar[dict[str, Any]] = {"amount": 50_000, "payment_method": "qris"}

    async def ask(self, language: str = "id") -> Answer:
        return await self.post("/v1/topups", self.wish | {"customer_id": self.customer}, language)

    def made(self) -> int:
        return len(self.street.world.providers[self.provider].bills())

    async def waiting(self) -> int:
        found = await self.street.shop.pool.fetchval(
            "SELECT count(*) FROM payment_requests WHERE status = 'requested'"
        )
        return int(found)

    async def resolve(self) -> None:
        await self.street.shop.pool.execute(
            "UPDATE payment_requests SET next_try_at = clock_timestamp() WHERE status = 'requested'"
        )
        await self.street.shop.checkout.opener.resolve()

    async def granted_once(self) -> None:
        await self.street.act(self.newest(), "pay", provider=self.provider)
        await self.street.later(seconds=1)
        await self.unheard()
        assert await self.street.balance(self.customer) == 500_000

    def newest(self) -> str:
        return str(self.street.world.providers[self.provider].bills()[-1].key)

    async def unheard(self) -> None:
        """What no webhook told is found by the timers, and then every webhook comes after all."""
        await self.street.shop.pool.execute(
            "UPDATE payment_requests SET watched_until = NULL, expires_at = clock_timestamp() - interval '2 minutes'"
            " WHERE asks = 0 AND customer_id = $1",
            self.customer,
        )
        await self.watch.look()
        await self.street.shop.settle()
        for sent in self.street.world.outbox.of(self.provider):
            if sent.subject == self.newest():
                self.street.world.outbox.again(sent.number)
        await self.street.later(seconds=1)


class GoPay(TopUp):
    """The same call by another method: only what is said of its answer differs."""

    name, alike = "top-up by GoPay", True
    wish: ClassVar[dict[str, Any]] = {
        "amount": 50_000,
        "payment_method": "ewallet",
        "ewallet_channel": "GOPAY",
    }


class Order(TopUp):
    wish: ClassVar[dict[str, Any]] = {"items": [{"product": "kelas-python"}]}

    async def ask(self, language: str = "id") -> Answer:
        return await self.post("/v1/orders", self.wish | {"customer_id": self.customer}, language)

    async def granted_once(self) -> None:
        await self.street.act(self.newest(), "pay", provider=self.provider)
        await self.street.later(seconds=1)
        await self.unheard()
        (one,) = (await self.street.shop.get(f"/v1/customers/{self.customer}/enrollments"))["items"]
        assert one["status"] == "active"


class ScalevOrder(Order):
    name, provider, path = "order at Scalev", "scalev", "/v3/orders"

    def newest(self) -> str:
        key = super().newest()
        # A page that is paid has its gateway; it is what `check-payment` asks.
        order = self.street.world.providers["scalev"].memory().orders[key]  # type: ignore[attr-defined]
        order.gateway_reference = order.gateway_reference or f"pr-{key}"
        return key


class XenditOrder(Order):
    name, provider, path = "order at Xendit", "xendit", "/v2/invoices"


class MayarOrder(Order):
    name, provider, path = "order at Mayar", "mayar", "/hl/v1/invoice/create"


class Subscription(OurCall):
    name, provider, path = "subscription", "xendit", "/recurring/plans"

    async def ask(self, language: str = "id") -> Answer:
        wish = {"customer_id": self.customer, "plan": "pro-bulanan"}
        return await self.post("/v1/subscriptions", wish, language)

    def made(self) -> int:
        return len(self.street.world.providers["xendit"].memory().plans)  # type: ignore[attr-defined]

    async def waiting(self) -> int:
        found = await self.street.shop.pool.fetchval(
            "SELECT count(*) FROM plan_requests WHERE status = 'requested'"
        )
        return int(found)

    async def resolve(self) -> None:
        await self.street.shop.pool.execute(
            "UPDATE plan_requests SET next_try_at = clock_timestamp() WHERE status = 'requested'"
        )
        await self.street.shop.checkout.plans.resolve()

    async def granted_once(self) -> None:
        (plan,) = list(self.street.world.providers["xendit"].memory().plans.values())[-1:]  # type: ignore[attr-defined]
        await self.street.act(plan.plan_id, "link")
        await self.street.later(seconds=1)
        for sent in self.street.world.outbox.of("xendit"):
            if sent.subject == plan.plan_id:
                self.street.world.outbox.again(sent.number)
        await self.street.later(seconds=1)
        assert plan.done == 1, "one charge"
        said = await self.street.shop.get(f"/v1/customers/{self.customer}/entitlements")
        assert said["tier"] == "pro"


class Refund(OurCall):
    name, provider, path = "refund", "xendit", "/refunds"
    payment: str = ""

    async def prepare(self) -> None:
        await super().prepare()
        made = await self.street.topped_up(customer=self.customer)
        self.payment = made["payment_id"]

    async def ask(self, language: str = "id") -> Answer:
        about = {"provider": "xendit", "provider_payment_id": self.payment}
        return await self.post("/v1/refunds", about | {"reason": "requested_by_customer"}, language)

    def made(self) -> int:
        return len(self.street.world.providers["xendit"].memory().refunds)  # type: ignore[attr-defined]

    async def waiting(self) -> int:
        return int(
            await self.street.shop.pool.fetchval("SELECT count(*) FROM refunds WHERE status = 'reserved'")
        )

    async def resolve(self) -> None:
        await self.street.shop.pool.execute(
            "UPDATE refunds SET next_try_at = clock_timestamp() WHERE status IN ('reserved', 'pending')"
        )
        await self.street.shop.refunds.refunder.resolve()

    async def granted_once(self) -> None:
        """Its end comes two seconds later, told or asked for; what had not gone back can be spent."""
        await self.street.later(seconds=3)
        await self.resolve()
        await self.street.shop.settle()
        status, went = await self.street.payment(self.payment)
        assert (status, went) in (("refunded", 50_000), ("succeeded", 0))
        assert await self.street.balance(self.customer) == (500_000 - went * 10)


class Licence(OurCall):
    """Verified, or activated: nothing is recorded for it that could stay open."""

    name, provider, path, good = "licence", "mayar", "", 200
    verb: ClassVar[str] = "verify"
    code: str = ""

    async def prepare(self) -> None:
        self.number += 1
        ledger = self.street.world.providers["mayar"].ledger  # type: ignore[attr-defined]
        self.customer = f"pembeli-{self.number}"
        await self.street.shop.customer(self.customer, f"{self.customer}@contoh.id")
        ledger.sell(SILVER, {"email": f"{self.customer}@contoh.id"})
        await self.street.later(seconds=1)
        self.code = list(ledger.state.members.values())[-1].licence_code

    async def ask(self, language: str = "id") -> Answer:
        wish = {"licence_code": self.code, "product_id": SILVER.product_id}
        return await self.post(f"/v1/licences/{self.verb}", wish, language)

    def made(self) -> int:
        members = self.street.world.providers["mayar"].memory().members  # type: ignore[attr-defined]
        return sum(one.use_count for one in members.values())

    async def waiting(self) -> int:
        return 0

    async def resolve(self) -> None:
        """The caller asks again."""
        assert (await self.ask())[0] == 200


class Activation(Licence):
    name, verb = "activation", "activate"

    async def prepare(self) -> None:
        await super().prepare()
        members = self.street.world.providers["mayar"].memory().members  # type: ignore[attr-defined]
        list(members.values())[-1].licence_status = "INACTIVE"


CALLS: tuple[type[OurCall], ...] = (
    TopUp, GoPay, ScalevOrder, XenditOrder, MayarOrder, Subscription, Refund, Licence, Activation,
)  # fmt: skip
