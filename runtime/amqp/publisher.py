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

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange
from aio_pika.exceptions import DeliveryError, PublishError

from runtime.amqp.link import is_connection_loss
from runtime.faults import fault_point, is_armed
from schemas.errors import NotConfirmed, Unroutable

OUTSTANDING = 64  # unconfirmed messages at once; a frozen broker is not fed more than this
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


class Publisher:
    """Confirmed, persistent publishes on one channel. Concurrent calls share it.

    `unroutable` is told of a message that no queue took.
    """

    def __init__(
        self, *, outstanding: int = OUTSTANDING, unroutable: Callable[[Message], None] = lambda _: None
    ) -> None:
        self.confirmed = 0
        self.failed = 0
        self.losses = 0  # of a channel
        self._unroutable = unroutable
        self._channel: AbstractChannel | None = None
        self._exchanges: dict[str, AbstractExchange] = {}
        self._ready = asyncio.Event()
        self._gone = asyncio.Event()  # set when the channel it was made for is given up
        self._slots = asyncio.Semaphore(outstanding)
        self._sent: dict[asyncio.Task[None], float] = {}

    @property
    def is_ready(self) -> bool:
        """There is a channel to publish on."""
        return self._ready.is_set()

    async def wait_ready(self) -> None:
        await self._ready.wait()

    def stalled_seconds(self) -> float:
        """Age of the oldest publish without an answer; 0 when none waits. Grows while the broker is blocked."""
        oldest = next(iter(self._sent.values()), None)
        return 0.0 if oldest is None else asyncio.get_running_loop().time() - oldest

    async def attach(self, connection: AbstractConnection) -> AbstractChannel:
        channel = connection.channel(publisher_confirms=True, on_return_raises=True)
        await channel.initialize()
        self._channel, self._gone = channel, asyncio.Event()
        self._ready.set()
        return channel

    def detach(self) -> None:
        if self._channel is not None:
            self.losses += 1
        self._channel = None
        self._exchanges.clear()
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
        await self._slots.acquire()
        try:
            await self._ready.wait()
            exchange = await self._exchange(message.exchange)
        except BaseException:
            self._slots.release()
            raise
        gone, task = self._gone, self._send(exchange, message)
        # Its bytes leave in later turns of the loop.
        if is_armed("publish.unconfirmed") and (await asyncio.wait({task}, timeout=WRITE_SECONDS))[1]:
            fault_point("publish.unconfirmed")
        # The publish goes on when the caller gives up: its confirm, however late, tells that the broker works again.
        await asyncio.wait({task})
        confirmed = _confirmed(task, message)
        if not confirmed:
            await gone.wait()
        return confirmed

    async def _exchange(self, name: str) -> AbstractExchange:
        exchange = self._exchanges.get(name)
        if exchange is None:
            if self._channel is None:
                raise RuntimeError("ready without a channel")
            exchange = self._exchanges[name] = await self._channel.get_exchange(name, ensure=False)
        return exchange

    def _send(self, exchange: AbstractExchange, message: Message) -> asyncio.Task[None]:
        loop = asyncio.get_running_loop()
        task = loop.create_task(_publish(exchange, message))
        self._sent[task] = loop.time()
        task.add_done_callback(self._settled)
        return task

    def _settled(self, task: asyncio.Task[None]) -> None:
        del self._sent[task]
        self._slots.release()
        if not task.cancelled():
            task.exception()  # its caller may have given up; asyncio would complain that nobody looked


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
