"""Checkpoints move by compare-and-set; the four outcomes tell a worker what happened to it."""

from __future__ import annotations

import asyncio

import pytest

from eventstore.checkpoints import Advance, advance, read, start
from runtime.database import Pool


async def test_a_step_from_the_right_place_is_stored(pool: Pool) -> None:
    async with pool.acquire() as connection:
        assert await start(connection, "balances") == 0
        assert await advance(connection, "balances", 1, 0, 0, 10) is Advance.STORED
        assert await read(connection, "balances") == 10
        assert await start(connection, "balances") == 10


@pytest.mark.parametrize(
    ("old", "new", "outcome"),
    [(0, 10, Advance.ALREADY_THERE), (0, 7, Advance.AHEAD), (5, 20, Advance.MISMATCH)],
)
async def test_any_other_step_says_why_not(pool: Pool, old: int, new: int, outcome: Advance) -> None:
    async with pool.acquire() as connection:
        await start(connection, "balances")
        await advance(connection, "balances", 1, 0, 0, 10)
        assert await advance(connection, "balances", 1, 0, old, new) is outcome
        assert await read(connection, "balances") == 10


async def test_versions_and_partitions_are_apart(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await start(connection, "balances", 2, 1)
        await advance(connection, "balances", 2, 1, 0, 5)
        assert await read(connection, "balances", 1, 1) == 0
        assert await read(connection, "balances", 2, 0) == 0
        assert await read(connection, "balances", 2, 1) == 5


async def test_a_checkpoint_never_goes_back(pool: Pool) -> None:
    async with pool.acquire() as connection:
        with pytest.raises(ValueError, match="back"):
            await advance(connection, "balances", 1, 0, 5, 4)


async def test_of_two_workers_with_the_same_step_one_commits(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await start(connection, "balances")

    async def work() -> Advance:
        async with pool.acquire() as connection, connection.transaction():
            outcome = await advance(connection, "balances", 1, 0, 0, 10)
            await asyncio.sleep(0.05)
            return outcome

    assert sorted(await asyncio.gather(work(), work())) == [Advance.ALREADY_THERE, Advance.STORED]
