"""Files that must be whole after a power cut: written aside, synced, renamed, and the folder synced."""

from __future__ import annotations

import os
from pathlib import Path

PRIVATE = 0o600


def write_whole(path: Path, data: bytes, *, mode: int = PRIVATE) -> None:
    """Replaces `path` by these bytes: after a cut there is the old content or the new, never a part. Raises OSError."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        os.fchmod(descriptor, mode)
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    aside.replace(path)
    sync_folder(path.parent)


def write_all(descriptor: int, data: bytes) -> None:
    """All of it, however many calls that takes. Raises OSError, with a part written."""
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def write_all_at(descriptor: int, data: bytes, place: int) -> None:
    """The same, from byte `place` of the file on: one call where the disk takes all of it."""
    left = memoryview(data)
    while left:
        written = os.pwrite(descriptor, left, place)
        left, place = left[written:], place + written


def sync_folder(folder: Path) -> None:
    """Makes names in `folder` survive a power cut, which syncing the files alone does not."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
