"""The fault that leaves no connections leaves none: to the owner of the database neither, as whom the processes log in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from deploy.local.services.home import Home
from deploy.local.services.private import private_services
from tests.torture.crowding import CROWD, crowded
from tests.waiting import until

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    """Of a server of its own: nobody else's sessions are to be ended."""
    home = tmp_path / "home"
    try:
        with private_services(home, broker_url="amqp://nobody@127.0.0.1/") as urls:
            yield urls.database_url
    finally:
        Home(home).erase()


async def _let_in(database_url: str) -> bool:
    try:
        connection = await asyncpg.connect(database_url)
    except asyncpg.TooManyConnectionsError:
        return False
    await connection.close()
    return True


async def _comes_back(database_url: str) -> None:
    """A process of ours: whenever its session is ended it asks for another one."""
    while True:
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            connection = await asyncpg.connect(database_url)
            try:
                while True:
                    await connection.execute("SELECT pg_sleep(0.01)")
            finally:
                connection.terminate()
        await asyncio.sleep(0)


async def test_a_crowded_database_ends_every_session_and_refuses_its_owner_until_it_is_over(
    database_url: str,
) -> None:
    session = await asyncpg.connect(database_url)
    assert await session.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    returning = [asyncio.create_task(_comes_back(database_url)) for _ in range(3)]
    try:
        async with crowded(database_url):
            await until(session.is_closed)
            for _ in range(20):
                assert not await _let_in(database_url)
        await until(lambda: _let_in(database_url))
    finally:
        for one in returning:
            one.cancel()
        await asyncio.gather(*returning, return_exceptions=True)


async def test_a_crowd_that_is_broken_off_leaves_nobody_behind(database_url: str) -> None:
    begun = asyncio.Event()

    async def fault() -> None:
        async with crowded(database_url):
            begun.set()
            await asyncio.Event().wait()

    running = asyncio.create_task(fault())
    await begun.wait()
    assert not await _let_in(database_url)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await until(lambda: _let_in(database_url))
    connection = await asyncpg.connect(database_url)

    async def gone() -> bool:
        crowd = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1"
        return await connection.fetchval(crowd, CROWD) == 0

    await until(gone)
    await connection.close()
