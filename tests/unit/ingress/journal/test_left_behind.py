"""Where else a queue is left behind: in the journal of a process that died, and among what is sent again out of doubt. Time is the simulation's."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from ingress.journal import reader as reader_module
from ingress.journal.doubts import Doubts
from ingress.journal.journal import Journal, JournalBounds
from ingress.journal.place import hold, own_place
from ingress.journal.progress import Progress
from ingress.journal.reader import JournalReader
from ingress.journal.segment import Segment
from ingress.journal.upkeep import ROUND_SAVES, SAVE_SECONDS, Upkeep
from ingress.metrics import Metrics
from ingress.routing import Routing
from tests.simulation.loop import passes
from tests.unit.ingress.journal.queues import (
    WINDOW,
    NumberedSender,
    Queues,
    course,
    frame,
    simulated,
    through,
    through_others,
    written,
)

MANY = 300
FRAMES = [frame(number % 3, number) for number in range(MANY)]
ROUND = ROUND_SAVES * SAVE_SECONDS


class Line(Queues):
    """Of a channel that can be lost."""

    losses = 0


def sender_of(line: Line) -> NumberedSender:
    publisher: Any = line
    return NumberedSender(
        publisher, routing=Routing(line.queues), window=WINDOW, metrics=Metrics(CollectorRegistry())
    )


def of(queue: int) -> list[bytes]:
    return [each for each in FRAMES if each[0] == queue]


def test_the_journal_of_a_dead_process_is_held_until_the_refusing_queue_has_its_own_too(
    tmp_path: Path,
) -> None:
    dead = tmp_path / "1"
    written(dead, FRAMES)

    async def scene() -> None:
        line = Line(3)
        line.refuse.add(1)
        sender, place = sender_of(line), own_place(tmp_path)
        journal = Journal(place, JournalBounds(1 << 20, 1 << 30, 60.0, 10, 1 << 20))
        doubts = Doubts(Progress(0), line, JournalReader(place.folder), sender, 0.0)
        upkeep = Upkeep(tmp_path, place, journal, Progress(0), sender, doubts)
        running = asyncio.create_task(upkeep.run())
        await passes(ROUND / 2)
        assert (line.taken(0), line.taken(1), line.taken(2)) == (of(0), [], of(2))
        assert hold(dead) is None
        # Nothing of the others is sent once more, however many rounds it takes.
        await passes(5 * ROUND)
        assert len(line.took) == len(of(0)) + len(of(2))
        line.refuse.clear()
        await passes(2 * ROUND)
        assert line.taken(1) == of(1)
        left = hold(dead)
        assert left is not None
        assert (left.relayed, left.sure) == (MANY, MANY)
        left.release()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        place.release()

    simulated(scene())


def test_who_ends_meanwhile_lets_such_a_journal_go(tmp_path: Path) -> None:
    dead = tmp_path / "1"
    written(dead, FRAMES)

    async def scene() -> None:
        line = Line(3)
        line.refuse.add(1)
        sender, place = sender_of(line), own_place(tmp_path)
        journal = Journal(place, JournalBounds(1 << 20, 1 << 30, 60.0, 10, 1 << 20))
        doubts = Doubts(Progress(0), line, JournalReader(place.folder), sender, 0.0)
        running = asyncio.create_task(Upkeep(tmp_path, place, journal, Progress(0), sender, doubts).run())
        await passes(ROUND / 2)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        asked = len(line.asked)
        left = hold(dead)
        assert left is not None
        assert left.sure == 0
        left.release()
        await passes(ROUND)
        assert len(line.asked) == asked
        place.release()

    simulated(scene())


def test_what_is_in_doubt_of_the_others_is_sent_again_while_one_queue_refuses(tmp_path: Path) -> None:
    written(tmp_path, FRAMES)

    async def scene() -> None:
        reach = 5.0
        line, progress = Line(3), Progress(0, reach)
        doubts = Doubts(progress, line, JournalReader(tmp_path), sender_of(line), reach)
        tasks = [asyncio.create_task(doubts.watch()), asyncio.create_task(doubts.run())]
        progress.settle_through(MANY)
        await passes(2)
        line.losses += 1
        line.refuse.add(1)
        await passes(4 * reach)
        assert (line.taken(0), line.taken(1), line.taken(2)) == (of(0), [], of(2))
        # Nothing of it is believed before all of it is there.
        assert progress.sure == 0
        line.refuse.clear()
        await passes(4 * reach)
        assert (line.taken(1), progress.doubted, doubts.waiting) == (of(1), None, 0)
        for task in tasks:
            task.cancel()

    simulated(scene())


def test_what_is_read_once_more_is_found_where_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look for a refusing queue read its file from the first byte on."""
    written(tmp_path, FRAMES, each=MANY)
    starts: list[int] = []
    sound = Segment.scan

    def scan(self: Segment, start: int = 0) -> Any:
        starts.append(start)
        return sound(self, start)

    monkeypatch.setattr(reader_module.Segment, "scan", scan)
    reader = JournalReader(tmp_path)
    first = reader.read(200, MANY + 1, records=10, size=1 << 20)
    again = reader.read(200, MANY + 1, records=10, size=1 << 20)
    after = reader.read(210, MANY + 1, records=10, size=1 << 20)
    assert (first, first.through) == (again, 210)
    assert starts == [0, first.records[0].offset, after.records[0].offset]


def test_who_goes_on_reads_on_while_others_follow(tmp_path: Path) -> None:
    """More comes to be sent while a queue is left behind."""
    written(tmp_path, FRAMES)

    async def scene() -> None:
        queues, progress = Queues(3), Progress(0)
        queues.refuse.add(2)
        async with course(tmp_path, queues, progress) as way:
            for until in (100, 200, MANY + 1):
                await through_others(way, until)
                assert len(queues.taken(0)) + len(queues.taken(1)) == sum(
                    1 for each in FRAMES[: until - 1] if each[0] != 2
                )
            queues.refuse.clear()
            await through(way, MANY + 1)
        assert queues.taken(2) == of(2)

    simulated(scene())
