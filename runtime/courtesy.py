"""How long to rest after work that must not cost others their turn: little on a machine with time to spare, long where others wait for it.

The same work takes longer on a busy machine, so a share of the time gives way by itself. How busy it is, is told by how long this thread stood
in the kernel's queue for a processor while it worked (`/proc/thread-self/schedstat`); where nobody says that, the machine counts as busy.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

FREE_SHARE = 0.5  # of the time, on a machine with processors to spare
FREE, BUSY = (
    0.02,
    0.10,
)  # part of the work that was spent in the queue: up to the first nobody waits, from the second on others do
_SCHEDSTAT = Path("/proc/thread-self/schedstat")


class Courtesy:
    """`with working(): …`, then `rest()` is how long to leave the machine to others.

    `share`: part of the time that may be worked while others wait, the less the longer they do; `free`: while nobody does. `longest`: of a rest, in
    seconds. `queued`: seconds that this thread has waited for a processor so far; None when nobody knows.
    """

    def __init__(
        self,
        share: float,
        longest: float,
        *,
        free: float = 0.5,
        queued: Callable[[], float | None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._share, self._free, self._longest = share, max(free, share), longest
        self._queued, self._clock = queued or queued_seconds, clock
        self._worked, self._waited = 0.0, 0.0

    @contextmanager
    def working(self) -> Iterator[None]:
        """What is done inside is what `rest` is for."""
        began, before = self._clock(), self._queued()
        try:
            yield
        finally:
            after = self._queued()
            self._worked = self._clock() - began
            self._waited = self._worked if before is None or after is None else after - before

    def rest(self) -> float:
        """Seconds."""
        share = self._share_now()
        return min(self._worked * (1 - share) / share, self._longest)

    def _share_now(self) -> float:
        """Between the share of a free machine and that of a busy one, and below that where work is hardly done for standing in the queue."""
        pressure = self._waited / self._worked if self._worked > 0 else 0.0
        if self._share >= 1 or pressure <= FREE:
            return self._free
        if pressure <= BUSY:
            return self._free + (self._share - self._free) * (pressure - FREE) / (BUSY - FREE)
        return self._share * BUSY / pressure


def queued_seconds() -> float | None:
    """How long this thread has stood in the kernel's queue for a processor; None where the kernel does not say."""
    try:
        return int(_SCHEDSTAT.read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return None
