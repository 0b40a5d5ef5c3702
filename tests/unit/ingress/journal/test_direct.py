"""Writes that the loop lays in the file and the kernel syncs by itself."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ingress.journal import direct
from ingress.journal import segment as segment_module
from ingress.journal.direct import KernelSyncs
from ingress.journal.journal import DIRECT_BYTES, GOOD_WRITE, Journal, NotWritten
from ingress.journal.segment import AHEAD_BYTES, segments
from tests.unit.ingress.journal.test_journal import BOUNDS, frames_in, journal_in, write
from tests.waiting import turns, until

FEW = [b"few"]
MANY = [b"%04d" % number * 100 for number in range(GOOD_WRITE)]
MORE = [b"%04d" % number * 100 for number in range(GOOD_WRITE, 2 * GOOD_WRITE)]


@pytest.fixture
def by_thread(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many deliveries each write of the thread had."""
    through, sizes = Journal._write, []

    def writing(journal: Journal, first: int, frames: Sequence[bytes]) -> None:
        sizes.append(len(frames))
        through(journal, first, frames)

    monkeypatch.setattr(Journal, "_write", writing)
    return sizes


async def test_what_has_room_or_is_much_takes_no_turn_of_the_thread_and_lies_as_if_it_had(
    tmp_path: Path, by_thread: list[int]
) -> None:
    async with journal_in(tmp_path) as journal:
        assert await write(journal, *FEW) == [1]
        assert await write(journal, *MANY) == list(range(2, 2 + GOOD_WRITE))
        assert await write(journal, *FEW) == [2 + GOOD_WRITE]
        assert await write(journal, *MORE) == list(range(3 + GOOD_WRITE, 3 + 2 * GOOD_WRITE))
        assert journal.syncs == 4
        assert by_thread == [1]
    [only] = segments(tmp_path / "0")
    assert frames_in(tmp_path / "0") == [*FEW, *MANY, *FEW, *MORE]
    assert only.path.read_bytes().endswith(MORE[-1])
    async with journal_in(tmp_path) as journal:
        assert await write(journal, b"the next") == [3 + 2 * GOOD_WRITE]


