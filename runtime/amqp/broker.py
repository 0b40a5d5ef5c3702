"""RabbitMQ for one process: a connection to publish on and another to consume on.

Two, because the broker stops reading a whole publishing connection while an alarm is on; acknowledgements on the other
one keep flowing, so the queue can drain.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from aiormq.abc import AbstractChannel, AbstractConnection

from runtime.amqp.consumer import Consumer, Delivery, Tag
from runtime.amqp.leftovers import Leftovers
from runtime.amqp.link import Link, LinkOptions
from runtime.amqp.publisher import Message, Publisher
from runtime.amqp.topology import TopologyMismatch, declare
from runtime.settings import Settings
from schemas.errors import NotConfirmed
from schemas.topology import Topology, topology

__all__ = [
    "Broker",
    "Consumer",
    "Delivery",
    "LinkOptions",
    "Message",
    "Publisher",
    "Tag",
    "TopologyMismatch",
    "open_broker",
    "topology_of",
]


class Broker:
    """Use as an async context manager; entering does not wait for the broker.

    With a topology, every (re)connect of the publishing side declares it first. What no reconnect can cure, such as a
    queue with other arguments, ends `failure`.
    """

    def __init__(
        self, url: str, *, name: str, topology: Topology | None = None, options: LinkOptions | None = None
    ) -> None:
        options = options or LinkOptions()
        self._publishing = Link(url, f"lunas-{name}-publish", options)
        self._consuming = Link(url, f"lunas-{name}-consume", options)
        self._topology = topology
        self.publisher = Publisher()

    async def __aenter__(self) -> Self:
        if self._topology is not None:
            await self._publishing.add(_Declaration(self._topology))
        await self._publishing.add(self.publisher)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(self._consuming.close(), self._publishing.close())

    async def second_publisher(self) -> Publisher:
        """A publisher on the other connection: what goes wrong there never touches the first one's messages."""
        publisher = Publisher()
        await self._consuming.add(publisher)
        return publisher

    def consumer(self, queue: str, *, prefetch: int, may_vanish: bool = False) -> Consumer:
        """Not consuming before its `start`. `may_vanish`: somebody may delete the queue, and then there is nothing more to consume."""
        return Consumer(self._consuming, queue, prefetch, may_vanish=may_vanish)

    async def leftovers(self, partitions: int) -> list[int]:
        """Numbers of existing work queues beyond those of so many partitions; waits for the first connection."""
        look = Leftovers(partitions)
        await self._consuming.add(look)
        return await look.found

    async def ready(self, timeout: float) -> None:
        """Waits for the first connection. Raises NotConfirmed after `timeout` seconds, or TopologyMismatch."""
        waiting = asyncio.create_task(self.publisher.wait_ready())
        try:
            done, _ = await asyncio.wait(
                {waiting, self._publishing.failed}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
            )
            if self._publishing.failed in done:
                self._publishing.failed.result()
            if not done:
                raise NotConfirmed(f"no connection to the broker within {timeout:g} s")
        finally:
            waiting.cancel()

    async def failure(self) -> None:
        """Waits for ever, or raises what no reconnect can cure. Run it beside the process's work."""
        failed = {self._publishing.failed, self._consuming.failed}
        done, _ = await asyncio.wait(failed, return_when=asyncio.FIRST_COMPLETED)
        for future in done:
            if not future.cancelled():
                future.result()

    def is_ready(self, *, stalled_seconds: float) -> bool:
        """Connected, and no publish has waited longer than `stalled_seconds` for its confirm."""
        return self.publisher.is_ready and self.publisher.stalled_seconds() < stalled_seconds


class _Declaration:
    """The topology as the first thing on a new connection."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology

    async def attach(self, connection: AbstractConnection) -> AbstractChannel:
        await declare(connection, self._topology)
        # The link watches the channel it gets; this one only keeps the contract.
        return await connection.channel(publisher_confirms=False)

    def detach(self) -> None:
        """Nothing to forget."""


def topology_of(settings: Settings) -> Topology:
    """The topology that the settings ask for; every process declares the same."""
    return topology(settings.broker_partitions, settings.broker_retry_delays_seconds)


def open_broker(settings: Settings, name: str) -> Broker:
    """The broker of the settings, with its topology, for a process called `name`."""
    return Broker(
        settings.require_broker_url(),
        name=name,
        topology=topology_of(settings),
        options=LinkOptions(
            heartbeat=settings.broker_heartbeat_seconds,
            connect_timeout=settings.broker_connect_timeout_seconds,
            reconnect_pause=settings.broker_reconnect_seconds,
        ),
    )
