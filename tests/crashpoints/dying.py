"""How often each step is to be died at, and was. Speed is held against nobody: what was not reached in time is tried again, with more patience."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import aiohttp

from tests.crashpoints.office import Order
from tests.crashpoints.rounds import Step
from tests.torture.kind import TROUBLES
from tests.witness.verdict import Verdict

Chosen = TypeVar("Chosen", Step, Order)

DEATH_SECONDS = 60.0
"""So long a step is waited for at first; twice as long at the next try, and so on."""
MOST_PATIENCE = 4
"""At most so many times as long."""
GIVEN_UP = 5
WEDGED_SECONDS = 600.0
"""A step is called wedged when as many tries in a row, over so long, led to no death: what leads there may itself be died upon, and others die meanwhile."""
PAUSE_SECONDS = 0.5
"""After a round in which something led nowhere."""
SHARE = 5
"""Deaths at each step before commands that need peace have theirs, and all begins again."""
IN_THE_WAY = (*TROUBLES, aiohttp.ClientError, AssertionError)
"""What a death elsewhere may answer to whoever leads to one here."""


@dataclass
class Dying:
    """`until`: what was died at once is died at no more after that (monotonic seconds)."""

    kills: int
    dice: random.Random
    until: float = float("inf")
    died: Counter[str] = field(default_factory=Counter)
    took: Counter[str] = field(default_factory=Counter)
    """Seconds in all, of each step."""
    tries: Counter[str] = field(default_factory=Counter)
    """Of each step, those without a death since the last one."""
    since: dict[str, float] = field(default_factory=dict)
    """When the first of these began (monotonic seconds)."""

    @property
    def over(self) -> bool:
        return time.monotonic() > self.until

    def patience(self, title: str) -> float:
        """Seconds that a step is waited for."""
        return DEATH_SECONDS * float(min(2 ** self.tries[title], MOST_PATIENCE))

    def wedged(self, title: str) -> bool:
        """Whether nothing leads there any more."""
        tried = time.monotonic() - self.since.get(title, time.monotonic())
        return self.tries[title] >= GIVEN_UP and tried >= WEDGED_SECONDS

    async def in_turn(
        self, whose: str, own: Sequence[Chosen], most: int, die: Callable[[Chosen], Awaitable[bool]]
    ) -> None:
        """Round by round, until each was died at `most` times in all, or is wedged, or the time is over."""
        began, before = time.monotonic(), sum(self.died[one.title] for one in own)
        while left := [one for one in own if self._left(one.title, most)]:
            for one in left:
                if self._left(one.title, most):
                    await self._once(one, die)
            await asyncio.sleep(PAUSE_SECONDS if any(self.tries[one.title] for one in left) else 0)
        kills = sum(self.died[one.title] for one in own) - before
        print(f"{whose:<14} {kills:>3} kills in {time.monotonic() - began:.0f} s", flush=True)

    def _left(self, title: str, most: int) -> bool:
        """Whether it is to be died at once more: also when the time is over, where it never was."""
        enough = self.died[title] >= most or (self.over and self.died[title] > 0)
        return not enough and not self.wedged(title)

    async def _once(self, one: Chosen, die: Callable[[Chosen], Awaitable[bool]]) -> None:
        started = time.monotonic()
        dead, said = False, ""
        try:
            dead = await die(one)
        except IN_THE_WAY as error:
            said = f": {type(error).__name__} {error}"[:300]
        self.took[one.title] += time.monotonic() - started
        self.died[one.title] += dead
        if dead:
            self.tries.pop(one.title, None)
            self.since.pop(one.title, None)
            return
        self.tries[one.title] += 1
        self.since.setdefault(one.title, started)
        print(
            f"{one.title}: not died at within {time.monotonic() - started:.0f} s, tried again{said}",
            file=sys.stderr,
            flush=True,
        )

    def judged(self) -> Verdict:
        """What is wrong with how often: steps that nothing leads to. Time that was over before all were died at as often as asked is told, and is not
        wrong: that is how fast a machine is."""
        verdict = Verdict()
        titles = sorted(self.died)
        verdict.against(
            "C steps that nothing leads to any more",
            [f"{one}: {self.tries[one]} tries in a row" for one in titles if self.wedged(one)],
        )
        verdict.against("C steps that were never died at", [one for one in titles if not self.died[one]])
        return verdict


def shares(kills: int) -> list[int]:
    """How often each step has been died at, at most, after each share of the run: once each first, and where time ends early, all were died at about as
    often."""
    return [share for share in (1, *range(SHARE, kills, SHARE)) if share < kills] + [kills]


def dealt(kills: int, lanes: int) -> list[int]:
    """How often each step is died at on each machine; no machine without a death."""
    of_each = [kills // lanes + (number < kills % lanes) for number in range(lanes)]
    return [share for share in of_each if share]


def told(machines: Sequence[Dying], kills: int) -> list[str]:
    """How often each step was died at, in words, on all machines together; what was missed is named."""
    died, took = Counter[str](), Counter[str]()
    for dying in machines:
        died.update(dying.died)
        took.update(dying.took)
    slow = sorted(died, key=lambda one: -took[one] / max(1, died[one]))
    missed = [f"{title} ({died[title]})" for title in slow if died[title] < kills]
    return [
        "seconds each: " + ", ".join(f"{one} {took[one] / max(1, died[one]):.1f}" for one in slow),
        f"THE TIME WAS OVER before all were died at {kills} times: {', '.join(missed)}; each of {len(died)} at least {min(died.values())} times"
        if missed
        else f"each of {len(died)} steps was died at {kills} times",
    ]
