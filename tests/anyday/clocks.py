"""The days the suite must pass on, and the environment that moves the clock of a process and all its children there.

libfaketime shifts the wall clock by a fixed number of seconds, so that all processes of a run agree and time passes as
it should. The monotonic clock stays real: it is what timeouts are counted with.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Clock:
    """A moment at which a run begins, and the time zone of the machine it runs on."""

    name: str
    zone: str
    moment: Callable[[datetime], datetime]
    """When it is, from the real moment in this zone."""

    def begins(self, now: datetime) -> datetime:
        """The moment, in the clock's zone, at which a run that is started now begins."""
        return self.moment(now.astimezone(ZoneInfo(self.zone)))

    def shift(self, now: datetime) -> int:
        """Seconds from the real moment to this clock's."""
        return round((self.begins(now) - now).total_seconds())


def _in_days(days: int) -> Callable[[datetime], datetime]:
    # Through UTC: a day is 24 hours also where clocks are set back that night.
    return lambda here: (here.astimezone(UTC) + timedelta(days=days)).astimezone(here.tzinfo)


def _next(month: int, day: int, hour: int, minute: int, second: int) -> Callable[[datetime], datetime]:
    def moment(here: datetime) -> datetime:
        for year in range(here.year, here.year + 9):
            if day <= calendar.monthrange(year, month)[1]:
                found = datetime(year, month, day, hour, minute, second, tzinfo=here.tzinfo)
                if found > here:
                    return found
        raise ValueError(f"no {day}.{month}. in the next eight years")

    return moment


CLOCKS = (
    Clock("tomorrow", "UTC", _in_days(1)),
    Clock("in-40-days", "Asia/Jakarta", _in_days(40)),
    # The year turns while the tests run: in the zone of the machine, and in the one whose days we count.
    Clock("new-years-eve", "America/New_York", _next(12, 31, 23, 59, 30)),
    Clock("new-years-eve-in-jakarta", "Asia/Jakarta", _next(12, 31, 23, 59, 30)),
    # In Jakarta it is 1 March already an hour after this begins.
    Clock("leap-day", "UTC", _next(2, 29, 16, 0, 0)),
    # A month from here is no date.
    Clock("last-of-january", "America/New_York", _next(1, 31, 12, 0, 0)),
)


def environment(clock: Clock, now: datetime, library: Path) -> dict[str, str]:
    """Variables that move the clock of every program that inherits them; `library` is libfaketime's."""
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": f"{clock.shift(now):+d}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        # Times of files stay real: compiled Python is found by them, and other runs' temporary files must not look old.
        "NO_FAKE_STAT": "1",
        "TZ": clock.zone,
    }
