"""A broker in memory: quorum queues with redelivery and counts, retry tiers, confirms that are lost, publishes that arrive late.

What it does is held to a real RabbitMQ by tests/integration/simulation.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.amqp.consumer import FirstCounts, Incoming, Tag
from runtime.amqp.publisher import Message
from schemas.envelope import unpack
from schemas.errors import NotConfirmed, Unroutable
from schemas.topology import (
    DEAD,
    RETRY_DELAYS,
    WEBHOOKS,
    WORK_DELIVERY_LIMIT,
    queue_name,
    retry_name,
    routing_key,
)
from tests.simulation.faults import QUEUE_REFUSES, Faults
from tests.simulation.loop import SimLoop, SimProcess

LATE_SECONDS = 6.0
FORGOTTEN_SECONDS = 3.0


@dataclass
class Held:
    """A message in a queue. `count`: how often it came back without an outcome. `at`: when it came from a door."""

    number: int
    body: bytes
    headers: Mapping[str, object]
    routing_key: str
    count: int = 0
    at: float = float("-inf")


@dataclass
class SimBroker:
    """`up` is False while it is away: connections are gone, what is in queues stays, unless it `forgets` what doors brought in its last seconds."""

    loop: SimLoop
    faults: Faults
    partitions: int = 2
    up: bool = True
    parked: list[Held] = field(default_factory=list)
    forgets: bool = False

    def __post_init__(self) -> None:
        self.queues: dict[str, deque[Held]] = {queue_name(n): deque() for n in range(self.partitions)}
        self.waiting = 0
        """Messages in retry tiers."""
        self._tiers = {retry_name(delay): delay for delay in RETRY_DELAYS}
        self._routes = {routing_key(n): queue_name(n) for n in range(self.partitions)}
        self.refusing: str | None = None
        """The routing key of a queue that takes nothing; `silent`: it does not say so."""
        self.silent = False
        self._unheard: list[Message] = []
        self._arrived: list[bytes] = []
        self._numbers = 0
        self._consumers: dict[str, SimConsumer] = {}
        self.publishers: list[SimPublisher] = []

    @property
    def messages(self) -> int:
        """In queues, in consumers' hands, and in tiers."""
        held = sum(len(consumer.unsettled) for consumer in self._consumers.values())
        return sum(map(len, self.queues.values())) + held + self.waiting

    def route(self, message: Message) -> bool:
        """Puts a message where it belongs; False when no queue takes it."""
        self._numbers += 1
        held = Held(self._numbers, message.body, dict(message.headers), message.routing_key)
        if message.exchange == WEBHOOKS and message.routing_key in self._routes:
            held.at = self.loop.time()
            self._arrived.append(message.body)
            self._put(self._routes[message.routing_key], held)
        elif message.exchange in self._tiers:
            self.waiting += 1
            self.loop.outside(self._tiers[message.exchange], self._due, held)
        elif message.exchange == DEAD:
            self.parked.append(held)
        else:
            return False
        return True

    def refuses(self, message: Message) -> bool:
        """The queue of this message takes nothing now. Where it says nothing, it has the message all the same once it is well."""
        refuses = message.exchange == WEBHOOKS and message.routing_key == self.refusing
        if refuses:
            self.faults.note(QUEUE_REFUSES)
            if self.silent:
                self._unheard.append(message)
        return refuses

    def refuse(self, queue: int, silent: bool) -> None:
        """From now on, while there are faults."""
        if self.faults.active:
            self.refusing, self.silent = routing_key(queue), silent

    def take_again(self) -> None:
        """It is well, as all others are."""
        self.refusing = None
        for message in self._unheard:
            self.route(message)
        self._unheard.clear()

    def brought(self) -> set[bytes]:
        """Bodies of deliveries that came from doors."""
        return {envelope.body for body in self._arrived for envelope in unpack(body)}

    def consumers(self) -> list[SimConsumer]:
        return list(self._consumers.values())

    def away(self, seconds: float) -> None:
        """Every connection ends; the broker is back later."""
        self.up = False
        for publisher in self.publishers:
            publisher.cut()
        for consumer in list(self._consumers.values()):
            self.detach(consumer)
        if self.forgets:
            self._forget(self.loop.time() - FORGOTTEN_SECONDS)
        self.loop.outside(seconds, self._back)

    def _forget(self, since: float) -> None:
        """It confirmed what its disk does not have."""
        for queue in self.queues.values():
            kept = [held for held in queue if held.at < since]
            for _ in range(len(queue) - len(kept)):
                self.faults.note("confirmed_and_forgotten")
            queue.clear()
            queue.extend(kept)

    def attach(self, consumer: SimConsumer) -> None:
        """The one active consumer of its queue; another one waits until it is gone."""
        if self.up and consumer.process.alive and self._consumers.get(consumer.queue, consumer) is consumer:
            self._consumers[consumer.queue] = consumer
            consumer.attached()
            self.pump(consumer.queue)
        elif consumer.process.alive:
            self.loop.outside(0.2, self.attach, consumer)

    def detach(self, consumer: SimConsumer) -> None:
        """Its connection is gone: what it had not settled is in the queue again, in its old order, and counted."""
        if self._consumers.get(consumer.queue) is consumer:
            del self._consumers[consumer.queue]
        for held in reversed(consumer.unsettled.values()):
            held.count += 1
            if held.count > WORK_DELIVERY_LIMIT:
                self.parked.append(held)
            else:
                self.queues[consumer.queue].appendleft(held)
        consumer.unsettled.clear()
        consumer.detached()

    def pump(self, queue: str) -> None:
        """Delivers what the window allows."""
        consumer = self._consumers.get(queue)
        while consumer is not None and consumer.wants and self.queues[queue]:
            consumer.deliver(self.queues[queue].popleft())

    def _back(self) -> None:
        self.up = True
        for publisher in self.publishers:
            publisher.connect()

    def _due(self, held: Held) -> None:
        self.waiting -= 1
        self._put(
            self._routes[held.routing_key], Held(held.number, held.body, held.headers, held.routing_key)
        )

    def _put(self, queue: str, held: Held) -> None:
        self.queues[queue].append(held)
        self.pump(queue)


