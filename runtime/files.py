"""Files that must be whole after a power cut: written aside, synced, renamed, and the folder synced."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

PRIVATE = 0o600
PARTS_AT_ONCE = 1024  # what the kernel takes in one call (IOV_MAX)


def write_whole(path: Path, data: bytes, *, mode: int = PRIVATE) -> None:
    """Replaces `path` by these bytes: after a cut there is the old content or the new, never a part. Raises OSError, and leaves nothing aside then."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        try:
            os.fchmod(descriptor, mode)
            write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def open_new(path: Path, mode: int = PRIVATE) -> BinaryIO:
    """A file that is not there yet, to be written piece by piece under a name of its own, synced and renamed by the caller. Raises OSError."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb")


def write_all(descriptor: int, data: bytes) -> None:
    """All of it, however many calls that takes. Raises OSError, with a part written."""
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def write_all_at(descriptor: int, parts: Sequence[bytes | memoryview], place: int) -> None:
    """The same of parts that lie one behind the other, from byte `place` of the file on. Nothing is copied, and where the disk takes all of them, it is one call."""
    for first in range(0, len(parts), PARTS_AT_ONCE):
        some = parts[first : first + PARTS_AT_ONCE]
        size = sum(map(len, some))
        written = os.pwritev(descriptor, some, place)
        if written < size:
            _write_rest_at(descriptor, b"".join(some), written, place)
        place += size


def _write_rest_at(descriptor: int, data: bytes, written: int, place: int) -> None:
    left = memoryview(data)[written:]
    while left:
        left = left[os.pwrite(descriptor, left, place + len(data) - len(left)) :]


def sync_folder(folder: Path) -> None:
    """Makes names in `folder` survive a power cut, which syncing the files alone does not."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
