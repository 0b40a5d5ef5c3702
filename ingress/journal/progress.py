"""Up to which record the broker has everything, and up to which it will not have forgotten it."""

from __future__ import annotations

from collections import deque

NOTICED_SECONDS = 60.0
"""So late the death of a broker is noticed at most: a machine that is gone closes no connection, and heartbeats have to fail first."""


class Progress:
    """Records are settled in any order; `through` is the last one before the first gap.

    A broker that dies may have confirmed what its disk does not have. What it confirmed in the last `reach` seconds before its last sign of life is
    in doubt (ADR 0096): `sure` is the last record before that. With 0 every confirm is believed. Nothing of it is done for each record: `look`
    is called now and then.
    """

    def __init__(self, through: int, reach: float = 0.0) -> None:
        self.through = through
        self.doubted: int | None = None
        """Behind this record the broker may have forgotten what it confirmed, until all of it was sent again."""
        self._ahead: set[int] = set()
        self._reach = reach
        # Where it stood and since when; the first is old enough to be believed.
        self._marks = deque([(float("-inf"), through)])
        self._looked = float("-inf")
        self._alive = float("-inf")  # the last confirm came after this

    @property
    def sure(self) -> int:
        """What is not behind this record is never sent again."""
        if not self._reach:
            return self.through
        return self._marks[0][1] if self.doubted is None else self.doubted

    def settle(self, number: int) -> None:
        """The broker has this record."""
        if number == self.through + 1 and not self._ahead:
            self.through = number  # in order, as nearly always
        elif number > self.through:
            self._ahead.add(number)
            self._close_gap()

    def settle_through(self, number: int) -> None:
        """Everything up to this record; of what cannot be read nothing can be sent."""
        if number > self.through:
            self.through = number
            self._ahead = {ahead for ahead in self._ahead if ahead > number}
            self._close_gap()

    def _close_gap(self) -> None:
        while self.through + 1 in self._ahead:
            self.through += 1
            self._ahead.remove(self.through)

    def is_settled(self, number: int) -> bool:
        return number <= self.through or number in self._ahead

    def look(self, now: float) -> None:
        """Remembers where it stands at `now`, in seconds of any clock: while nobody looks nothing becomes sure."""
        marks = self._marks
        if self.through != marks[-1][1]:
            self._alive = self._looked
            marks.append((now, self.through))
        self._looked = now
        before = max(self._alive, now - NOTICED_SECONDS) - self._reach
        while len(marks) > 1 and marks[1][0] <= before:
            marks.popleft()

    def doubt(self) -> None:
        """The connection to the broker broke: it may be dead, and have forgotten what is not `sure`. Also what it confirmed in its last moment, and we have yet to
        write or to note.
        """
        if self._reach and self.doubted is None:
            self.doubted = self.sure

    def believe(self) -> None:
        """What was in doubt is there."""
        self.doubted = None

    def trust(self) -> None:
        """All that is confirmed is sure."""
        self._marks = deque([(float("-inf"), self.through)])

    def last(self) -> int:
        """The last record that was confirmed."""
        return max(self._ahead, default=self.through)
