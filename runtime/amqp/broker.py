"""RabbitMQ for one process: a connection to publish on, another to consume on, and one for what must never touch either.

The first two are apart because the broker stops reading a whole publishing connection while an alarm is on; acknowledgements on the other
one keep flowing, so the queue can drain. The third carries the quarantine: declaring it may fail or hang, and nobody waits for it.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from runtime.amqp.consumer import Consumer, Incoming, Tag
from runtime.amqp.leftovers import Leftovers
from runtime.amqp.link import Link, LinkOptions
from runtime.amqp.own_queues import OwnQueues
from runtime.amqp.publisher import Message, Publisher
from runtime.amqp.topology import Declared, DeclaredAside, TopologyMismatch
from runtime.logs import get_logger
from runtime.settings import Settings
from runtime.settings.urls import broker_nodes
from schemas.errors import NotConfirmed
from schemas.topology import Topology, quarantine, topology

__all__ = [
    "Broker",
    "Consumer",
    "Incoming",
    "LinkOptions",
    "Message",
    "Publisher",
    "Tag",
    "TopologyMismatch",
    "open_broker",
    "topology_of",
]

ASIDE_SECONDS = 3.0  # a queue without a majority of its nodes never answers

log = get_logger(__name__)


class Broker:
    """Use as an async context manager; entering does not wait for the broker. `url` may name several nodes of one cluster.

    With a topology, every (re)connect declares it first. What no reconnect can cure, such as a queue with other arguments at the start,
    ends `failure`. `own`: looked at before anything is published.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        topology: Topology | None = None,
        options: LinkOptions | None = None,
        own: OwnQueues | None = None,
    ) -> None:
        nodes, options = broker_nodes(url), options or LinkOptions()
        first = () if topology is None else (Declared(topology),)
        # Before the publisher: nothing is published before it is known where to.
        before = first if own is None else (*first, own)
        self.publishing = Link(nodes, f"lunas-{name}-publish", options, first=before)
        self.consuming = Link(nodes, f"lunas-{name}-consume", options, first=first)
        aside = () if topology is None else (DeclaredAside(quarantine(), ASIDE_SECONDS),)
        self.aside = Link(nodes, f"lunas-{name}-aside", options, first=aside)
        self._topology = topology
        self.publisher = Publisher(
            queues=1 if topology is None else len(topology.bindings),
            lost=self.publishing.lose,
            unroutable=self._unroutable,
        )

    async def __aenter__(self) -> Self:
        await self.publishing.add(self.publisher)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(self.consuming.close(), self.publishing.close(), self.aside.close())

    async def publisher_aside(self) -> Publisher:
        """A publisher on the third connection: what goes wrong there never touches the first one's messages."""
        publisher = Publisher(unroutable=lambda _: self.aside.invalidate("its queue is gone"))
        await self.aside.add(publisher)
        return publisher

    def consumer(
        self, queue: str, *, prefetch: int, may_vanish: bool = False, aside: bool = False
    ) -> Consumer:
        """Not consuming before its `start`. `may_vanish`: somebody may delete the queue, and then there is nothing more to consume.

        `aside`: on the third connection, so that nothing about this queue holds up the others.
        """
        return Consumer(self.aside if aside else self.consuming, queue, prefetch, may_vanish=may_vanish)

    async def leftovers(self, partitions: int) -> list[int]:
        """Numbers of existing work queues beyond those of so many partitions; waits for the first connection."""
        look = Leftovers(partitions)
        await self.consuming.add(look)
        return await look.found

    async def ready(self, timeout: float) -> None:
        """Waits for the first connection. Raises NotConfirmed after `timeout` seconds, or TopologyMismatch."""
        waiting = asyncio.create_task(self.publisher.wait_ready())
        try:
            done, _ = await asyncio.wait(
                {waiting, self.publishing.failed}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
            )
            if self.publishing.failed in done:
                self.publishing.failed.result()
            if not done:
                raise NotConfirmed(f"no connection to the broker within {timeout:g} s")
        finally:
            waiting.cancel()

    async def failure(self) -> None:
        """Waits for ever, or raises what no reconnect can cure. Run it beside the process's work."""
        failed = {self.publishing.failed, self.consuming.failed, self.aside.failed}
        done, _ = await asyncio.wait(failed, return_when=asyncio.FIRST_COMPLETED)
        for future in done:
            if not future.cancelled():
                future.result()

    def is_ready(self, *, stalled_seconds: float) -> bool:
        """Connected, all work queues there and consumed, and no publish has waited longer than `stalled_seconds` for its confirm."""
        return (
            self.publishing.is_up
            and (self.consuming.is_up or not self.consuming.is_started)
            and self.publisher.stalled_seconds() < stalled_seconds
        )

    def _unroutable(self, message: Message) -> None:
        """A queue or binding of ours is gone: connect again, which declares it again; until then this process is not ready."""
        if self._topology is None or not self._topology.routes(message.exchange, message.routing_key):
            return
        log.error(
            "no queue takes what has one in our topology: declaring it again",
            action="broker.queue_gone",
            exchange=message.exchange,
            routing_key=message.routing_key,
        )
        self.publishing.invalidate("a queue is gone")


def topology_of(settings: Settings) -> Topology:
    """The topology that the settings ask for; every process declares the same."""
    return topology(settings.broker_partitions, settings.broker_retry_delays_seconds)


def open_broker(settings: Settings, name: str, own: OwnQueues | None = None) -> Broker:
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
        own=own,
    )
