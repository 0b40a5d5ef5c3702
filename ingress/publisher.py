"""Grouped publishing: deliveries that arrive while a publish is in flight travel together in the next message.

After a quiet time a message holds one delivery and waits for nothing. At high load the cost of a publish and of the broker's
fsync is shared. One confirm answers the whole group; see docs/adr/0022-grouped-publishing.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from ingress.answering import answer_failed
from ingress.lane import Bounds, Lane, Outgoing, Settle, Travelling, Unpublished
from ingress.metrics import Metrics
from runtime.amqp.traced import ConfirmingPublisher
from runtime.settings import Settings
from schemas.envelope import Envelope, pack_one
from schemas.errors import NotConfirmed

__all__ = ["Bounds", "GroupingPublisher", "Unpublished", "bounds_of"]

CLOCK_SECONDS = 0.001  # the loop's clock counts milliseconds


class GroupingPublisher:
    """Every delivery is settled once: when the broker has confirmed it, or within the deadline when it has not."""

    def __init__(
        self, publisher: ConfirmingPublisher, partitions: int, bounds: Bounds, metrics: Metrics
    ) -> None:
        self._publisher = publisher
        self._bounds = bounds
        self._loop = asyncio.get_running_loop()
        self._lanes = [Lane(publisher, number, bounds, metrics, self._settle) for number in range(partitions)]
        # In order of arrival, which is the order of their deadlines: one timer, for the first, serves them all.
        self._waiting: dict[Travelling, None] = {}
        self._waiting_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        metrics.waiting.set_function(lambda: len(self._waiting))

    @property
    def is_ready(self) -> bool:
        """There is a channel to the broker; it may be frozen all the same."""
        return self._publisher.is_ready

    @property
    def queues(self) -> int:
        """How many there are."""
        return len(self._lanes)

    async def wait_ready(self) -> None:
        """Until there is one."""
        await self._publisher.wait_ready()

    @property
    def waiting(self) -> int:
        """Deliveries without an answer yet."""
        return len(self._waiting)

    async def deliver(self, frame: bytes, partition: int) -> None:
        """Raises NotConfirmed or Unroutable when the delivery could not be made durable within the deadline.

        Deliveries of one partition keep their order.
        """
        future: asyncio.Future[None] = self._loop.create_future()
        delivery = Outgoing(frame, partial(_resolve, future))
        self.take(delivery, partition)
        try:
            await future
        finally:
            self._forget(delivery)

    def submit(self, envelope: Envelope, partition: int, settle: Settle) -> None:
        """The same without waiting: `settle` is called in a later turn of the loop. Raises NotConfirmed when too many wait."""
        self.take(Outgoing(pack_one(envelope), settle), partition)

    def take(self, delivery: Travelling, partition: int) -> None:
        """The same for what is packed already, and bears itself what it needs on its way."""
        size = delivery.size
        if (
            len(self._waiting) >= self._bounds.pending
            or self._waiting_bytes + size > self._bounds.pending_bytes
        ):
            raise NotConfirmed("too many deliveries wait for the broker")
        until = delivery.until = self._loop.time() + self._bounds.deadline
        self._waiting[delivery] = None
        self._waiting_bytes += size
        if self._timer is None:
            self._timer = self._loop.call_at(until, self._expire)
        self._lanes[partition].add(delivery)

    def _expire(self) -> None:
        """Answers what is late, sent or not; what was not sent never will be."""
        self._timer = None
        now = self._loop.time() + CLOCK_SECONDS
        late: list[Travelling] = []
        for delivery in self._waiting:
            if delivery.until > now:
                self._timer = self._loop.call_at(delivery.until, self._expire)
                break
            late.append(delivery)
        self._settle(late, NotConfirmed("no confirm from the broker within the deadline"))

    def _settle(self, group: Sequence[Travelling], failure: Unpublished | None) -> None:
        answered = [delivery for delivery in group if self._forget(delivery)]
        if answered:
            self._loop.call_soon(self._tell, answered, failure)

    def _tell(self, group: Sequence[Travelling], failure: Unpublished | None) -> None:
        for delivery in group:
            # One error each: a shared one would collect the tracebacks of all requests.
            try:
                delivery.settle(None if failure is None else type(failure)(str(failure)))
            except Exception as error:  # noqa: BLE001 - handed to the loop, which logs it as it does for its own callbacks
                answer_failed(self._loop, delivery.settle, error)

    def _forget(self, delivery: Travelling) -> bool:
        """Nobody waits for it any more; False when nobody did."""
        if delivery.settled:
            return False
        delivery.settled = True
        del self._waiting[delivery]
        self._waiting_bytes -= delivery.size
        return True


def _resolve(future: asyncio.Future[None], failure: Unpublished | None) -> None:
    if future.done():
        return
    if failure is None:
        future.set_result(None)
    else:
        future.set_exception(failure)


def bounds_of(settings: Settings) -> Bounds:
    return Bounds(
        deadline=settings.ingress_publish_deadline_seconds,
        group_envelopes=settings.ingress_group_max_envelopes,
        group_bytes=settings.ingress_group_max_bytes,
        in_flight=settings.ingress_group_in_flight,
        pending=settings.ingress_pending_max,
        pending_bytes=settings.ingress_pending_bytes,
        pause=settings.ingress_group_pause_ms / 1000,
    )
