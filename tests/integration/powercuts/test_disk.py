"""A cut takes what was not synced, and nothing else; without that nothing that a power cut shows is worth anything."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.powercuts.disk import Disk, can_mount

SIZE = 4_000_000


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
