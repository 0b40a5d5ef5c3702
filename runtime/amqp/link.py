"""One AMQP connection that comes back by itself.

The library's robust connection restores channels and consumers one by one, waits without limit while it closes, and does not say when it is
gone. This one rebuilds everything on any loss (connection, channel, or a consumer cancelled by the broker): attachments get a new
connection of the library's plain kind.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import CONNECTION_EXCEPTIONS, AMQPError
from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential, wait_random
from tenacity.wait import wait_base
from yarl import URL

from runtime.amqp.transport import AbortableConnection
from runtime.logs import get_logger

log = get_logger(__name__)

CLOSE_SECONDS = 2.0  # a polite close is a courtesy, not a reason to wait
END_ATTEMPTS = 5
LONGEST_PAUSES = 2
"""What is asked for after a broker is back waits for the next try: with five pauses that was as long as the broker's own boot."""


def between_tries(pause: float) -> wait_base:
    """How long nobody tries to connect after a try in vain: growing to `LONGEST_PAUSES`. With jitter: after a restart not all processes come back in the
    same moment."""
    return wait_exponential(multiplier=pause, max=LONGEST_PAUSES * pause) + wait_random(0, pause / 2)


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """`heartbeat`, `connect_timeout` and `reconnect_pause` are in seconds."""

    heartbeat: int = 5
    connect_timeout: float = 10.0
    reconnect_pause: float = 1.0


class Unusable(ConnectionError):
    """Connected, but of no use for now: to be tried again like a connection that could not be made."""


class Attachment(Protocol):
    """What lives on a connection. `attach` opens its channel; `detach` must not wait for anything."""

    async def attach(self, connection: AbstractConnection) -> AbstractChannel: ...

    def detach(self) -> None: ...


def is_connection_loss(error: BaseException) -> bool:
    """Whether `error` means that the outcome is unknown because the connection or channel ended.

    The library rejects what waits with `CancelledError` when a frozen broker misses its heartbeats, and with a bare
    `Exception` on some closes. A `CancelledError` counts only when nobody cancelled the running task.
    """
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is not None and task.cancelling() == 0
    return isinstance(error, CONNECTION_EXCEPTIONS) or type(error) is Exception


@contextmanager
def loss_named() -> Iterator[None]:
    """Raises ConnectionError for a connection that ended, where the library says it by an error that is no connection's: `RuntimeError`, a bare
    `Exception`, or `CancelledError`. For whoever uses a connection by itself and knows the others."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, OSError | AMQPError) or not is_connection_loss(error):
            raise
        raise ConnectionError("the connection to the broker ended") from error


def _not_told_yet(record: logging.LogRecord) -> bool:
    """The library writes a traceback for every lost connection and a line for every attempt; a link tells both itself, once."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, CONNECTION_EXCEPTIONS) and record.msg != "error when creating transport: %r"


