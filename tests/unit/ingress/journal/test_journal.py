"""Writing together, full and failing disks, and what is deleted when."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from ingress.journal import segment as segment_module
from ingress.journal.course import Sender
from ingress.journal.journal import GOOD_WRITE, Journal, JournalBounds, NotWritten
from ingress.journal.place import hold, own_place
from ingress.journal.progress import Progress
from ingress.journal.reader import JournalReader
from ingress.journal.record import Record, pack_records
from ingress.journal.segment import AHEAD_BYTES, OpenSegment, segments
from ingress.journal.survey import examine, survey
from ingress.metrics import Metrics
from ingress.routing import Routing
from schemas.envelope import Envelope, pack_one
from tests.waiting import turns, until

BOUNDS = JournalBounds(segment=1 << 20, total=1 << 30, retention=60.0, pending=1000, pending_bytes=1 << 20)


@asynccontextmanager
async def journal_in(
    root: Path, bounds: JournalBounds = BOUNDS, synced: Callable[[int], object] = lambda _: None
) -> AsyncIterator[Journal]:
    place = own_place(root)
    place.cut_torn()
    journal = Journal(place, bounds, synced)
    try:
        yield journal
    finally:
        await journal.close()
        place.release()


async def write(journal: Journal, *frames: bytes) -> list[int | None]:
    """Numbers of the records; None for what was refused."""
    numbers: list[int | None] = []

    def written(number: int, failure: NotWritten | None) -> None:
        numbers.append(number if failure is None else None)

    for frame in frames:
        journal.append(frame, written)
    await journal.barrier()
    await asyncio.sleep(0)
    return numbers


def frames_in(folder: Path) -> list[bytes]:
    return [item.frame for each in segments(folder) for item in each.scan() if isinstance(item, Record)]


async def test_what_waits_is_synced_together_and_numbered_in_order(tmp_path: Path) -> None:
    served: list[int] = []
    async with journal_in(tmp_path, synced=served.append) as journal:
        assert await write(journal, b"a", b"b", b"c") == [1, 2, 3]
        assert journal.syncs == 1
        assert await write(journal, b"d") == [4]
    assert served == [3, 1]
    assert frames_in(tmp_path / "0") == [b"a", b"b", b"c", b"d"]
    async with journal_in(tmp_path) as journal:
        assert await write(journal, b"e") == [5]


async def test_what_goes_wrong_in_one_answer_is_not_the_others_trouble(tmp_path: Path) -> None:
    told: list[int] = []
    heard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: heard.append(context.get("exception"))
    )

    def broken(number: int, _: NotWritten | None) -> None:
        raise RuntimeError(str(number))

    async with journal_in(tmp_path) as journal:
        journal.append(b"a", broken)
        journal.append(b"b", lambda number, _: told.append(number))
        await until(lambda: told == [2])
    assert [str(one) for one in heard] == ["1"]


class Syncs:
    """A disk on which nothing is written before it is told to go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.batches: list[int] = []

        def write(journal: Journal, _first: int, frames: list[bytes]) -> None:
            self.batches.append(len(frames))

        monkeypatch.setattr(Journal, "_write", write)


