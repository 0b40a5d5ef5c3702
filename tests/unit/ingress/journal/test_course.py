"""A queue that does not take what is for it: the others go on, it gets everything when it takes again, and nothing counts as sent that was not."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from ingress.journal.course import ASKED, PAUSE_SECONDS
from ingress.journal.progress import Progress
from ingress.journal.segment import segments
from schemas.errors import NotConfirmed
from tests.simulation.loop import passes
from tests.unit.ingress.journal.queues import (
    DEADLINE,
    WINDOW,
    Queues,
    course,
    frame,
    simulated,
    through,
    through_others,
    written,
)

MANY = 501
FRAMES = [frame(number % 3, number) for number in range(MANY)]


def of(queue: int) -> list[bytes]:
    return [each for each in FRAMES if each[0] == queue]


@pytest.mark.parametrize("way_out", ["refuse", "silent"])
def test_a_queue_that_refuses_or_says_nothing_holds_up_no_other_and_keeps_its_order(
    tmp_path: Path, way_out: str
) -> None:
    written(tmp_path, FRAMES)

    async def scene() -> None:
        queues, progress = Queues(3), Progress(0)
        getattr(queues, way_out).add(1)
        loop = asyncio.get_running_loop()
        async with course(tmp_path, queues, progress) as way:
            await through_others(way, MANY + 1)
            # One deadline for all of it, not one for each window.
            assert loop.time() < 5 * DEADLINE
            assert (queues.taken(0), queues.taken(2)) == (of(0), of(2))
            assert queues.taken(1) == []
            assert (way.behind, progress.through, progress.last()) == (True, 1, MANY)
            assert progress.ahead == len(of(0)) + len(of(2)) - 1
            await passes(60)
            getattr(queues, way_out).clear()
            since = loop.time()
            await through(way, MANY + 1)
            assert loop.time() - since < 2 * (PAUSE_SECONDS[1] + DEADLINE)
            assert queues.taken(1) == of(1)
            await passes(5)
            await way.send(MANY + 1)
            assert (way.behind, progress.through, progress.ahead) == (False, MANY, 0)

    simulated(scene())


def test_a_refusing_queue_is_asked_to_take_a_few_and_no_more_often_than_it_was(tmp_path: Path) -> None:
    frames = [frame(number % 2, number) for number in range(MANY)]
    written(tmp_path, frames)

    async def scene() -> None:
        queues, progress = Queues(2), Progress(0)
        queues.refuse.add(1)
        async with course(tmp_path, queues, progress, window=100) as way:
            await through_others(way, MANY + 1)
            await passes(10)
            queues.asked.clear()
            await passes(60)
            assert 0 < len(queues.asked) <= (60 / PAUSE_SECONDS[1] + 1) * ASKED
            assert set(queues.asked) <= set([each for each in frames if each[0] == 1][:ASKED])

    simulated(scene())


def test_windows_of_the_refusing_queue_alone_hold_up_no_other_either(tmp_path: Path) -> None:
    """After a while those before the first gap hold nothing else."""
    frames = [frame(0, number) for number in range(3 * WINDOW)] + [frame(1, number) for number in range(20)]
    written(tmp_path, frames)

    async def scene() -> None:
        queues, progress = Queues(2), Progress(0)
        queues.refuse.add(0)
        async with course(tmp_path, queues, progress) as way:
            await through_others(way, len(frames) + 1)
            assert queues.took == frames[3 * WINDOW :]
            queues.refuse.clear()
            await through(way, len(frames) + 1)
            assert queues.taken(0) == frames[: 3 * WINDOW]

    simulated(scene())


def test_of_two_queues_that_were_left_behind_each_follows_by_itself(tmp_path: Path) -> None:
    written(tmp_path, FRAMES)

    async def scene() -> None:
        queues, progress = Queues(3), Progress(0)
        queues.refuse.add(1)
        async with course(tmp_path, queues, progress) as way:
            while way.front < MANY // 2:
                await way.send(MANY + 1)
            queues.refuse.add(2)
            await through_others(way, MANY + 1)
            queues.refuse.discard(2)
            await passes(10)
            assert (queues.taken(0), queues.taken(1), queues.taken(2)) == (of(0), [], of(2))
            queues.refuse.clear()
            await through(way, MANY + 1)
            assert queues.taken(1) == of(1)

    simulated(scene())


@pytest.mark.parametrize("gone", [True, False])
def test_nothing_is_left_behind_where_nobody_would_go_on_or_the_connection_is_gone(
    tmp_path: Path, gone: bool
) -> None:
    written(tmp_path, FRAMES)

    async def scene() -> None:
        queues, progress = Queues(3), Progress(0)
        queues.refuse = {0, 1, 2}
        queues.is_ready = not gone
        async with course(tmp_path, queues, progress) as way:
            with pytest.raises(NotConfirmed):
                await way.send(MANY + 1)
            assert (way.behind, way.front, progress.last()) == (False, 0, 0)
            queues.refuse, queues.is_ready = set(), True
            await through(way, MANY + 1)
            assert [queues.taken(number) for number in range(3)] == [of(number) for number in range(3)]

    simulated(scene())


def test_the_last_queue_that_goes_on_is_not_left_behind_and_waits_for_no_other(tmp_path: Path) -> None:
    written(tmp_path, FRAMES)

    async def scene() -> None:
        queues, progress = Queues(3), Progress(0)
        queues.refuse = {0, 1}
        async with course(tmp_path, queues, progress) as way:
            await way.send(MANY + 1)
            queues.refuse.add(2)
            with pytest.raises(NotConfirmed):
                await way.send(MANY + 1)
            queues.refuse = {0}
            await through_others(way, MANY + 1)
            await passes(10)
            assert (queues.taken(0), queues.taken(1), queues.taken(2)) == ([], of(1), of(2))

    simulated(scene())


def test_what_is_missing_behind_a_gap_is_passed_over_and_what_waits_is_not(tmp_path: Path) -> None:
    """A file in the middle is gone."""
    written(tmp_path, FRAMES, each=50)
    segments(tmp_path)[4].path.unlink()
    there = FRAMES[:200] + FRAMES[250:]

    async def scene() -> None:
        queues, progress = Queues(3), Progress(0)
        queues.refuse.add(1)
        async with course(tmp_path, queues, progress) as way:
            await through_others(way, MANY + 1)
            assert progress.through == 1
            queues.refuse.clear()
            await through(way, MANY + 1)
        assert sorted(queues.took) == sorted(there)

    simulated(scene())


def test_a_follower_that_cannot_read_is_heard_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, FRAMES)

    async def scene() -> None:
        queues, progress = Queues(3), Progress(0)
        queues.refuse.add(1)
        async with course(tmp_path, queues, progress) as way:
            await through_others(way, MANY + 1)

            def broken(*_: object) -> None:
                raise OSError(5, "I/O error")

            monkeypatch.setattr("ingress.journal.reader.segments", broken)
            with pytest.raises(OSError, match="I/O"):
                await through(way, MANY + 1)

    simulated(scene())


async def toggling(queues: Queues, dice: random.Random) -> None:
    """Whatever a broker may do, and then it is well."""
    for _ in range(60):
        await passes(dice.random() * 4)
        queues.refuse = {number for number in range(queues.queues) if dice.random() < 0.35}
        queues.silent = {number for number in range(queues.queues) if dice.random() < 0.1}
        queues.is_ready = dice.random() < 0.9
    queues.refuse, queues.silent, queues.is_ready = set(), set(), True


@pytest.mark.parametrize("seed", range(12))
def test_whatever_queues_do_what_counts_as_sent_was_taken_and_all_is_in_the_end(
    tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    number = dice.choice([1, 2, 3, 5])
    frames = [frame(dice.randrange(number), each) for each in range(400)]
    lost = dice.randrange(4)
    written(tmp_path, frames)
    segments(tmp_path)[lost].path.unlink()
    there = {each: number for number, each in enumerate(frames, 1) if not 0 <= number - 1 - 100 * lost < 100}

    async def scene() -> None:
        queues, progress = Queues(number), Progress(0)
        sound = progress.settle

        def settle(record: int) -> None:
            assert frames[record - 1] in queues.took
            sound(record)

        progress.settle = settle  # type: ignore[method-assign]
        storm = asyncio.create_task(toggling(queues, dice))
        async with course(tmp_path, queues, progress) as way:
            for until in (150, 300, 401):
                await through(way, until)
                assert {each for each in there if there[each] < until} <= set(queues.took)
            await storm
        assert (progress.through, progress.ahead) == (400, 0)
        assert set(queues.took) == set(there)

    simulated(scene(), seed)