class Link:
    """Keeps one connection open, with all attachments on it, from the first `add` until `close`.

    `urls`: nodes of one cluster, tried in turn. `first` is attached before everything that is added. Tells when the connection is gone and
    when it is back, once each.
    """

    def __init__(
        self, urls: Sequence[str], name: str, options: LinkOptions, *, first: Sequence[Attachment] = ()
    ) -> None:
        self.name = name
        self._urls = [str(URL(url).update_query(heartbeat=options.heartbeat, name=name)) for url in urls]
        self._node = 0
        self._options = options
        self._attachments: list[Attachment] = list(first)
        self._connection: AbortableConnection | None = None
        self._up = False
        self._lost = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._away_told = False
        logging.getLogger("aiormq.connection").addFilter(_not_told_yet)

    @property
    def is_started(self) -> bool:
        """Something was put on it."""
        return self._task is not None

    @property
    def is_up(self) -> bool:
        """Connected, and everything is attached."""
        return self._up and not self._lost.is_set()

    @property
    def failed(self) -> asyncio.Future[None]:
        """Gets the error that no reconnect can cure, e.g. a queue with other arguments."""
        return self._failed

    async def add(self, attachment: Attachment) -> None:
        """Puts an attachment on the connection, now or as soon as there is one."""
        self._attachments.append(attachment)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"amqp {self.name}")
        if not self.is_up or self._connection is None:
            return
        try:
            async with asyncio.timeout(self._options.connect_timeout):
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

    def lose(self) -> None:
        """The same for an attachment that saw a channel of its own end."""
        self._lost.set()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            # It ends within a polite close and a few cancellations; on a machine that stands still meanwhile later, and its socket with it.
            await asyncio.wait({self._task}, timeout=5 * CLOSE_SECONDS)
        for future in (self._task, self._failed):
            if future is not None and future.done() and not future.cancelled():
                future.exception()  # it was for whoever asked; asyncio would complain that nobody did
        self._failed.cancel()

    async def _run(self) -> None:
        pause = self._options.reconnect_pause
        connecting = AsyncRetrying(retry=retry_if_exception_type(Unusable), wait=between_tries(pause))
        loop = asyncio.get_running_loop()
        others = at_once = len(self._urls) - 1
        try:
            while True:
                await connecting(self._connect_to_any)
                connected = loop.time()
                await self._lost.wait()
                log.warning("broker connection lost", action="broker.lost", link=self.name)
                self._away_told = True
                if loop.time() - connected > pause:
                    at_once = others
                await self._shut()
                # The others of a cluster are there, and each is tried at once: the pause is for a broker that is just starting, and for
                # one that hangs up again and again.
                if at_once > 0:
                    at_once -= 1
                else:
                    await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
        except Exception as error:
            self._failed.set_exception(error)
            raise
        finally:
            await self._shut()

    async def _connect_to_any(self) -> None:
        """Tries every node once, beginning with the one after the last. Raises Unusable when none will do."""
        reason = ""
        for _ in self._urls:
            url = self._urls[self._node]
            self._node = (self._node + 1) % len(self._urls)
            try:
                await self._connect(url)
            except Unusable as unusable:
                reason = str(unusable)
            else:
                self._away_told = False
                log.info("broker connected", action="broker.connected", link=self.name)
                return
        if not self._away_told:
            self._away_told = True
            log.warning("broker unreachable", action="broker.unreachable", link=self.name, reason=reason)
        raise Unusable(reason)

    async def _connect(self, url: str) -> None:
        opening = asyncio.create_task(self._open(url))
        try:
            # Not `timeout()`: cancelling the library can wait for a socket that takes nothing any more.
            done, _ = await asyncio.wait({opening}, timeout=self._options.connect_timeout)
            if not done:
                raise Unusable("connect timeout")
            error = asyncio.CancelledError() if opening.cancelled() else opening.exception()
            if error is not None and not is_connection_loss(error):
                raise error
            if error is not None:
                raise Unusable(type(error).__name__) from error
        finally:
            if not self._up:
                opening.cancel()
                await self._shut()
                await _end(opening)

    async def _open(self, url: str) -> None:
        self._lost = asyncio.Event()
        connection = self._connection = AbortableConnection(url)
        await connection.connect()
        self._watch(connection)
        for attachment in self._attachments:
            await self._attach(attachment, connection)
        # In the same turn as the end of the loop: what is added from now on is attached by `add`.
        self._up = True

    async def _attach(self, attachment: Attachment, connection: AbstractConnection) -> None:
        self._watch(await attachment.attach(connection))

    def _watch(self, source: AbstractConnection | AbstractChannel) -> None:
        lost = self._lost

        async def closed(_source: object, _error: BaseException | None) -> None:
            lost.set()

        source.close_callbacks.add(closed)

    async def _shut(self) -> None:
        connection, self._connection, self._up = self._connection, None, False
        for attachment in self._attachments:
            attachment.detach()
        if connection is None:
            return
        closing = asyncio.create_task(_close(connection))
        try:
            await asyncio.wait({closing}, timeout=CLOSE_SECONDS)
        finally:
            connection.abort()
        await _end(closing)


async def _close(connection: AbstractConnection) -> None:
    try:
        await connection.close()
    except BaseException as error:
        if not is_connection_loss(error):
            raise


async def _end(task: asyncio.Task[None]) -> None:
    """Cancels until it works: the library waits again in some of its `finally` blocks."""
    for _ in range(END_ATTEMPTS):
        if task.done():
            break
        task.cancel()
        await asyncio.wait({task}, timeout=0.1)
    if task.done() and not task.cancelled():
        task.exception()  # nobody waits for it any more; asyncio would complain
