"""What of one receiver's is under way, what waits here for its turn, and whether it is left alone for a while. Of one process."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from notify.webhooks import ToSend
from runtime.breaker import Breaker

AHEAD_MAX = 256
"""Deliveries that wait here for one receiver: what a quick one takes within a few looks at the database."""
WAIT_SECONDS = 10.0
"""What has waited here for longer is for a receiver that is not quick."""
QUICK_SECONDS = 0.25
"""An attempt at a quick receiver takes no longer."""


class _Claimed(NamedTuple):
    delivery: ToSend
    at: float


class ReceiverLane:
    """So many attempts at once, and behind them as many deliveries in reserve as a quick receiver takes until the next look.

    After so many failures in a row none for `pause` seconds, then one, until one is taken. `lease`: seconds that a claimed delivery is ours; with
    less than `attempt` of them left none begins, but for one that was claimed just now.
    """

    def __init__(
        self,
        most: int,
        failures: int,
        pause: float,
        *,
        lease: float = 60.0,
        attempt: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._breaker = Breaker(failures, pause, clock=clock)
        self._patience = min(WAIT_SECONDS, max(lease - attempt, lease / 4))
        self._clock = clock
        self._waiting: deque[_Claimed] = deque()
        self._under_way = 0
        self._ahead = 0
        self._spoiled = False
        self._quiet_until = float("-inf")
        self._careful = False

    @property
    def left_alone(self) -> bool:
        """It failed so often that it is tried with one attempt at a time, if at all."""
        return self._breaker.open

    def room(self) -> int:
        """How many deliveries may be claimed now."""
        if self.is_quiet:
            return 0
        if self._careful and not self._breaker.open:
            return max(1 - self._under_way - len(self._waiting), 0)
        if self._breaker.open:
            return 1 if self._may_try() else 0
        return self._most + self._ahead - self._under_way - len(self._waiting)

    @property
    def is_low(self) -> bool:
        """More should be claimed, or what is here given back, lest attempts stand still."""
        return self._spoiled or len(self._waiting) <= self._ahead // 2

    def claimed(self, delivery: ToSend) -> None:
        """It is ours to attempt."""
        self._waiting.append(_Claimed(delivery, self._clock()))

    def begin(self) -> ToSend | None:
        """The next to attempt now, if any."""
        if not self._waiting or self._spoiled or not self._has_turn():
            return None
        if self._clock() - self._waiting[0].at > self._patience:
            self._spoil()
            return None
        self._breaker.wait()
        self._under_way += 1
        return self._waiting.popleft().delivery

    def ended(self, *, ok: bool, seconds: float = 0.0) -> None:
        """An attempt is over. Who is quick to take what it is sent gets more in reserve; who is not, nothing."""
        self._under_way -= 1
        if not ok:
            self._spoil()
            self._breaker.failed()
            return
        self._breaker.succeeded()
        # What was under way already when it asked says nothing of how it is now.
        self._careful = self._careful and self.is_quiet
        if not self._waiting and seconds < QUICK_SECONDS:
            self._ahead = min(max(2 * self._ahead, self._most), AHEAD_MAX)

    def given_back(self, *, all_of_it: bool = False) -> list[ToSend]:
        """What is in reserve and should not be: the receiver fails or is slow, or it is to be left. It is not ours any more."""
        if not self._spoiled and not all_of_it:
            return []
        gone = [one.delivery for one in self._waiting]
        self._waiting.clear()
        self._ahead, self._spoiled = 0, False
        return gone

    def _spoil(self) -> None:
        self._ahead = 0
        self._spoiled = bool(self._waiting)

    @property
    def is_quiet(self) -> bool:
        """It asked to be left alone for now."""
        return self._clock() < self._quiet_until

    def leave_alone(self, until: float) -> None:
        """Nothing begins before that, by the clock, because the receiver asks for it; then one attempt, until one is taken."""
        self._quiet_until = until
        self._careful = self._careful or self.is_quiet

    def _has_turn(self) -> bool:
        if self.is_quiet or (self._careful and self._under_way):
            return False
        return self._may_try() if self._breaker.open else self._under_way < self._most

    def _may_try(self) -> bool:
        return self._under_way == 0 and self._breaker.may_try
