"""Every connection that a database has, held by us: a limit would not do, since the processes log in as its owner, whom none binds."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import asyncpg

from tests.torture.kind import NotInjected

CROWD = "lunas-crowd"
CROWDING_SECONDS = 60.0
AGAIN_SECONDS = 0.02
END_THE_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE backend_type = 'client backend' AND application_name <> $1"
)


@contextlib.asynccontextmanager
async def crowded(database_url: str) -> AsyncIterator[None]:
    """Within it every other session is ended and each new one is refused, a superuser's too. Free again at the end, however that comes: each of ours ends with its socket.

    Raises NotInjected when not all can be had: somebody else holds on to some.
    """
    held: list[asyncpg.Connection] = []
    try:
        held.append(await _one(database_url))
        await _all_of_them(database_url, held)
        yield
    finally:
        for connection in held:
            connection.terminate()


async def _all_of_them(database_url: str, held: list[asyncpg.Connection]) -> None:
    """Whoever was ended comes back while we take what is free: until there are as many of us as the server has places, those kept for superusers too."""
    places = int(await held[0].fetchval("SHOW max_connections", timeout=10))
    deadline = time.monotonic() + CROWDING_SECONDS
    while len(held) < places:
        if time.monotonic() > deadline:
            raise NotInjected(f"only {len(held)} of {places} connections could be had")
        try:
            held.append(await _one(database_url))
        except asyncpg.TooManyConnectionsError:
            await held[0].execute(END_THE_OTHERS, CROWD, timeout=10)
            await asyncio.sleep(AGAIN_SECONDS)


async def _one(database_url: str) -> asyncpg.Connection:
    return await asyncpg.connect(database_url, server_settings={"application_name": CROWD}, timeout=10)
