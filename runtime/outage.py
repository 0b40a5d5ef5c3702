"""Whether this process reaches its database, told in one line when that changes; what follows from it is not told again.

Everybody who connects says how it went. While the database is away, a process would otherwise write several lines a second that all
mean the same, and the one that matters would be lost among them.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import asyncpg

from runtime.logs import get_logger

LOST = (asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError, asyncpg.AdminShutdownError,
        asyncpg.CrashShutdownError)  # fmt: skip
"""What a connection in use dies of when the server goes away. A timeout is not among them: the server may only be busy; nor is an error
of the operating system, which may be about another connection, for example a caller's."""

log = get_logger(__name__)


class Outage:
    """`away` while the last connection attempt failed, or a connection was lost and none was made since."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None

    @property
    def away(self) -> bool:
        return self._since is not None

    def began(self, error: BaseException) -> None:
        """A connection could not be made, or was lost."""
        if self._since is None:
            self._since = self._clock()
            log.warning("database away", action="database.away", error=type(error).__name__)

    def ended(self) -> None:
        """A connection was made."""
        since, self._since = self._since, None
        if since is not None:
            log.info("database back", action="database.back", away_seconds=round(self._clock() - since, 1))

    def explains(self, error: BaseException) -> bool:
        """Whether `error` comes from an outage that was told already; one that lost a connection begins it. Else the caller tells it."""
        if isinstance(error, LOST):
            self.began(error)
        return self.away


DATABASE = Outage()
"""The database of this process."""
