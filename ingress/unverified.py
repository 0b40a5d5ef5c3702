"""One budget for all bytes that clients have sent and that are not yet a verified webhook.

Beyond it the biggest and slowest are turned away, until there is room again: a stalled body of 1 MiB goes long before a quick one, and a
request that came whole was never counted. Whose head carries a valid credential goes last.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Protocol

RELIEVED = 0.75  # of the limit is left by strangers when there was too much: looking for whom to turn away is worth a few
MUCH_BYTES = 16 * 1024**2  # less than that is not worth giving back
SOONEST_SECONDS = 0.1  # what came just now counts by its size


class Holder(Protocol):
    """Whose bytes are counted."""

    @property
    def since(self) -> float:
        """When it began to let us wait, on the clock of the loop."""

    @property
    def vouched(self) -> bool:
        """A valid credential was seen."""

    def relieve(self) -> None:
        """Let go of everything."""


class UnverifiedBytes:
    """`hold` says how much somebody holds now. `clock` is the loop's."""

    def __init__(self, limit: int, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._clock = clock
        self._held: dict[Holder, int] = {}
        self._total = 0
        self._most = 0  # since memory was given back

    @property
    def total(self) -> int:
        """Bytes held by all."""
        return self._total

    def hold(self, holder: Holder, size: int) -> None:
        """So much is held now, all in all. May turn away others, or the holder itself."""
        if not size:
            self.leave(holder)
            return
        self._total += size - self._held.get(holder, 0)
        self._held[holder] = size
        self._most = max(self._most, self._total)
        if self._total > self._limit:
            self._relieve()

    def leave(self, holder: Holder) -> None:
        """Nothing is held any more."""
        self._total -= self._held.pop(holder, 0)

    def give_back(self, give: Callable[[], None] | None = None) -> None:
        """After a flood: the allocator keeps what was freed, unless it is asked."""
        if self._most >= MUCH_BYTES and self._total <= self._most // 8:
            self._most = self._total
            (give or trim)()

    def _relieve(self) -> None:
        now = self._clock()

        def worth(item: tuple[Holder, int]) -> tuple[bool, float]:
            holder, size = item
            return holder.vouched, -size * (now - holder.since + SOONEST_SECONDS)

        for holder, _ in sorted(self._held.items(), key=worth):
            if self._total <= self._limit * (1 if holder.vouched else RELIEVED):
                break
            self.leave(holder)
            holder.relieve()


def trim() -> None:
    """Gives memory that is not in use back to the system, where the C library knows how (glibc)."""
    give = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if give is not None:
        give(0)
