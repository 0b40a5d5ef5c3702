"""Publishing with confirms: when `publish` returns, the broker has the message.

Every other outcome is an error within the caller's deadline, whatever state the broker is in: down, frozen,
blocked by an alarm, or full. An error of kind `NotConfirmed` means "unknown": the message may still arrive later.

The library publishes and matches confirms. Ours are the deadline, one more try on the next connection, a bound on what a frozen broker is
fed, and the age of the oldest publish without an answer, which is how a blocked broker is seen and how its recovery is (ADR 0022).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange
from aio_pika.exceptions import DeliveryError, PublishError

from runtime.amqp.link import is_connection_loss
from runtime.faults import fault_point, is_armed
from schemas.errors import NotConfirmed, Unroutable

OUTSTANDING = 64  # unconfirmed messages at once, of all queues; a frozen broker is not fed more than this
LEAST_OF_ONE = 16  # of one queue, where there are many: enough that a queue waits for its disk and not for us, and some that nobody waits for any more
WRITE_SECONDS = 0.002
"""Before whoever is to die between publish and confirm dies: time for the bytes to leave, and less than a broker needs for its disk."""

HeaderValue = str | int | bool


@dataclass(frozen=True, slots=True)
class Message:
    """One AMQP message to send. It has no message id: returns are matched by it, so the library gives every publish a fresh one.

    `mandatory`: that no queue takes it is an error. Where nobody need listen it is none.
    """

    exchange: str
    routing_key: str
    body: bytes
    content_type: str = "application/octet-stream"
    headers: Mapping[str, HeaderValue] = field(default_factory=dict)
    mandatory: bool = True


class Passage:
    """To the queue of one exchange and routing key: a channel of its own once it is used, and slots of its own.

    RabbitMQ works a channel off in order. The first message of a channel to a quorum queue waits for its leader, and from 32 unanswered ones of one queue on nothing
    more is read: a queue that never answers would hold up all others on its channel.
    """

    __slots__ = ("exchange", "opening", "slots")

    def __init__(self, slots: int) -> None:
        self.slots = asyncio.Semaphore(slots)
        self.exchange: AbstractExchange | None = None
        self.opening: asyncio.Task[None] | None = None


class Publisher:
    """Confirmed, persistent publishes. Concurrent calls share it.

    `queues`: how many it publishes to; one that never answers takes nothing from the others. `lost` is told when a channel ended by itself, and `unroutable` of a
    message that no queue took.
    """

    def __init__(
        self,
        *,
        queues: int = 1,
        lost: Callable[[], None] = lambda: None,
        unroutable: Callable[[Message], None] = lambda _: None,
    ) -> None:
        self.confirmed = 0
        self.failed = 0
        self.losses = 0  # of a connection, or of a channel, which is the same
        self.share = share_of(queues)
        self._lost = lost
        self._unroutable = unroutable
        self._connection: AbstractConnection | None = None
        self._spare: AbstractChannel | None = None  # open, and nobody's yet
        self._ways: dict[str, dict[str, Passage]] = {}  # by exchange and routing key
        self._ready = asyncio.Event()
        self._gone = asyncio.Event()  # set when the connection it was made for is given up
        self._sent: dict[asyncio.Task[None], float] = {}

    @property
    def is_ready(self) -> bool:
        """There is a connection to publish on."""
        return self._ready.is_set()

    async def wait_ready(self) -> None:
        await self._ready.wait()

    def stalled_seconds(self) -> float:
        """Age of the oldest publish without an answer; 0 when none waits. Grows while the broker is blocked."""
        oldest = next(iter(self._sent.values()), None)
        return 0.0 if oldest is None else asyncio.get_running_loop().time() - oldest

    async def attach(self, connection: AbstractConnection) -> AbstractChannel:
        channel = await _channel(connection)
        self._connection, self._spare, self._gone = connection, channel, asyncio.Event()
        self._ready.set()
        return channel

    def detach(self) -> None:
        if self._connection is not None:
            self.losses += 1
        self._connection = self._spare = None
        for ways in self._ways.values():
            for way in ways.values():
                way.exchange = way.opening = None
        self._ready.clear()
        self._gone.set()
        # Whoever still waits for one of these learns at once that the connection is gone.
        for task in self._sent:
            task.cancel()

    async def publish(self, message: Message, *, deadline: float) -> None:
        """Returns when the broker has confirmed the message in a queue.

        `deadline` is in seconds and covers everything, waiting for a reconnect too. Raises NotConfirmed or Unroutable.
        """
        try:
            async with asyncio.timeout(deadline):
                # One more try on the next connection.
                if not await self._published(message) and not await self._published(message):
                    raise NotConfirmed("the broker connection ended before the confirm")
        except TimeoutError as error:
            self.failed += 1
            raise NotConfirmed("no confirm from the broker within the deadline") from error
        except NotConfirmed:
            self.failed += 1
            raise
        except Unroutable:
            self.failed += 1
            self._unroutable(message)
            raise
        self.confirmed += 1

    async def _published(self, message: Message) -> bool:
        """False when the connection ended first: nobody knows."""
        way = self._way(message)
        await way.slots.acquire()
        try:
            await self._ready.wait()
            gone, exchange = self._gone, way.exchange or await self._opened(way, message.exchange)
        except BaseException:
            way.slots.release()
            raise
        if exchange is None:
            way.slots.release()
            await gone.wait()
            return False
        task = self._send(exchange, message, way)
        # Its bytes leave in later turns of the loop.
        if is_armed("publish.unconfirmed") and (await asyncio.wait({task}, timeout=WRITE_SECONDS))[1]:
            fault_point("publish.unconfirmed")
        # The publish goes on when the caller gives up: its confirm, however late, tells that the broker works again.
        await asyncio.wait({task})
        confirmed = _confirmed(task, message)
        if not confirmed:
            await gone.wait()
        return confirmed

    def _way(self, message: Message) -> Passage:
        try:
            return self._ways[message.exchange][message.routing_key]
        except KeyError:
            way = self._ways.setdefault(message.exchange, {})[message.routing_key] = Passage(self.share)
            return way

    async def _opened(self, way: Passage, name: str) -> AbstractExchange | None:
        """None when the connection ended first."""
        opening = way.opening
        if opening is None:
            loop = asyncio.get_running_loop()
            opening = way.opening = loop.create_task(self._open(way, name))
            self._sent[opening] = loop.time()
            opening.add_done_callback(partial(self._ended, way))
        # It goes on when the caller gives up: others wait for it as well.
        await asyncio.wait({opening})
        error = asyncio.CancelledError() if opening.cancelled() else opening.exception()
        if error is not None and not is_connection_loss(error):
            raise error
        return None if error is not None else way.exchange

    async def _open(self, way: Passage, name: str) -> None:
        connection, gone, channel, self._spare = self._connection, self._gone, self._spare, None
        if connection is None:
            raise RuntimeError("ready without a connection")
        if channel is None:
            channel = await _channel(connection)

            async def closed(_source: object, _error: BaseException | None) -> None:
                if not gone.is_set():
                    self._lost()

            channel.close_callbacks.add(closed)
        way.exchange = await channel.get_exchange(name, ensure=False)

    def _ended(self, way: Passage, opening: asyncio.Task[None]) -> None:
        del self._sent[opening]
        if way.opening is opening and (opening.cancelled() or opening.exception()):
            way.opening = None  # whoever comes next tries again

    def _send(self, exchange: AbstractExchange, message: Message, way: Passage) -> asyncio.Task[None]:
        loop = asyncio.get_running_loop()
        task = loop.create_task(_publish(exchange, message))
        self._sent[task] = loop.time()
        task.add_done_callback(partial(self._settled, way.slots))
        return task

    def _settled(self, slots: asyncio.Semaphore, task: asyncio.Task[None]) -> None:
        del self._sent[task]
        slots.release()
        if not task.cancelled():
            task.exception()  # its caller may have given up; asyncio would complain that nobody looked


def share_of(queues: int) -> int:
    """How many messages of one queue may be unconfirmed at once, where there are so many. None where others bind them, as those who listen for changes do."""
    return max(LEAST_OF_ONE, OUTSTANDING // max(queues, 1))


async def _channel(connection: AbstractConnection) -> AbstractChannel:
    channel = connection.channel(publisher_confirms=True, on_return_raises=True)
    await channel.initialize()
    return channel


async def _publish(exchange: AbstractExchange, message: Message) -> None:
    await exchange.publish(
        aio_pika.Message(
            message.body,
            content_type=message.content_type,
            headers=dict(message.headers),
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        ),
        message.routing_key,
        mandatory=message.mandatory,
    )


def _confirmed(task: asyncio.Task[None], message: Message) -> bool:
    """False when the connection ended first. Raises NotConfirmed or Unroutable."""
    error = asyncio.CancelledError() if task.cancelled() else task.exception()
    if error is None:
        return True
    if isinstance(error, PublishError):
        raise Unroutable(f"no queue is bound to {message.exchange} for {message.routing_key!r}") from error
    if isinstance(error, DeliveryError):
        raise NotConfirmed("the broker refused the message: its queue is full or failing") from error
    if not is_connection_loss(error):
        raise error
    return False
