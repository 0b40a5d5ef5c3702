"""Where tests keep what nobody needs after them: in memory where there is room, else in the usual temporary folder."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
OLD_SECONDS = 600.0
"""Since it was made. A younger home may be about to take its lock."""


def quick_place(room_bytes: int) -> str | None:
    """`dir=` for `tempfile`: memory when more than `room_bytes` of it are free.

    Servers there sync as they do anywhere; it costs nothing, and so do the thousand small files of a database. Not for tests that cut power.
    """
    if MEMORY.is_dir() and min(shutil.disk_usage(MEMORY).free, _available_bytes()) > room_bytes:
        return str(MEMORY)
    return None


def sweep(prefix: str, place: Path = MEMORY) -> None:
    """Removes the homes (`deploy.local.services.home`) of runs that were killed: nobody holds their lock, and memory is given back by nobody else."""
    if not place.is_dir():
        return
    now = _now(place)
    for home in place.glob(f"{prefix}*"):
        try:
            if now - home.stat().st_mtime > OLD_SECONDS and _left(home / "lock"):
                shutil.rmtree(home, ignore_errors=True)
        except OSError:
            continue  # another worker was faster, or it is somebody else's


def _now(place: Path) -> float:
    """By the clock that dates the files there: ours may be moved (`make test-anyday`)."""
    with tempfile.TemporaryFile(dir=place) as file:
        return os.fstat(file.fileno()).st_mtime


def _left(lock: Path) -> bool:
    with lock.open("r+") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _available_bytes() -> int:
    """What a folder in memory may still grow by before the machine has none left; a container may see more than it may use."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) * 1024
    return 0
