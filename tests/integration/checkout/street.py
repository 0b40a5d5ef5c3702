"""A shop whose Xendit is our fake: real HTTP both ways, webhooks through verification, intake, fulfilment and projections to the balance."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from api.credit.keeper import look_after
from processor.fulfilment.inline import Inline
from processor.intake.interpreter import Interpreter
from processor.intake.store import Store
from providers.fakes.app import ServedFakes, serving
from providers.fakes.goods import FakeGood
from providers.fakes.provider import FakeAccount
from providers.fakes.world import FakeWorld
from providers.registry import PROVIDERS
from providers.verification import Verified
from runtime.database import Pool
from runtime.ids import utc_now, uuid7
from runtime.settings import Settings
from schemas.catalog import Catalog
from schemas.envelope import Envelope
from tests.integration.checkout.conftest import Shop, opened
from tests.integration.checkout.fakes import SHORT_SILENCE
from tests.unit.providers.fakes.stand import GOODS, KEYS, SECRET

KEY_SETTINGS = {"xendit": "xendit_secret_key", "scalev": "scalev_api_key", "mayar": "mayar_api_key"}
FAR = timedelta(days=400)
"""The fakes' clock runs ahead of ours when a test moves it."""


@dataclass
class IntakeDoor:
    """Takes webhooks in as ingress and intake do, without the broker between them. `lost`: they are answered, and go nowhere."""

    store: Store | None = None
    lost: bool = False
    taken: list[str] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        provider, body = PROVIDERS[request.match_info["provider"]], await request.read()
        verdict = provider.verify(request.headers, body, [SECRET])
        assert isinstance(verdict, Verified), verdict
        if self.lost or self.store is None:
            return web.Response()
        sent = Envelope(
            delivery_id=str(uuid7()),
            provider=provider.name,
            received_at=round(utc_now().timestamp() * 1_000_000),
            scheme=verdict.scheme,
            secret_id=verdict.secret_id,
            path=request.path,
            body=body,
            headers={},
        )
        prepared = self.store.interpreter.prepare(sent)
        self.taken += [one.verdict.status for one in await self.store.store([prepared])]
        return web.Response()


@dataclass
class Street:
    """The shop, its provider, and what people do there."""

    shop: Shop
    fakes: ServedFakes
    door: IntakeDoor

    @property
    def world(self) -> FakeWorld:
        return self.fakes.world

    async def act(self, name: str, act: str, amount: int | None = None, provider: str = "xendit") -> None:
        """What a payer or the provider's staff does, with all that follows at once."""
        self.world.act(provider, name, act, amount)
        await self.later(seconds=0)

    async def later(self, **span: float) -> None:
        """Time goes by at the provider; what it tells meanwhile is decided on and shown."""
        await self.world.advance_to(self.world.clock.now() + timedelta(**span))
        await self.shop.settle()

    async def switch(self, do: str, **more: Any) -> None:
        self.world.switches.turn_on(
            {"do": do} | SHORT_SILENCE.get(do, {}) | more, self.world.known_switches()
        )

    async def topped_up(self, amount: int = 50_000, customer: str = "budi", **more: Any) -> dict[str, Any]:
        """A top-up, asked for and paid."""
        wish = {"customer_id": customer, "amount": amount, "payment_method": "qris", "allow_second": True}
        made: dict[str, Any] = await self.shop.post("/v1/topups", wish | more)
        await self.act(made["payment_id"], "pay")
        return made

    async def balance(self, customer: str = "budi") -> int:
        """Tokens that can be spent, once accounts were looked after."""
        await self.looked_after()
        seen: int = (await self.shop.get(f"/v1/customers/{customer}/balance"))["credit_tokens"]
        return seen

    async def looked_after(self) -> None:
        await look_after(self.shop.narrow, self.shop.teller)
        await self.shop.settle()

    async def refund(
        self,
        name: str,
        status: int = 201,
        amount: int | None = None,
        more: dict[str, Any] | None = None,
        **headers: str,
    ) -> Any:
        wish: dict[str, Any] = {
            "provider": "xendit",
            "provider_payment_id": name,
            "reason": "requested_by_customer",
            **(more or {}),
        }
        return await self.shop.post(
            "/v1/refunds", wish if amount is None else wish | {"amount": amount}, status, **headers
        )

    async def timeline(self, name: str) -> list[str]:
        payment = await self.shop.get(f"/v1/payments/xendit/{name}")
        return [step["type"] for step in payment["timeline"] if step["type"] != "payment.assessed"]

    async def payment(self, name: str) -> tuple[str, int]:
        payment = await self.shop.get(f"/v1/payments/xendit/{name}")
        return payment["status"], payment["refunded_amount"]


def store_of(pool: Pool) -> Store:
    interpreter = Interpreter(PROVIDERS, {}, production=False, future_tolerance=FAR)
    return Store(pool, interpreter, 100, 60.0, Inline(0))


@asynccontextmanager
async def street_of(
    build: Callable[..., Settings],
    *,
    names: Sequence[str] = ("xendit",),
    goods: tuple[FakeGood, ...] = GOODS,
    catalog: Catalog | None = None,
    **more: Any,
) -> AsyncIterator[Street]:
    """Opens the shop with these fakes as its providers."""
    door = IntakeDoor()
    app = web.Application()
    app.router.add_post("/webhooks/{provider}", door.take)
    async with TestServer(app) as server:
        accounts = {
            name: FakeAccount(KEYS[name], SECRET, "akun", str(server.make_url(f"/webhooks/{name}")), goods)
            for name in names
        }
        # Time stands still at the provider until a test moves it: nothing ends by itself on a slow machine.
        async with serving(accounts, FakeWorld(rate_limits=False, frozen=True)) as served:
            where = {f"{name}_base_url": base for name, base in served.bases.items()}
            given = build(**where, **{KEY_SETTINGS[name]: KEYS[name] for name in names}, **more)
            async with opened(given, catalog) as shop:
                door.store = store_of(shop.pool)
                await shop.customer()
                yield Street(shop, served, door)
