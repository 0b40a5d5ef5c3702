"""The exchange over a real log and a real broker, told with the role and in the way the API's process does it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from prometheus_client import CollectorRegistry

from api.app import ROLE
from api.changes.relay import tell_exchange
from api.changes.relay_metrics import RelayMetrics
from eventstore.append import NewEvent, append, lock_log
from projections.feeder import Feeder
from projections.versions import ensure
from runtime.database import Pool, open_pool
from runtime.settings import Settings
from schemas.change_messages import PREFIX
from schemas.topology import CHANGES


@dataclass
class Heard:
    """One message as its receiver sees it."""

    key: str
    headers: dict[str, Any]
    data: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.headers[f"{PREFIX}id"])

    @property
    def position(self) -> int:
        return int(self.headers[f"{PREFIX}position"])


@dataclass
class Log:
    """A log with its read models, which stand still unless told to follow."""

    pool: Pool
    settings: Settings

    async def append(self, *events: NewEvent) -> int:
        async with self.pool.acquire() as connection, connection.transaction():
            await lock_log(connection)
            return (await append(connection, events)).last

    async def fold(self) -> int:
        async with self.pool.acquire() as connection:
            return await Feeder(connection, batch_max=100).catch_up()

    async def show(self, *events: NewEvent) -> int:
        await self.append(*events)
        return await self.fold()

    async def told_up_to(self) -> int:
        return int(await self.pool.fetchval("SELECT position FROM changes_published"))


@pytest.fixture
async def book(database_url: str, broker_url: str, settings: Callable[..., Settings]) -> AsyncIterator[Log]:
    given = settings(
        database_url=database_url, broker_url=broker_url, broker_reconnect_seconds=0.1,
        broker_publish_deadline_seconds=60.0, poll_interval_seconds=0.1,
    )  # fmt: skip
    async with open_pool(given, "test") as pool:
        async with pool.acquire() as connection:
            await ensure(connection)
        yield Log(pool, given)


@asynccontextmanager
async def telling(given: Settings) -> AsyncIterator[CollectorRegistry]:
    registry, stop = CollectorRegistry(), asyncio.Event()
    async with open_pool(given, "api", role=ROLE) as pool:
        task = asyncio.create_task(tell_exchange(given, "api", pool, RelayMetrics(registry), stop))
        try:
            yield registry
        finally:
            stop.set()
            await task


@asynccontextmanager
async def bound(
    url: str, *keys: str, arguments: dict[str, Any] | None = None, name: str = "shop"
) -> AsyncIterator[Ear]:
    """A queue of an application's own, bound to the exchange."""
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        exchange = await channel.declare_exchange(CHANGES, "topic", durable=True)
        queue = await channel.declare_queue(name, durable=True, arguments=arguments)
        for key in keys:
            await queue.bind(exchange, key)
        yield Ear(channel, queue)


class Ear:
    def __init__(self, channel: AbstractChannel, queue: aio_pika.abc.AbstractQueue) -> None:
        self.channel = channel
        self.queue = queue

    async def next(self, seconds: float = 15.0) -> Heard:
        async with asyncio.timeout(seconds):
            while True:
                message = await self.queue.get(fail=False)
                if message is not None:
                    await message.ack()
                    return heard(message)
                await asyncio.sleep(0.01)

    async def take(self, count: int) -> list[Heard]:
        return [await self.next() for _ in range(count)]

    async def rest(self) -> list[Heard]:
        """What is in the queue now."""
        found = []
        while (message := await self.queue.get(fail=False)) is not None:
            await message.ack()
            found.append(heard(message))
        return found


def heard(message: AbstractIncomingMessage) -> Heard:
    assert message.content_type == "application/json"
    return Heard(str(message.routing_key), dict(message.headers), json.loads(message.body))


def in_order_per_customer(found: Sequence[Heard]) -> bool:
    """Leaving out what was told before under the same id."""
    first: dict[str, Heard] = {}
    for one in found:
        first.setdefault(one.id, one)
    places: dict[str, int] = {}
    for one in first.values():
        owner = one.data["customer_id"] or one.data["key"]
        if one.position < places.get(owner, 0):
            return False
        places[owner] = one.position
    return True
