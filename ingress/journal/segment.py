"""The files of one journal: segments named by the number of their first record; the last one is written to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from mmap import ACCESS_READ, mmap
from pathlib import Path

from ingress.journal.record import HEAD, Damage, Record, pack_head, scan
from runtime.files import sync_folder, write_all

SUFFIX = ".journal"


@dataclass(frozen=True, slots=True)
class Segment:
    """One file. `first` is the number of its first record; records from `until` on are what a failed write left: the next file has them."""

    path: Path
    first: int
    until: int | None = None

    @property
    def size(self) -> int:
        """Bytes; 0 when it is gone."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def scan(self, start: int = 0) -> Iterator[Record | Damage]:
        """Everything in it from byte `start` on, in order. Raises OSError. A file whose time is over meanwhile holds nothing."""
        if self.size <= start:
            return
        try:
            with self.path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
                for item in scan(data, self.first, start):
                    if isinstance(item, Record) and self.until is not None and item.number >= self.until:
                        return
                    yield item
        except FileNotFoundError:
            return


def segments(folder: Path) -> list[Segment]:
    """All segments in a folder, oldest first."""
    paths = {int(path.name.removesuffix(SUFFIX)): path for path in folder.glob(f"[0-9]*{SUFFIX}")}
    numbers = sorted(paths)
    return [Segment(paths[first], first, until) for first, until in zip_longest(numbers, numbers[1:])]


class OpenSegment:
    """The segment that is written to. Raises OSError wherever the disk does; after one it is not written to again.

    A file of the same name holds nothing that was answered: otherwise the number would be taken.
    """

    def __init__(self, folder: Path, first: int) -> None:
        self.path = folder / f"{first:015d}{SUFFIX}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(self.path, flags, 0o600)
        self.size = HEAD.size
        try:
            write_all(self._descriptor, pack_head(first))
            os.fsync(self._descriptor)
            sync_folder(folder)
        except OSError:
            os.close(self._descriptor)
            self.path.unlink(missing_ok=True)
            raise

    def append(self, data: bytes) -> None:
        """Returns when the bytes are on the disk."""
        write_all(self._descriptor, data)
        os.fdatasync(self._descriptor)
        self.size += len(data)

    def abandon(self) -> None:
        """After an error: takes what was not synced out of the file, as far as the disk allows, and closes it."""
        try:
            os.ftruncate(self._descriptor, self.size)
        finally:
            os.close(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)
