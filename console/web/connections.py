"""PostgreSQL as the web console sees it: few connections with the operator's role, and a page that says so when there is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg

from console.answering import silent
from console.causes import DATABASE
from console.exits import Away, CommandError
from console.failures import is_schema
from console.messages import text
from console.store import OPERATOR_ROLE, place
from eventstore.keyring import use_key
from runtime.database import BY_INDEX, CONNECTION_ERRORS, Connection, Pool, server_settings

if TYPE_CHECKING:
    from runtime.settings import Settings

CLOSE_SECONDS = 2.0


class Connections:
    """Made when the first page asks: the console is there before the database is, and says what is wrong with it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool: Pool | None = None
        self._making = asyncio.Lock()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Connection]:
        """Raises Away, or CommandError when the schema is not there, in words."""
        try:
            pool = await self._opened()
            # A statement that found its connection dead is told like one that found none.
            async with pool.acquire(timeout=self._settings.probe_timeout_seconds) as connection:
                yield connection
        except TimeoutError as error:
            raise silent(self._settings) from error
        except asyncpg.PostgresError as error:
            if is_schema(error):
                raise CommandError(text("error.schema_missing", detail=str(error))) from error
            if isinstance(error, CONNECTION_ERRORS):
                raise self._away() from error
            raise
        except (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            raise self._away() from error

    async def close(self) -> None:
        if self._pool is None:
            return
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    async def _opened(self) -> Pool:
        async with self._making:
            if self._pool is None:
                use_key(self._settings)
                seconds = self._settings.probe_timeout_seconds
                self._pool = await asyncpg.create_pool(
                    self._settings.require_database_url(),
                    min_size=0,
                    max_size=self._settings.console_connections_max,
                    timeout=min(self._settings.database_connect_timeout_seconds, seconds),
                    command_timeout=seconds,
                    server_settings=server_settings(self._settings, "console", OPERATOR_ROLE) | BY_INDEX,
                )
            return self._pool

    def _away(self) -> Away:
        address = place(self._settings.require_database_url())
        return Away(text("error.database_away", address=address), DATABASE, "away")
