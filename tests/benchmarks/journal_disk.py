"""What the journal asks of its disk, on a file system of its own: `python -m tests.benchmarks.journal_disk` (needs root).

Records at a pace, with room made ahead and with a file that grows at every write, in turn. Counts do not depend on what else the machine does: syncs of
the journal, commits of the file system (what others wrote goes with each of them), flushes and bytes of the disk.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ingress.journal import segment
from ingress.journal.journal import Journal, JournalBounds
from ingress.journal.place import own_place
from tests.powercuts.disk import Disk

RATE = 1000
SECONDS = 4.0
ROUNDS = 3
FRAME = os.urandom(780)
PAUSE_SECONDS = 0.010  # LUNAS_INGRESS_GROUP_PAUSE_MS
BOUNDS = JournalBounds(1 << 26, 1 << 30, 60.0, pending=10_000, pending_bytes=1 << 26, pause=PAUSE_SECONDS)
WAYS = {"room made ahead": segment.AHEAD_BYTES, "grows at every write": 1}


@dataclass(frozen=True, slots=True)
class Counts:
    """So far. `flushes`: of the disk's own cache."""

    commits: int
    flushes: int
    bytes: int


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="lunas-disk-") as folder:
        disk = Disk(Path(folder) / "image", Path(folder) / "place", size=600 << 20)
        disk.make()
        disk.mount()
        try:
            for number in range(ROUNDS):
                for way, ahead in WAYS.items():
                    with _ahead(ahead):
                        found = asyncio.run(_paced(disk.place, disk.place / f"{number}-{ahead}"))
                    print(f"{way}: {found}")
        finally:
            disk.unmount()
    return 0


@contextmanager
def _ahead(size: int) -> Iterator[None]:
    segment.AHEAD_BYTES = size
    try:
        yield
    finally:
        segment.AHEAD_BYTES = WAYS["room made ahead"]


async def _paced(mounted: Path, root: Path) -> str:
    place = own_place(root)
    journal = Journal(place, BOUNDS)
    journal.append(FRAME, _nobody)
    await journal.barrier()
    before, syncs, started, sent = _counted(mounted), journal.syncs, time.perf_counter(), 0
    while sent < RATE * SECONDS:
        due = min(RATE * SECONDS, (time.perf_counter() - started) * RATE)
        while sent < due:
            journal.append(FRAME, _nobody)
            sent += 1
        await asyncio.sleep(0.001)
    await journal.barrier()
    after, syncs = _counted(mounted), journal.syncs - syncs
    await journal.close()
    place.release()
    return (
        f"per 100 records {syncs * 100 / sent:.1f} syncs, {(after.commits - before.commits) * 100 / sent:.2f} commits of the file system, "
        f"{(after.flushes - before.flushes) * 100 / sent:.1f} flushes; {(after.bytes - before.bytes) / sent:.0f} bytes a record"
    )


def _counted(mounted: Path) -> Counts:
    device = os.stat(mounted).st_dev
    name = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name
    fields = Path(f"/sys/block/{name}/stat").read_text().split()
    commits = Path(f"/proc/fs/jbd2/{name}-8/info").read_text().split()[0]
    return Counts(int(commits), int(fields[15]), int(fields[6]) * 512)


def _nobody(_number: int, _failure: object) -> None:
    """Nobody waits for it."""


if __name__ == "__main__":
    sys.exit(main())
