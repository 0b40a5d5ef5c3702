"""The API with a provider behind it, and fulfilment and projections that are run by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

from api.app import ROLE, application, routes
from api.checkout.routes import Checkout
from api.credit.routes import teller_of
from api.credit.teller import Teller
from api.pay.requests import pages
from api.reads.positions import PositionWatch
from api.refunds.routes import Refunds
from eventstore.append import NewEvent, append, lock_log
from processor.fulfilment.catalog_source import publish_catalog
from processor.fulfilment.rounds import Fulfilment
from projections.feeder import Feeder
from projections.versions import ensure
from runtime.database import Pool, open_pool
from runtime.failed_keys import Keyhole
from runtime.health import Health
from runtime.settings import Settings
from schemas import streams
from schemas.catalog import Catalog
from schemas.event_model import EventModel
from tests.integration.checkout.xendit_door import XenditDoor
from tests.unit.processor.policies.ledgerbook import shipped_catalog

KEY = {"Authorization": "Bearer dev-api-key"}
CATALOG = Path(__file__).parents[3] / "catalog.toml"


@dataclass
class Shop:
    """One installation of the API over a database: what its callers see, and what goes on behind it."""

    client: TestClient[Any, Any]
    pool: Pool
    checkout: Checkout
    worker: Fulfilment
    refunds: Refunds
    teller: Teller
    narrow: Pool
    answers: list[int] = field(default_factory=list)

    async def call(self, method: str, path: str, status: int, body: object = None, **headers: str) -> Any:
        response = await self.client.request(method, path, json=body, headers=KEY | headers)
        document = await response.json(content_type=None)
        assert response.status == status, document
        return document

    async def post(self, path: str, body: object, status: int = 201, **headers: str) -> Any:
        return await self.call("POST", path, status, body, **headers)

    async def get(self, path: str, status: int = 200, **headers: str) -> Any:
        return await self.call("GET", path, status, **headers)

    async def customer(self, customer_id: str = "budi", email: str = "budi@example.com", **more: str) -> None:
        await self.call("PUT", f"/v1/customers/{customer_id}", 201, {"email": email, "name": "Budi"} | more)

    async def hear(self, *facts: EventModel) -> None:
        """Facts as intake stores them, decided on and folded."""
        async with self.pool.acquire() as connection, connection.transaction():
            await lock_log(connection)
            about = {"correlation_id": "c", "delivery_id": None}
            stream = streams.payment("xendit", "told")
            await append(connection, [NewEvent(stream, fact, about) for fact in facts])
        await self.settle()

    async def settle(self) -> None:
        """Everything is decided on and readers see it."""
        while (await self.worker.round(timers=True)).more:
            pass
        async with self.pool.acquire() as connection:
            await Feeder(connection, batch_max=100).catch_up()

    async def log(self, prefix: str = "checkout.") -> list[str]:
        """Types of events about requests, in order."""
        rows = await self.pool.fetch(
            "SELECT type FROM events WHERE starts_with(type, $1) ORDER BY position", prefix
        )
        return [row["type"] for row in rows]


@pytest.fixture
async def xendit() -> AsyncIterator[XenditDoor]:
    door = XenditDoor()
    async with TestServer(door.app) as server:
        door.address = str(server.make_url("/"))
        yield door
        door.closing.set()


Overrides = Callable[..., Any]


@asynccontextmanager
async def opened(given: Settings, catalog: Catalog | None = None) -> AsyncIterator[Shop]:
    """A shop with these settings (and a catalogue other than the shipped one), closed at the end."""
    async with open_pool(given, "test") as pool, open_pool(given, "api", role=ROLE) as narrow:
        async with pool.acquire() as connection:
            await ensure(connection)
        await publish_catalog(pool, catalog or shipped_catalog())
        watch = PositionWatch(narrow)
        checkout = Checkout(given, narrow, watch)
        teller = teller_of(given, narrow, CollectorRegistry())
        refunds = Refunds(given, narrow, checkout.clients.payments, teller, CollectorRegistry())
        mounted = routes(given, narrow, watch, teller, checkout, refunds)
        keyhole = Keyhole(given.require_api_key(), given, CollectorRegistry(), door="api")
        shown = pages(given, narrow, checkout.canceller)
        app = application(
            given, mounted, Health("api"), keyhole, lambda _app: watch.close(), payment_pages=shown
        )
        async with TestClient(TestServer(app)) as client:
            shop = Shop(client, pool, checkout, Fulfilment(pool, limit=100), refunds, teller, narrow)
            await shop.settle()
            yield shop
            await refunds.refunder.close()
            await checkout.close()


@pytest.fixture
def shop_settings(
    database_url: str, settings: Callable[..., Settings], xendit: XenditDoor
) -> Callable[..., Settings]:
    """Settings of a shop whose Xendit is `xendit`. No limit of a call or of a wait is reached on a machine that stands still for a while."""

    def build(**more: Any) -> Settings:
        return settings(
            **{
                "database_url": database_url,
                "catalog": CATALOG,
                "xendit_secret_key": "xnd_development_test",
                "xendit_base_url": xendit.address,
                "app_url": "http://app.example",
                "database_lock_timeout_ms": 60_000,
                "min_position_wait_seconds": 30.0,
                "provider_connect_timeout_seconds": 20.0,
                "provider_call_timeout_seconds": 30.0,
                # Shorter than the minute that a provider at its limit asks for: whoever is told so is told at once.
                "provider_call_budget_seconds": 30.0,
                "checkout_resolve_seconds": 0.01,
                "pay_refresh_ms": 20,
                "outgoing_xendit_per_minute": 100_000,
            }
            | more
        )

    return build


@pytest.fixture
async def shop(shop_settings: Callable[..., Settings]) -> AsyncIterator[Shop]:
    async with opened(shop_settings()) as one:
        yield one


async def all_at_once(calls: Sequence[Any]) -> list[Any]:
    return list(await asyncio.gather(*calls))


__all__ = ["Shop", "all_at_once", "opened", "web"]
