"""Quotas by the tier in force at the time of use, and by the calendar of Jakarta."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from api.credit.account import Account
from api.credit.acts import left_of
from schemas.credit_events import UsageRecorded
from schemas.problems import Problem
from tests.unit.api.credit.given import NOON, account, do, granted, moment, tier, use

INSTANT = timedelta(microseconds=1)
MIDNIGHT = datetime(2026, 3, 10, 17, 0, tzinfo=UTC)
"""The end of the tenth of March in Jakarta."""
MONTH_END = datetime(2026, 3, 31, 17, 0, tzinfo=UTC)
LEAP_DAY = datetime(2028, 2, 29, 5, 0, tzinfo=UTC)


def left(of: Account, at: datetime = NOON) -> tuple[int | None, int | None, int | None]:
    quotas = left_of(of, moment(at))
    return quotas.month.remaining, quotas.day.remaining, quotas.papers.remaining


def test_use_counts_against_month_and_day_and_papers_by_themselves() -> None:
    made = account()
    do(made, use(30, papers=1))
    assert left(made) == (70, 20, 1)


@pytest.mark.parametrize(
    ("tokens", "papers", "quota"), [(51, 0, "day"), (0, 3, "papers"), (101, 0, "month"), (51, 3, "papers")]
)
def test_what_does_not_fit_is_refused_with_the_time_it_could_fit_again(
    tokens: int, papers: int, quota: str
) -> None:
    made = account()
    with pytest.raises(Problem) as refused:
        do(made, use(tokens, papers))
    assert refused.value.kind.code == "quota_exceeded"
    ends = {"day": "2026-03-10T17:00:00Z"}.get(quota, "2026-03-31T17:00:00Z")
    assert (refused.value.values["quota"] in (quota, "month"), refused.value.values["resets_at"]) == (
        True,
        ends,
    )
    assert left(made) == (100, 50, 2)


def test_the_last_token_fits() -> None:
    made = account()
    do(made, use(50, papers=2))
    assert left(made) == (50, 0, 0)


def test_c106_the_day_ends_at_midnight_in_jakarta_to_the_instant() -> None:
    made = account()
    do(made, use(50), MIDNIGHT - INSTANT)
    with pytest.raises(Problem):
        do(made, use(1), MIDNIGHT - INSTANT)
    do(made, use(1), MIDNIGHT)
    assert left(made, MIDNIGHT) == (49, 49, 2)


def test_c106_the_month_ends_at_midnight_in_jakarta_to_the_instant() -> None:
    made = account()
    do(made, use(50), MONTH_END - timedelta(days=1) - INSTANT)
    do(made, use(50, papers=2), MONTH_END - INSTANT)
    assert left(made, MONTH_END - INSTANT) == (0, 0, 0)
    assert left(made, MONTH_END) == (100, 50, 2)


@pytest.mark.parametrize(("at", "day", "month"), [
    (LEAP_DAY, "2028-02-29T17:00:00Z", "2028-02-29T17:00:00Z"),
    (datetime(2026, 12, 31, 16, 59, 59, 999999, tzinfo=UTC), "2026-12-31T17:00:00Z", "2026-12-31T17:00:00Z"),
    (datetime(2026, 12, 31, 17, 0, tzinfo=UTC), "2027-01-01T17:00:00Z", "2027-01-31T17:00:00Z"),
    (datetime(2026, 1, 31, 5, 0, tzinfo=UTC), "2026-01-31T17:00:00Z", "2026-01-31T17:00:00Z"),
])  # fmt: skip
def test_c106_quotas_start_anew_when_the_calendar_says(at: datetime, day: str, month: str) -> None:
    quotas = left_of(account(), moment(at))
    assert f"{quotas.day.resets_at:%Y-%m-%dT%H:%M:%SZ}" == day
    assert f"{quotas.month.resets_at:%Y-%m-%dT%H:%M:%SZ}" == month


def test_c105_after_an_upgrade_what_was_used_counts_against_the_higher_quota() -> None:
    made = account()
    do(made, use(50))
    made.apply(tier("pro"))
    assert left(made) == (4950, 150, None)


def test_c105_after_a_downgrade_nothing_is_left_when_more_was_used_than_the_lower_quota() -> None:
    made = account(tier("pro"))
    do(made, use(150))
    made.apply(tier("gratis"))
    assert left(made) == (0, 0, 2)
    with pytest.raises(Problem):
        do(made, use(1))


def test_c115_a_tier_that_ends_in_the_middle_of_a_day_ends_by_the_clock() -> None:
    ends = NOON + timedelta(hours=1)
    made = account(tier("pro", until=ends))
    do(made, use(120), ends - INSTANT)
    assert left(made, ends - INSTANT) == (4880, 80, None)
    assert left(made, ends) == (0, 0, 2)
    with pytest.raises(Problem) as refused:
        do(made, use(1), ends)
    assert refused.value.values["resets_at"] == "2026-03-31T17:00:00Z"


def test_on_a_tier_that_is_paid_from_credit_use_spends_credit_and_no_quota() -> None:
    made = account(granted("k", 1000, 100), tier("bpp"))
    event = do(made, use(300, papers=1))
    assert isinstance(event, UsageRecorded)
    assert (event.paid_by, event.idr, event.credit_tokens) == ("credit", 30, 700)
    assert (made.credit, made.spent, made.used.month_tokens, made.used.month_papers) == (700, 300, 0, 1)
    with pytest.raises(Problem) as refused:
        do(made, use(701))
    assert refused.value.kind.code == "insufficient_balance"


def test_c105_what_was_paid_from_credit_leaves_the_quota_of_a_later_tier_alone() -> None:
    made = account(granted("k", 1000, 100), tier("bpp"))
    do(made, use(300))
    made.apply(tier("pro"))
    assert left(made) == (5000, 200, None)


def test_c34_a_clock_that_goes_back_over_midnight_does_not_open_the_day_again() -> None:
    made = account()
    do(made, use(50), MIDNIGHT + INSTANT)
    with pytest.raises(Problem):
        do(made, use(1), MIDNIGHT - INSTANT)


def test_a_tier_that_the_catalogue_no_longer_has_is_paid_from_credit() -> None:
    made = account(granted("k", 1000, 100), tier("gone"))
    assert do(made, use(10)).paid_by == "credit"  # type: ignore[attr-defined]
