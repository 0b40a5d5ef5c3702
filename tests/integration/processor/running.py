"""A processor inside the test, fed through a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from processor.app import run
from runtime.amqp.broker import Broker, Message, open_broker
from runtime.settings import Settings
from schemas.envelope import CONTENT_TYPE, Envelope, pack
from schemas.topology import WEBHOOKS, routing_key

PATIENCE_SECONDS = 30.0


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
    routing = "quarantine" if exchange == "lunas.quarantine" else routing_key(0)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    await broker.publisher.publish(
        Message(exchange, routing, body, CONTENT_TYPE, names), deadline=PATIENCE_SECONDS
    )


async def until(look: Callable[[], Awaitable[bool]], seconds: float = PATIENCE_SECONDS) -> None:
    """Returns when `look` is true; fails after `seconds`."""
    async with asyncio.timeout(seconds):
        while not await look():
            await asyncio.sleep(0.02)
