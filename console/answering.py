"""Long work may last; a database that has fallen silent may not keep a person waiting.

A statement that takes long looks like one that never ends. So a second connection asks the server something small, again and again, while a
command works: as long as that is answered, the command may go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg

from console.causes import DATABASE
from console.exits import Away
from console.messages import text
from runtime.database_hosts import open_connection
from runtime.settings.urls import place

if TYPE_CHECKING:
    from runtime.settings import Settings

PAUSE_SHARE, ASKING_SHARE = 0.2, 0.4
"""Of the probe's limit: a pause, and two questions, because the first may have waited for our own computing."""


def silent(settings: Settings) -> Away:
    """What is said when PostgreSQL gives no answer in time."""
    address, seconds = place(settings.require_database_url()), f"{settings.probe_timeout_seconds:g}"
    return Away(text("error.database_silent", address=address, seconds=seconds), DATABASE, "silent")


@asynccontextmanager
async def answering(settings: Settings) -> AsyncIterator[None]:
    """Ends what is inside as soon as the database has said nothing for `probe_timeout_seconds`. Raises Away."""
    try:
        async with asyncio.timeout(None) as limit:
            watching = asyncio.create_task(_watch(settings, limit))
            try:
                yield
            finally:
                watching.cancel()
                await asyncio.wait({watching})
    except TimeoutError as error:
        if limit.expired():
            raise silent(settings) from error
        raise


async def _watch(settings: Settings, limit: asyncio.Timeout) -> None:
    pause = settings.probe_timeout_seconds * PAUSE_SHARE
    asked = _Question(settings)
    try:
        while True:
            await asyncio.sleep(pause)
            if not await asked.answered() and not await asked.answered():
                limit.reschedule(asyncio.get_running_loop().time())
                return
    finally:
        asked.forget()


class _Question:
    """One connection, kept while it answers."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.require_database_url()
        self._seconds = settings.probe_timeout_seconds * ASKING_SHARE
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    async def answered(self) -> bool:
        """Whether the server said anything; a refusal is an answer, and the command itself hears of it."""
        try:
            async with asyncio.timeout(self._seconds):
                if self._connection is None:
                    self._connection = await open_connection(self._url)
                await self._connection.fetchval("SELECT true")
        except TimeoutError:
            self.forget()
            return False
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            self.forget()
        return True

    def forget(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
        self._connection = None
