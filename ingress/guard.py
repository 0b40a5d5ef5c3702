"""All connections of the door: how many there may be, how long each may take, and what strangers may take together.

Every connection is in one phase with one deadline, a sweep ends what is late, and when there are too many connections the one that has
idled or dawdled longest gives way, so that thousands of slow clients cannot keep a good one out. What is asked of clients whose credential
nobody has seen yet is bounded in memory (`unverified.py`), in time (`turnstile.py`), in the number of pieces, and in what is thrown away
for them after their answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from ingress import answers
from ingress.answers import Answer
from ingress.connection import Connection, Phase
from ingress.limits import TokenBucket
from ingress.metrics import Metrics
from ingress.refusals import Refusals
from ingress.request import Reader, Request
from ingress.turnstile import Turnstile
from ingress.unverified import UnverifiedBytes
from runtime.logs import get_logger
from runtime.settings import Settings

log = get_logger(__name__)

SWEEP_SECONDS = 0.5
WORK_SLACK_SECONDS = 2.0  # on top of the publish deadline: verification and the answer
SMALL_READ = 16_384  # a usual request as a whole
LARGE_READ = 65_536
QUICK_READS = 8  # a small request that comes in more pieces than that has no claim to be read at once


class Handler(Protocol):
    """What stands behind the guard."""

    def look(self, request: Request) -> str | None:
        """What the head says; the cause when the request is not read any further."""

    def take(self, connection: Connection, request: Request) -> None:
        """Works on a whole request; ends in `connection.reply`, now or later."""

    def turn_away(self, connection: Connection, request: Request, cause: str) -> Answer:
        """The answer to a request that is not read to its end."""


class Scratch:
    """Where clients' bytes arrive. One for all: they are taken out before anybody else is read."""

    def __init__(self) -> None:
        self.large = memoryview(bytearray(LARGE_READ))
        self.small = self.large[:SMALL_READ]


class Guard:
    """Makes a guarded connection for every client, and keeps them."""

    def __init__(self, door: Handler, settings: Settings, metrics: Metrics) -> None:
        self.door = door
        self._settings = settings
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._limit = settings.ingress_connection_limit
        self._endless = settings.ingress_header_limit_bytes + settings.ingress_header_field_limit_bytes
        self._quick_bytes = settings.ingress_quick_body_bytes
        self._pieces = settings.ingress_pieces_free
        self._piece_bytes = settings.ingress_piece_bytes_min
        self._deadlines: Mapping[Phase, float] = {
            Phase.IDLE: settings.ingress_idle_deadline_seconds,
            Phase.HEAD: settings.ingress_header_deadline_seconds,
            Phase.BODY: settings.ingress_body_deadline_seconds,
            Phase.REFUSED: settings.ingress_body_deadline_seconds,
            Phase.WORK: settings.ingress_publish_deadline_seconds + WORK_SLACK_SECONDS,
            Phase.FAREWELL: settings.ingress_farewell_seconds,
        }
        self.scratch = Scratch()
        self.full = answers.not_durable(settings.ingress_retry_after_seconds)
        self.turnstile = Turnstile(settings.ingress_stranger_share, self._loop)
        self.refusals = Refusals(settings.ingress_refusals_per_second, self._loop)
        self.unverified = UnverifiedBytes(settings.ingress_unverified_bytes, self._loop.time)
        discarded = settings.ingress_discard_bytes_per_second
        self._discarded = TokenBucket(discarded, discarded, self._loop.time)
        # Insertion order is the order of `since`.
        self._parting: dict[Connection, None] = {}
        self._waiting: dict[Connection, None] = {}
        self._working: dict[Connection, None] = {}
        metrics.connections.set_function(self.open)
        metrics.unverified.set_function(lambda: self.unverified.total)

    def __call__(self) -> Connection:
        return Connection(self)

    def reader(self) -> Reader:
        return Reader(self._settings, self._loop)

    def open(self) -> int:
        """Open connections."""
        return len(self._waiting) + len(self._working) + len(self._parting)

    def idle(self, *, for_seconds: float) -> list[Connection]:
        """Connections that have been between requests for so long."""
        since = self._loop.time() - for_seconds
        return [item for item in self._waiting if item.phase is Phase.IDLE and item.since < since]

    def admit(self) -> bool:
        """Room for one more, made at the cost of whoever has had the answer, else has let us wait longest; False when all are at work."""
        if self.open() < self._limit:
            return True
        oldest = next(iter(self._parting), None) or next(iter(self._waiting), None)
        if oldest is None:
            self.cut_for("full")
            return False
        self.cut_for("gave_way")
        self.leave(oldest)
        oldest.cut()
        return True

    def leave(self, connection: Connection) -> None:
        self._waiting.pop(connection, None)
        self._working.pop(connection, None)
        self._parting.pop(connection, None)
        self.unverified.leave(connection)
        self.turnstile.leave(connection)
        self.refusals.leave(connection)

    def entered(self, connection: Connection, phase: Phase) -> None:
        connection.since = self._loop.time()
        self._waiting.pop(connection, None)
        self._working.pop(connection, None)
        if phase is Phase.FAREWELL or phase is Phase.REFUSED:
            self._parting.pop(connection, None)
            if phase is Phase.FAREWELL:
                self.leave(connection)
            self._parting[connection] = None
        else:
            (self._working if phase is Phase.WORK else self._waiting)[connection] = None

    def is_costly(self, request: Request | None, reads: int) -> bool:
        """Whether a request of a stranger takes more than is given to everybody at once."""
        if reads > QUICK_READS:
            return True
        return request is not None and (request.message.chunked or (request.length or 0) > self._quick_bytes)

    def is_endless(self, head: int, reads: int) -> bool:
        """No honest head is that large, or comes in so many pieces."""
        return head > self._endless or reads > self._pieces

    def too_much(self, request: Request, reads: int) -> str | None:
        """Why a body is not read any further, if so."""
        if request.size > request.limit:
            return "too_large"
        if request.chunks + reads > self._pieces + request.size // self._piece_bytes:
            return "crumbs"
        return None

    def discards(self, size: int) -> bool:
        """Whether more may be read for nothing."""
        return self._discarded.take(size)

    def malformed(self, error: str) -> None:
        self._metrics.rejections.labels("", "malformed").inc()
        log.info("malformed request", action="ingress.malformed", error=error)

    def cut_for(self, cause: str) -> None:
        """One more connection that we end."""
        self._metrics.cut.labels(cause).inc()

    async def sweep(self) -> None:
        """Ends late connections until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = self._loop.time()
            for connection in [*self._waiting, *self._working, *self._parting]:
                if not connection.gone and now - connection.since > self._deadlines[connection.phase]:
                    self.cut_for(connection.phase.value)
                    connection.late()
            self.unverified.give_back()

    def end(self) -> None:
        """Ends all that are left."""
        for connection in [*self._waiting, *self._working, *self._parting]:
            self.leave(connection)
            connection.cut()
