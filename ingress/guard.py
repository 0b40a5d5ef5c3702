"""No client holds a connection for longer than it is worth.

aiohttp alone keeps slow headers, slow bodies and idle connections open for more than a minute. Here every connection is
in one phase with one deadline, a sweep closes what is late, and when there are too many connections the one that has
idled or dawdled longest gives way, so that thousands of slow clients cannot keep a good one out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, Protocol

from aiohttp import StreamReader, web
from aiohttp.http import RawRequestMessage
from aiohttp.web_protocol import RequestHandler

from ingress.connection import GuardedConnection, Phase
from ingress.metrics import Metrics
from runtime.logs import get_logger
from runtime.settings import Settings

log = get_logger(__name__)

SWEEP_SECONDS = 0.5
WORK_SLACK_SECONDS = 2.0  # on top of the publish deadline: verification and the answer
# aiohttp's own deadline for idle connections never comes: the sweep closes them long before.
KEEPALIVE_SECONDS = 86_400.0


class Handler(Protocol):
    """What stands behind the guard."""

    def __call__(self, request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        """aiohttp's handler."""

    def take(self, connection: GuardedConnection, message: RawRequestMessage, payload: StreamReader) -> bool:
        """Takes a whole request the direct way, or leaves it to the other."""


class Guard(web.Server):
    """aiohttp's low-level server whose connections are guarded."""

    def __init__(self, handler: Handler, settings: Settings, metrics: Metrics) -> None:
        super().__init__(handler)
        self.take = handler.take
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
            "keepalive_timeout": KEEPALIVE_SECONDS,
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
