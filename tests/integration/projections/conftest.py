from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest

from eventstore.append import NewEvent, append, lock_log
from projections.feeder import Feeder
from projections.versions import ensure
from runtime.database import Pool, open_pool
from runtime.settings import Settings

Append = Callable[[Sequence[NewEvent]], Awaitable[int]]


@pytest.fixture
async def projected(database_url: str, settings: Callable[..., Settings]) -> AsyncIterator[Pool]:
    """A pool on a database with the first generation of every projection."""
    async with open_pool(settings(database_url=database_url), "test", max_size=12) as pool:
        async with pool.acquire() as connection:
            await ensure(connection)
        yield pool


@pytest.fixture
def append_events(projected: Pool) -> Append:
    """Appends in one transaction; the last position."""

    async def add(events: Sequence[NewEvent]) -> int:
        async with projected.acquire() as connection, connection.transaction():
            await lock_log(connection)
            return (await append(connection, events)).last

    return add


@pytest.fixture
def catch_up(projected: Pool) -> Callable[..., Awaitable[int]]:
    """Feeds until nothing is left; the position."""

    async def run(batch_max: int = 500) -> int:
        async with projected.acquire() as connection:
            return await Feeder(connection, batch_max=batch_max).catch_up()

    return run
