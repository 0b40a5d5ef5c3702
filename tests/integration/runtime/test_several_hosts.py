"""Database addresses: one of several hosts that is dead, silent or no primary keeps no process from its database, and a pooler is refused in words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg
import pytest

from runtime.database import CONNECTION_ERRORS, open_pool
from runtime.database_hosts import NoHostTakesWrites, PoolerInBetween, open_connection
from runtime.settings import Settings
from tests.pooler import ending_server, pooler
from tests.waiting import until

READ_WRITE = "?target_session_attrs=read-write"
LONG_SECONDS = 120.0


def after(first: str, url: str, more: str = READ_WRITE) -> str:
    """The same database behind another host that is asked first."""
    parts = urlsplit(url)
    return url.replace(f"{parts.hostname}:{parts.port}", f"{first},{parts.hostname}:{parts.port}") + more


@asynccontextmanager
async def silent_host() -> AsyncIterator[tuple[str, list[asyncio.StreamWriter]]]:
    """A host that takes connections and says nothing, ever; who came."""
    came: list[asyncio.StreamWriter] = []

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer)

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", came
        for writer in came:
            writer.close()


async def test_a_dead_first_host_leads_to_the_second(
    settings: Callable[..., Settings], database_url: str
) -> None:
    async with open_pool(settings(database_url=after("127.0.0.1:1", database_url)), "test") as pool:
        assert not await pool.fetchval("SELECT pg_is_in_recovery()")


async def test_a_host_that_says_nothing_uses_up_its_own_share_of_the_time_only(database_url: str) -> None:
    async with silent_host() as (silent, came):
        url = after(silent, database_url)
        connection = await open_connection(url, timeout=1.0)
        assert not await connection.fetchval("SELECT pg_is_in_recovery()")
        await connection.close()
        assert len(came) == 1

        # Whoever comes again begins where it was answered: a black hole, or a primary that was replaced and came back, is not asked first.
        connection = await open_connection(url, timeout=1.0)
        await connection.close()
        assert len(came) == 1


async def test_hosts_of_which_none_takes_writes_count_as_a_database_that_is_away(database_url: str) -> None:
    # To ask a primary for a standby is the same question the other way round.
    with pytest.raises(NoHostTakesWrites, match="does not take writes") as told:
        await open_connection(after("127.0.0.1:1", database_url, "?target_session_attrs=standby"))
    assert isinstance(told.value, CONNECTION_ERRORS)


async def test_a_pooler_in_between_is_refused_at_once_and_in_words(
    settings: Callable[..., Settings], database_url: str
) -> None:
    async with pooler(database_url) as url:
        patient = settings(database_url=url, database_start_timeout_seconds=LONG_SECONDS)
        with pytest.raises(PoolerInBetween, match="pgbouncer") as told:
            async with open_pool(patient, "test"):
                pass
    assert "Name PostgreSQL's own address" in str(told.value)
    assert (urlsplit(url).password or "-") not in str(told.value)


async def test_a_pooler_that_knows_a_parameter_not_is_refused_in_the_same_words(database_url: str) -> None:
    async with pooler(database_url, refuses="lock_timeout") as url:
        with pytest.raises(PoolerInBetween, match="connection pooler"):
            await open_connection(url)


async def test_a_server_that_says_goodbye_and_does_not_hang_up_counts_as_away(
    settings: Callable[..., Settings], database_url: str
) -> None:
    """Seen when a primary was stopped on a busy machine: every process ended with `This should not happen`."""
    async with (
        ending_server(database_url) as (url, end),
        open_pool(settings(database_url=url), "test") as pool,
    ):
        async with pool.acquire() as connection:
            end()

            async def lost() -> bool:
                try:
                    await connection.fetchval("SELECT 1")
                except CONNECTION_ERRORS:
                    return True
                return False

            await until(lost)
            connection.terminate()
        assert await pool.fetchval("SELECT 1") == 1


async def test_other_refusals_are_told_as_they_are(database_url: str) -> None:
    wrong = urlsplit(database_url)._replace(path="/no_such_database").geturl()
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await open_connection(wrong)
