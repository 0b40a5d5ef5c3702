"""Publishing with confirms: when `publish` returns, the broker has the message.

Every other outcome is an error within the caller's deadline, whatever state the broker is in: down, frozen,
blocked by an alarm, or full. An error of kind `NotConfirmed` means "unknown": the message may still arrive later.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiormq
from aio_pika.exceptions import DeliveryError, PublishError
from aiormq.abc import AbstractChannel, AbstractConnection

from runtime.amqp.link import is_connection_loss
from schemas.errors import NotConfirmed, Unroutable

ATTEMPTS = 2  # one more try on a new connection, inside the same deadline
OUTSTANDING = 64  # unconfirmed messages at once; a frozen broker is not fed more than this

HeaderValue = str | int | bool


@dataclass(frozen=True, slots=True)
class Message:
    """One AMQP message to send. It has no message id: returns are matched by it, so every publish gets a fresh one."""

    exchange: str
    routing_key: str
    body: bytes
    content_type: str = "application/octet-stream"
    headers: Mapping[str, HeaderValue] = field(default_factory=dict)


class Publisher:
    """Confirmed, mandatory, persistent publishes on one channel. Concurrent calls share it."""

    def __init__(self, *, outstanding: int = OUTSTANDING) -> None:
        self.confirmed = 0
        self.failed = 0
        self._channel: AbstractChannel | None = None
        self._ready = asyncio.Event()
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._slots = asyncio.Semaphore(outstanding)
        self._sent: dict[asyncio.Task[object], float] = {}

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
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        self._channel = channel
        self._lost = asyncio.get_running_loop().create_future()
        self._ready.set()
        return channel

    def detach(self) -> None:
        self._channel = None
        self._ready.clear()
        if not self._lost.done():
            self._lost.set_result(None)
        # Publishes whose caller has given up: the library leaves some of them waiting for a dead socket.
        for task in self._sent:
            task.cancel()

    async def publish(self, message: Message, *, deadline: float) -> None:
        """Returns when the broker has confirmed the message in a queue.

        `deadline` is in seconds and covers everything, waiting for a reconnect too. Raises NotConfirmed or Unroutable.
        """
        until = asyncio.get_running_loop().time() + deadline
        try:
            await self._publish(message, until)
        except (NotConfirmed, Unroutable):
            self.failed += 1
            raise
        self.confirmed += 1

    async def _publish(self, message: Message, until: float) -> None:
        for _ in range(ATTEMPTS):
            channel = await self._channel_by(until)
            lost = self._lost
            task = self._send(channel, message)
            # Not `timeout()`: cancelling the library's publish can wait for a socket that takes nothing any more.
            left = max(0.0, until - asyncio.get_running_loop().time())
            either: set[asyncio.Future[Any]] = {task, lost}
            await asyncio.wait(either, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if task.done() and _confirmed(task, message):
                return
            if not task.done() and not lost.done():
                raise NotConfirmed("no confirm from the broker within the deadline")
            await asyncio.wait({lost}, timeout=max(0.0, until - asyncio.get_running_loop().time()))
        raise NotConfirmed("the broker connection ended before the confirm")

    async def _channel_by(self, until: float) -> AbstractChannel:
        """A channel and a slot on it; the slot is given back when the publish is settled."""
        acquired = False
        try:
            async with asyncio.timeout_at(until):
                await self._slots.acquire()
                acquired = True
                await self._ready.wait()
        except TimeoutError as error:
            if acquired:
                self._slots.release()
            raise NotConfirmed("no connection to the broker within the deadline") from error
        except asyncio.CancelledError:
            if acquired:
                self._slots.release()
            raise
        if self._channel is None:
            raise RuntimeError("ready without a channel")
        return self._channel

    def _send(self, channel: AbstractChannel, message: Message) -> asyncio.Task[object]:
        properties = aiormq.spec.Basic.Properties(
            content_type=message.content_type,
            delivery_mode=2,
            message_id=uuid.uuid4().hex,
            headers=dict(message.headers),
        )
        loop = asyncio.get_running_loop()
        task: asyncio.Task[object] = loop.create_task(
            channel.basic_publish(
                message.body,
                exchange=message.exchange,
                routing_key=message.routing_key,
                properties=properties,
                mandatory=True,
            )
        )
        self._sent[task] = loop.time()
        task.add_done_callback(self._settled)
        return task

    def _settled(self, task: asyncio.Task[object]) -> None:
        del self._sent[task]
        self._slots.release()
        if not task.cancelled():
            task.exception()  # its caller may have given up; asyncio would complain that nobody looked


def _confirmed(task: asyncio.Task[object], message: Message) -> bool:
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
