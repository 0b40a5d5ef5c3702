"""Times as operators write them: a day is a day in Jakarta, and what no calendar holds is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from console.times import WIB, parse_moment

NOW = datetime.now(UTC)


def test_a_day_alone_begins_at_midnight_in_jakarta_or_ends_before_the_next_one() -> None:
    assert parse_moment("2026-03-05", NOW) == datetime(2026, 3, 5, tzinfo=WIB)
    ends = parse_moment("2026-03-05", NOW, day_ends=True)
    assert ends == datetime(2026, 3, 6, tzinfo=WIB) - timedelta(microseconds=1)
    assert parse_moment("2026-03-05T10:00", NOW, day_ends=True) == datetime(2026, 3, 5, 10, tzinfo=WIB)
    assert parse_moment("2h", NOW, day_ends=True) == NOW - timedelta(hours=2)


@pytest.mark.parametrize(
    "given", ["999999d", "999999w", "0001-01-01", "9999-12-31T23:59:59-07:00", "soon", ""]
)
def test_what_no_calendar_holds_is_no_time(given: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_moment(given, NOW)
