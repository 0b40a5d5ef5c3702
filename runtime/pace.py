"""A least pause between rounds of work: free when little happens, batches when much does.

Every round has a price that does not depend on how much it does (round trips, a commit). Without a pace a busy worker spends a slow machine
on many small rounds; with one, the first event after a quiet time still goes through at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class Pace:
    """`await pace.turn()` returns at once when the last round ended `seconds` ago or more, else waits for the rest; `end` ends a round."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._ended = float("-inf")

    async def turn(self) -> None:
        """Wait for the next round's time."""
        rest = self._ended + self._seconds - self._clock()
        if rest > 0:
            await asyncio.sleep(rest)

    def end(self) -> None:
        """A round that did something is over."""
        self._ended = self._clock()
