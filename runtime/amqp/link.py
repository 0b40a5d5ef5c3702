"""One AMQP connection that comes back by itself.

A robust connection of the library hides when it is gone and re-creates more than we want. This one rebuilds
everything on any loss (connection, channel, or a consumer cancelled by the broker): attachments get a new channel.
"""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass
from typing import Protocol

import aiormq
from aio_pika.exceptions import CONNECTION_EXCEPTIONS
from aiormq.abc import AbstractChannel, AbstractConnection
from yarl import URL

from runtime.amqp.transport import AbortableTransport
from runtime.logs import get_logger

log = get_logger(__name__)

CLOSE_SECONDS = 2.0  # a polite close is a courtesy, not a reason to wait
END_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """`heartbeat`, `connect_timeout` and `reconnect_pause` are in seconds."""

    heartbeat: int = 10
    connect_timeout: float = 10.0
    reconnect_pause: float = 1.0


class Attachment(Protocol):
    """What lives on a connection. `attach` opens its channel; `detach` must not wait for anything."""

    async def attach(self, connection: AbstractConnection) -> AbstractChannel: ...

    def detach(self) -> None: ...


def is_connection_loss(error: BaseException) -> bool:
    """Whether `error` means that the outcome is unknown because the connection or channel ended.

    aiormq rejects what waits with `CancelledError` when a frozen broker misses its heartbeats, and with a bare
    `Exception` on some closes. A `CancelledError` counts only when nobody cancelled the running task.
    """
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is not None and task.cancelling() == 0
    return isinstance(error, CONNECTION_EXCEPTIONS) or type(error) is Exception


def _not_told_yet(record: logging.LogRecord) -> bool:
    """The library writes a traceback for every lost connection and a line for every attempt; a link tells both itself, once."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, CONNECTION_EXCEPTIONS) and record.msg != "error when creating transport: %r"


class Link:
    """Keeps one connection open, with all attachments on it, until `close`. Tells when it is gone and when it is back, once each."""

    def __init__(self, url: str, name: str, options: LinkOptions) -> None:
        self.name = name
        self._url = URL(url).update_query(heartbeat=options.heartbeat, name=name)
        self._options = options
        self._attachments: list[Attachment] = []
        self._connection: AbstractConnection | None = None
        self._opening: AbstractConnection | None = None
        self._lost = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.connects = 0
        self._away_told = False
        logging.getLogger("aiormq.connection").addFilter(_not_told_yet)

    @property
    def is_up(self) -> bool:
        return self._connection is not None and not self._lost.is_set()

    @property
    def failed(self) -> asyncio.Future[None]:
        """Gets the error that no reconnect can cure, e.g. a queue with other arguments."""
        return self._failed

    def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"amqp {self.name}")

    async def add(self, attachment: Attachment) -> None:
        """Puts an attachment on the connection, now or as soon as there is one."""
        self._attachments.append(attachment)
        self.start()
        if not self.is_up or self._connection is None:
            return
        try:
            await self._attach(attachment, self._connection)
        except BaseException as error:
            if not is_connection_loss(error):
                raise
            self.invalidate("attaching failed")

    def invalidate(self, reason: str) -> None:
        """Rebuilds the connection."""
        if not self._lost.is_set():
            log.info("broker connection is rebuilt", action="broker.rebuild", link=self.name, reason=reason)
            self._lost.set()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=2 * CLOSE_SECONDS)
        for future in (self._task, self._failed):
            if future is not None and future.done() and not future.cancelled():
                future.exception()  # it was for whoever asked; asyncio would complain that nobody did
        self._failed.cancel()

    async def _run(self) -> None:
        pause = self._options.reconnect_pause
        while True:
            transport = AbortableTransport(tls=self._url.scheme == "amqps")
            opening = asyncio.create_task(self._open(transport))
            try:
                if await self._opened(opening, transport):
                    pause = self._options.reconnect_pause
                    await self._lost.wait()
                    log.warning("broker connection lost", action="broker.lost", link=self.name)
                    self._away_told = True
            except Exception as error:
                self._failed.set_exception(error)
                raise
            finally:
                await self._shut(opening, transport)
            # Jitter: after a broker restart not all processes come back in the same moment.
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
            pause = min(pause * 2, self._options.reconnect_pause * 5)

    async def _opened(self, opening: asyncio.Task[None], transport: AbortableTransport) -> bool:
        done, _ = await asyncio.wait({opening}, timeout=self._options.connect_timeout)
        reason = "connect timeout"
        if done:
            reason = "cancelled by the library"
            if not opening.cancelled():
                error = opening.exception()
                if error is None:
                    self.connects += 1
                    self._away_told = False
                    log.info("broker connected", action="broker.connected", link=self.name)
                    return True
                if not is_connection_loss(error):
                    raise error
                reason = type(error).__name__
        transport.abort()
        if not self._away_told:
            self._away_told = True
            log.warning("broker unreachable", action="broker.unreachable", link=self.name, reason=reason)
        return False

    async def _open(self, transport: AbortableTransport) -> None:
        self._lost = asyncio.Event()
        # The library's protocol layer: the layer above it can wait for ever while closing.
        connection = aiormq.Connection(self._url, transport_factory=transport)
        self._opening = connection
        await connection.connect()
        self._watch(connection.closing)
        for attachment in self._attachments:
            await self._attach(attachment, connection)
        self._connection = connection

    async def _attach(self, attachment: Attachment, connection: AbstractConnection) -> None:
        channel = await attachment.attach(connection)
        self._watch(channel.closing)

    def _watch(self, closing: asyncio.Future[None]) -> None:
        lost = self._lost
        closing.add_done_callback(lambda _: lost.set())

    async def _shut(self, opening: asyncio.Task[None], transport: AbortableTransport) -> None:
        connection, self._opening, self._connection = self._opening, None, None
        for attachment in self._attachments:
            attachment.detach()
        opening.cancel()
        closing = asyncio.create_task(_close(connection))
        try:
            await asyncio.wait({closing}, timeout=CLOSE_SECONDS)
        finally:
            transport.abort()
        await _end(closing)


async def _close(connection: AbstractConnection | None) -> None:
    try:
        if connection is not None:
            await connection.close()
    except BaseException as error:
        if not is_connection_loss(error):
            raise


async def _end(task: asyncio.Task[None]) -> None:
    """Cancels until it works: the library waits again in some of its `finally` blocks."""
    for _ in range(END_ATTEMPTS):
        if task.done():
            return
        task.cancel()
        await asyncio.wait({task}, timeout=0.1)
