"""Checkpoints move by compare-and-set; what stands in the way tells a worker what happened to it."""

from __future__ import annotations

import asyncio

import pytest

from eventstore.checkpoints import Obstacle, advance, obstacle, read, start
from runtime.database import Connection, Pool
from tests.integration.eventstore.waits import somebody_waits
from tests.waiting import until


async def step(
    connection: Connection, old: int, new: int, version: int = 1, partition: int = 0
) -> Obstacle | None:
    statement, arguments = advance("balances", version, partition, old, new)
    if await connection.fetchval(statement, *arguments) is not None:
        return None
    return await obstacle(connection, "balances", version, partition, new)


async def test_a_step_from_the_right_place_is_stored(pool: Pool) -> None:
    async with pool.acquire() as connection:
        assert await start(connection, "balances") == 0
        assert await step(connection, 0, 10) is None
        assert await read(connection, "balances") == 10
        assert await start(connection, "balances") == 10


@pytest.mark.parametrize(
    ("old", "new", "outcome"),
    [(0, 10, Obstacle.ALREADY_THERE), (0, 7, Obstacle.AHEAD), (5, 20, Obstacle.MISMATCH)],
)
async def test_any_other_step_says_why_not(pool: Pool, old: int, new: int, outcome: Obstacle) -> None:
    async with pool.acquire() as connection:
        await start(connection, "balances")
        assert await step(connection, 0, 10) is None
        assert await step(connection, old, new) is outcome
        assert await read(connection, "balances") == 10


async def test_versions_and_partitions_are_apart(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await start(connection, "balances", 2, 1)
        assert await step(connection, 0, 5, version=2, partition=1) is None
        assert await read(connection, "balances", 1, 1) == 0
        assert await read(connection, "balances", 2, 0) == 0
        assert await read(connection, "balances", 2, 1) == 5


def test_a_checkpoint_never_goes_back() -> None:
    with pytest.raises(ValueError, match="back"):
        advance("balances", 1, 0, 5, 4)


async def test_of_two_workers_with_the_same_step_one_commits(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await start(connection, "balances")

    async def work() -> Obstacle | None:
        async with pool.acquire() as connection, connection.transaction():
            outcome = await step(connection, 0, 10)
            if outcome is None:
                await until(lambda: somebody_waits(pool))
            return outcome

    assert set(await asyncio.gather(work(), work())) == {None, Obstacle.ALREADY_THERE}
