"""A PostgreSQL whose synchronous standby is away: every commit there waits, until it is back or the wait is given up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.waiting import until

_WAITING = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = current_database())"


class AwayStandby:
    """`connection` only looks, and writes nothing."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def is_waited_for(self) -> bool:
        """Whether a commit in this database waits for the standby now."""
        return bool(await self.connection.fetchval(_WAITING))

    async def back(self) -> None:
        """From now on nobody waits."""
        await self.named("")

    async def named(self, name: str) -> None:
        await self.connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        await self.connection.execute("SELECT pg_reload_conf()")
        asked = "SELECT current_setting('synchronous_standby_names') = $1"
        await until(lambda: self.connection.fetchval(asked, name))


@asynccontextmanager
async def standby_away(url: str) -> AsyncIterator[AwayStandby]:
    """Of the whole server, until the block ends."""
    connection = await asyncpg.connect(url, server_settings={"search_path": "lunas"})
    standby = AwayStandby(connection)
    try:
        await standby.named("one_that_is_away")
        yield standby
    finally:
        await connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.close()
