from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

from api.app import ROLE, application, routes
from api.changes.handlers import ChangeStreams
from api.checkout.routes import Checkout
from api.keys import KeyRing
from api.reads.positions import PositionWatch
from eventstore.append import NewEvent, append, lock_log
from projections.feeder import Feeder
from projections.versions import ensure
from runtime.database import Pool, open_pool
from runtime.failed_keys import Keyhole
from runtime.health import Health
from runtime.settings import Settings
from schemas.calls import Call

KEY = {"Authorization": "Bearer dev-api-key"}


@dataclass
class Api:
    """The API over a real database, with the role it has in production, and a way to put events behind it."""

    client: TestClient[Any, Any]
    pool: Pool
    calls: list[Call]
    registry: CollectorRegistry

    async def get(self, path: str, status: int = 200, **headers: str) -> Any:
        response = await self.client.get(path, headers=KEY | headers)
        document = await response.json(content_type=None)
        assert response.status == status, document
        return document

    async def put(self, path: str, body: object, status: int, **headers: str) -> Any:
        response = await self.client.put(path, json=body, headers=KEY | headers)
        document = await response.json(content_type=None)
        assert response.status == status, document
        return document

    async def append(self, events: Sequence[NewEvent]) -> int:
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "SET LOCAL lock_timeout = 0"
            )  # preparations wait for whoever has the log
            await lock_log(connection)
            return (await append(connection, events)).last

    async def fold(self) -> int:
        async with self.pool.acquire() as connection:
            return await Feeder(connection, batch_max=100).catch_up()

    async def show(self, *events: NewEvent) -> int:
        await self.append(events)
        return await self.fold()


@asynccontextmanager
async def serve(given: Settings, clock: Callable[[], float] = time.time) -> AsyncIterator[Api]:
    """The API over a migrated database, its read models empty. `clock`: by which tickets end."""
    async with open_pool(given, "test") as pool, open_pool(given, "api", role=ROLE) as narrow:
        async with pool.acquire() as connection:
            await ensure(connection)
        watch, registry = PositionWatch(narrow), CollectorRegistry()
        checkout = Checkout(given, narrow, watch)
        streams = ChangeStreams(narrow, given, clock)
        mounted = routes(given, narrow, watch, checkout=checkout, streams=streams)
        keyhole = Keyhole(given.require_api_key(), given, registry, door="api")
        ring = KeyRing(narrow, acquire_seconds=30)
        app = application(
            given, mounted, Health("api"), keyhole, lambda _app: watch.close(), ring, streams=streams
        )
        async with TestClient(TestServer(app)) as client:
            yield Api(client, pool, [call for call, _ in mounted], registry)
            await checkout.close()


@pytest.fixture
async def api(database_url: str, settings: Callable[..., Settings]) -> AsyncIterator[Api]:
    """Calls at the same time wait for each other here, and readers for what they wrote, on a busy machine for long."""
    given = settings(database_url=database_url, min_position_wait_seconds=30.0, read_page_max=5,
                     database_lock_timeout_ms=60_000)  # fmt: skip
    async with serve(given) as served:
        yield served


@pytest.fixture
async def hasty_api(database_url: str, settings: Callable[..., Settings]) -> AsyncIterator[Api]:
    """Nobody waits long: for the log, or for what they wrote."""
    given = settings(database_url=database_url, database_lock_timeout_ms=300, min_position_wait_seconds=0.05)
    async with serve(given) as served:
        yield served
