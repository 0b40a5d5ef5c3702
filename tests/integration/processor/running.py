"""A processor inside the test, fed through a real broker."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from processor.app import run
from runtime.amqp.broker import Broker, Message, open_broker
from runtime.settings import Settings
from schemas.envelope import CONTENT_TYPE, Envelope, pack
from schemas.topology import WEBHOOKS, queue_name, routing_key

PATIENCE_SECONDS = 180.0
LONG_TIERS = (0.3, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""The first soon, all together longer than a machine stands still: what is to come back is not parked meanwhile."""


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[None]:
    """A processor while the block runs; stopped the way SIGTERM does."""
    stop = asyncio.Event()
    task = asyncio.create_task(run(settings, stop))
    try:
        yield
    finally:
        stop.set()
        await task


@asynccontextmanager
async def publishing(settings: Settings) -> AsyncIterator[Broker]:
    """A connected broker with the topology declared."""
    async with open_broker(settings, "test") as broker:
        await broker.ready(PATIENCE_SECONDS)
        yield broker


async def send(broker: Broker, *envelopes: Envelope, together: bool = False) -> None:
    """Publish as ingress does: one message each, or all in one."""
    for group in [envelopes] if together else [(envelope,) for envelope in envelopes]:
        await send_raw(broker, pack(group))


async def send_raw(broker: Broker, body: bytes, exchange: str = WEBHOOKS, **headers: Any) -> None:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    await broker.publisher.publish(
        Message(exchange, routing_key(0), body, CONTENT_TYPE, names), deadline=PATIENCE_SECONDS
    )


async def is_empty(broker: Broker, partition: int = 0) -> bool:
    """Everything was acknowledged: a consumer that comes now gets what is sent now, and nothing of before."""
    mark = uuid.uuid4().bytes
    consumer = broker.consumer(queue_name(partition), prefetch=10)
    await consumer.start()
    await broker.publisher.publish(Message(WEBHOOKS, routing_key(partition), mark), deadline=PATIENCE_SECONDS)
    (first, *_) = await consumer.take(1)
    await consumer.ack_through(first.tag)
    await consumer.pause()
    return first.body == mark