class SimPublisher:
    """In the place of runtime.amqp.publisher.Publisher."""

    def __init__(self, broker: SimBroker, process: SimProcess) -> None:
        self._broker, self._process = broker, process
        self._ready = asyncio.Event()
        self._gone = asyncio.Event()
        self.losses = 0
        broker.publishers.append(self)
        self.connect()

    @property
    def is_ready(self) -> bool:
        return self._ready.is_set()

    async def wait_ready(self) -> None:
        await self._ready.wait()

    def stalled_seconds(self) -> float:
        return 0.0

    def connect(self) -> None:
        if self._broker.up and self._process.alive:
            self._gone = asyncio.Event()
            self._ready.set()

    def cut(self) -> None:
        self.losses += self.is_ready
        self._ready.clear()
        self._gone.set()

    async def publish(self, message: Message, *, deadline: float) -> None:
        """Raises NotConfirmed or Unroutable."""
        broker, faults, loop = self._broker, self._broker.faults, self._broker.loop
        if not self.is_ready:
            raise NotConfirmed("no connection")
        gone = self._gone
        if faults.strikes("publish_late"):
            loop.outside(deadline + loop.dice.random() * LATE_SECONDS, broker.route, message)
            raise await _after(loop, deadline)
        await asyncio.sleep(loop.latency())
        if gone.is_set() or faults.strikes("publish_lost"):
            raise await _after(loop, 0.0 if gone.is_set() else deadline)
        if broker.refuses(message):
            if broker.silent:
                await asyncio.sleep(deadline)
            raise NotConfirmed("refused")
        if faults.strikes("unroutable") or not broker.route(message):
            raise Unroutable("no queue")
        await asyncio.sleep(loop.latency())
        if gone.is_set() or faults.strikes("confirm_lost"):
            raise await _after(loop, 0.0 if gone.is_set() else deadline)


