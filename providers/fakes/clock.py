"""The clock of the fake providers: it runs as ours does until somebody moves it, and rings for what is due on the way."""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(r"(\d+)([smhdw])")


@dataclass(frozen=True, slots=True, order=True)
class Alarm:
    """Something due: `kind` of `key`, a matter of `owner`. The number keeps the order of what is due at one moment."""

    due: datetime
    number: int
    owner: str = field(compare=False)
    kind: str = field(compare=False)
    key: str = field(compare=False)


class FakeClock:
    """Time as the providers see it. `frozen`: it moves only when it is moved; for tests. `wake`: whoever sleeps until the next alarm looks again."""

    def __init__(
        self, wall: Callable[[], datetime], *, frozen: bool = False, wake: Callable[[], None] = lambda: None
    ) -> None:
        started = wall()
        self._wall: Callable[[], datetime] = (lambda: started) if frozen else wall
        self._ahead = timedelta()
        self._alarms: list[Alarm] = []
        self._number = 0
        self._wake = wake

    def now(self) -> datetime:
        return self._wall() + self._ahead

    def alarm(self, due: datetime, owner: str, kind: str, key: str) -> None:
        """Rings at `due`, or at once when that is past."""
        self._number += 1
        heapq.heappush(self._alarms, Alarm(due, self._number, owner, kind, key))
        self._wake()

    def next_due(self) -> datetime | None:
        return self._alarms[0].due if self._alarms else None

    def ringing(self, until: datetime) -> Alarm | None:
        """Takes the earliest alarm due by `until`, and moves the clock there when it lies ahead."""
        if not self._alarms or self._alarms[0].due > until:
            return None
        alarm = heapq.heappop(self._alarms)
        self.move_to(alarm.due)
        return alarm

    def move_to(self, moment: datetime) -> None:
        """Forward only: what has happened has happened."""
        self._ahead += max(timedelta(), moment - self.now())
        self._wake()  # what is due next is nearer than it was

    def waiting(self) -> list[Alarm]:
        return sorted(self._alarms)

    def ahead(self) -> timedelta:
        """How far it has been moved."""
        return self._ahead

    def resume(self, ahead: timedelta, alarms: list[Alarm]) -> None:
        """Goes on where it was; it has run meanwhile, and what fell due rings now."""
        self._ahead, self._alarms = ahead, sorted(alarms)
        self._number = max((alarm.number for alarm in alarms), default=0)


def span(text: str) -> timedelta:
    """`31d`, `1h30m`, `55s`. Raises ValueError for anything else, and for nothing at all."""
    parts = _SPAN.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is no span of time: write 31d, 2h, 1h30m or 55s")
    return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts))


def moment(text: str) -> datetime:
    """An ISO moment; without a zone it is UTC. Raises ValueError."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)
