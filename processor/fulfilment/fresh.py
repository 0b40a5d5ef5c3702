"""Facts that this process has just stored itself, for the next round: it need not read back from the log, and decode, what it holds in its hands.

Nothing rests on it. It knows a stretch of the log without a gap, because every append says which event it was put behind; whoever else writes ends the
stretch, and the round reads the log as it does after a start.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from eventstore.append import NewEvent
from processor.fulfilment.work import Reported, about_to_come


class Appended(NamedTuple):
    """Events as they stand in the log, committed: the first has position `first`, and nothing lies between `before` and it."""

    before: int
    first: int
    events: Sequence[NewEvent]

    @property
    def last(self) -> int:
        return self.first + len(self.events) - 1


class FreshFacts:
    """`most`: facts that are held; what comes on top is read from the log."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._after = self._through = 0
        self._facts: deque[Reported] = deque()

    def begin(self, position: int) -> None:
        """Everything up to here was decided on."""
        self._facts.clear()
        self._after = self._through = position

    def add(self, appended: Appended) -> None:
        """What was committed; also what holds no facts, such as decisions: it is a part of the stretch."""
        if appended.before != self._through:
            self._facts.clear()
            self._after = appended.before
        self._through = appended.last
        self._facts.extend(about_to_come(appended.events, appended.first))
        if len(self._facts) > self._most:
            self._facts.clear()
            self._after = self._through

    def behind(self, position: int, limit: int) -> tuple[list[Reported], int] | None:
        """Up to `limit` facts behind a position, and how far that is; None when the log must be asked."""
        while self._facts and self._facts[0].position <= position:
            self._after = self._facts.popleft().position
        if position < self._after or not self._facts:
            return None
        found = list(islice(self._facts, limit))
        return found, found[-1].position if len(found) < len(self._facts) else self._through
