"""Times as providers write them: ISO 8601, epoch milliseconds as a number or as digits. What bears no zone is read in the one its provider declares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal

EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)
"""None of the providers existed before; a time of something that happened then is a default of somebody's program."""

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_DIGITS = re.compile(r"\d{9,16}\Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_WRITTEN = re.compile(
    rb'"(\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)?)([+-]\d\d(?::?\d\d)?)?"'
)
"""A text that is a time and does not end with `Z`."""
# Milliseconds below this would lie before 1973; such a number counts seconds.
_SECONDS_BELOW = 10**11
_WIB = timezone(timedelta(hours=7), "WIB")


def parse_moment(value: object, zone: tzinfo) -> datetime | None:
    """The moment in UTC, or None when the value is not one (absent, unreadable, outside 2000 to 2199).

    `zone`: where a text without one was written. A date without a time is the end of that day in Jakarta: providers write such dates for "valid until".
    """
    moment = stated_moment(value, zone)
    return moment if moment is not None and _EARLIEST <= moment < _LATEST else None


def stated_moment(value: object, zone: tzinfo) -> datetime | None:
    """The same of whatever year, 1970 and 9999 included: defaults of somebody's program that only look like times. For times that are held against
    their receipt; read as absent they would count as if nobody had said anything odd.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return _from_epoch(value)
    if isinstance(value, Decimal):
        return _from_epoch(int(value)) if -20 < value.adjusted() < 20 else None
    if isinstance(value, str):
        return _from_text(value.strip(), zone)
    return None


def written_zones(body: bytes, zone: tzinfo) -> Mapping[datetime, str]:
    """Of the moments that a body names in a text, those not written as UTC: the offset as it is written, or `none:` and the zone it is read in.

    A moment is all that events keep of a time; this is what else was said with it.
    """
    zones: dict[datetime, str] = {}
    for found in _WRITTEN.finditer(body):
        text, offset = found[1].decode(), (found[2] or b"").decode()
        moment = stated_moment(text + offset, zone)
        if moment is None or (offset and not offset.strip("+-0:")):
            continue
        read_in = "WIB" if _DATE.match(text) else str(zone)
        zones.setdefault(moment, offset or f"none:{read_in}")
    return zones


def _from_text(text: str, zone: tzinfo) -> datetime | None:
    if _DIGITS.match(text):
        return _from_epoch(int(text))
    try:
        moment = datetime.fromisoformat(text)
        if _DATE.match(text):
            moment = datetime.combine(moment.date(), time(23, 59, 59), _WIB)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _from_epoch(number: int) -> datetime | None:
    if abs(number) >= 10**16:
        return None
    milliseconds = number * 1000 if abs(number) < _SECONDS_BELOW else number
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None
