"""Payments that come well after a membership was announced are for its next periods (docs/adr/0035), however far, in whatever order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import facts as f
from schemas.periods import Period
from tests.unit.processor.cases.facts import licence, package, refund
from tests.unit.processor.policies.ledgerbook import Book, club, permutations
from tests.unit.processor.policies.test_licences import tier

MONTH = Period.parse("1 month")
START = datetime(2026, 1, 10, tzinfo=UTC)
EMAIL = "ratna@contoh.id"
REGISTERED = f.CustomerRegistered(customer_id="c-1", email=EMAIL)
DAYS = st.integers(0, 365)
MINUTES = st.integers(1441, 40_000)


def announced(at: datetime, ends: datetime, report: str = "activated") -> f.SubscriptionReported:
    return licence(report, ends, products=tier("klub-a"), occurred_at=at)


def bought(at: datetime, payment: str = "trx-1") -> f.PaymentSucceeded:
    return package("klub-a", payment, 75_000, occurred_at=at, paid_at=at)


def returned(payment: str, at: datetime) -> f.RefundSucceeded:
    return refund(f"rfd-{payment}", 75_000, payment, provider="mayar", group_id=None, occurred_at=at)


def row(facts: Any, now: datetime = START + timedelta(days=900)) -> Any:
    return Book(catalog=club(), now=now).give(*facts).subscription("c-1")


def span(facts: Any) -> tuple[datetime, datetime]:
    one = row(facts)
    return one.started_at, one.expires_at


def test_an_early_renewal_appends_to_the_announced_end_in_every_order() -> None:
    facts = [
        REGISTERED,
        announced(START, MONTH.after(START)),
        bought(START + timedelta(days=18, hours=2)),
    ]
    for arrival in permutations(facts):
        assert span(arrival) == (START, MONTH.after(START, 2))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_distance_beyond_the_slack_is_the_next_period_and_within_it_the_announced_one(
    data: st.DataObject,
) -> None:
    start = START + timedelta(days=data.draw(DAYS))
    ends = MONTH.after(start)
    length = int((ends - start).total_seconds()) // 60
    minutes = data.draw(st.integers(0, length))
    paid_at = start + timedelta(minutes=minutes)
    facts = data.draw(st.permutations([REGISTERED, announced(start, ends), bought(paid_at)]))
    started, expires = span(facts)
    if minutes > 24 * 60:
        assert (started, expires) == (start, MONTH.after(start, 2))
    else:
        assert expires == max(ends, MONTH.after(paid_at))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_several_renewals_are_counted_once_each_whether_announced_too_or_not(data: st.DataObject) -> None:
    """The beginning may be paid for; each renewal may be announced with its end, a while before or after its payment; some money goes back."""
    start = START + timedelta(days=data.draw(DAYS))
    facts: list[Any] = [REGISTERED, announced(start, MONTH.after(start))]
    if data.draw(st.booleans()):
        facts.append(bought(start, "trx-0"))
    kept, newest = 1, start
    for number in range(1, data.draw(st.integers(1, 4)) + 1):
        paid_at = MONTH.after(start, kept) - timedelta(days=data.draw(st.integers(2, 25)))
        if paid_at <= newest + timedelta(days=3):
            break
        newest = paid_at
        facts.append(bought(paid_at, f"trx-{number}"))
        if data.draw(st.sampled_from([True, True, False])):
            kept += 1
            if data.draw(st.booleans()):
                near = timedelta(minutes=data.draw(st.integers(-600, 600)))
                facts.append(announced(paid_at + near, MONTH.after(start, kept), "renewed"))
        else:
            facts.append(returned(f"trx-{number}", paid_at + timedelta(hours=1)))
    assert span(data.draw(st.permutations(facts))) == (start, MONTH.after(start, kept))


@settings(max_examples=40, deadline=None)
@given(MINUTES, st.permutations(range(4)))
def test_a_refund_of_the_renewal_leaves_the_announced_period(minutes: int, order: list[int]) -> None:
    paid_at = START + timedelta(minutes=minutes)
    facts = [
        REGISTERED,
        announced(START, MONTH.after(START)),
        bought(paid_at),
        returned("trx-1", paid_at + timedelta(hours=1)),
    ]
    assert span([facts[n] for n in order]) == (START, MONTH.after(START))


def test_monthly_ends_keep_the_day_of_the_announcement() -> None:
    start = datetime(2027, 1, 31, 3, tzinfo=UTC)
    ends = datetime(2027, 2, 28, 3, tzinfo=UTC)
    assert span([REGISTERED, announced(start, ends), bought(datetime(2027, 2, 20, tzinfo=UTC))]) == (
        start,
        datetime(2027, 3, 31, 3, tzinfo=UTC),
    )


def test_an_end_stated_by_the_day_is_prolonged_by_the_day() -> None:
    """The announcement's own time is that of its receipt; only the stated end is exact."""
    ends = datetime(2026, 2, 9, 16, 59, 59, tzinfo=UTC)
    facts = [REGISTERED, announced(START, ends), bought(START + timedelta(days=18))]
    assert span(facts)[1] == datetime(2026, 3, 9, 16, 59, 59, tzinfo=UTC)


def test_an_announcement_that_is_told_again_is_the_same_period() -> None:
    """Said again on the day of the renewal's payment, with the end it always had."""
    ends, renewal = MONTH.after(START), START + timedelta(days=18)
    facts = [REGISTERED, announced(START, ends), announced(renewal, ends), bought(renewal)]
    for arrival in permutations(facts):
        assert span(arrival)[1] == MONTH.after(START, 2)


def test_a_payment_long_after_the_announced_end_begins_anew() -> None:
    late = MONTH.after(START) + timedelta(days=200)
    assert span([REGISTERED, announced(START, MONTH.after(START)), bought(late)]) == (late, MONTH.after(late))


def test_a_membership_that_is_only_prepared_is_what_its_payment_is_for() -> None:
    """Not usable yet, so no period of it has begun."""
    ends = MONTH.after(START)
    paid_at = START + timedelta(days=5)
    assert span([REGISTERED, announced(START, ends, "created"), bought(paid_at)])[1] == MONTH.after(paid_at)
