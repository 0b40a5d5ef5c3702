"""Times as operators read and write them: WIB first (where the shops are), UTC beside it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from console.language import current
from schemas.languages import Language

WIB = timezone(timedelta(hours=7), "WIB")
"""Asia/Jakarta has no daylight saving, so a fixed offset is exact and needs no time-zone database."""

_AGO = re.compile(r"(\d{1,6})\s*([smhdw])\Z")
_DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}")
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


def parse_moment(given: str, now: datetime, *, day_ends: bool = False) -> datetime:
    """`2h`, `30m`, `1d` before `now`, or an ISO 8601 time; without a zone it is WIB. A day alone is its first moment, or with `day_ends` its last.

    Raises ValueError, also for a time that no calendar or database holds.
    """
    words = given.strip().lower()
    ago = _AGO.match(words)
    try:
        if ago:
            at = now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        else:
            at = datetime.fromisoformat(words.upper())
            at = at if at.tzinfo else at.replace(tzinfo=WIB)
            if day_ends and _DAY.fullmatch(words):
                at += timedelta(days=1, microseconds=-1)
        at.astimezone(UTC), at.astimezone(WIB)  # every page and query writes it as both
    except OverflowError:
        raise ValueError(f"no time: {given}") from None
    return at


def ago(at: datetime, now: datetime) -> str:
    """`12 s`, `5 min`, `3 h`, `2 d` (`12 dtk`, `5 mnt`, `3 jam`, `2 hr`): how long `at` is past."""
    seconds = max(0, int((now - at).total_seconds()))
    second, minute, hour, day = _SHORT[current()]
    for limit, size, unit in ((90, 1, second), (5400, 60, minute), (172_800, 3600, hour)):
        if seconds < limit:
            return f"{seconds // size} {unit}"
    return f"{seconds // 86_400} {day}"
