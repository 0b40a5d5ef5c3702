"""Names of files of PostgreSQL's write-ahead log: what follows what, across timelines.

A file holds `size` bytes (16 MiB unless initdb was told otherwise) of one timeline; its name is 24 hexadecimal digits: timeline, and twice eight
of its number. A restore to a point in time, or a promoted standby, begins a new timeline in the middle of a file; `NNNNNNNN.history` says of
timeline N where it left which one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_SEGMENT = re.compile(r"[0-9A-F]{24}\Z")
_LSN = re.compile(r"([0-9A-F]{1,8})/([0-9A-F]{1,8})\Z")


class WalFile(NamedTuple):
    """One file, by timeline and number from 0."""

    timeline: int
    number: int


class Fork(NamedTuple):
    """`timeline` was left at byte `position` of the log."""

    timeline: int
    position: int


def wal_file(name: str, size: int) -> WalFile | None:
    """The file of this name; None when it is none: a history, or the note of a backup."""
    if not _SEGMENT.match(name):
        return None
    high, low = int(name[8:16], 16), int(name[16:], 16)
    return WalFile(int(name[:8], 16), high * (2**32 // size) + low)


def wal_name(file: WalFile, size: int) -> str:
    per_log = 2**32 // size
    return f"{file.timeline:08X}{file.number // per_log:08X}{file.number % per_log:08X}"


def lsn(text: str) -> int:
    """A place in the log, `16/B374D848`, as the number of its byte. Raises ValueError."""
    found = _LSN.match(text)
    if found is None:
        raise ValueError(f"{text!r} is no place in the log")
    return (int(found[1], 16) << 32) + int(found[2], 16)


def forks(history: str) -> list[Fork]:
    """What a history tells, oldest first. Raises ValueError."""
    found = []
    for line in history.splitlines():
        words = line.partition("#")[0].split()
        if words:
            found.append(Fork(int(words[0]), lsn(words[1])))
    return found


def between(first: WalFile, last: WalFile, left: Sequence[Fork], size: int) -> Iterator[WalFile]:
    """What a restore reads from `first` to `last`, both included. `left`: the history of the last one's timeline.

    Where timelines part in the middle of a file, the newer one's file holds both halves.
    """
    for number in range(first.number, last.number + 1):
        timeline = last.timeline
        for fork in reversed(left):
            if number >= fork.position // size:
                break
            timeline = fork.timeline
        yield WalFile(timeline, number)


def spans(files: Sequence[WalFile]) -> list[tuple[WalFile, WalFile]]:
    """Files in order as runs without a hole: the first and the last of each."""
    found: list[tuple[WalFile, WalFile]] = []
    for file in files:
        if found and found[-1][1].number + 1 == file.number:
            found[-1] = (found[-1][0], file)
        else:
            found.append((file, file))
    return found
