"""Stalls: which processes of a run stand still for how long, all of it from a seed, as far as a machine lets it be had again."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.stalled.family import Table, below, descendants, others, servers, workers

KINDS = {
    "worker": 5,  # who runs the tests, alone: what it has started goes on, and so do clocks
    "family": 3,  # it and everything that it has started, as on a machine that stands still
    "crawl": 3,  # the same, getting on at a tenth of its pace for a while
    "child": 3,  # one process that a test has started
    "backend": 1,  # one process of a PostgreSQL
    "postgres": 1,  # a whole server
    "rabbitmq": 1,
    "all": 1,  # the whole run
}
"""What stands still, and how often beside the others."""
SHORTEST_SECONDS = 0.3
CRAWL_SECONDS = (2.0, 6.0)
STEP_SECONDS = 0.015
"""How long a crawling process runs, before it stands still nine times as long."""


def victims(kind: str, table: Table, pytest: int, dice: random.Random) -> list[int]:
    """Who is to stand still; nobody where the run has no such process now."""
    testing = workers(table, pytest)
    if kind == "all":
        return sorted(table)
    if kind in ("worker", "family", "crawl"):
        chosen = [dice.choice(testing)] if testing else []
        return chosen if kind == "worker" else _with_all_below(table, chosen)
    if kind == "child":
        started = others(table, testing)
        return [dice.choice(started)] if started else []
    found = servers(table, "postgres" if kind == "backend" else kind)
    if not found:
        return []
    first = dice.choice(found)
    if kind == "backend":
        return [dice.choice(sorted(one.pid for one in below(table, first)) or [first])]
    return _with_all_below(table, [first])


def _with_all_below(table: Table, firsts: Sequence[int]) -> list[int]:
    return [pid for first in firsts for pid in (first, *(one.pid for one in below(table, first)))]


@contextlib.contextmanager
def standing_still(pids: Sequence[int], table: Table) -> Iterator[list[int]]:
    """Stops these, and lets them go on at the end whatever happens. One that is stopped already is somebody else's matter: it stays so."""
    stopped: list[int] = []
    try:
        for pid in pids:
            if not table[pid].frozen:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
                    stopped.append(pid)
        yield stopped
    finally:
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@dataclass
class Hand:
    """One of those that stall a run, each by itself. `pytest`: its first process; `every`: mean seconds between two stalls of this hand."""

    dice: random.Random
    pytest: int
    every: float
    longest: float
    log: Path
    over: threading.Event
    counted: Counter[str] = field(default_factory=Counter)
    look: Callable[[int], Table] = descendants

    def run(self) -> None:
        """Until it is over."""
        while not self.over.wait(self.dice.uniform(0, 2 * self.every)):
            kind = self.dice.choices(list(KINDS), list(KINDS.values()))[0]
            length = self.dice.uniform(SHORTEST_SECONDS, self.longest)
            began = time.time()
            stalled = self._crawl() if kind == "crawl" else self._stall(kind, length)
            if stalled:
                self.counted[kind] += 1
                with self.log.open("a", encoding="utf-8") as file:
                    file.write(f"{began:.3f} {time.time():.3f} {kind} {' '.join(map(str, stalled))}\n")

    def _stall(self, kind: str, length: float) -> list[int]:
        table = self.look(os.getpid())
        with standing_still(victims(kind, table, self.pytest, self.dice), table) as stopped:
            if stopped:
                self.over.wait(length)
        return stopped

    def _crawl(self) -> list[int]:
        firsts = workers(self.look(os.getpid()), self.pytest)
        if not firsts:
            return []
        first, ends = self.dice.choice(firsts), time.monotonic() + self.dice.uniform(*CRAWL_SECONDS)
        while time.monotonic() < ends and not self.over.wait(STEP_SECONDS):
            table = self.look(os.getpid())
            if first not in table:
                break
            with standing_still(_with_all_below(table, [first]), table):
                self.over.wait(9 * STEP_SECONDS)
        return [first]
