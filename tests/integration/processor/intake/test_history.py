"""A dead letter keeps what each attempt failed with: its trips through the retry tiers, and each time it was parked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from processor.intake.interpreter import WhyParked
from processor.intake.letters import Letter, unreadable
from processor.intake.store import park
from runtime.database import Pool
from runtime.settings import Settings
from tests.integration.console.conftest import Run
from tests.integration.console.conftest import lunas as console
from tests.integration.console.replays import Shop

lunas = console


@pytest.fixture
async def shop(pool: Pool, database_url: str, settings: Callable[..., Settings]) -> Shop:
    return await Shop(pool, settings(database_url=database_url)).open()


def _failed(detail: str, *errors: str) -> Letter:
    letter = unreadable(b"bytes", "append", "retries_exhausted")
    return replace(letter, why=WhyParked("append", "retries_exhausted", detail, len(errors), errors))


async def _history(pool: Pool) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(await pool.fetchval("SELECT history FROM dead_letters"))
    return told


async def test_c28_a_letter_has_the_error_of_each_attempt_and_not_only_of_the_last(
    shop: Shop, pool: Pool, lunas: Run
) -> None:
    async with pool.acquire() as connection:
        await park(connection, [_failed("deadlock", "lock time-out", "pool exhausted")])
        await park(connection, [_failed("disk full")])
    told = await _history(pool)
    assert [(one["attempt"], one["detail"]) for one in told] == [
        (1, "lock time-out"),
        (2, "pool exhausted"),
        (3, "deadlock"),
        (1, "disk full"),
    ]
    assert [one.get("reason") for one in told] == [None, None, "retries_exhausted", "retries_exhausted"]
    letter = str(await pool.fetchval("SELECT dead_letter_id FROM dead_letters"))
    shown = (await lunas("dlq", "show", letter)).out
    positions = [shown.index(f"{error}\n") for error in ("lock time-out", "pool exhausted", "deadlock")]
    assert positions == sorted(positions)
    assert [one["detail"] for one in (await lunas("dlq", "show", letter, "--json")).json["history"]][-1] == (
        "disk full"
    )


async def test_c28_the_history_has_an_end_and_keeps_how_it_began(shop: Shop, pool: Pool) -> None:
    async with pool.acquire() as connection:
        for number in range(40):
            await park(connection, [_failed(f"error {number} " + "x" * 500)])
    told = await _history(pool)
    began, went_on = range(5), range(25, 40)
    assert [one["detail"].rstrip(" x") for one in told] == [
        f"error {number}" for number in (*began, *went_on)
    ]
    assert max(len(one["detail"]) for one in told) == 200


async def test_c28_the_same_bytes_twice_in_one_batch_are_two_attempts(shop: Shop, pool: Pool) -> None:
    async with pool.acquire() as connection:
        await park(connection, [_failed("first"), _failed("second")])
    assert [one["detail"] for one in await _history(pool)] == ["first", "second"]
    assert await pool.fetchval("SELECT deliveries FROM dead_letters") == 2
