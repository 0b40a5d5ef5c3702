"""Calendar periods and durations as the catalogue writes them.

Month rule: the day of the month of the anchor is kept where the month has it, else the last day of that month (31 January + 1 month =
28 February, + 2 months = 31 March). Months are counted on the Indonesian wall clock (Asia/Jakarta), whatever zone the host is in.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

JAKARTA = ZoneInfo("Asia/Jakarta")

LAST = datetime(9999, 1, 1, tzinfo=UTC)
"""Nothing ends later: there is room behind it for any time zone, and for a day's grace."""

_TEXT = re.compile(r"\s*(\d{1,6})\s*([a-z]+)\s*\Z", re.ASCII)
_SECONDS = {
    "s": 1,
    "second": 1,
    "m": 60,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hour": 3600,
    "d": 86400,
    "day": 86400,
    "week": 604800,
}
_MONTHS = {"month": 1, "year": 12}


@dataclass(frozen=True, slots=True)
class Period:
    """`months` calendar months plus `span`. Exactly one of them is used by the catalogue."""

    months: int = 0
    span: timedelta = timedelta(0)

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read `30m`, `24h`, `3 days`, `1 month`, `1 year`. Raises ValueError."""
        match = _TEXT.match(text.lower())
        if match:
            count, unit = int(match[1]), match[2]
            singular = unit[:-1] if len(unit) > 1 and unit.endswith("s") else unit
            if singular in _MONTHS:
                return cls(months=count * _MONTHS[singular])
            if singular in _SECONDS:
                return cls(span=timedelta(seconds=count * _SECONDS[singular]))
        raise ValueError(f"{text!r} is not a duration; write for example 30m, 24h, 3 days or 1 month")

    def after(self, anchor: datetime, times: int = 1) -> datetime:
        """The end of `times` periods that began at `anchor` (timezone-aware), at the latest that of the calendar. Returns UTC."""
        local = anchor.astimezone(JAKARTA)
        index = local.year * 12 + local.month - 1 + self.months * times
        year, month = divmod(index, 12)
        if year > LAST.year:
            return LAST
        day = min(local.day, calendar.monthrange(year, month + 1)[1])
        moved = local.replace(year=year, month=month + 1, day=day).astimezone(UTC)
        # Compared before they are added: the sum may be no date.
        if self.span and times > (LAST - moved) // self.span:
            return LAST
        return moved + self.span * times