async def test_the_first_of_a_file_and_what_would_hold_up_the_loop_are_the_threads(
    tmp_path: Path, by_thread: list[int]
) -> None:
    large = b"l" * (DIRECT_BYTES // GOOD_WRITE)
    async with journal_in(
        tmp_path, replace(BOUNDS, segment=DIRECT_BYTES, pending_bytes=2 * DIRECT_BYTES)
    ) as journal:
        await write(journal, *MANY)
        assert by_thread == [GOOD_WRITE]
        await write(journal, b"one too many", *[large] * GOOD_WRITE)
        await write(journal, *MORE)
        assert by_thread == [GOOD_WRITE, GOOD_WRITE + 1, GOOD_WRITE]
        await write(journal, *MANY)
        assert by_thread == [GOOD_WRITE, GOOD_WRITE + 1, GOOD_WRITE]
    assert len(segments(tmp_path / "0")) == 2


async def test_few_without_room_are_the_threads_which_makes_some(
    tmp_path: Path, by_thread: list[int]
) -> None:
    half = b"h" * (AHEAD_BYTES // 2)
    async with journal_in(tmp_path) as journal:
        for _ in range(5):
            await write(journal, half)
        assert by_thread == [1, 1, 1]
        await write(journal, *MANY)
        await write(journal, *FEW)
        assert by_thread == [1, 1, 1]
    assert frames_in(tmp_path / "0") == [half] * 5 + [*MANY, *FEW]


async def test_nobody_is_told_before_the_kernel_has_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Callable[[], None]] = []
    sync = KernelSyncs.sync
    monkeypatch.setattr(KernelSyncs, "sync", lambda syncs, file: asked.append(lambda: sync(syncs, file)))
    async with journal_in(tmp_path) as journal:
        await write(journal, *FEW)
        told: list[int] = []
        for frame in MANY:
            journal.append(frame, lambda number, _: told.append(number))
        await until(lambda: bool(asked or told))
        journal.append(b"behind them", lambda number, _: told.append(number))
        await turns()
        assert (told, len(asked), journal.next) == ([], 1, 2)
        asked.pop()()
        await until(lambda: bool(asked))
        assert told == list(range(2, 2 + GOOD_WRITE))
        asked.pop()()
        await until(lambda: len(told) == GOOD_WRITE + 1)
    assert told == list(range(2, 3 + GOOD_WRITE))
    assert frames_in(tmp_path / "0") == [*FEW, *MANY, b"behind them"]


async def test_after_a_failed_sync_by_the_kernel_the_file_is_not_trusted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with journal_in(tmp_path) as journal:
        await write(journal, *FEW)
        with monkeypatch.context() as patch:
            patch.setattr(
                KernelSyncs, "sync", lambda syncs, _: journal._loop.call_soon(syncs._told, errno.EIO)
            )
            assert await write(journal, *MANY) == [None] * GOOD_WRITE
        assert os.strerror(errno.EIO) in journal.failing
        assert await write(journal, *MORE) == list(range(2, 2 + GOOD_WRITE))
        assert await journal.is_writable()
    assert [each.first for each in segments(tmp_path / "0")] == [1, 2]
    assert frames_in(tmp_path / "0") == [*FEW, *MORE]


async def test_what_the_thread_refuses_is_the_threads_to_give_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody may be reading the file: it is cut by whoever knows that the disk refused, and by nobody beside it."""

    def refused(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with journal_in(tmp_path) as journal:
        await write(journal, *FEW)
        await write(journal, *MANY)
        with monkeypatch.context() as patch:
            patch.setattr(Journal, "_write", refused)
            assert await write(journal, b"refused") == [None]
        assert await write(journal, *FEW) == [2 + GOOD_WRITE]
    assert [each.first for each in segments(tmp_path / "0")] == [1]
    assert frames_in(tmp_path / "0") == [*FEW, *MANY, *FEW]


async def test_a_full_disk_is_refused_in_words_however_many_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(descriptor: int, parts: Sequence[bytes], place: int) -> None:
        data = b"".join(parts)
        os.pwrite(descriptor, data[: len(data) // 2], place)
        raise OSError(errno.ENOSPC, "No space left on device")

    async with journal_in(tmp_path) as journal:
        await write(journal, *FEW)
        with monkeypatch.context() as patch:
            patch.setattr(segment_module, "write_all_at", half)
            assert await write(journal, *MANY) == [None] * GOOD_WRITE
            assert "No space left" in journal.failing
            assert not await journal.is_writable()
        assert await journal.is_writable()
        assert await write(journal, *MORE) == list(range(2, 2 + GOOD_WRITE))
        assert await write(journal, *MANY) == list(range(2 + GOOD_WRITE, 2 + 2 * GOOD_WRITE))
    assert frames_in(tmp_path / "0") == [*FEW, *MORE, *MANY]


@pytest.mark.parametrize("way", ["opening", "asking", "machine"])
async def test_where_the_kernel_offers_nothing_the_thread_writes_and_it_is_said_once(
    way: str,
    tmp_path: Path,
    by_thread: list[int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if way == "machine":
        monkeypatch.setattr(direct, "CALLS", {})
    else:
        monkeypatch.setattr(KernelSyncs, "__init__" if way == "opening" else "sync", refused)
    async with journal_in(tmp_path) as journal:
        await write(journal, *FEW)
        assert await write(journal, *MANY) == list(range(2, 2 + GOOD_WRITE))
        assert await write(journal, *MORE) == list(range(2 + GOOD_WRITE, 2 + 2 * GOOD_WRITE))
        assert by_thread == [1, GOOD_WRITE, GOOD_WRITE]
    assert frames_in(tmp_path / "0") == [*FEW, *MANY, *MORE]
    assert capsys.readouterr().out.count("journal_by_thread") == 1


async def test_a_journal_leaves_no_descriptor_behind(tmp_path: Path) -> None:
    before = set(os.listdir("/proc/self/fd"))
    async with journal_in(tmp_path) as journal:
        failures: list[NotWritten | None] = []
        for frame in [*FEW, *MANY]:
            journal.append(frame, lambda _, failure: failures.append(failure))
        await journal.barrier()
        await write(journal, *MANY)
    assert failures == [None] * (1 + GOOD_WRITE)
    assert set(os.listdir("/proc/self/fd")) <= before
