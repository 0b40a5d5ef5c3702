"""The files of one journal: segments named by the number of their first record; the last one is written to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from mmap import ACCESS_READ, mmap
from pathlib import Path

from ingress.journal.record import HEAD, Damage, Record, pack_head, scan
from runtime.files import sync_folder, write_all_at

SUFFIX = ".journal"
AHEAD_BYTES = 256 * 1024
"""Room is made by so many zeros at once. A sync of a file that grew has the file system commit as well, and with it what others write; one that did not
writes what it is asked to."""
ZEROS = memoryview(bytes(AHEAD_BYTES))
OPENED = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_DSYNC
"""O_DSYNC: a write returns when its bytes are on the disk, as with `fdatasync` behind it (open(2)). Of one call instead of two the thread that writes comes
back for Python's lock once: at a door that computes all the while, waiting for that lock costs more than the disk."""
LAID = os.O_WRONLY | os.O_CLOEXEC


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
    """The segment that is written to, `size` bytes of it so far; behind them lies room that was made ahead, of zeros.

    Raises OSError wherever the disk does; after one it is not written to again.

    A file of the same name holds nothing that was answered: otherwise the number would be taken.
    """

    def __init__(self, folder: Path, first: int) -> None:
        self.path = folder / f"{first:015d}{SUFFIX}"
        self.laid = self._descriptor = os.open(self.path, OPENED, 0o600)
        self.size = self._room = HEAD.size
        try:
            self.laid = os.open(self.path, LAID)  # what is written over it is not on the disk yet
            write_all_at(self._descriptor, [pack_head(first)], 0)
            os.fsync(self._descriptor)
            sync_folder(folder)
        except OSError:
            self._leave()
            self.path.unlink(missing_ok=True)
            raise

    def append(self, parts: Sequence[bytes | memoryview]) -> None:
        """Returns when the bytes of all parts, one behind the other, are on the disk."""
        end, room = self.size + sum(map(len, parts)), self._room
        if end > room:
            room = end + -end % AHEAD_BYTES
            parts = [*parts, ZEROS[: room - end]]
        write_all_at(self._descriptor, parts, self.size)
        self.size, self._room = end, room

    def has_room(self, size: int) -> bool:
        """So many bytes would not make the file longer."""
        return self.size + size <= self._room

    def lay(self, parts: Sequence[bytes]) -> int:
        """The same without waiting for the disk, and without making room. The byte behind the last one, for `reached` once it is synced."""
        write_all_at(self.laid, parts, self.size)
        return self.size + sum(map(len, parts))

    def reached(self, end: int) -> None:
        """What was laid up to there is on the disk."""
        self.size, self._room = end, max(end, self._room)

    def abandon(self) -> None:
        """After an error: takes what was not synced out of the file, as far as the disk allows, and closes it."""
        self.close()

    def close(self) -> None:
        """Without the room that was not used. Where a crash comes first, it stays, and is read as nothing."""
        try:
            os.ftruncate(self._descriptor, self.size)
        finally:
            self._leave()

    def _leave(self) -> None:
        for descriptor in {self.laid, self._descriptor}:
            os.close(descriptor)
