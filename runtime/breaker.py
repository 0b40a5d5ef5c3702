"""A circuit breaker: whom we call and who failed several times in a row is left alone for a while, then tried with one call."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

BreakerState = Literal["closed", "open", "half_open"]


class Breaker:
    """Counts failures in a row. Of one process and one peer; clocks and pauses in seconds."""

    def __init__(
        self, failures: int, pause_seconds: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._pause, self._clock = failures, pause_seconds, clock
        self._failures = 0
        self._until: float | None = None
        self._trying = False

    @property
    def open(self) -> bool:
        """Calls are not let through."""
        return self._until is not None

    @property
    def state(self) -> BreakerState:
        """`half_open`: the pause is over, and one call may try or does."""
        if self._until is None:
            return "closed"
        return "open" if self._until > self._clock() else "half_open"

    @property
    def may_try(self) -> bool:
        """The pause is over and no call is trying."""
        return self.state == "half_open" and not self._trying

    def wait(self) -> float:
        """Seconds until a call may pass; 0 lets this one pass. After a pause only one call tries."""
        if self._until is None:
            return 0.0
        left = self._until - self._clock()
        if left > 0:
            return left
        if self._trying:
            return self._pause
        self._trying = True
        return 0.0

    def succeeded(self) -> bool:
        """A call was answered. True when that closed the breaker."""
        closed = self._until is not None
        self._failures, self._until, self._trying = 0, None, False
        return closed

    def failed(self, *, at_once: bool = False) -> bool:
        """A call failed; `at_once`: no further one can do better. True when that opened the breaker."""
        self._failures += 1
        again = self._trying
        self._trying = False
        if not (again or at_once or self._failures >= self._limit):
            return False
        opened = self._until is None
        self._until = self._clock() + self._pause
        return opened

    def undecided(self) -> None:
        """The call that was to try ended without telling anything."""
        self._trying = False
