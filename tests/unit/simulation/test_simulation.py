"""The simulation: one number says everything, what is sound passes, what is wrong is found, and the README says how far it has driven."""

from __future__ import annotations

import asyncio
import os
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ingress.journal.place import own_place
from tests.simulation import odometer
from tests.simulation.__main__ import play, played
from tests.simulation.controls import CONTROLS
from tests.simulation.locks import SimLocks
from tests.simulation.loop import SimLoop, SimProcess, Stuck

SEEDS = 6
FOUND_WITHIN = 80


def test_a_seed_says_everything_that_happens() -> None:
    assert play(41) == play(41)
    assert play(41).trace != play(42).trace


def test_what_is_sound_passes_while_it_is_killed_at_any_step() -> None:
    outcomes = list(played(0, SEEDS, float("inf")))
    assert [(one.seed, one.broken) for one in outcomes if one.broken] == []
    assert sum(one.crashes for one in outcomes) > 0


def test_a_schedule_that_is_over_leaves_no_file_open() -> None:
    """Else an hour of schedules ends with "too many open files"."""
    list(played(0, 1, float("inf")))
    before = len(os.listdir("/proc/self/fd"))
    list(played(1, SEEDS, float("inf")))
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("name", ["ack-before-commit", "broker-believed", "dedupe-off", "queue-waited-for"])
def test_a_worker_that_is_wrong_is_found(name: str) -> None:
    with CONTROLS[name]():  # type: ignore[attr-defined]
        found = next(one for one in played(0, FOUND_WITHIN, float("inf")) if one.broken)
    assert found.broken[0].startswith(("I1", "I2"))


def test_time_jumps_to_what_is_due_next() -> None:
    loop = SimLoop(random.Random(1))

    async def waits() -> float:
        await asyncio.sleep(7200)
        return loop.time()

    assert loop.run_until_complete(waits()) == pytest.approx(7200)
    loop.bury()


def test_nothing_of_a_dead_process_runs_not_even_its_last_words() -> None:
    loop, process, said = SimLoop(random.Random(1)), SimProcess("one"), []

    async def works() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            said.append("last words")

    async def kills() -> None:
        loop.spawn(process, works())
        await asyncio.sleep(1)
        process.alive = False
        await asyncio.sleep(20)
        assert said == []

    loop.run_until_complete(kills())
    loop.bury()


def test_a_thread_that_is_alone_works_in_the_order_in_which_it_was_asked_and_tells_in_it() -> None:
    """As `ThreadPoolExecutor(1)` promises: the journal is written in the order of its numbers."""
    loop = SimLoop(random.Random(1))
    done: list[int] = []
    told: list[int] = []

    async def asks() -> None:
        with ThreadPoolExecutor(1) as thread:
            asked = [loop.run_in_executor(thread, done.append, number) for number in range(200)]
            for number, one in enumerate(asked):
                one.add_done_callback(lambda _, number=number: told.append(number))
            await asyncio.gather(*asked)

    loop.run_until_complete(asks())
    assert done == told == list(range(200))
    loop.bury()


def test_a_world_in_which_nothing_is_due_is_no_endless_wait() -> None:
    loop = SimLoop(random.Random(1))

    async def waits() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Stuck):
        loop.run_until_complete(waits())
    loop.bury()


def test_the_odometer_is_the_sum_of_its_runs_and_the_readme_shows_it() -> None:
    found = odometer.read()
    for name in odometer.COUNTED:
        assert found[name] == sum(run[name] for run in found["runs"])
    readme = odometer.README.read_text("utf-8")
    assert odometer.words(found) in readme
    assert odometer.shown(readme, found) == readme


def test_a_journal_that_a_process_held_when_it_died_is_held_by_the_next(tmp_path: Path) -> None:
    """Wherever it died: also between the lock and whatever it wanted to do with it."""
    locks, loop = SimLocks(), SimLoop(random.Random(1))

    async def opened() -> Path:
        return (await asyncio.to_thread(own_place, tmp_path)).folder

    with locks.watched():
        dead, following = SimProcess("ingress"), SimProcess("ingress")

        async def both() -> tuple[Path, Path, Path]:
            first = await loop.spawn(dead, opened())
            beside = await loop.spawn(following, opened())
            locks.free(dead)
            return first, beside, await loop.spawn(SimProcess("ingress"), opened())

        first, beside, again = loop.run_until_complete(both())
    loop.bury()
    assert first == again != beside
