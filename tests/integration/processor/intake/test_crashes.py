"""Workers die by `kill -9` at the worst moments; what they had taken is done once by the next one."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from processor.intake.suspects import HOPELESS, SUSPICIOUS
from runtime.amqp.broker import Message
from runtime.database import Pool
from runtime.lifecycle import SUPERVISOR_VARIABLE
from runtime.settings import Settings
from schemas.envelope import CONTENT_TYPE, pack, unpack
from schemas.topology import WEBHOOKS, routing_key
from tests.integration.processor.intake.taking_in import counts, facts, rows
from tests.integration.processor.running import is_empty, publishing, send
from tests.unit.processor.intake.envelopes import capture, envelope
from tests.waiting import until

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).parents[4]
DEATH_SECONDS = 180.0


class Worker:
    """Starts processors on one database and broker."""

    def __init__(self, settings: Settings, log: Path, more: Mapping[str, str] | None = None) -> None:
        self._log = log
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("LUNAS_")},
            "LUNAS_ENV": "development",
            "LUNAS_DOTENV": os.devnull,
            "LUNAS_HOME": str(settings.home),
            "LUNAS_DATABASE_URL": settings.require_database_url(),
            "LUNAS_BROKER_URL": settings.require_broker_url(),
            "LUNAS_PROCESSOR_METRICS_PORT": "0",
            SUPERVISOR_VARIABLE: str(os.getpid()),
            **(more or {}),
        }

    @asynccontextmanager
    async def running(self, fault: str = "") -> AsyncIterator[subprocess.Popen[bytes]]:
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.integration.processor.intake.worker"],
                env=self._environment | ({"LUNAS_FAULTS": fault} if fault else {}),
                cwd=ROOT,
                stderr=log,
            )
        try:
            yield process
            # What is stored is not yet acknowledged: it may finish.
            process.terminate()
            await asyncio.to_thread(process.wait, DEATH_SECONDS)
        finally:
            process.kill()
            await asyncio.to_thread(process.wait)

    async def dies(self, fault: str = "") -> int:
        """Exit code of a worker that must not live."""
        async with self.running(fault) as process:
            return await asyncio.to_thread(process.wait, DEATH_SECONDS)

    async def die_until_stored(self, pool: Pool, number: int, most: int) -> int:
        """One after the other until so many deliveries are stored: how many died, of `most` that may."""
        deaths = 0
        while await pool.fetchval("SELECT count(*) FROM deliveries") < number:
            async with self.running() as process:
                died = asyncio.create_task(asyncio.to_thread(process.wait))
                done = asyncio.create_task(_stored(pool, number))
                await asyncio.wait({died, done}, return_when=asyncio.FIRST_COMPLETED)
                deaths += died.done()
                done.cancel()
            await asyncio.wait({died})
            assert deaths <= most
        return deaths


@pytest.fixture
def chosen(settings: Callable[..., Settings], database_url: str, broker_url: str) -> Settings:
    return settings(database_url=database_url, broker_url=broker_url)


@pytest.fixture
def worker(chosen: Settings, tmp_path: Path) -> Worker:
    return Worker(chosen, tmp_path / "worker.log")


async def _stored(pool: Pool, number: int) -> None:
    async def look() -> bool:
        return bool(await pool.fetchval("SELECT count(*) FROM deliveries") >= number)

    await until(look, DEATH_SECONDS)


async def _emptied(settings: Settings) -> None:
    """Everything was acknowledged: a worker that comes now finds nothing."""
    async with publishing(settings) as broker:
        assert await is_empty(broker)


@pytest.mark.parametrize("point", ["intake.prepare", "intake.before_commit", "intake.before_ack"])
async def test_a_worker_killed_anywhere_loses_and_doubles_nothing(
    chosen: Settings, worker: Worker, pool: Pool, point: str
) -> None:
    sent = [envelope(capture(f"py-{number}")) for number in range(12)]
    async with publishing(chosen) as broker:
        await send(broker, *sent)
    assert await worker.dies(f"{point}:2") == -signal.SIGKILL
    async with worker.running():
        await _stored(pool, len(sent))
    assert await facts(pool) == ["payment.succeeded"] * len(sent)
    assert await rows(pool, "SELECT status, count(*) FROM deliveries GROUP BY status") == [
        {"status": "processed", "count": len(sent)}
    ]


async def test_c24_crash_after_commit_before_ack_is_harmless(
    chosen: Settings, worker: Worker, pool: Pool
) -> None:
    """The broker sends it all again; every delivery is known, nothing is written, everything is acknowledged."""
    sent = [envelope(capture(f"py-{number}")) for number in range(3)]
    async with publishing(chosen) as broker:
        await send(broker, *sent)
        for _ in range(2):
            assert await worker.dies("intake.after_commit") == -signal.SIGKILL
        before = await pool.fetch("SELECT * FROM events WHERE type LIKE 'webhook.%' ORDER BY position")
        assert before
        async with worker.running():
            await send(broker, envelope(capture("py-last")))
            await _stored(pool, len(sent) + 1)
    after = await pool.fetch("SELECT * FROM events WHERE type LIKE 'webhook.%' ORDER BY position")
    assert after[: len(before)] == before
    assert (await counts(pool))["deliveries"] == len(sent) + 1
    assert await facts(pool) == ["payment.succeeded"] * (len(sent) + 1)
    await _emptied(chosen)


async def test_c27_a_message_that_kills_every_worker_is_parked_alone(
    chosen: Settings, worker: Worker, pool: Pool
) -> None:
    """Its neighbours die with it at first; then only it is in a worker's hands, and none of them is parked for it."""
    good = [envelope(capture(f"py-{number}")) for number in range(30)]
    deadly = envelope(capture("py-x", description="deadly"))
    async with publishing(chosen) as broker:
        await send(broker, *good[:10], deadly, *good[10:])
        deaths = await worker.die_until_stored(pool, 31, HOPELESS + 1)
    assert deaths >= SUSPICIOUS
    assert await facts(pool) == ["payment.succeeded"] * 30
    (letter,) = await rows(pool, "SELECT stage, reason, message, attempts FROM dead_letters")
    assert (letter["stage"], letter["reason"]) == ("broker", "crash_loop")
    assert letter["attempts"] >= HOPELESS
    assert unpack(letter["message"]) == [deadly]


