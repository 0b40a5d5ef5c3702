"""What a broker that died may have forgotten: how far it reaches, that it is sent again, and that storms hold nothing up. Time is the simulation's."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from ingress.journal.course import Sender
from ingress.journal.doubts import Doubts
from ingress.journal.journal import Journal, JournalBounds
from ingress.journal.place import RELAYED, hold, own_place
from ingress.journal.progress import Progress
from ingress.journal.reader import JournalReader
from ingress.journal.record import pack_records
from ingress.journal.segment import OpenSegment
from ingress.journal.upkeep import Upkeep
from ingress.metrics import Metrics
from ingress.routing import Routing
from schemas.errors import NotConfirmed
from tests.simulation.loop import SimLoop, passes

REACH = 5.0
RECORDS_A_SECOND = 100


@dataclass
class Wire:
    """A channel, and a sender on it: so many records a second, a tenth of a second at a time."""

    losses: int = 0
    is_ready: bool = True
    metrics: Metrics = field(default_factory=lambda: Metrics(CollectorRegistry()))
    sent: list[int] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def course(self, _reader: object, progress: Progress) -> Crossing:
        return Crossing(self, progress)

    async def send(self, progress: Progress, until: int) -> None:
        losses = self.losses
        await passes(0.1)
        if losses != self.losses or not self.is_ready:
            raise NotConfirmed("it is gone")
        for _ in range(min(RECORDS_A_SECOND // 10, until - 1 - progress.through)):
            progress.settle(progress.through + 1)
            self.sent.append(progress.through)

    def breaks(self) -> None:
        self.losses += 1


@dataclass
class Crossing:
    """A course over such a wire, on which no queue is left behind."""

    wire: Wire
    progress: Progress
    behind: bool = False

    @property
    def front(self) -> int:
        return self.progress.through

    def lacks(self, until: int) -> bool:
        return self.progress.through + 1 < until

    async def send(self, until: int) -> None:
        await self.wire.send(self.progress, until)

    async def close(self) -> None: ...

    async def __aenter__(self) -> Crossing:
        return self

    async def __aexit__(self, *_: object) -> None: ...


def simulated(scene: Coroutine[Any, Any, None]) -> None:
    loop = SimLoop(random.Random(7))
    try:
        loop.run_until_complete(scene)
    finally:
        loop.bury()


def at_work(progress: Progress, wire: Wire) -> Doubts:
    sender: Any = wire
    reader: Any = None
    doubts = Doubts(progress, wire, reader, sender, REACH)
    wire.tasks = [asyncio.create_task(doubts.watch()), asyncio.create_task(doubts.run())]
    return doubts


async def test_what_is_confirmed_counts_at_once_and_is_in_doubt_while_others_still_wait(
    tmp_path: Path,
) -> None:
    """Its connection breaks meanwhile: settled with the last of its window it would have been believed."""
    confirmed, never = asyncio.Event(), asyncio.Event()

    class Publisher:
        queues = 1

        async def deliver(self, frame: bytes, partition: int) -> None:
            if frame == b"hangs":
                confirmed.set()
                await never.wait()

    place = own_place(tmp_path)
    segment = OpenSegment(place.folder, 1)
    segment.append([pack_records(1, [b"confirmed", b"hangs"])])
    segment.close()
    publisher: Any = Publisher()
    progress = Progress(0, REACH)
    sender = Sender(publisher, routing=Routing(1), window=2, metrics=Metrics(CollectorRegistry()))
    sending = asyncio.create_task(sender.course(JournalReader(place.folder), progress).send(3))
    await asyncio.wait({sending, asyncio.create_task(confirmed.wait())}, return_when=asyncio.FIRST_COMPLETED)
    progress.doubt()
    assert (progress.through, progress.doubted) == (1, 0)
    sending.cancel()


def test_what_was_confirmed_before_the_reach_is_sure() -> None:
    progress = Progress(0, REACH)
    for second in range(20):
        progress.settle_through(second * 10)
        progress.look(float(second))
    assert progress.through == 190
    # The last sign of life was between the last two looks: five seconds before that it stood at 130.
    assert progress.sure == 130
    progress.doubt()
    assert progress.doubted == 130


def test_a_death_that_is_noticed_late_is_doubted_from_the_last_confirm_on() -> None:
    """A machine that is gone closes no connection."""
    progress = Progress(0, REACH)
    progress.look(0.0)
    progress.settle(1)
    for second in range(1, 30):
        progress.look(float(second))
    assert progress.sure == 0
    for second in range(30, 70):
        progress.look(float(second))
    assert progress.sure == 1
    progress.doubt()
    assert (progress.doubted, progress.last()) == (1, 1)


def test_what_was_confirmed_behind_a_gap_is_in_doubt_too() -> None:
    progress = Progress(10, REACH)
    progress.settle(12)
    progress.doubt()
    assert (progress.doubted, progress.last()) == (10, 12)


def test_without_a_reach_the_broker_is_believed() -> None:
    progress = Progress(3)
    progress.settle(4)
    progress.doubt()
    assert (progress.sure, progress.doubted) == (4, None)


def test_what_is_in_doubt_is_remembered_and_an_older_release_s_word_is_taken(tmp_path: Path) -> None:
    place = own_place(tmp_path)
    place.save_relayed(12, 7)
    place.release()
    again = own_place(tmp_path)
    assert (again.relayed, again.sure) == (12, 7)
    again.release()
    (tmp_path / "0" / RELAYED).write_text(json.dumps({"record": 12}))
    old = own_place(tmp_path)
    assert (old.relayed, old.sure) == (12, 12)
    old.release()


async def test_nothing_that_is_in_doubt_is_deleted(tmp_path: Path) -> None:
    """Segments of one record each, and room for three."""
    tiny = JournalBounds(segment=1, total=120, retention=60.0, pending=10, pending_bytes=1 << 20)
    place = own_place(tmp_path)
    journal = Journal(place, tiny)
    told: list[int] = []
    try:
        for _ in range(3):
            journal.append(b"x" * 20, lambda number, _: told.append(number))
            await journal.barrier()
        place.save_relayed(3, 0)
        journal.append(b"y", lambda number, _: told.append(number))
        await journal.barrier()
        assert journal.failing
        place.save_relayed(3, 1)
        journal.append(b"z", lambda number, _: told.append(number))
        await journal.barrier()
        await asyncio.sleep(0)
        assert told == [1, 2, 3, 0, 4]
    finally:
        await journal.close()
        place.release()


def test_what_was_confirmed_last_is_sent_again_once_a_connection_lasts() -> None:
    async def scene() -> None:
        progress, wire = Progress(0, REACH), Wire()
        doubts = at_work(progress, wire)
        await passes(2)
        progress.settle_through(250)
        await passes(0.5)
        wire.breaks()
        assert doubts.waiting == 250
        await passes(REACH)
        assert wire.sent == []
        await passes(4.5)
        assert (wire.sent, doubts.waiting) == (list(range(1, 251)), 0)
        # The broker may forget these as well.
        assert progress.sure == 0
        await passes(REACH + 1)
        assert progress.doubted is None
        wire.breaks()
        await passes(100)
        assert len(wire.sent) == 500

    simulated(scene())


def test_what_was_confirmed_in_its_last_moment_and_noted_behind_it_is_sent_again_too() -> None:
    """The broker confirmed it before our own disk had it."""

    async def scene() -> None:
        progress, wire = Progress(7, REACH), Wire()
        at_work(progress, wire)
        await passes(2)
        wire.breaks()
        await passes(1.5)
        progress.settle_through(9)
        await passes(3 * REACH)
        assert (wire.sent, progress.doubted) == ([8, 9], None)
        await passes(100)
        wire.breaks()
        await passes(3 * REACH)
        assert (wire.sent, progress.doubted) == ([8, 9], None)

    simulated(scene())


def test_connections_that_break_again_and_again_hold_up_nothing_and_spend_nothing() -> None:
    """Three seconds each, and what is new goes on; then one lasts, and all of what they were told is sent once."""

    async def scene() -> None:
        progress, wire = Progress(0, REACH), Wire()
        doubts = at_work(progress, wire)
        for turn in range(1, 41):
            await passes(3)
            progress.settle_through(turn * 10)
            wire.breaks()
        assert (progress.through, progress.sure, wire.sent, doubts.waiting) == (400, 0, [], 400)
        await passes(30)
        assert (wire.sent, doubts.waiting, progress.doubted) == (list(range(1, 401)), 0, None)

    simulated(scene())


def test_each_connection_that_lasts_a_while_sends_some_of_it_for_good() -> None:
    async def scene() -> None:
        progress, wire = Progress(0, REACH), Wire()
        at_work(progress, wire)
        progress.settle_through(5000)
        await passes(1.5)
        wire.breaks()
        sure = []
        for _ in range(3):
            # Five seconds until it begins, ten of sending, of which five are in doubt.
            await passes(3 * REACH)
            wire.breaks()
            await passes(1.5)
            sure.append(progress.sure)
        assert sorted(set(sure)) == sure
        assert sure[0] > 0
        await passes(120)
        assert (progress.doubted, set(wire.sent)) == (None, set(range(1, 5001)))

    simulated(scene())


def test_a_broker_that_refuses_meanwhile_gets_the_rest_when_it_takes_again() -> None:
    async def scene() -> None:
        progress, wire = Progress(0, REACH), Wire()
        at_work(progress, wire)
        progress.settle_through(300)
        await passes(1.5)
        wire.breaks()
        await passes(REACH + 2.5)
        wire.is_ready = False
        before = len(wire.sent)
        await passes(20)
        assert len(wire.sent) == before
        wire.is_ready = True
        await passes(20)
        assert (progress.doubted, wire.sent) == (None, list(range(1, 301)))

    simulated(scene())


@pytest.mark.parametrize("breaks", [False, True])
def test_the_journal_of_a_dead_process_is_sent_again_when_the_broker_went_meanwhile(
    tmp_path: Path, breaks: bool
) -> None:
    dead = tmp_path / "1"
    dead.mkdir()
    segment = OpenSegment(dead, 1)
    segment.append([pack_records(1, [b"a", b"b"])])
    segment.close()

    async def scene() -> None:
        progress, wire = Progress(0, REACH), Wire()
        doubts = at_work(progress, wire)
        place = own_place(tmp_path)
        journal = Journal(place, JournalBounds(1 << 20, 1 << 30, 60.0, 10, 1 << 20))
        sender: Any = wire
        upkeep = Upkeep(tmp_path, place, journal, progress, sender, doubts)
        running = asyncio.create_task(upkeep.run())
        await passes(2)
        if breaks:
            wire.breaks()
        await passes(30)
        left = hold(dead)
        assert left is not None
        assert (left.sure, wire.sent) == ((0 if breaks else 2), [1, 2])
        left.release()
        await passes(60)
        left = hold(dead)
        assert left is not None
        assert (left.sure, wire.sent) == (2, [1, 2, 1, 2] if breaks else [1, 2])
        left.release()
        running.cancel()
        place.release()

    simulated(scene())
