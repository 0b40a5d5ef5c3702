"""A cut takes what was not synced, and nothing else; without that nothing that a power cut shows is worth anything."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.powercuts.disk import Disk, can_mount

SIZE = 4_000_000
SEGMENT = "000000000000001.journal"
WRITES = """
import sys
from pathlib import Path
from ingress.journal.segment import OpenSegment
from tests.powercuts.planted import unsync
if sys.argv[2]:
    unsync()
OpenSegment(Path(sys.argv[1]), 1).append([b"kept"])
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """An empty one, mounted."""
    made = Disk(tmp_path / "disk.img", tmp_path / "disk")
    made.make()
    made.mount()
    yield made
    made.unmount()


# Files can be mounted by root only: elsewhere there is no power to cut, and `python -m tests.powercuts` says so.
@pytest.mark.parametrize("place", ["here"] if can_mount() else [])
def test_what_was_synced_is_in_the_copy_and_what_was_not_is_not(
    disk: Disk, tmp_path: Path, place: str
) -> None:
    synced, lost = disk.place / "synced", disk.place / "lost"
    with synced.open("wb") as file:
        file.write(b"s" * SIZE)
        file.flush()
        os.fsync(file.fileno())
    lost.write_bytes(b"l" * SIZE)
    assert disk.copy(tmp_path / "cut.img")
    after = Disk(tmp_path / "cut.img", tmp_path / "after")
    after.mount()
    try:
        assert (after.place / "synced").read_bytes() == b"s" * SIZE
        found = after.place / "lost"
        assert not found.exists() or found.read_bytes() != b"l" * SIZE
    finally:
        after.unmount()


@pytest.mark.parametrize("place", ["here"] if can_mount() else [])
@pytest.mark.parametrize("planted", [False, True])
def test_a_cut_takes_what_the_journal_of_the_control_wrote_and_nothing_of_ours(
    disk: Disk, tmp_path: Path, planted: bool, place: str
) -> None:
    words = [sys.executable, "-c", WRITES, str(disk.place), "planted" if planted else ""]
    subprocess.run(words, check=True)
    assert (disk.place / SEGMENT).read_bytes().count(b"kept") == 1
    assert disk.copy(tmp_path / "cut.img")
    after = Disk(tmp_path / "cut.img", tmp_path / "after")
    after.mount()
    try:
        found = after.place / SEGMENT
        assert (found.exists() and b"kept" in found.read_bytes()) is not planted
    finally:
        after.unmount()
