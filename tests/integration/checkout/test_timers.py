"""What is done at its time goes on whatever one look ends in, and nothing that is no outage ends it unseen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import asyncpg
import pytest

from api.gate import UNAVAILABLE
from api.timers import keep_time
from runtime.settings import Settings
from schemas.errors import StoreUnavailable
from tests.waiting import until

OUTAGES = (
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.DeadlockDetectedError,
    TimeoutError,
    StoreUnavailable,
)


@pytest.fixture
def quick(settings: Callable[..., Settings], database_url: str) -> Settings:
    return settings(database_url=database_url, checkout_resolve_seconds=0.01)


async def test_a_busy_or_absent_database_is_waited_for(quick: Settings) -> None:
    assert all(issubclass(kind, UNAVAILABLE) for kind in OUTAGES)
    looks, stop = 0, asyncio.Event()

    async def look() -> int:
        nonlocal looks
        looks += 1
        if looks <= len(OUTAGES):
            raise OUTAGES[looks - 1]
        return 0

    timers = asyncio.create_task(keep_time(quick, "test", [look], stop))
    await until(lambda: looks > len(OUTAGES) + 1)
    stop.set()
    await timers


async def test_a_slow_job_holds_up_no_other(quick: Settings) -> None:
    looks, stop = 0, asyncio.Event()

    async def slow() -> int:
        await asyncio.Event().wait()
        return 0

    async def look() -> int:
        nonlocal looks
        looks += 1
        return 0

    timers = asyncio.create_task(keep_time(quick, "test", [slow, look], stop))
    await until(lambda: looks > 3)
    stop.set()
    async with asyncio.timeout(60):
        await timers


async def test_a_mistake_of_ours_is_raised(quick: Settings) -> None:
    async def broken() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        async with asyncio.timeout(60):
            await keep_time(quick, "test", [broken], asyncio.Event())