async def test_few_wait_for_more_of_them_and_many_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pause is so long that only what need not wait for it ends this test."""
    paced = replace(BOUNDS, pause=3600.0)
    async with journal_in(tmp_path, paced) as journal:
        disk, told = Syncs(monkeypatch), []

        def written(number: int, _failure: NotWritten | None) -> None:
            told.append(number)

        journal.append(b"the first after a quiet time", written)
        await until(lambda: told == [1])
        for _ in range(GOOD_WRITE - 1):
            journal.append(b"one of few", written)
        await turns()
        assert disk.batches == [1]
        journal.append(b"the one with which they are many", written)
        await until(lambda: len(told) == 1 + GOOD_WRITE)
        assert disk.batches == [1, GOOD_WRITE]
        journal.append(b"one that somebody waits for", written)
        await turns()
        assert disk.batches == [1, GOOD_WRITE]
        assert await journal.barrier() == 3 + GOOD_WRITE
        assert disk.batches == [1, GOOD_WRITE, 1]


async def test_what_waits_is_written_when_its_pause_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with journal_in(tmp_path, replace(BOUNDS, pause=0.001)) as journal:
        disk, told = Syncs(monkeypatch), []
        for number in range(1, 4):
            journal.append(b"alone", lambda number, _: told.append(number))
            await until(lambda number=number: told == list(range(1, number + 1)))
        assert disk.batches == [1, 1, 1]


async def test_a_torn_end_is_cut_and_its_number_given_again(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        await write(journal, b"a", b"b")
    (only,) = segments(tmp_path / "0")
    os.truncate(only.path, only.size - 1)
    async with journal_in(tmp_path) as journal:
        assert await write(journal, b"c") == [2]
    assert frames_in(tmp_path / "0") == [b"a", b"c"]


async def test_a_file_grows_seldom_so_that_a_sync_writes_it_alone(tmp_path: Path) -> None:
    """A file that grew has the file system commit as well, with what everybody else wrote; at a steady pace that was every sync."""
    frames, sizes = [b"%06d" % number * 1000 for number in range(100)], []
    async with journal_in(tmp_path) as journal:
        for frame in frames:
            await write(journal, frame)
            [only] = segments(tmp_path / "0")
            sizes.append(only.size)
        assert journal.syncs == len(frames)
    grown = sum(1 for before, after in zip([0, *sizes], sizes, strict=False) if after > before)
    assert grown == -(-len(frames) * 6024 // AHEAD_BYTES) == 3
    assert max(sizes) - only.size < AHEAD_BYTES
    assert only.path.read_bytes().endswith(frames[-1])
    assert frames_in(tmp_path / "0") == frames


async def test_room_that_a_crash_left_is_no_damage_and_is_written_to_by_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    living, left = tmp_path / "living", tmp_path / "left"
    async with journal_in(living) as journal:
        await write(journal, b"a", b"b")
        shutil.copytree(living, left)
        # As a process that died leaves it: nothing is held, and the broker has nothing.
        assert list(examine(left)) == []
        [state] = survey(left)
        assert (state.records, state.waiting, state.held) == (2, 2, False)
    capsys.readouterr()
    async with journal_in(left) as journal:
        assert await write(journal, b"c") == [3]
    assert "journal_cut" not in capsys.readouterr().out
    assert frames_in(left / "0") == [b"a", b"b", b"c"]
    for kept, other in zip(segments(living / "0"), segments(left / "0")[:1], strict=True):
        assert kept.path.read_bytes() == other.path.read_bytes()


async def test_a_damaged_last_record_keeps_its_place(tmp_path: Path) -> None:
    async with journal_in(tmp_path) as journal:
        await write(journal, b"a")
    (only,) = segments(tmp_path / "0")
    data = bytearray(only.path.read_bytes())
    data[-1] ^= 1
    only.path.write_bytes(data)
    async with journal_in(tmp_path) as journal:
        assert await write(journal, b"b") == [2]
    assert only.path.read_bytes() == data


async def test_a_full_disk_is_refused_in_words_and_taken_again_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, full = segment_module.write_all_at, False

    def half(descriptor: int, parts: Sequence[bytes], place: int) -> None:
        if full:
            data = b"".join(parts)
            os.pwrite(descriptor, data[: len(data) // 2], place)
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor, parts, place)

    monkeypatch.setattr(segment_module, "write_all_at", half)
    async with journal_in(tmp_path) as journal:
        assert await write(journal, b"a") == [1]
        full = True
        assert await write(journal, b"b", b"c") == [None, None]
        assert "No space left" in journal.failing
        assert not await journal.is_writable()
        full = False
        assert await journal.is_writable()
        assert await write(journal, b"d") == [2]
    assert frames_in(tmp_path / "0") == [b"a", b"d"]


async def test_what_is_written_is_on_the_disk_when_its_call_returns(tmp_path: Path) -> None:
    """O_DSYNC is asked of the kernel, which would say nothing where it was left out. What is laid is synced by itself, over a descriptor without it."""
    place = own_place(tmp_path)
    segment = OpenSegment(place.folder, 1)
    try:
        flags = [
            int(line.split()[1], 8)
            for file in Path("/proc/self/fd").iterdir()
            if file.exists() and file.resolve() == segment.path.resolve()
            for line in Path(f"/proc/self/fdinfo/{file.name}").read_text().splitlines()
            if line.startswith("flags:")
        ]
    finally:
        segment.close()
        place.release()
    assert sorted(each & os.O_DSYNC == os.O_DSYNC for each in flags) == [False, True]


async def test_after_a_failed_sync_the_file_is_not_trusted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with journal_in(tmp_path) as journal:
        await write(journal, b"a")
        real = os.pwritev

        def written_and_not_synced(descriptor: int, parts: Sequence[bytes], place: int) -> int:
            real(descriptor, parts, place)
            raise OSError(errno.EIO, "I/O error")

        monkeypatch.setattr(os, "pwritev", written_and_not_synced)
        assert await write(journal, b"b") == [None]
        monkeypatch.setattr(os, "pwritev", real)
        assert await write(journal, b"c") == [2]
    assert [each.first for each in segments(tmp_path / "0")] == [1, 2]
    assert frames_in(tmp_path / "0") == [b"a", b"c"]


async def test_looking_whether_it_can_be_written_again_empties_no_file_that_was_just_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look behind a write would have an old number, and a new file of that name takes the old one's place."""
    ways = ["full", "held"]
    held, through = threading.Event(), Journal._write

    def writing(journal: Journal, first: int, frames: Sequence[bytes]) -> None:
        if frames and ways:
            if ways.pop(0) == "full":
                raise OSError(errno.ENOSPC, "full")
            held.wait()
        through(journal, first, frames)

    monkeypatch.setattr(Journal, "_write", writing)
    async with journal_in(tmp_path, replace(BOUNDS, segment=1)) as journal:
        assert await write(journal, b"refused") == [None]
        written = asyncio.create_task(write(journal, b"kept"))
        await until(lambda: not ways)
        looking = asyncio.create_task(journal.is_writable())
        await turns()
        held.set()
        assert await written == [1]
        await looking
        assert await journal.is_writable()
    assert frames_in(tmp_path / "0") == [b"kept"]