async def test_c27_one_of_a_group_that_kills_every_worker_is_parked_without_its_companions(
    chosen: Settings, worker: Worker, pool: Pool
) -> None:
    """Ingress packs what arrives together into one message; the culprit must not take the others with it."""
    good = [envelope(capture(f"py-{number}")) for number in range(6)]
    deadly = envelope(capture("py-x", description="deadly"))
    async with publishing(chosen) as broker:
        await send(broker, *good[:3], deadly, *good[3:], together=True)
        await worker.die_until_stored(pool, 7, 2 * (HOPELESS + 1))
    assert await facts(pool) == ["payment.succeeded"] * 6
    (letter,) = await rows(pool, "SELECT reason, message FROM dead_letters")
    assert letter["reason"] == "crash_loop"
    assert unpack(letter["message"]) == [deadly]


async def test_c27_in_many_queues_only_what_kills_is_parked_whatever_step_it_kills_at(
    settings: Callable[..., Settings], database_url: str, broker_url: str, tmp_path: Path, pool: Pool
) -> None:
    """Each queue hands its first message to a worker that starts: those die with the culprits of other queues, and are worked on in between."""
    steps = ("looking", "intake.before_commit")
    queues = 2 * len(steps)
    chosen = settings(database_url=database_url, broker_url=broker_url, broker_partitions=queues)
    worker = Worker(chosen, tmp_path / "worker.log", {"LUNAS_BROKER_PARTITIONS": str(queues)})
    deadly = [
        envelope(capture(f"py-x{number}", description=f"deadly at {step}" if "." in step else "deadly"))
        for number, step in enumerate(steps)
    ]
    good = [envelope(capture(f"py-{number}")) for number in range(3 * queues)]
    everything = len(deadly) + len(good)
    async with publishing(chosen) as broker:
        for number, one in enumerate([*deadly, *good]):
            # Culprits come first in every other queue, and what is innocent first in the others.
            queue = 2 * number if number < len(deadly) else number % queues
            message = Message(WEBHOOKS, routing_key(queue), pack([one]), CONTENT_TYPE)
            await broker.publisher.publish(message, deadline=DEATH_SECONDS)
        # One may kill before the broker has handed out the other: then each dies its deaths by itself.
        await worker.die_until_stored(pool, everything, HOPELESS * len(deadly))
    letters = await rows(pool, "SELECT reason, message FROM dead_letters")
    assert {letter["reason"] for letter in letters} == {"crash_loop"}
    parked = [unpack(letter["message"])[0] for letter in letters]
    assert sorted(one.delivery_id for one in parked) == sorted(one.delivery_id for one in deadly)
    assert await facts(pool) == ["payment.succeeded"] * len(good)
