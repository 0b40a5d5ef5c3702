"""What happens to the machine under everything: its disks are full, its clocks are wrong, it gives a process too little."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import resource
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

from tests.anyday.__main__ import found, sweep
from tests.anyday.library import without_hooks
from tests.system.pipeline import PROCESSES, Pipeline
from tests.torture.kind import LONG, Kind, NotInjected, kept
from tests.torture.stage import Stage

LEAST_BYTES = 4096
JUMPS = (-3_600, 86_400, -86_400, 0)
"""Seconds by which a clock is wrong, one after the other."""
JUMP_SECONDS = 2.0
STOPPED_SECONDS, RUNNING_SECONDS = 0.08, 0.02
"""Of a process that has a fifth of its time."""


@contextlib.asynccontextmanager
async def filled(disk: Path | None) -> AsyncIterator[None]:
    """Not a byte is left on that disk while the block runs. Raises NotInjected without one."""
    if disk is None:
        raise NotInjected("no disk of its own could be mounted")
    filler = disk / "filler"
    try:
        await asyncio.to_thread(_fill, filler)
        yield
    finally:
        filler.unlink()


def _fill(filler: Path) -> None:
    with filler.open("wb") as file:
        size, end = 1 << 40, 0
        while size >= LEAST_BYTES:
            try:
                os.posix_fallocate(file.fileno(), end, size)
                end += size
            except OSError:
                size //= 2


def of_disks() -> list[Kind]:
    async def journal_full(stage: Stage, _dice: random.Random) -> None:
        async with filled(stage.journal if stage.journal_is_small else None):
            await asyncio.sleep(LONG)

    async def broker_full(stage: Stage, _dice: random.Random) -> None:
        """Faster than the broker looks. Its log writer may not outlive that in 3.10: who keeps it finds that it confirms nothing, and starts it again."""
        async with filled(stage.broker_disk):
            await asyncio.sleep(13.0)

    async def database_full(stage: Stage, _dice: random.Random) -> None:
        """Statements fail first, then the server, which cannot recover before there is room."""
        async with filled(stage.database_disk):
            await asyncio.sleep(LONG)

    async def full_and_no_broker(stage: Stage, dice: random.Random) -> None:
        stage.wires["broker"].wire.refusing = True
        stage.wires["broker"].reset_all()
        try:
            await journal_full(stage, dice)
        finally:
            stage.wires["broker"].heal()

    return [
        Kind("journal's disk full 5 s", journal_full),
        Kind("journal's disk full and no broker 5 s", full_and_no_broker),
        Kind("broker's disk full 13 s", broker_full),
        Kind("database's disk full 5 s", database_full),
    ]


def of_clocks() -> list[Kind]:
    def jumping(name: str) -> Kind:
        async def inject(stage: Stage, _dice: random.Random) -> None:
            """Of one process only: its clock and those of database and others are then hours apart."""
            now = stage.home / f"clock-of-{name}"
            moved = _moved(stage.home, now)
            with kept(stage, name):
                try:
                    stage.kill(name)
                    await asyncio.to_thread(stage.pipeline.running[name].wait)
                    Pipeline.start(
                        stage.pipeline, name, **moved
                    )  # a fork would have the library of its server
                    await stage.pipeline.wait_ready(name)
                    for seconds in JUMPS:
                        now.write_text(f"{seconds:+d}\n", "utf-8")
                        await asyncio.sleep(JUMP_SECONDS)
                except AssertionError as error:
                    raise NotInjected(str(error)[-200:]) from error
                finally:
                    stage.kill(name)
                    sweep()

        return Kind(f"clock of {name} jumps by hours", inject)

    return [jumping(name) for name in PROCESSES]


def of_limits() -> list[Kind]:
    def without_descriptors(name: str) -> Kind:
        async def inject(stage: Stage, _dice: random.Random) -> None:
            """What is open stays open, and nothing more can be opened or accepted."""
            pid = stage.pipeline.running[name].pid
            before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            open_now = len(os.listdir(f"/proc/{pid}/fd"))
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_now, before[1]))
            try:
                await asyncio.sleep(LONG)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)

        return Kind(f"no descriptors left for {name} 5 s", inject)

    def starved(name: str) -> Kind:
        async def inject(stage: Stage, _dice: random.Random) -> None:
            over = time.monotonic() + LONG
            try:
                while time.monotonic() < over:
                    stage.kill(name, signal.SIGSTOP)
                    await asyncio.sleep(STOPPED_SECONDS)
                    stage.kill(name, signal.SIGCONT)
                    await asyncio.sleep(RUNNING_SECONDS)
            finally:
                stage.kill(name, signal.SIGCONT)

        return Kind(f"a fifth of its time for {name} 5 s", inject)

    return [each(name) for name in PROCESSES for each in (without_descriptors, starved)]


def _moved(home: Path, now: Path) -> dict[str, str]:
    """Variables of a process whose clock is wrong by what is written in the file `now`. Raises NotInjected without the library."""
    library = home / "libfaketime.so"
    try:
        if not library.exists():
            without_hooks(found(), library)
    except (OSError, SystemExit, ValueError) as error:
        raise NotInjected(f"no libfaketime here: {error}") from error
    now.write_text("+0\n", "utf-8")
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(now),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
