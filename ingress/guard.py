"""No client holds a connection for longer than it is worth.

aiohttp alone keeps slow headers, slow bodies and idle connections open for more than a minute. Here every connection is
in one phase with one deadline, a sweep closes what is late, and when there are too many connections the one that has
idled or dawdled longest gives way, so that thousands of slow clients cannot keep a good one out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from enum import Enum
from typing import Any, cast

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from ingress import answers
from ingress.metrics import Metrics
from runtime.logs import get_logger
from runtime.settings import Settings

log = get_logger(__name__)

SWEEP_SECONDS = 0.5
WORK_SLACK_SECONDS = 2.0  # on top of the publish deadline: verification and the answer
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 5\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(answers.NOT_DURABLE), answers.NOT_DURABLE)
)


class Phase(Enum):
    """What a connection is waiting for. All but WORK wait for the client."""

    IDLE = "idle"
    HEAD = "slow_head"
    BODY = "slow_body"
    WORK = "slow_answer"


class GuardedConnection(RequestHandler):
    """aiohttp's connection, with a phase."""

    __slots__ = ("gone", "guard", "phase", "since")

    def __init__(self, manager: Guard, **options: Any) -> None:
        super().__init__(manager, **options)
        self.guard = manager
        self.phase = Phase.IDLE
        self.since = 0.0
        self.gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not self.guard.admit():
            cast(asyncio.Transport, transport).write(FULL)
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
        if self.phase is Phase.IDLE:
            self.enter(Phase.HEAD)
        super().data_received(data)

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
            return answers.closing(answers.answer(status, answers.BAD_REQUEST))
        log.error("request failed", action="ingress.error", error=type(exc).__name__)
        return answers.closing(answers.answer(500, answers.INTERNAL))


class Guard(web.Server):
    """aiohttp's low-level server whose connections are guarded."""

    def __init__(self, handler: Any, settings: Settings, metrics: Metrics) -> None:
        super().__init__(handler)
        self._metrics = metrics
        self._limit = settings.ingress_connection_limit
        self._deadlines: Mapping[Phase, float] = {
            Phase.IDLE: settings.ingress_idle_deadline_seconds,
            Phase.HEAD: settings.ingress_header_deadline_seconds,
            Phase.BODY: settings.ingress_body_deadline_seconds + SWEEP_SECONDS,  # the door answers 408 first
            Phase.WORK: settings.ingress_publish_deadline_seconds + WORK_SLACK_SECONDS,
        }
        self._options: dict[str, Any] = {
            "access_log": None,
            "auto_decompress": False,  # a signature is over the bytes as sent; a bomb stays small
            "keepalive_timeout": settings.ingress_idle_deadline_seconds + SWEEP_SECONDS,
            "lingering_time": 1.0,  # a refused body is read on for this long, so that the answer arrives
            "max_line_size": settings.ingress_header_field_limit_bytes,
            "max_field_size": settings.ingress_header_field_limit_bytes,
            "max_headers": settings.ingress_headers_max,
        }
        # Insertion order is the order of `since`.
        self._waiting: dict[GuardedConnection, None] = {}
        self._working: dict[GuardedConnection, None] = {}
        metrics.connections.set_function(self.open)

    def __call__(self) -> RequestHandler:
        return GuardedConnection(self, loop=self._loop, **self._options)

    def open(self) -> int:
        """Open connections."""
        return len(self._waiting) + len(self._working)

    def idle(self, *, for_seconds: float) -> list[GuardedConnection]:
        """Connections that have been between requests for so long."""
        since = self._loop.time() - for_seconds
        return [item for item in self._waiting if item.phase is Phase.IDLE and item.since < since]

    def admit(self) -> bool:
        """Room for one more, made at the cost of whoever has let us wait longest; False when all are at work."""
        if self.open() < self._limit:
            return True
        oldest = next(iter(self._waiting), None)
        if oldest is None:
            self._metrics.cut.labels("full").inc()
            return False
        self._cut(oldest, "gave_way")
        return True

    def leave(self, connection: GuardedConnection) -> None:
        self._waiting.pop(connection, None)
        self._working.pop(connection, None)

    def entered(self, connection: GuardedConnection, phase: Phase) -> None:
        connection.since = self._loop.time()
        self._waiting.pop(connection, None)
        self._working.pop(connection, None)
        (self._working if phase is Phase.WORK else self._waiting)[connection] = None

    def malformed(self, error: str) -> None:
        self._metrics.rejections.labels("", "malformed").inc()
        log.info("malformed request", action="ingress.malformed", error=error)

    async def sweep(self) -> None:
        """Closes late connections until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = self._loop.time()
            for connection in [*self._waiting, *self._working]:
                if now - connection.since > self._deadlines[connection.phase]:
                    self._cut(connection, connection.phase.value)

    def _cut(self, connection: GuardedConnection, cause: str) -> None:
        self._metrics.cut.labels(cause).inc()
        self.leave(connection)
        connection.cut()
