"""Durations and the month rule, the same whatever zone the host is in."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from schemas.periods import JAKARTA, Period

MONTH = Period.parse("1 month")


@pytest.fixture(params=["UTC", "Asia/Jakarta", "America/New_York", "Pacific/Kiritimati"])
def host_zone(request: pytest.FixtureRequest) -> Iterator[str]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("55s", Period(span=timedelta(seconds=55))),
        ("30m", Period(span=timedelta(minutes=30))),
        ("24h", Period(span=timedelta(hours=24))),
        (" 3 Days ", Period(span=timedelta(days=3))),
        ("2 weeks", Period(span=timedelta(days=14))),
        ("1 month", Period(months=1)),
        ("1 year", Period(months=12)),
    ],
)
def test_durations(text: str, period: Period) -> None:
    assert Period.parse(text) == period


@pytest.mark.parametrize(
    "text", ["", "month", "1", "1.5 h", "-1 day", "1 fortnight", "1 month 2 days", "٣ days"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        Period.parse(text)


def jakarta(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=JAKARTA)  # type: ignore[arg-type, misc]


def test_c106_month_ends_and_leap_days() -> None:
    start = jakarta(2027, 1, 31, 10)
    assert [MONTH.after(start, n).astimezone(JAKARTA) for n in (1, 2, 3, 13)] == [
        jakarta(2027, 2, 28, 10),
        jakarta(2027, 3, 31, 10),
        jakarta(2027, 4, 30, 10),
        jakarta(2028, 2, 29, 10),
    ]
    assert Period.parse("1 year").after(jakarta(2028, 2, 29, 8)).astimezone(JAKARTA) == jakarta(
        2029, 2, 28, 8
    )
    assert MONTH.after(jakarta(2026, 12, 15)).astimezone(JAKARTA) == jakarta(2027, 1, 15)


def test_c106_the_day_is_the_one_on_the_indonesian_calendar() -> None:
    """22:00 UTC on 31 January is already 1 February in Jakarta."""
    assert MONTH.after(datetime(2027, 1, 31, 22, tzinfo=UTC)) == datetime(2027, 2, 28, 22, tzinfo=UTC)
    assert MONTH.after(datetime(2027, 1, 31, 16, tzinfo=UTC)) == datetime(2027, 2, 28, 16, tzinfo=UTC)
    assert MONTH.after(datetime(2027, 1, 30, 22, tzinfo=UTC)) == datetime(2027, 2, 27, 22, tzinfo=UTC)


def test_c106_the_zone_an_instant_is_written_in_does_not_matter() -> None:
    wit = timezone(timedelta(hours=9))
    instant = datetime(2027, 1, 31, 3, tzinfo=UTC)
    assert (
        MONTH.after(instant)
        == MONTH.after(instant.astimezone(wit))
        == MONTH.after(instant.astimezone(JAKARTA))
    )


def test_c108_the_same_results_in_every_host_zone(host_zone: str) -> None:
    assert time.tzname[0] is not None
    assert MONTH.after(datetime(2026, 10, 31, 20, tzinfo=UTC), 1) == datetime(2026, 11, 30, 20, tzinfo=UTC)
    assert MONTH.after(datetime(2026, 3, 7, 12, tzinfo=UTC), 1) == datetime(2026, 4, 7, 12, tzinfo=UTC)
    assert Period.parse("24h").after(datetime(2026, 3, 7, 12, tzinfo=UTC)) == datetime(
        2026, 3, 8, 12, tzinfo=UTC
    )
    assert MONTH.after(datetime(2027, 1, 31, 3, tzinfo=UTC)).tzinfo is UTC


@pytest.mark.parametrize("text", ["1 year", "1 month", "999999 days", "999999 years"])
def test_nothing_ends_after_the_calendar(text: str) -> None:
    """Ten thousand of anything may be bought; an end past the year 9999 is no date, and no reason to fail."""
    ends = Period.parse(text).after(datetime(2026, 11, 20, tzinfo=UTC), 100_000)
    assert ends.astimezone(JAKARTA).year == 9999