async def test_files_that_the_broker_has_are_deleted_by_age_and_the_others_never(tmp_path: Path) -> None:
    small = JournalBounds(segment=1, total=1 << 30, retention=60.0, pending=10, pending_bytes=1 << 20)
    async with journal_in(tmp_path, small) as journal:
        for frame in (b"a", b"b", b"c", b"d"):
            await write(journal, frame)
        long_ago = time.time() - 3600
        for each in segments(tmp_path / "0")[:3]:
            os.utime(each.path, (long_ago, long_ago))
        await journal.trim(0)
        assert len(segments(tmp_path / "0")) == 4
        await journal.trim(2)
        assert frames_in(tmp_path / "0") == [b"c", b"d"]


async def test_a_journal_as_large_as_it_may_be_refuses_until_the_broker_has_some_of_it(
    tmp_path: Path,
) -> None:
    tiny = JournalBounds(segment=1, total=120, retention=60.0, pending=10, pending_bytes=1 << 20)
    async with journal_in(tmp_path, tiny) as journal:
        numbers = [(await write(journal, b"x" * 20))[0] for _ in range(5)]
        assert numbers == [1, 2, 3, None, None]
        assert "LUNAS_INGRESS_JOURNAL_MAX_BYTES" in journal.failing
        journal._place.save_relayed(1)
        assert await write(journal, b"y") == [4]


def test_two_processes_have_two_folders_and_a_dead_one_s_is_taken_over(tmp_path: Path) -> None:
    first, second = own_place(tmp_path), own_place(tmp_path)
    assert (first.folder.name, second.folder.name) == ("0", "1")
    assert hold(first.folder) is None
    first.save_relayed(12)
    first.release()
    again = own_place(tmp_path)
    assert (again.folder.name, again.relayed) == ("0", 12)
    again.release()
    second.release()


async def test_a_reader_goes_on_where_it_stopped_over_files_and_damage(tmp_path: Path) -> None:
    small = JournalBounds(segment=60, total=1 << 30, retention=60.0, pending=100, pending_bytes=1 << 20)
    async with journal_in(tmp_path, small) as journal:
        for number in range(1, 21):
            await write(journal, b"frame %02d" % number)
        broken = segments(tmp_path / "0")[3]
        data = bytearray(broken.path.read_bytes())
        data[-1] ^= 1
        broken.path.write_bytes(data)
        reader, after, found, damaged = JournalReader(tmp_path / "0"), 0, [], []
        while after + 1 < journal.next:
            part = reader.read(after, journal.next, records=3, size=1 << 20)
            found += [record.number for record in part.records]
            damaged += part.damaged
            after = part.through
    (lost,) = set(range(1, 21)) - set(found)
    assert found == sorted(set(range(1, 21)) - {lost})
    assert set(damaged) == {broken.path}


async def test_what_is_being_written_behind_the_last_record_that_is_asked_for_is_no_damage(
    tmp_path: Path,
) -> None:
    """The relay reads while the door writes, and what a process that was killed left of a write lies behind what it answered."""
    async with journal_in(tmp_path) as journal:
        await write(journal, b"a", b"b")
    [segment] = segments(tmp_path / "0")
    half = pack_records(3, [b"c" * 100])[:60]
    segment.path.write_bytes(segment.path.read_bytes() + half)
    part = JournalReader(tmp_path / "0").read(0, 3, records=10, size=1 << 20)
    assert ([record.frame for record in part.records], part.through, part.damaged) == ([b"a", b"b"], 2, [])


async def test_a_record_of_a_later_version_is_sent_as_it_is_and_holds_nothing_up(tmp_path: Path) -> None:
    """After a way back to an older version: the processor parks it, by name."""
    sent: list[tuple[bytes, int]] = []

    class Publisher:
        async def deliver(self, frame: bytes, partition: int) -> None:
            sent.append((frame, partition))

    ours = pack_one(Envelope("id", "xendit", 1, "static_token", "", "/webhooks/xendit", b"{}"))
    async with journal_in(tmp_path) as journal:
        await write(journal, b"of a later version", ours)
    publisher: Any = Publisher()
    progress = Progress(0)
    routing = Routing(1, {"xendit": 3})
    sender = Sender(publisher, routing=routing, window=10, metrics=Metrics(CollectorRegistry()))
    await sender.course(JournalReader(tmp_path / "0"), progress).send(3)
    assert sent == [(b"of a later version", 0), (ours, 3)]
    assert progress.through == 2


def test_progress_is_the_last_record_before_the_first_gap() -> None:
    progress = Progress(10)
    progress.settle(13)
    progress.settle(12)
    assert (progress.through, progress.is_settled(12), progress.is_settled(11)) == (10, True, False)
    progress.settle(11)
    assert progress.through == 13
    progress.settle(16)
    progress.settle_through(15)
    assert progress.through == 16
