"""Ingress in this process on a real broker; what it published can be read back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from ingress.app import run
from runtime.amqp.broker import Broker, LinkOptions, topology_of
from runtime.settings import Settings
from schemas.envelope import Envelope, unpack
from schemas.rejection import Rejection, unpack_rejection
from schemas.topology import QUARANTINE, queue_name, work_queues

CALM = LinkOptions(heartbeat=60, connect_timeout=30.0, reconnect_pause=0.1)


@dataclass
class Ingress:
    """A running ingress. `url` leads to the door."""

    settings: Settings
    host: str
    port: int
    stop: asyncio.Event
    task: asyncio.Task[None] = field(repr=False)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


class Outbox:
    """Reads what arrived in the broker."""

    def __init__(self, url: str, settings: Settings) -> None:
        self._settings = settings
        self._broker = Broker(url, name="outbox", topology=topology_of(settings), options=CALM)

    async def __aenter__(self) -> Outbox:
        await self._broker.__aenter__()
        await self._broker.ready(60.0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._broker.__aexit__(None, None, None)

    async def envelopes(self, count: int, *, partition: int = 0) -> list[Envelope]:
        """At least `count`, then whatever else is there, of whichever provider."""
        partitions = self._settings.broker_partitions
        queues = [queue_name(number) for number in range(partition, work_queues(partitions), partitions)]
        bodies = await self._bodies(queues, count, unpack)
        return [envelope for group in bodies for envelope in group]

    async def rejections(self, count: int) -> list[Rejection]:
        return await self._bodies([QUARANTINE], count, unpack_rejection)

    async def _bodies(self, queues: Sequence[str], count: int, decode: Callable[[bytes], Any]) -> list[Any]:
        consumers = [self._broker.consumer(queue, prefetch=1000) for queue in queues]
        for consumer in consumers:
            await consumer.start()
        decoded: list[Any] = []
        try:
            async with asyncio.timeout(60.0 if count else 0.3):
                while (
                    sum(len(item) if isinstance(item, list) else 1 for item in decoded) < count or not count
                ):
                    await asyncio.sleep(0.01)
                    for consumer in [each for each in consumers if len(each)]:
                        for delivery in await consumer.take(1000, fill_seconds=0.1):
                            decoded.append(decode(delivery.body))
                            await consumer.ack_through(delivery.tag)
        except TimeoutError:
            if count:
                raise AssertionError(f"{len(decoded)} messages of {count} in {queues}") from None
        for consumer in consumers:
            await consumer.pause()
        return decoded


Start = Callable[..., Any]


@pytest.fixture
def start(settings: Callable[..., Settings], broker_url: str) -> Start:
    """`async with start(broker_url=..., ingress_x=...) as ingress:` a running, ready ingress."""

    @asynccontextmanager
    async def opened(*, wait_ready: bool = True, **overrides: Any) -> AsyncIterator[Ingress]:
        values = {
            "broker_url": broker_url,
            "broker_reconnect_seconds": 0.1,
            "ingress_drain_idle_seconds": 0.0,
            "ingress_publish_deadline_seconds": 60.0,
        }
        chosen = settings(**(values | overrides))
        stop = asyncio.Event()
        address: asyncio.Future[tuple[str, int]] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(run(chosen, stop, started=address.set_result))
        await asyncio.wait({task, address}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        ingress = Ingress(chosen, *address.result(), stop, task)
        if wait_ready:
            await until_ready(ingress)
        try:
            yield ingress
        finally:
            stop.set()
            async with asyncio.timeout(60):
                await task

    return opened


@pytest.fixture
async def ingress(start: Start) -> AsyncIterator[Ingress]:
    async with start() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def outbox(broker_url: str, settings: Callable[..., Settings]) -> AsyncIterator[Outbox]:
    async with Outbox(broker_url, settings()) as opened:
        yield opened


async def until_ready(ingress: Ingress, status: int = 200) -> None:
    async with asyncio.timeout(60), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{ingress.url}/readyz") as response:
                if response.status == status:
                    return
            await asyncio.sleep(0.02)


async def raw(ingress: Ingress, data: bytes, *, seconds: float = 60.0) -> bytes:
    """Sends bytes, reads until the server closes or `seconds` are over."""
    reader, writer = await asyncio.open_connection(ingress.host, ingress.port)
    received = b""
    try:
        writer.write(data)
        async with asyncio.timeout(seconds):
            while chunk := await reader.read(65536):
                received += chunk
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.transport.abort()
    return received
