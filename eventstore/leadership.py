"""One active worker per job: a session-level advisory lock on a connection of its own, pinged all the time.

Leadership keeps two workers from doing the same work; it is not a fence. A worker may lose it without noticing (the server ended
the session, the network went away), so its writes are fenced by the compare-and-set of its checkpoint (`eventstore.checkpoints`).

It is a lease: a leader that stands still (a frozen process, a machine that sleeps) keeps its session and would keep its lock. Who waits for the
lock looks when its holder last spoke, and ends a session that has been silent for longer than a living leader can be.
"""

from __future__ import annotations

import asyncio
import hashlib
from types import TracebackType
from typing import TYPE_CHECKING, Self

import asyncpg

from eventstore.queries import load
from runtime.database import CONNECTION_ERRORS, connect, server_settings
from runtime.faults import fault_point
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from runtime.outage import DATABASE

if TYPE_CHECKING:
    from runtime.settings import Settings

PING_SECONDS = 1.0  # a leader that cannot reach its session for this long plus the timeout stops
PING_TIMEOUT_SECONDS = 2.0
ENDED_SECONDS = 0.2  # until the session of a leader that was replaced is gone, and its lock with it
LEASE_SECONDS = 3.2  # longer than a ping and its time-out together: only a process that stands still is silent for so long

log = get_logger(__name__)


class Leadership:
    """Leadership of one job, for example `fulfilment` or `balances.v3.p0`.

    ::

        async with Leadership(settings, "projections", "balances.v3.p0") as leadership:
            while await leadership.wait(stop):      # False when stopping
                ... work until leadership.lost.is_set() or stop ...
    """

    def __init__(self, settings: Settings, process: str, job: str) -> None:
        self.job = job
        self.lost = asyncio.Event()
        self._settings = settings
        self._process = process
        self._key = lock_key(job)
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._pinging: asyncio.Task[None] | None = None
        self._ended = False  # our last try ended the session of a leader that stood still

    @property
    def is_leader(self) -> bool:
        """We hold the lock, as far as we know."""
        return self._connection is not None and not self.lost.is_set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.release()

    async def wait(self, stop: asyncio.Event) -> bool:
        """Wait until we lead; at once when we already do. False when `stop` came first."""
        while not stop.is_set():
            if self.is_leader:
                return True
            await self.release()
            if await self._try():
                log.info("leading", action="leadership.won", job=self.job)
                return True
            retry = self._settings.leadership_retry_seconds
            await sleep_until(stop, min(ENDED_SECONDS, retry) if self._ended else retry)
        return False

    async def once(self) -> bool:
        """One try, however long it takes to connect; whether we lead. For somebody who does not wait for another one's end."""
        return self.is_leader or await self._try()

    async def release(self) -> None:
        """Give the lock back by closing its session. Safe to call at any time."""
        pinging, self._pinging = self._pinging, None
        connection, self._connection = self._connection, None
        try:
            if pinging is not None:
                pinging.cancel()
                await asyncio.gather(pinging, return_exceptions=True)
        finally:
            # Also when we are cancelled while we wait: nobody else knows of it any more, and its lock would be held until the server misses us.
            if connection is not None:
                await _close(connection)

    async def _try(self) -> bool:
        try:
            connection = await connect(
                self._settings.require_database_url(),
                timeout=self._settings.database_connect_timeout_seconds,
                command_timeout=PING_TIMEOUT_SECONDS,
                server_settings=server_settings(self._settings, f"{self._process}-leader"),
            )
        except CONNECTION_ERRORS as error:
            if not DATABASE.explains(error):
                log.warning("database not reachable", action="leadership.wait", error=type(error).__name__)
            return False
        try:
            won = await self._lock(connection)
        except CONNECTION_ERRORS:
            won = False
        except BaseException:  # cancelled, mostly: until it is ours to release, it is ours to end here
            connection.terminate()
            raise
        if not won:
            await _close(connection)
            return False
        self.lost = asyncio.Event()
        lost = self.lost
        connection.add_termination_listener(lambda *_: lost.set())
        fault_point("leadership.won")
        self._connection = connection
        self._pinging = asyncio.create_task(self._ping(connection, lost), name=f"leadership {self.job}")
        return True

    async def _lock(self, connection: asyncpg.Connection[asyncpg.Record]) -> bool:
        self._ended = False
        if await connection.fetchval("SELECT pg_try_advisory_lock($1)", self._key):
            return True
        try:
            ended = await connection.fetchval(load("leadership.sql")["expired"], self._key, LEASE_SECONDS)
        except asyncpg.InsufficientPrivilegeError:
            return False  # that leader is of a login that is not ours to end
        self._ended = bool(ended)
        if ended:
            fault_point("leadership.expired")
            log.warning("a leader that stood still was replaced", action="leadership.expired", job=self.job)
        return False  # its session ends in its own time; a try a moment later finds the lock free

    async def _ping(self, connection: asyncpg.Connection[asyncpg.Record], lost: asyncio.Event) -> None:
        while not lost.is_set():
            try:
                await connection.execute("SELECT 1")
            except (*CONNECTION_ERRORS, asyncpg.PostgresError) as error:
                if not DATABASE.explains(error):
                    log.warning(
                        "leadership lost", action="leadership.lost", job=self.job, error=type(error).__name__
                    )
                lost.set()
                connection.terminate()
                return
            await asyncio.sleep(PING_SECONDS)


def lock_key(job: str) -> int:
    """Advisory lock of a job: 63 bits of its name's hash, apart from the log's and the migrations' small numbers."""
    digest = hashlib.sha256(f"lunas leader {job}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


async def _close(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    try:
        await connection.close(timeout=PING_TIMEOUT_SECONDS)
    except CONNECTION_ERRORS:
        connection.terminate()
