"""Reads a journal from a record on, a part at a time, while it is being written to."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ingress.journal.record import HEAD, Record
from ingress.journal.segment import Segment, segments


@dataclass(frozen=True, slots=True)
class JournalPart:
    """Records in order, up to record `through`; `damaged`: segments in which something in between is no whole record."""

    records: list[Record]
    through: int
    damaged: list[Path]


class JournalReader:
    """Remembers where it began last and where it stopped, so that a segment is read once, and what is to be sent once more is found at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._places: dict[int, tuple[int, int]] = {}
        """Behind which record: in which segment, by its first record, and at which byte of it."""

    def read(self, after: int, until: int, *, records: int, size: int) -> JournalPart:
        """The records behind `after` and before `until`, so many of them and bytes at most, and one at least. Raises OSError.

        `until` is the first number that is not written yet. What is missing or damaged is passed over.
        """
        known, offset = self._places.get(after, (0, 0))
        self._places.clear()
        found: list[Record] = []
        damaged: list[Path] = []
        left, through = size, after
        for segment in self._segments(after):
            for item in segment.scan(offset if segment.first == known else 0):
                if not isinstance(item, Record):
                    damaged.append(segment.path)
                elif item.number >= until:
                    return self._stop(found, until - 1, damaged, segment, item.offset)
                elif item.number > after:
                    if not found:
                        self._places[after] = (segment.first, item.offset)
                    found.append(item)
                    left -= len(item.frame)
                    through = item.number
                    # Behind the last that is asked for somebody may be writing, or have died while writing: that is no damage.
                    if len(found) == records or left <= 0 or through == until - 1:
                        return self._stop(found, through, damaged, segment, item.end)
        return JournalPart(found, until - 1, damaged)

    def _stop(
        self, found: list[Record], through: int, damaged: list[Path], segment: Segment, offset: int
    ) -> JournalPart:
        self._places[through] = (segment.first, max(offset, HEAD.size))
        return JournalPart(found, through, damaged)

    def _segments(self, after: int) -> list[Segment]:
        """Those that may hold what comes behind `after`."""
        found = segments(self.folder)
        over = sum(1 for _, following in pairwise(found) if following.first <= after + 1)
        return found[over:]
