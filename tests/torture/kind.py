"""One kind of fault."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import asyncpg

from tests.torture.stage import Stage

SHORT, LONG = 2.0, 5.0
"""Seconds that a fault lasts: less, and more, than a publish or a database call may take."""

MENDING_SECONDS = 90.0
MENDING_PAUSE_SECONDS = 0.5

Inject = Callable[[Stage, random.Random], Awaitable[None]]


@dataclass(frozen=True)
class Kind:
    """One kind of fault. `inject` returns when the fault has ended; raises NotInjected where it cannot be had."""

    name: str
    inject: Inject
    fault: bool = True
    """Somebody who only looks meanwhile is none, and is not counted among them."""


class NotInjected(Exception):
    """This machine, or this moment, does not let us do that; the report says so."""


_SAID_NO = re.compile(r"error|badrpc|not_implemented|'EXIT'", re.IGNORECASE)


def answered(order: str, said: str) -> str:
    """What rabbitmqctl said of an order that was taken. Raises NotInjected where it says that it was not: it ends with 0 then too."""
    if not said or _SAID_NO.search(said):
        raise NotInjected(f"{order}: {said.strip()[-150:] or 'no answer'}")
    return said


@contextlib.contextmanager
def kept(stage: Stage, name: str) -> Iterator[None]:
    """One fault keeps a process for itself: the keeper does not start it. Raises NotInjected where another fault does."""
    if name in stage.resting:
        raise NotInjected(f"another fault keeps {name} for itself")
    stage.resting.add(name)
    try:
        yield
    finally:
        stage.resting.discard(name)


TROUBLES = (
    NotInjected,
    OSError,
    TimeoutError,
    subprocess.TimeoutExpired,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)
"""What another fault may answer to whoever injects one."""


async def mended(mend: Callable[[], Awaitable[object]], patience: float = MENDING_SECONDS) -> None:
    """Ends a fault, again and again while another one is in the way: what stays broken by our own hand says nothing of the program.

    Raises what was in the way last, after `patience` seconds.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            await mend()
            return
        except TROUBLES:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(MENDING_PAUSE_SECONDS)
