"""How much of this process strangers may take together.

Whoever has shown no credential yet, and wants more than a small request costs, passes here: one after the other, and all of them never for more
than their share of the time. Requests that are small, or whose head is good, do not; that is what keeps them quick in a flood.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

AHEAD_SECONDS = 0.002  # saved up after a quiet time: how long one turn of the loop may take on their account
TURN_SECONDS = 0.001  # then it is the next one's turn
PAUSE_SECONDS = 0.001


class Waiting(Protocol):
    """Who may have to wait."""

    def proceed(self) -> None:
        """It is your turn."""


class Turnstile:
    """`share` of one core, in seconds per second. `clock` counts seconds of work."""

    def __init__(
        self,
        share: float,
        loop: asyncio.AbstractEventLoop,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._share = share
        self._loop = loop
        self.clock = clock
        self._balance = AHEAD_SECONDS
        self._then = loop.time()
        # Who waits for a turn, in order.
        self._queue: dict[Waiting, None] = {}
        self._serving: Waiting | None = None
        self._served = 0.0
        self._pumping: asyncio.Handle | None = None

    def __len__(self) -> int:
        return len(self._queue)

    def admits(self, who: Waiting) -> bool:
        """Whether `who` may work now; otherwise its `proceed` is called when it may."""
        if who is self._serving:
            if self._balance > 0 and (self._served < TURN_SECONDS or not self._queue):
                return True
        elif not self._queue and self._refilled() > 0:
            return True
        self._queue[who] = None
        if self._pumping is None and self._serving is None:
            self._schedule()
        return False

    def spend(self, seconds: float) -> None:
        """So long somebody worked."""
        self._balance -= seconds
        self._served += seconds

    def leave(self, who: Waiting) -> None:
        """Nobody waits there any more."""
        self._queue.pop(who, None)

    def _refilled(self) -> float:
        now = self._loop.time()
        self._balance = min(AHEAD_SECONDS, self._balance + (now - self._then) * self._share)
        self._then = now
        return self._balance

    def _schedule(self) -> None:
        if self._refilled() > 0:
            self._pumping = self._loop.call_soon(self._pump)
        else:
            self._pumping = self._loop.call_later(PAUSE_SECONDS - self._balance / self._share, self._pump)

    def _pump(self) -> None:
        self._pumping = None
        self._refilled()
        while self._queue and self._balance > 0:
            self._serving = next(iter(self._queue))
            del self._queue[self._serving]
            self._served = 0.0
            try:
                self._serving.proceed()
            finally:
                self._serving = None
        if self._queue:
            self._schedule()
