"""Up to which record the broker has everything, and up to which it will not have forgotten it."""

from __future__ import annotations

from collections import deque

NOTICED_SECONDS = 60.0
"""So late the death of a broker is noticed at most: a machine that is gone closes no connection, and heartbeats have to fail first."""
CLOSED_MAX = 4096
"""So many bytes of records before the first gap are kept: taking them away each time costs more than they do."""


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
        self._ahead = bytearray()
        """While there is a gap: a byte for each record from `_base` on up to the last that is settled, whether it is. A queue that refuses for long leaves
        millions behind it."""
        self._base = 0
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

    @property
    def ahead(self) -> int:
        """How many records are settled behind the first gap."""
        return self._ahead.count(1, self.through + 1 - self._base) if self._ahead else 0

    def settle(self, number: int) -> None:
        """The broker has this record."""
        ahead, following = self._ahead, self.through + 1
        if not ahead:
            if number == following:
                self.through = number  # in order, as nearly always
            elif number > following:
                self._base = following
                ahead.extend(bytes(number - following))
                ahead.append(1)
        elif number >= following:
            place = number - self._base
            beyond = place - len(ahead)
            if beyond < 0:
                ahead[place] = 1
                if number == following:
                    self._close_gap(place)
            else:
                if beyond:
                    ahead.extend(bytes(beyond))
                ahead.append(1)

    def settle_all(self, first: int, last: int) -> None:
        """These too, both included; of what cannot be read nothing can be sent."""
        ahead, following = self._ahead, self.through + 1
        first = max(first, following)
        if first > last:
            return
        if not ahead:
            self._base = following
        start, end = first - self._base, last + 1 - self._base
        if end > len(ahead):
            ahead.extend(bytes(end - len(ahead)))
        ahead[start:end] = b"\1" * (end - start)
        if first == following:
            self._close_gap(start)

    def _close_gap(self, place: int) -> None:
        """What lies there is settled, and all before it."""
        ahead, base = self._ahead, self._base
        gap = ahead.find(0, place)
        if gap < 0:
            self.through = base + len(ahead) - 1
            ahead.clear()
            return
        self.through = base + gap - 1
        if gap > CLOSED_MAX:
            del ahead[:gap]
            self._base = base + gap

    def settle_through(self, number: int) -> None:
        """Everything up to this record."""
        self.settle_all(self.through + 1, number)

    def is_settled(self, number: int) -> bool:
        place = number - self._base
        return number <= self.through or (place < len(self._ahead) and self._ahead[place] == 1)

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
        return self._base + len(self._ahead) - 1 if self._ahead else self.through
