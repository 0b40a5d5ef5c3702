"""Consuming one queue: deliveries in order into a local queue, acknowledged in bulk.

The library starts a task per delivery; ours only puts the delivery away, without waiting, so order is kept and the
prefetch window bounds memory. After a reconnect the broker sends everything unacknowledged again: old tags are void,
acknowledging them is dropped and counted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage, AbstractQueue
from aio_pika.exceptions import ChannelNotFoundEntity

from runtime.amqp.link import Link, is_connection_loss
from runtime.logs import get_logger

SETTLE_SECONDS = 5.0  # a frozen broker takes no acknowledgement; the connection is then rebuilt
DELIVERY_COUNT_HEADER = "x-delivery-count"
REMEMBERED = 8192  # messages, several times what a consumer may hold at once

log = get_logger(__name__)


class Tag(NamedTuple):
    """Delivery tag with the generation of the channel it belongs to."""

    generation: int
    number: int


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message. `count` is how often the broker delivered it before this process first saw it (quorum queues), 0 the first time: what
    the process lived through was no crash, but a connection or a channel that ended while it worked or waited.
    """

    tag: Tag
    body: bytes
    headers: Mapping[str, object]
    redelivered: bool
    count: int
    routing_key: str


class Consumer:
    """Deliveries of one queue on a channel of its own."""

    def __init__(self, link: Link, queue: str, prefetch: int, *, may_vanish: bool = False) -> None:
        self.queue = queue
        self.stale_acks = 0
        self._link = link
        self._prefetch = prefetch
        self._may_vanish = may_vanish
        self._generation = 0
        self._channel: AbstractChannel | None = None
        self._source: AbstractQueue | None = None
        self._consumer_tag: str | None = None
        self._counts = FirstCounts()
        self._waiting: deque[Incoming] = deque()
        self._arrived = asyncio.Event()
        self._active = True
        self._ebbing = (
            False  # acknowledgements wait until all that is here has one: then the window is another
        )
        self._newest = self._acked = 0  # of this generation

    def __len__(self) -> int:
        """Deliveries here that nobody has taken yet."""
        return len(self._waiting)

    @property
    def is_up(self) -> bool:
        return self._channel is not None

    async def start(self) -> None:
        """Consumes now, and again after every reconnect."""
        await self._link.add(self)

    async def attach(self, connection: AbstractConnection) -> AbstractChannel:
        if self._may_vanish and not await self._exists(connection):
            if self._generation:
                log.info("the queue is gone", action="broker.queue_gone", queue=self.queue)
            return await open_channel(connection)
        channel = await open_channel(connection)
        self._generation += 1
        self._ebbing, self._newest, self._acked = False, 0, 0
        self._channel = channel
        self._source = await channel.get_queue(self.queue, ensure=False)
        (await channel.get_underlay_channel()).on_consumer_cancel_callbacks.add(self._cancelled_by_broker)
        if self._active:
            await self._consume(self._source, self._generation)
        return channel

    def detach(self) -> None:
        """The broker will send again what waits here; keeping it would only make duplicates."""
        self._channel = self._source = self._consumer_tag = None
        self._waiting.clear()

    async def take(self, limit: int, *, fill_seconds: float = 0.0) -> list[Incoming]:
        """Waits for the first delivery, then up to `fill_seconds` for more; at most `limit`, in queue order."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        if fill_seconds > 0:
            await self._fill(limit, fill_seconds)
        return [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]

    async def ack_through(self, tag: Tag) -> bool:
        """Acknowledges `tag` and everything delivered before it. False when the tag is void."""
        if self._ebbing and tag.generation == self._generation and self._channel is not None:
            return await self._ebb(tag)
        settled = await self._settle(tag, requeue=False)
        if settled and tag.generation == self._generation:
            self._acked = max(self._acked, tag.number)
        return settled

    async def requeue(self, tag: Tag) -> bool:
        """Gives one delivery back. Counts toward the queue's delivery limit."""
        return await self._settle(tag, requeue=True)

    async def pause(self) -> None:
        """No new deliveries (`basic.cancel`); those here can still be taken and acknowledged."""
        self._active = False
        await self._cancel()

    async def set_prefetch(self, prefetch: int) -> None:
        """Another window, once all that came through the present one is worked on.

        Another window is another consumer to the broker: what two of them hold comes back in whatever order when their process dies, and a queue with
        a single active consumer goes to another process at once. So nothing is acknowledged until everything that is here may be; by then the
        old window lets nothing more through, and only then it is closed.
        """
        if prefetch == self._prefetch:
            return
        self._prefetch = prefetch
        if self._consumer_tag is None or self._ebbing:
            return  # whoever opens it next opens it so wide
        self._ebbing = True
        if self._acked >= self._newest:
            await self._close_window()
            if self._acked >= self._newest:
                await self._open_window()

    async def resume(self) -> None:
        self._active = True
        if self._source is None or self._consumer_tag is not None or self._ebbing:
            return
        try:
            await self._consume(self._source, self._generation)
        except BaseException as error:
            if not is_connection_loss(error):
                raise
            self._link.invalidate("consume failed")

    async def _cancel(self) -> bool:
        """Whether the broker sends nothing more."""
        source, tag, self._consumer_tag = self._source, self._consumer_tag, None
        if source is None or tag is None:
            return True
        try:
            await source.cancel(tag, timeout=SETTLE_SECONDS)
        except BaseException as error:
            if not isinstance(error, TimeoutError) and not is_connection_loss(error):
                raise
            return False
        return True

    async def _ebb(self, tag: Tag) -> bool:
        if tag.number >= self._newest:
            await self._close_window()
        if tag.number < self._newest:
            return True  # with those that are here, or came meanwhile
        settled = await self._settle(tag, requeue=False)
        if settled:
            self._acked = tag.number
            await self._open_window()
        return settled

    async def _close_window(self) -> None:
        if self._consumer_tag is not None and not await self._cancel():
            self._link.invalidate("closing the window failed")

    async def _open_window(self) -> None:
        self._ebbing = False
        if self._active:
            await self.resume()

    async def _exists(self, connection: AbstractConnection) -> bool:
        channel = await open_channel(connection)
        try:
            await channel.get_queue(self.queue, ensure=True)
        except ChannelNotFoundEntity:
            return False
        await channel.close()
        return True

    async def _consume(self, source: AbstractQueue, generation: int) -> None:
        async def put(message: AbstractIncomingMessage) -> None:
            if generation == self._generation and self._source is source:
                self._newest = message.delivery_tag or self._newest
                self._waiting.append(_delivery(message, generation, self._counts))
                self._arrived.set()

        await source.channel.set_qos(prefetch_count=self._prefetch)
        self._consumer_tag = await source.consume(put)

    async def _fill(self, limit: int, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while 0 < len(self._waiting) < limit and (left := until - loop.time()) > 0:
            self._arrived.clear()
            try:
                async with asyncio.timeout(left):
                    await self._arrived.wait()
            except TimeoutError:
                return

    async def _settle(self, tag: Tag, *, requeue: bool) -> bool:
        channel = self._channel
        if channel is None or tag.generation != self._generation:
            self.stale_acks += 1
            return False
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                # By number: a batch is settled without keeping its messages.
                under = await channel.get_underlay_channel()
                if requeue:
                    await under.basic_nack(tag.number, requeue=True, wait=False)
                else:
                    await under.basic_ack(tag.number, multiple=True, wait=False)
        except TimeoutError:
            self._link.invalidate("the broker takes no acknowledgement")
        except BaseException as error:
            if not is_connection_loss(error):
                raise
        else:
            return True
        self.stale_acks += 1
        return False

    def _cancelled_by_broker(self, _frame: object) -> None:
        self._link.invalidate(f"the broker cancelled the consumer of {self.queue}")


async def open_channel(connection: AbstractConnection) -> AbstractChannel:
    """A channel to consume or look at queues with."""
    channel = connection.channel(publisher_confirms=False)
    await channel.initialize()
    return channel


class FirstCounts:
    """How often each message had been delivered when this process first got it; of the newest ones, which covers all that were unsettled.

    An outage of the database that outlasts the broker's patience with a consumer gives everything back, again and again: nobody died of it.
    """

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._first: dict[str, int] = {}

    def of(self, message_id: str | None, count: int) -> int:
        """The count as it was at first; that of a message without an id is what the broker says."""
        if message_id is None:
            return count
        first = self._first.setdefault(message_id, count)
        if len(self._first) > self._most:
            del self._first[next(iter(self._first))]
        return min(first, count)


def _delivery(message: AbstractIncomingMessage, generation: int, counts: FirstCounts) -> Incoming:
    headers: Mapping[str, object] = message.headers
    count = headers.get(DELIVERY_COUNT_HEADER, 0)
    return Incoming(
        tag=Tag(generation, message.delivery_tag or 0),
        body=message.body,
        headers=headers,
        redelivered=bool(message.redelivered),
        count=counts.of(message.message_id, count if isinstance(count, int) else 0),
        routing_key=message.routing_key or "",
    )
