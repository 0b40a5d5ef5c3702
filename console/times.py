"""Times as operators read and write them: WIB first (where the shops are), UTC beside it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from console.language import current
from schemas.languages import Language

WIB = timezone(timedelta(hours=7), "WIB")
"""Asia/Jakarta has no daylight saving, so a fixed offset is exact and needs no time-zone database."""

_AGO = re.compile(r"(\d{1,6})\s*([smhdw])\Z")
_SHORT: dict[Language, tuple[str, str, str, str]] = {
    "en": ("s", "min", "h", "d"),
    "id": ("dtk", "mnt", "jam", "hr"),
}
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(at: datetime | None) -> str:
    """`2026-11-22 09:40:12 WIB (02:40:12 UTC)`; the UTC date is added when it is another day."""
    if at is None:
        return "-"
    here, utc = at.astimezone(WIB), at.astimezone(UTC)
    form = "%H:%M:%S" if here.date() == utc.date() else "%Y-%m-%d %H:%M:%S"
    return f"{here:%Y-%m-%d %H:%M:%S} WIB ({utc.strftime(form)} UTC)"


def short_moment(at: datetime | None) -> str:
    """`2026-11-22 09:40:12`, in WIB, for tables that say so in their heading."""
    return "-" if at is None else f"{at.astimezone(WIB):%Y-%m-%d %H:%M:%S}"


def iso(at: datetime) -> str:
    """ISO 8601 with `Z`, for programs."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_moment(given: str, now: datetime) -> datetime:
    """`2h`, `30m`, `1d` before `now`, or an ISO 8601 time; without a zone it is WIB. Raises ValueError."""
    ago = _AGO.match(given.strip().lower())
    if ago:
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    at = datetime.fromisoformat(given.strip())
    return at if at.tzinfo else at.replace(tzinfo=WIB)


def ago(at: datetime, now: datetime) -> str:
    """`12 s`, `5 min`, `3 h`, `2 d` (`12 dtk`, `5 mnt`, `3 jam`, `2 hr`): how long `at` is past."""
    seconds = max(0, int((now - at).total_seconds()))
    second, minute, hour, day = _SHORT[current()]
    for limit, size, unit in ((90, 1, second), (5400, 60, minute), (172_800, 3600, hour)):
        if seconds < limit:
            return f"{seconds // size} {unit}"
    return f"{seconds // 86_400} {day}"
