"""A whole installation beside the fakes: their webhooks go through a real broker, or are lost on the way; runs are real ones."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from processor.app import interpreter_of
from processor.reconciliation.book import RunState
from processor.reconciliation.feeding import way_in
from processor.reconciliation.keeping import Reconciliation
from projections.feeder import Feeder
from projections.versions import ensure
from providers.fakes.app import ServedFakes, serving
from providers.fakes.goods import FakeGood
from providers.fakes.provider import FakeAccount
from providers.fakes.registry import FAKES
from providers.fakes.world import FakeWorld
from providers.listers import listers_of
from providers.registry import PROVIDERS
from providers.verification import Verified
from runtime.amqp.broker import Broker
from runtime.database import Pool, open_pool
from runtime.ids import utc_now, uuid7
from runtime.settings import Settings
from schemas.envelope import Envelope
from tests.integration.processor.running import publishing, send, working
from tests.unit.providers.fakes.stand import GOODS, KEYS, SECRET
from tests.waiting import until

CATALOG = Path(__file__).parents[4] / "catalog.toml"
TOGETHER = 100  # webhooks in one message
STORE = "store_lunaspalsu00000000000000"


@dataclass
class WebhookDoor:
    """Verifies as ingress does. `lost`: a webhook of this number is answered and goes nowhere, `loses`: one with such a body; `doubled`: it goes twice."""

    lost: Callable[[int], bool] = lambda _: False
    loses: Callable[[bytes], bool] = lambda _: False
    doubled: Callable[[int], bool] = lambda _: False
    taken: int = 0
    sent: list[Envelope] = field(default_factory=list)
    dropped: list[Envelope] = field(default_factory=list)
    waiting: list[Envelope] = field(default_factory=list)

    async def publish(self, broker: Broker) -> None:
        """What was taken goes to the broker, many in one message as ingress does under load."""
        taken, self.waiting = self.waiting, []
        for start in range(0, len(taken), TOGETHER):
            await send(broker, *taken[start : start + TOGETHER], together=True)
        self.sent += taken

    async def take(self, request: web.Request) -> web.Response:
        provider, body = PROVIDERS[request.match_info["provider"]], await request.read()
        verdict = provider.verify(request.headers, body, [SECRET])
        assert isinstance(verdict, Verified), verdict
        number, self.taken = self.taken, self.taken + 1
        one = Envelope(
            delivery_id=str(uuid7()),
            provider=provider.name,
            received_at=round(utc_now().timestamp() * 1_000_000),
            scheme=verdict.scheme,
            secret_id=verdict.secret_id,
            path=request.path,
            body=body,
        )
        if self.lost(number) or self.loses(body):
            self.dropped.append(one)
            return web.Response()
        again = replace(one, delivery_id=str(uuid7()))
        self.waiting += [one, again] if self.doubled(number) else [one]
        return web.Response()


@dataclass
class Branch:
    """The fakes, our door, and the installation behind it."""

    settings: Settings
    fakes: ServedFakes
    door: WebhookDoor
    broker: Broker
    pool: Pool
    session: aiohttp.ClientSession
    webhooks: str
    """Where Xendit's webhooks come in."""

    @property
    def world(self) -> FakeWorld:
        return self.fakes.world

    async def register(self, *customers: str) -> None:
        """Customers, as the API registers them, with an address each."""
        from tests.integration.processor.reconciliation.people import registered

        await registered(self.pool, customers)

    async def xendit_payment(self, reference: str, amount: int, customer: str, **more: Any) -> str:
        """A top-up of somebody's own program, asked for at Xendit; the payment request's id."""
        wish = {
            "reference_id": reference, "type": "PAY", "country": "ID", "currency": "IDR", "request_amount": amount,
            "channel_code": "QRIS", "channel_properties": {},
            "metadata": {"payment_type": "credit_topup", "customer_id": customer},
        }  # fmt: skip
        basic = b64encode(f"{KEYS['xendit']}:".encode()).decode()
        headers = {"api-version": "2024-11-11", "Authorization": f"Basic {basic}"}
        async with self.session.post(f"{self.fakes.bases['xendit']}/v3/payment_requests", json=wish | more, headers=headers) as answer:  # fmt: skip
            made = await answer.json()
            assert answer.status == 201, made
        return str(made["payment_request_id"])

    async def xendit_invoice(self, reference: str, amount: int, customer: str) -> str:
        """An invoice of somebody's own program; its reference finds it at the fake."""
        wish = {
            "external_id": reference,
            "amount": amount,
            "currency": "IDR",
            "payer_email": f"{customer}@example.com",
        }
        basic = b64encode(f"{KEYS['xendit']}:".encode()).decode()
        async with self.session.post(f"{self.fakes.bases['xendit']}/v2/invoices", json=wish, headers={"Authorization": f"Basic {basic}"}) as answer:  # fmt: skip
            made = await answer.json()
            assert answer.status == 200, made
        return str(made["id"])

    async def xendit_plan(self, reference: str, amount: int, customer: str, **more: Any) -> str:
        """A recurring plan of somebody's own program, with a first charge at once; the plan's id."""
        wish = {
            "reference_id": reference, "customer_id": f"cust-{customer}", "currency": "IDR", "amount": amount, "immediate_payment": True,
            "failed_cycle_action": "STOP", "metadata": {"customer_id": customer},
            "schedule": {"interval": "MONTH", "interval_count": 1, "total_retry": 2, "retry_interval": "DAY", "retry_interval_count": 3},
        }  # fmt: skip
        made = await self.xendit("POST", "/recurring/plans", wish | more)
        return str(made["id"])

    async def charge_now(self, plan: str) -> None:
        """The plan's next charge is made before its time."""
        listed = await self.xendit("GET", f"/recurring/plans/{plan}/cycles?limit=50")
        (cycle,) = [row["id"] for row in listed["data"] if row["status"] == "SCHEDULED"]
        await self.xendit("POST", f"/recurring/plans/{plan}/cycles/{cycle}/force_attempt", {})
        await self.told()

    async def xendit(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """A call of somebody's own program."""
        basic = b64encode(f"{KEYS['xendit']}:".encode()).decode()
        headers = {"api-version": "2026-01-01", "Authorization": f"Basic {basic}"}
        async with self.session.request(method, self.fakes.bases["xendit"] + path, json=body, headers=headers) as answer:  # fmt: skip
            assert answer.status < 300, await answer.text()
            return await answer.json()

    async def scalev_order(self, customer: str, variant: str) -> str:
        wish = {
            "store_unique_id": STORE, "customer_name": customer, "customer_email": f"{customer}@example.com",
            "ordervariants": [{"quantity": 1, "variant_unique_id": variant}], "payment_method": "payment_link",
        }  # fmt: skip
        headers = {"Authorization": f"Bearer {KEYS['scalev']}"}
        async with self.session.post(f"{self.fakes.bases['scalev']}/v3/orders", json=wish, headers=headers) as answer:  # fmt: skip
            made = await answer.json()
            assert answer.status == 200, made
        return str(made["id"])

    async def act(self, provider: str, name: str, act: str = "pay", amount: int | None = None) -> None:
        """What a payer does; the webhooks that follow have left when it returns."""
        self.world.act(provider, name, act, amount)
        await self.told()

    async def told(self) -> None:
        """Every webhook that is due was answered."""
        await self.world.advance_to(self.world.clock.now())
        await self.door.publish(self.broker)

    async def settled(self) -> None:
        """Everything that was published is stored, decided on and shown."""

        async def quiet() -> bool:
            known = await self.pool.fetchval("SELECT count(*) FROM deliveries WHERE scheme <> 'reconciled'")
            behind = await self.pool.fetchval(
                "SELECT (SELECT max(position) FROM events WHERE type LIKE 'payment.%' AND type <> 'payment.assessed' OR type LIKE 'order.%') "
                "> coalesce((SELECT max(position) FROM checkpoints WHERE consumer = 'fulfilment'), 0)"
            )
            return known >= len(self.door.sent) and not behind

        await until(quiet)
        async with self.pool.acquire() as connection:
            await Feeder(connection, batch_max=2000).catch_up()

    async def run(self, provider: str, since: datetime | None = None) -> tuple[RunState, str | None]:
        """One run, as the schedule makes it."""
        clients = listers_of(self.settings)
        one = Reconciliation(
            self.settings, self.pool, self.broker, interpreter_of(self.settings), clients,
            exchange=way_in(self.settings.broker_retry_delays_seconds),
        )  # fmt: skip
        try:
            done = await one.run(provider, since or utc_now() - timedelta(days=2), "test", asyncio.Event())
        finally:
            for client in clients.values():
                await client.close()
        await self.settled()
        return done

    async def found(self, provider: str) -> list[tuple[str, str]]:
        rows = await self.pool.fetch(
            "SELECT kind, payment_id FROM reconcile_findings WHERE provider = $1 AND resolved_at IS NULL ORDER BY kind, payment_id", provider
        )  # fmt: skip
        return [(row["kind"], row["payment_id"]) for row in rows]

    async def tokens(self, customer: str) -> int:
        found: int | None = await self.pool.fetchval("SELECT credit_tokens FROM balances WHERE customer_id = $1", customer)  # fmt: skip
        return found or 0


@asynccontextmanager
async def branch_of(
    build: Callable[..., Settings],
    database_url: str,
    broker_url: str,
    *,
    goods: tuple[FakeGood, ...] = GOODS,
    **more: Any,
) -> AsyncIterator[Branch]:
    """Opens it, with a processor in this process."""
    door = WebhookDoor()
    app = web.Application()
    app.router.add_post("/webhooks/{provider}", door.take)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        accounts = {
            name: FakeAccount(KEYS[name], SECRET, STORE if name == "scalev" else f"akun-{name}", str(server.make_url(f"/webhooks/{name}")), goods)
            for name in FAKES
        }  # fmt: skip
        async with serving(accounts, FakeWorld(rate_limits=False)) as fakes:
            given: dict[str, Any] = {f"{name}_base_url": base for name, base in fakes.bases.items()}
            given |= {
                "database_url": database_url,
                "broker_url": broker_url,
                "catalog": CATALOG,
                "xendit_secret_key": KEYS["xendit"],
                "scalev_api_key": KEYS["scalev"],
                "mayar_api_key": KEYS["mayar"],
                "outgoing_xendit_per_minute": 1_000_000,
                "outgoing_mayar_per_minute": 1_000_000,
                "outgoing_scalev_per_hour": 100_000_000,
                "reconcile_interval_minutes": 0,
                "broker_retry_delays_seconds": (0.25, 30.0),
            }
            settings = build(**(given | more))
            async with open_pool(settings, "test") as pool, publishing(settings) as broker, working(settings):
                async with pool.acquire() as connection:
                    await ensure(connection)
                yield Branch(
                    settings, fakes, door, broker, pool, session, str(server.make_url("/webhooks/xendit"))
                )
