"""A broker per test, direct or through a proxy that can misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aio_pika
import pytest

from runtime.amqp.broker import Broker, Consumer, Incoming, LinkOptions
from schemas.topology import topology
from tests.integration.broker.proxy import Proxy, proxied

FAST = LinkOptions(heartbeat=60, connect_timeout=30.0, reconnect_pause=0.1)
"""Quick to come back. Its heartbeats are those of a calm life: shorter ones cut the connection of a machine that stands still."""
TOPOLOGY = topology(2, (0.3,))


@pytest.fixture
async def broker(broker_url: str) -> AsyncIterator[Broker]:
    async with Broker(broker_url, name="test", topology=TOPOLOGY, options=FAST) as opened:
        await opened.ready(60.0)
        yield opened


@pytest.fixture
async def proxy_and_broker(broker_url: str) -> AsyncIterator[tuple[Proxy, Broker]]:
    async with (
        proxied(broker_url) as (proxy, url),
        Broker(url, name="test", topology=TOPOLOGY, options=FAST) as opened,
    ):
        await opened.ready(60.0)
        yield proxy, opened


@pytest.fixture
async def admin(broker_url: str) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
    """A channel of somebody else, to look and to break things."""
    connection = await aio_pika.connect(broker_url)
    async with connection:
        yield await connection.channel()


async def collect(consumer: Consumer, count: int, *, seconds: float = 60.0) -> list[Incoming]:
    """Takes until `count` deliveries are here."""
    taken: list[Incoming] = []
    async with asyncio.timeout(seconds):
        while len(taken) < count:
            taken += await consumer.take(count - len(taken), fill_seconds=0.05)
    return taken
