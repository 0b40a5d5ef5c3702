"""The processor dies by `kill -9` while a released stream drains: nothing is lost, nothing is taken in twice, and the order is that of arrival."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.database import Pool
from runtime.settings import Settings
from schemas.envelope import Envelope
from tests.integration.processor.intake.taking_in import facts, rows
from tests.integration.processor.intake.test_crashes import DEATH_SECONDS, Worker
from tests.integration.processor.intake.test_letters import refund
from tests.integration.processor.intake.test_lines import POISON, discard, parked, waiting
from tests.integration.processor.running import publishing, send
from tests.unit.processor.intake.envelopes import capture, envelope
from tests.waiting import until

pytestmark = pytest.mark.heavy

LINE = 40
PIECE = 5
"""Deliveries of a line that are taken in at once."""


@pytest.fixture
def chosen(settings: Callable[..., Settings], database_url: str, broker_url: str) -> Settings:
    return settings(database_url=database_url, broker_url=broker_url)


def back(number: int) -> Envelope:
    return envelope(refund(100 + number, refund_id=f"rfd-{number}"))


def worker_of(chosen: Settings, folder: Path, piece: int) -> Worker:
    more = {"LUNAS_PARKED_DRAIN_MAX": str(piece), "LUNAS_PARKED_POLL_SECONDS": "0.1"}
    return Worker(chosen, folder / "worker.log", more)


async def lined_up(pool: Pool, chosen: Settings, worker: Worker) -> list[Envelope]:
    """A stream that waits behind what nobody can read; what waits, in order. Its letter is dealt with, and nobody works."""
    line = [envelope(capture("py-1")), *(back(number) for number in range(1, LINE))]
    async with publishing(chosen) as broker:
        await send(broker, envelope(POISON), *line)

    async def all_wait() -> bool:
        return len(await waiting(pool)) == LINE

    async with worker.running():
        await until(all_wait, DEATH_SECONDS)
    await discard(pool)
    return line


async def taken_in(pool: Pool, line: list[Envelope]) -> list[str]:
    """Of these deliveries those that were taken in, in the order of the log: out of the line, or at once when it had come to its end."""
    ids = [one.delivery_id for one in line]
    taken = await rows(
        pool,
        "SELECT coalesce(replay_of, delivery_id)::text AS id FROM deliveries WHERE status = 'processed' ORDER BY position",
    )
    return [row["id"] for row in taken if row["id"] in ids]


async def check(pool: Pool, line: list[Envelope], others: int) -> None:
    """What waited is in the log in the order in which it came, each once; neighbours went on."""
    assert await taken_in(pool, line) == [one.delivery_id for one in line]
    told = await rows(
        pool, "SELECT (data->>'amount')::bigint AS amount FROM events WHERE type = 'refund.succeeded' ORDER BY position"
    )  # fmt: skip
    assert [row["amount"] for row in told] == [100 + number for number in range(1, len(line))]
    assert (await facts(pool)).count("payment.succeeded") == 1 + others
    assert await waiting(pool) == []
    assert await parked(pool) == {}


async def drained(pool: Pool, worker: Worker, line: list[Envelope]) -> None:
    async def nobody_waits() -> bool:
        # What was sent last may still be on its way when the line has come to its end.
        return not await parked(pool) and len(await taken_in(pool, line)) >= len(line)

    async with worker.running():
        await until(nobody_waits, DEATH_SECONDS)


@pytest.mark.parametrize("point", ["drain.prepare", "drain.before_commit", "drain.after_commit"])
async def test_killed_at_any_step_of_a_drain_the_line_is_taken_in_once_and_in_order(
    pool: Pool, chosen: Settings, tmp_path: Path, point: str
) -> None:
    worker = worker_of(chosen, tmp_path, PIECE)
    line = await lined_up(pool, chosen, worker)
    async with publishing(chosen) as broker:
        for death in range(3):
            # What comes meanwhile of this stream stands behind the rest; what comes of others does not.
            line.append(back(len(line)))
            await send(broker, line[-1], envelope(capture(f"py-other-{death}")))
            assert await worker.dies(f"{point}:2") == -signal.SIGKILL
    assert 0 < len(await waiting(pool)) < len(line), "it died in the middle of the line"
    await drained(pool, worker, line)
    await check(pool, line, others=3)


async def test_killed_at_any_instant_of_a_drain_the_line_is_taken_in_once_and_in_order(
    pool: Pool, chosen: Settings, tmp_path: Path
) -> None:
    worker = worker_of(chosen, tmp_path, 1)
    line = await lined_up(pool, chosen, worker)
    for left in (30, 20, 10):

        async def so_few_wait(most: int = left) -> bool:
            return len(await waiting(pool)) <= most

        async with worker.running() as process:
            await until(so_few_wait, DEATH_SECONDS)
            process.kill()
            await asyncio.to_thread(process.wait)
    await drained(pool, worker, line)
    await check(pool, line, others=0)