async def _after(loop: SimLoop, seconds: float) -> NotConfirmed:
    await asyncio.sleep(min(seconds, loop.latency() if loop.dice.random() < 0.5 else seconds))
    return NotConfirmed("no confirm")


class SimConsumer:
    """In the place of runtime.amqp.consumer.Consumer."""

    def __init__(self, broker: SimBroker, process: SimProcess, queue: str, prefetch: int) -> None:
        self.queue = queue
        self.process = process
        self.unsettled: dict[int, Held] = {}
        self.stale_acks = 0
        self._broker, self._prefetch = broker, prefetch
        self._generation = self._tags = 0
        self._up = False
        self._active = True
        self._next_prefetch = prefetch
        self._newest = 0
        self._arrives = 0.0
        self._counts = FirstCounts()
        self._waiting: deque[Incoming] = deque()
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_up(self) -> bool:
        return self._up

    @property
    def wants(self) -> bool:
        return self._up and self._active and len(self.unsettled) < self._prefetch

    async def start(self) -> None:
        self._broker.attach(self)

    def attached(self) -> None:
        self._generation += 1
        self._up = True
        self._prefetch = self._next_prefetch

    def detached(self) -> None:
        """The process hears of it, if it lives, and connects again."""
        self._up = False
        self._waiting.clear()
        if self.process.alive:
            self._broker.loop.outside(self._broker.loop.latency() + 0.05, self._broker.attach, self)

    def deliver(self, held: Held) -> None:
        """Sent now, here later, in order."""
        self._tags += 1
        self.unsettled[self._tags] = held
        loop = self._broker.loop
        self._arrives = max(self._arrives + 1e-6, loop.time() + loop.latency())
        loop.outside(self._arrives - loop.time(), self._arrive, self._tags, self._generation, held)

    def _arrive(self, number: int, generation: int, held: Held) -> None:
        if generation != self._generation or not self._up or not self.process.alive:
            return
        self._newest = number
        self._waiting.append(
            Incoming(
                tag=Tag(generation, number),
                body=held.body,
                headers=held.headers,
                redelivered=held.count > 0,
                count=self._counts.of(str(held.number), held.count),
                routing_key=held.routing_key,
            )
        )
        self._arrived.set()

    async def take(self, limit: int, *, fill_seconds: float = 0.0) -> list[Incoming]:
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        return [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]

    async def ack_through(self, tag: Tag) -> bool:
        await asyncio.sleep(0)
        if not self._up or tag.generation != self._generation:
            self.stale_acks += 1
            return False
        if self._next_prefetch != self._prefetch and tag.number < self._newest:
            return True  # acknowledged with the last of its window
        loop = self._broker.loop
        if self._broker.faults.strikes("ack_lost"):
            loop.outside(loop.latency(), self._cut, tag.generation)
        else:
            loop.outside(loop.latency(), self._acked, tag)
        return True

    async def requeue(self, tag: Tag) -> bool:
        await asyncio.sleep(0)
        if not self._up or tag.generation != self._generation:
            self.stale_acks += 1
            return False
        held = self.unsettled.pop(tag.number)
        held.count += 1
        self._broker.queues[self.queue].appendleft(held)
        self._broker.pump(self.queue)
        return True

    async def pause(self) -> None:
        self._active = False
        await asyncio.sleep(0)

    async def resume(self) -> None:
        self._active = True
        self._broker.pump(self.queue)
        await asyncio.sleep(0)

    async def set_prefetch(self, prefetch: int) -> None:
        self._next_prefetch = prefetch
        if not self.unsettled:
            self._prefetch = prefetch
            self._broker.pump(self.queue)
        await asyncio.sleep(0)

    def _acked(self, tag: Tag) -> None:
        if tag.generation != self._generation or not self._up:
            return
        for number in [number for number in self.unsettled if number <= tag.number]:
            del self.unsettled[number]
        if not self.unsettled:
            self._prefetch = self._next_prefetch
        self._broker.pump(self.queue)

    def _cut(self, generation: int) -> None:
        if generation == self._generation and self._up:
            self._broker.detach(self)
