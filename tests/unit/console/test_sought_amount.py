"""Amounts and days as people write them who look for money at night."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.sought_amount import as_day, as_rupiah, sought_amount

NOW = datetime(2026, 3, 1, 20, tzinfo=UTC)
"""The second of March in Jakarta."""


@pytest.mark.parametrize(
    ("what", "amount"),
    [
        ("50000", 50_000),
        ("Rp 50.000", 50_000),
        ("rp50,000", 50_000),
        ("IDR 50.000", 50_000),
        ("Rp50.000,00", 50_000),
        ("1.250.000", 1_250_000),
        ("75rb", 75_000),
        ("75 ribu", 75_000),
        ("Rp 1,5 jt", 1_500_000),
        ("2 juta", 2_000_000),
        ("50k", 50_000),
        ("0,05 juta", 50_000),
        ("123", None),
        ("py-50000", None),
        ("50000x", None),
        ("0rb", None),
        ("1,2345rb", None),
    ],
)
def test_an_amount_is_read_as_it_is_written(what: str, amount: int | None) -> None:
    assert as_rupiah(what) == amount


@pytest.mark.parametrize(
    ("what", "day"),
    [
        ("2026-02-28", date(2026, 2, 28)),
        ("28-02-2026", date(2026, 2, 28)),
        ("28/2/2026", date(2026, 2, 28)),
        ("28/2", date(2026, 2, 28)),
        ("3/3", date(2025, 3, 3)),
        ("2.3", date(2026, 3, 2)),
        ("today", date(2026, 3, 2)),
        ("Hari  ini", date(2026, 3, 2)),
        ("kemarin", date(2026, 3, 1)),
        ("30/2", None),
        ("2026-13-01", None),
        ("soon", None),
    ],
)
def test_a_day_is_one_of_jakarta_and_without_a_year_the_last_there_was(what: str, day: date | None) -> None:
    assert as_day(what, NOW) == day


@pytest.mark.parametrize(
    "what",
    ["50000 2026-03-01", "2026-03-01 50000", "Rp 50.000 on 1/3", "50rb kemarin", "kemarin, 50.000", "50 ribu tanggal 01-03-2026"],
)  # fmt: skip
def test_an_amount_with_a_day_bounds_that_day_in_jakarta(what: str) -> None:
    found = sought_amount(what, NOW)
    assert found is not None
    assert found.amount == 50_000
    assert found.since == datetime(2026, 2, 28, 17, tzinfo=UTC)
    assert found.until == datetime(2026, 3, 1, 17, tzinfo=UTC)


def test_an_amount_alone_has_no_day_and_other_text_is_none() -> None:
    alone = sought_amount("Rp 50.000", NOW)
    assert alone is not None
    assert (alone.since, alone.until) == (None, None)
    for other in ("py-1", "", "budi 50000", "2026-03-01", "50000 soon"):
        assert sought_amount(other, NOW) is None


@given(st.text(max_size=40))
def test_any_text_is_read_or_is_none(what: str) -> None:
    found = sought_amount(what, NOW)
    assert found is None or found.until is None or found.until - (found.since or NOW) == timedelta(days=1)


@given(st.integers(1, 10**12), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_what_is_written_by_the_book_is_read_back(amount: int, day: date) -> None:
    found = sought_amount(f"Rp {amount + 999:,} {day.isoformat()}", NOW)
    assert found is not None
    assert found.amount == amount + 999
    assert found.since is not None
    assert (found.since + timedelta(hours=7)).date() == day
