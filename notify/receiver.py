"""How much of one receiver's is under way, and whether it is left alone for a while. Of one process."""

from __future__ import annotations

import time
from collections.abc import Callable


class ReceiverLane:
    """So many attempts at once; after so many failures in a row none for `pause` seconds, then one, until one is taken."""

    def __init__(
        self, most: int, failures: int, pause: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._limit, self._pause, self._clock = most, failures, pause, clock
        self._under_way = self._failures = 0
        self._until = float("-inf")

    @property
    def left_alone(self) -> bool:
        """It failed so often that it is tried with one attempt at a time, if at all."""
        return self._failures >= self._limit

    def room(self) -> int:
        """How many attempts may begin now."""
        if not self.left_alone:
            return self._most - self._under_way
        return 1 if self._under_way == 0 and self._clock() >= self._until else 0

    def begin(self) -> None:
        self._under_way += 1

    def ended(self, *, ok: bool) -> None:
        self._under_way -= 1
        self._failures = 0 if ok else self._failures + 1
        if self.left_alone:
            self._until = self._clock() + self._pause
