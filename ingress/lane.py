"""One partition's deliveries: what waits for its turn, and the groups in flight."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ingress.metrics import Metrics
from runtime.amqp.broker import Message
from runtime.amqp.traced import ConfirmingPublisher
from runtime.faults import fault_point
from schemas.envelope import ATTEMPT_HEADER, CONTENT_TYPE, PARTITION_HEADER, join
from schemas.errors import NotConfirmed, Unroutable
from schemas.topology import WEBHOOKS, routing_key

# So many deliveries are never held back: what their publish costs is then little beside what they cost themselves.
GOOD_GROUP = 32

Unpublished = NotConfirmed | Unroutable
Settle = Callable[[Unpublished | None], None]
"""Told once how a delivery ended; None means the broker has it."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Group and memory bounds; `deadline` in seconds, from arrival to confirm; `pause` in seconds, between small groups."""

    deadline: float
    group_envelopes: int
    group_bytes: int
    in_flight: int
    pending: int
    pending_bytes: int
    pause: float = 0.0


class Travelling(Protocol):
    """One frame on its way. `until` is a time of the loop; `settled` once it was told how it ended."""

    frame: bytes
    size: int
    until: float
    settled: bool

    def settle(self, failure: Unpublished | None, /) -> None:
        """As `Settle`."""


class Outgoing:
    """One that only tells somebody."""

    __slots__ = ("frame", "settle", "settled", "size", "until")

    def __init__(self, frame: bytes, settle: Settle) -> None:
        self.frame = frame
        self.size = len(frame)
        self.until = 0.0
        self.settle = settle
        self.settled = False


class Lane:
    """Sends groups; `landed(group, failure)` is called for each."""

    def __init__(
        self,
        publisher: ConfirmingPublisher,
        partition: int,
        bounds: Bounds,
        metrics: Metrics,
        landed: Callable[[Sequence[Travelling], Unpublished | None], None],
    ) -> None:
        self._publisher = publisher
        self._partition = partition
        self._bounds = bounds
        self._metrics = metrics
        self._landed = landed
        self._good = min(GOOD_GROUP, bounds.group_envelopes)
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Travelling] = deque()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._next_turn = float("-inf")  # no small group before this time of the loop
        self._pumping: asyncio.Handle | None = None
        self._pausing = False

    def add(self, delivery: Travelling) -> None:
        """At the end of the queue."""
        self._queue.append(delivery)
        if len(self._in_flight) >= self._bounds.in_flight:
            return
        if self._pumping is None:
            # Not at once: requests that were read in the same turn of the loop join.
            self._pumping = self._loop.call_soon(self._pump)
        elif self._pausing and len(self._queue) >= self._good:
            self._pumping.cancel()
            self._pump()

    def _pump(self) -> None:
        self._pumping, self._pausing = None, False
        while self._queue and len(self._in_flight) < self._bounds.in_flight:
            now = self._loop.time()
            if now < self._next_turn and len(self._queue) < self._good:
                self._pumping = self._loop.call_at(self._next_turn, self._pump)
                self._pausing = True
                return
            group = self._next_group(now)
            if not group:
                return
            self._next_turn = now + self._bounds.pause
            task = self._loop.create_task(self._send(group))
            self._in_flight.add(task)
            task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        if self._pumping is None:
            self._pump()

    def _next_group(self, now: float) -> list[Travelling]:
        group: list[Travelling] = []
        size = 0
        while self._queue and len(group) < self._bounds.group_envelopes:
            delivery = self._queue[0]
            if delivery.settled or delivery.until <= now:
                # Its request is answered 503: it must not be published any more.
                self._queue.popleft()
                continue
            if group and size + len(delivery.frame) > self._bounds.group_bytes:
                break
            self._queue.popleft()
            group.append(delivery)
            size += len(delivery.frame)
        return group

    async def _send(self, group: list[Travelling]) -> None:
        started = self._loop.time()
        failure: Unpublished | None = NotConfirmed("the publish was cut off")
        fault_point("ingress.before_publish")
        try:
            await self._publisher.publish(self._message(group), deadline=self._bounds.deadline)
            failure = None
        except (NotConfirmed, Unroutable) as error:
            failure = error
        finally:
            self._landed(group, failure)
        if failure is None:
            self._metrics.confirm_seconds.observe(self._loop.time() - started)
            self._metrics.group_size.observe(len(group))

    def _message(self, group: list[Travelling]) -> Message:
        return Message(
            exchange=WEBHOOKS,
            routing_key=routing_key(self._partition),
            body=join([delivery.frame for delivery in group]),
            content_type=CONTENT_TYPE,
            headers={ATTEMPT_HEADER: 0, PARTITION_HEADER: self._partition},
        )
