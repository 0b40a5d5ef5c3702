"""One client's connection: what it is waiting for, and the direct way for a request that arrived whole.

aiohttp gives every request a task, a writer and a response object: about half of what a webhook costs. Most webhooks are small, arrive in
one piece and are the only request on their connection at that time. Such a one is offered to the door as soon as it is parsed, and
answered with bytes that were written out before. Everything else (slow, large, pipelined, odd) takes aiohttp's way, as if there were no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

from aiohttp import StreamReader, web
from aiohttp.http import RawRequestMessage
from aiohttp.web_protocol import RequestHandler

from ingress import answers
from ingress.answers import Answer
from runtime.logs import get_logger

if TYPE_CHECKING:
    from ingress.guard import Guard

log = get_logger(__name__)

WHOLE_BYTES = 65_536  # a request up to this size may go the direct way; aiohttp pauses reading above it
FULL = answers.not_durable(5)


class Phase(Enum):
    """What a connection is waiting for. All but WORK wait for the client."""

    IDLE = "idle"
    HEAD = "slow_head"
    BODY = "slow_body"
    WORK = "slow_answer"


class GuardedConnection(RequestHandler):
    """aiohttp's connection, with a phase and the direct way."""

    __slots__ = ("_begun", "_direct", "_held", "gone", "guard", "phase", "since")

    def __init__(self, guard: Guard, **options: Any) -> None:
        super().__init__(guard, **options)
        self._parser = cast(Any, _Offering(self._parser, self._offer))
        self._begun = False  # the data at hand was taken the direct way
        self._direct = False  # a request that went the direct way waits for its answer
        self._held = b""
        self.guard = guard
        self.phase = Phase.IDLE
        self.since = 0.0
        self.gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not self.guard.admit():
            cast(asyncio.Transport, transport).write(FULL.wire(last=True))
            transport.close()
            self.gone = True
            return
        super().connection_made(transport)
        self.enter(Phase.IDLE)

    def connection_lost(self, exc: BaseException | None) -> None:
        self.gone = True
        self.guard.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._direct:
            self._hold(data)
            return
        idle = self.phase is Phase.IDLE
        self._begun = False
        super().data_received(data)
        if idle and not self._begun:
            self.enter(Phase.HEAD)

    def resume_reading(self, resume_parser: bool = True) -> None:
        """aiohttp's bodies ask for this after every read, paused or not; each time costs two system calls and a parse of nothing."""
        if self._reading_paused:
            super().resume_reading(resume_parser)

    def _offer(self, message: RawRequestMessage, body: StreamReader) -> bool:
        """Only while aiohttp waits for a request, and while the client takes its answers."""
        waiter = self._waiter
        if self.phase is not Phase.IDLE or self._paused or waiter is None or waiter.done():
            return False
        try:
            return self.guard.take(self, message, body)
        except Exception as error:  # noqa: BLE001 - as aiohttp does for its own: a 500, one line, the connection ends
            log.error("request failed", action="ingress.error", error=type(error).__name__)
            self.reply(answers.INTERNAL, last=True)
            return True

    def begin(self) -> None:
        """The direct way is taken; nothing else is read before `reply`."""
        self._begun = self._direct = True
        self.enter(Phase.WORK)

    def reply(self, answer: Answer, *, last: bool) -> None:
        """Ends what `begin` began. A client that has left is not told."""
        self._begun, self._direct = True, False
        transport = self.transport
        if transport is not None and not transport.is_closing():
            transport.write(answer.wire(last=last))
        self.enter(Phase.IDLE)
        if last:
            self.force_close()
        elif self._held:
            self._release()

    def _hold(self, data: bytes) -> None:
        """The client sends more before it has its answer: answers keep the order of requests."""
        self._held += data
        self._pause_transport_reading()

    def _release(self) -> None:
        held, self._held = self._held, b""
        if not self.gone:
            self._resume_transport_reading()
            self.data_received(held)

    def enter(self, phase: Phase) -> None:
        """The handler of a client that has left still runs to its end; it does not bring the connection back."""
        self.phase = phase
        if not self.gone:
            self.guard.entered(self, phase)

    def cut(self) -> None:
        """Closes now, without a farewell; what the client still sends is not read."""
        if self.transport is not None:
            self.transport.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """aiohttp logs the exception here, and a parser's exception quotes header values: ours never does."""
        if status < 500:
            self.guard.malformed(type(exc).__name__)
            return answers.BAD_REQUEST.response(last=True)
        log.error("request failed", action="ingress.error", error=type(exc).__name__)
        return answers.INTERNAL.response(last=True)


class _Offering:
    """aiohttp's parser. A lone request that is whole is offered first; aiohttp never sees what was taken."""

    __slots__ = ("_offer", "_parser")

    def __init__(self, parser: Any, offer: Callable[[RawRequestMessage, StreamReader], bool]) -> None:
        self._parser = parser
        self._offer = offer

    def feed_data(self, data: bytes) -> tuple[Any, bool, bytes]:
        messages, upgraded, tail = self._parser.feed_data(data)
        if len(messages) == 1 and not upgraded and len(data) <= WHOLE_BYTES:
            message, body = messages[0]
            if body.is_eof() and self._offer(message, body):
                self._parser.message_consumed()
                return (), False, b""
        return messages, upgraded, tail

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)
