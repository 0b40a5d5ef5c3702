"""Grouped publishing: deliveries that arrive while a publish is in flight travel together in the next message.

At low load a message holds one delivery and waits for nothing. At high load the cost of a publish and of the broker's
fsync is shared. One confirm answers the whole group; see docs/adr/0022-grouped-publishing.md.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from ingress.metrics import Metrics
from runtime.broker import Message, Publisher
from runtime.settings import Settings
from schemas.envelope import (
    ATTEMPT_HEADER,
    CONTENT_TYPE,
    PARTITION_HEADER,
    Envelope,
    join,
    pack_one,
)
from schemas.errors import NotConfirmed, Unroutable
from schemas.topology import WEBHOOKS, partition_of, routing_key


@dataclass(frozen=True, slots=True)
class Bounds:
    """Group and memory bounds; `deadline` in seconds, from arrival to confirm."""

    deadline: float
    group_envelopes: int
    group_bytes: int
    in_flight: int
    pending: int
    pending_bytes: int


class GroupingPublisher:
    """`deliver` returns when the broker has confirmed the delivery."""

    def __init__(self, publisher: Publisher, partitions: int, bounds: Bounds, metrics: Metrics) -> None:
        self._partitions = partitions
        self._bounds = bounds
        self._lanes = [_Lane(publisher, number, bounds, metrics) for number in range(partitions)]
        self._metrics = metrics
        self._waiting = 0
        self._waiting_bytes = 0
        metrics.waiting.set_function(lambda: self._waiting)

    @property
    def waiting(self) -> int:
        """Deliveries without an answer yet."""
        return self._waiting

    async def deliver(self, envelope: Envelope, key: str) -> None:
        """Raises NotConfirmed or Unroutable when the delivery could not be made durable within the deadline.

        `key` decides the partition; deliveries of one key keep their order.
        """
        size = len(envelope.body)
        if self._waiting >= self._bounds.pending or self._waiting_bytes + size > self._bounds.pending_bytes:
            raise NotConfirmed("too many deliveries wait for the broker")
        self._waiting += 1
        self._waiting_bytes += size
        try:
            async with asyncio.timeout(self._bounds.deadline):
                await self._lanes[partition_of(key, self._partitions)].add(pack_one(envelope))
        except TimeoutError as error:
            raise NotConfirmed("no confirm from the broker within the deadline") from error
        finally:
            self._waiting -= 1
            self._waiting_bytes -= size


class _Lane:
    """One partition: what waits for its turn, and what is in flight."""

    def __init__(self, publisher: Publisher, partition: int, bounds: Bounds, metrics: Metrics) -> None:
        self._publisher = publisher
        self._partition = partition
        self._bounds = bounds
        self._metrics = metrics
        self._queue: deque[tuple[bytes, asyncio.Future[None]]] = deque()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._due = False

    def add(self, frame: bytes) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._queue.append((frame, future))
        if not self._due and len(self._in_flight) < self._bounds.in_flight:
            # Not at once: requests that were read in the same turn of the loop join.
            self._due = True
            loop.call_soon(self._pump)
        return future

    def _pump(self) -> None:
        self._due = False
        while len(self._in_flight) < self._bounds.in_flight:
            group = self._next_group()
            if not group:
                return
            task = asyncio.get_running_loop().create_task(self._send(group))
            self._in_flight.add(task)
            task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self._pump()

    def _next_group(self) -> list[tuple[bytes, asyncio.Future[None]]]:
        group: list[tuple[bytes, asyncio.Future[None]]] = []
        size = 0
        while self._queue and len(group) < self._bounds.group_envelopes:
            frame, future = self._queue[0]
            if future.done():  # its request was answered 503 already: it must not be published any more
                self._queue.popleft()
                continue
            if group and size + len(frame) > self._bounds.group_bytes:
                break
            self._queue.popleft()
            group.append((frame, future))
            size += len(frame)
        return group

    async def _send(self, group: list[tuple[bytes, asyncio.Future[None]]]) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        outcome: NotConfirmed | Unroutable | None = NotConfirmed("the publish was cut off")
        try:
            await self._publisher.publish(self._message(group), deadline=self._bounds.deadline)
            outcome = None
        except (NotConfirmed, Unroutable) as error:
            outcome = error
        finally:
            _answer(group, outcome)
        if outcome is None:
            self._metrics.confirm_seconds.observe(loop.time() - started)
            self._metrics.group_size.observe(len(group))

    def _message(self, group: list[tuple[bytes, asyncio.Future[None]]]) -> Message:
        return Message(
            exchange=WEBHOOKS,
            routing_key=routing_key(self._partition),
            body=join(frame for frame, _ in group),
            content_type=CONTENT_TYPE,
            headers={ATTEMPT_HEADER: 0, PARTITION_HEADER: self._partition},
        )


def _answer(
    group: list[tuple[bytes, asyncio.Future[None]]], outcome: NotConfirmed | Unroutable | None
) -> None:
    for _, future in group:
        if future.done():
            continue
        if outcome is None:
            future.set_result(None)
        else:
            # One exception object each: a shared one would collect the tracebacks of all requests.
            future.set_exception(type(outcome)(str(outcome)))


def bounds_of(settings: Settings) -> Bounds:
    return Bounds(
        deadline=settings.ingress_publish_deadline_seconds,
        group_envelopes=settings.ingress_group_max_envelopes,
        group_bytes=settings.ingress_group_max_bytes,
        in_flight=settings.ingress_group_in_flight,
        pending=settings.ingress_pending_max,
        pending_bytes=settings.ingress_pending_bytes,
    )
