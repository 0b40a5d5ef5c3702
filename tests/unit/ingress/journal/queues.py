"""Queues of a broker that take, refuse or say nothing, each by itself, and a journal for them. Time is the simulation's."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from ingress.journal.course import Course, Sender
from ingress.journal.progress import Progress
from ingress.journal.reader import JournalReader
from ingress.journal.record import pack_records
from ingress.journal.segment import OpenSegment
from ingress.metrics import Metrics
from ingress.routing import Routing
from schemas.errors import NotConfirmed
from tests.simulation.loop import SimLoop, passes

DEADLINE = 3.0
WINDOW = 10


class Queues:
    """In the place of a publisher. A frame's first byte is the number of its queue."""

    def __init__(self, number: int) -> None:
        self.queues = number
        self.is_ready = True
        self.refuse: set[int] = set()
        self.silent: set[int] = set()
        self.took: list[bytes] = []
        self.asked: list[bytes] = []
        self._answers = 0.0

    async def wait_ready(self) -> None:
        while not self.is_ready:
            await passes(0.1)

    async def deliver(self, frame: bytes, queue: int) -> None:
        assert frame[0] == queue
        self.asked.append(frame)
        now = asyncio.get_running_loop().time()
        self._answers = max(self._answers + 1e-6, now + 0.01)  # in order
        await passes(self._answers - now)
        if queue in self.silent:
            await passes(DEADLINE)
        if queue in self.silent | self.refuse or not self.is_ready:
            raise NotConfirmed("no")
        self.took.append(frame)

    def taken(self, queue: int) -> list[bytes]:
        """What one of them took, in its order."""
        return [frame for frame in self.took if frame[0] == queue]


class NumberedSender(Sender):
    def _queue(self, frame: bytes) -> int:
        return frame[0]


def frame(queue: int, number: int) -> bytes:
    return bytes([queue]) + b"%06d" % number


def written(folder: Path, frames: Sequence[bytes], each: int = 100) -> None:
    """A journal of these, so many in a file."""
    folder.mkdir(exist_ok=True)
    for start in range(0, len(frames), each):
        segment = OpenSegment(folder, start + 1)
        segment.append([pack_records(start + 1, frames[start : start + each])])
        segment.close()


def course(folder: Path, queues: Queues, progress: Progress, *, window: int = WINDOW) -> Course:
    publisher: Any = queues
    sender = NumberedSender(
        publisher, routing=Routing(queues.queues), window=window, metrics=Metrics(CollectorRegistry())
    )
    return sender.course(JournalReader(folder), progress)


async def through(way: Course, until: int) -> None:
    """Until the broker has everything before record `until`, as those do it who send."""
    while way.lacks(until):
        try:
            await way.send(until)
        except NotConfirmed:
            await passes(0.2)


async def through_others(way: Course, until: int) -> None:
    """Until only a queue that was left behind lacks something."""
    while way.front + 1 < until:
        await way.send(until)


def simulated(scene: Coroutine[Any, Any, None], seed: int = 7) -> None:
    loop = SimLoop(random.Random(seed))
    try:
        loop.run_until_complete(_in_time(scene))
    finally:
        loop.bury()


async def _in_time(scene: Coroutine[Any, Any, None]) -> None:
    """Of simulated time, which a scene that gets nowhere spends at once."""
    async with asyncio.timeout(100_000):
        await scene
