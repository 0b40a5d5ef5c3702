"""Access never runs beyond what was paid for, whatever end a provider states (docs/adr/0035)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processor.grants.stated_ends import OVERRUN
from schemas import facts as f
from schemas.periods import Period
from tests.unit.processor.cases.facts import at, licence, package
from tests.unit.processor.policies.ledgerbook import NOON, Book, club, permutations
from tests.unit.processor.policies.test_licences import RATNA, tier

MONTH = Period.parse("1 month")
KLUB = tier("klub-a")
DAY = timedelta(days=1)
FAR = datetime(2035, 12, 31, tzinfo=UTC)


def stated(ends: datetime | None, report: str = "activated", **more: Any) -> f.SubscriptionReported:
    return licence(report, ends, **{"products": KLUB, **more})


def paid(payment: str = "trx-1", when: datetime = NOON, quantity: int = 1) -> f.PaymentSucceeded:
    fact = package("klub-a", payment, 75_000, occurred_at=when, paid_at=when)
    hints = tuple(hint.model_copy(update={"quantity": quantity}) for hint in fact.products)
    return fact.model_copy(update={"products": hints})


def book() -> Book:
    return Book(catalog=club()).customer(*RATNA)


def alarms(done: Book) -> list[tuple[str, str]]:
    return [one for one in done.parked if one[1] == "end_beyond_paid"]


@pytest.mark.parametrize("report", ["activated", "renewed", "tier_changed"])
def test_an_end_decades_ahead_gives_one_period_from_when_we_heard_of_it(report: str) -> None:
    done = book().give(stated(at(days=5)), stated(FAR, report, occurred_at=at(1)))
    ends = done.subscription("c-1").expires_at
    assert ends is not None
    assert ends <= MONTH.after(at(days=5))
    assert done.wait(days=80).tier("c-1") == "gratis"


def test_with_its_payment_it_gives_what_was_paid_for_in_every_order() -> None:
    for arrival in permutations([paid(), stated(FAR)]):
        done = book().give(*arrival)
        row = done.subscription("c-1")
        assert (row.expires_at, row.plan, row.status) == (MONTH.after(NOON), "klub-a", "active")
        assert done.wait(days=40).tier("c-1") == "gratis"


@given(st.integers(1, 12), st.integers(4, 20_000), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_as_many_periods_as_were_paid_for_and_not_a_day_of_what_is_stated_beyond(
    quantity: int, days: int, shuffled: Any
) -> None:
    reached = MONTH.after(NOON, quantity)
    facts = [paid(quantity=quantity), stated(reached + timedelta(days=days))]
    shuffled.shuffle(facts)
    assert book().give(*facts).subscription("c-1").expires_at == reached


@given(st.integers(0, 3))
@settings(max_examples=4, deadline=None)
def test_a_longer_month_of_the_providers_own_is_no_other_end(days: int) -> None:
    ends = MONTH.after(NOON) + timedelta(days=days)
    done = book().give(paid(), stated(ends)).wait(minutes=90)
    assert done.subscription("c-1").expires_at == ends
    assert alarms(done) == []


def test_far_ends_that_are_said_again_and_again_buy_nothing_more() -> None:
    facts = [stated(FAR + timedelta(days=n), occurred_at=at(n)) for n in range(20)]
    ends = book().give(*facts).subscription("c-1").expires_at
    assert ends is not None
    assert ends <= MONTH.after(at(20))


def test_renewals_announced_one_behind_the_other_are_no_years_that_nobody_paid_for() -> None:
    facts = [stated(MONTH.after(NOON, n), "renewed", occurred_at=at(n)) for n in range(1, 25)]
    ends = book().give(*facts).subscription("c-1").expires_at
    assert ends is not None
    assert MONTH.after(NOON, 2) <= ends <= MONTH.after(at(25), 2)
    paid_for = [paid(f"trx-{n}", at(minutes=3 * n)) for n in range(5)]
    ends = book().give(*facts, *paid_for).subscription("c-1").expires_at
    assert ends is not None
    assert MONTH.after(NOON, 5) <= ends <= MONTH.after(at(25), 5 + 2) + OVERRUN


def test_another_tier_adds_no_period_to_the_one_that_runs() -> None:
    changed = stated(FAR, "tier_changed", products=tier("klub-b"), occurred_at=at(days=10))
    row = book().give(stated(MONTH.after(NOON)), changed).wait(days=10).subscription("c-1")
    assert (row.plan, row.expires_at) == ("klub-b", MONTH.after(at(days=10)))


def test_each_renewal_that_is_only_announced_still_counts() -> None:
    ends = [MONTH.after(NOON, number) for number in range(1, 5)]
    facts = [
        stated(end, "renewed" if number else "activated", occurred_at=MONTH.after(NOON, number) - timedelta(days=2 * bool(number)))
        for number, end in enumerate(ends)
    ]  # fmt: skip
    for arrival in permutations(facts):
        assert book().give(*arrival).subscription("c-1").expires_at == ends[-1]


def test_an_end_is_counted_from_its_receipt_where_the_body_is_dated_long_before() -> None:
    joined_long_ago = NOON - timedelta(days=300)
    renewed = stated(MONTH.after(NOON), "renewed", occurred_at=joined_long_ago, timed=True, told_at=NOON)
    assert book().give(renewed).subscription("c-1").expires_at == MONTH.after(NOON)


@pytest.mark.parametrize("report", ["created", "expiring_soon"])
def test_an_end_that_is_said_in_passing_buys_nothing(report: str) -> None:
    for arrival in permutations([stated(MONTH.after(NOON)), stated(FAR, report)]):
        assert book().give(*arrival).subscription("c-1").expires_at == MONTH.after(NOON)
    for arrival in permutations([stated(None), stated(FAR, report)]):
        assert book().give(*arrival).subscription("c-1").expires_at == MONTH.after(NOON)


def test_an_operator_is_told_once_and_only_when_its_payment_had_time_to_come() -> None:
    done = book().give(stated(FAR))
    assert alarms(done.wait(minutes=59)) == []
    assert alarms(done.wait(minutes=2)) == [("LCN-1", "end_beyond_paid")]
    assert alarms(done.wait(days=2).look_again()) == [("LCN-1", "end_beyond_paid")]
    in_time = book().give(stated(MONTH.after(NOON, 3)), paid(quantity=3)).wait(minutes=90)
    assert in_time.subscription("c-1").expires_at == MONTH.after(NOON, 3)
    assert alarms(in_time) == []


def test_a_membership_of_nobody_knows_which_plan_is_no_longer_than_the_longest() -> None:
    """Applications may open something for it all the same."""
    products = tuple(
        one.model_copy(update={"period": "1 year"}) if one.id == "klub-b" else one for one in club().products
    )
    catalog = club().model_copy(update={"products": products})
    for ends, believed in ((FAR, at(days=365)), (at(days=364), at(days=364))):
        done = Book(catalog=catalog).customer(*RATNA).give(licence("activated", ends)).wait(minutes=90)
        row = done.subscription("c-1")
        assert (row.plan, row.expires_at, bool(alarms(done))) == (None, believed, ends == FAR)


def test_a_membership_of_no_plan_keeps_the_end_it_states_where_no_plan_is_sold() -> None:
    """Nothing says what it costs or how long it is, and it opens nothing."""
    done = Book().customer(*RATNA).give(licence("activated", FAR)).wait(minutes=90)
    assert (done.subscription("c-1").expires_at, done.tier("c-1"), alarms(done)) == (FAR, "gratis", [])


def test_a_plan_of_ten_thousand_years_ends_with_the_calendar() -> None:
    yearly = club().model_copy(
        update={
            "products": tuple(
                one.model_copy(update={"period": "1 year"}) if one.id == "klub-a" else one
                for one in club().products
            )
        }
    )
    done = Book(catalog=yearly).customer(*RATNA).give(paid(quantity=10_000))
    assert [reason for _, reason in done.parked] == []
    assert done.subscription("c-1").status == "active"


def test_three_days_beyond_what_was_paid_for_are_the_same_end_and_a_second_more_is_not() -> None:
    reached, second = MONTH.after(NOON), timedelta(seconds=1)
    for stretch, believed in ((3 * DAY, reached + 3 * DAY), (3 * DAY + second, reached)):
        done = book().give(paid(), stated(reached + stretch))
        assert done.subscription("c-1").expires_at == believed


@pytest.mark.parametrize("report", ["created", "expiring_soon"])
def test_an_operator_is_told_of_a_far_end_that_is_said_in_passing_too(report: str) -> None:
    reached, second = MONTH.after(NOON), timedelta(seconds=1)
    for stretch, told in (
        (timedelta(0), False),
        (2 * DAY, False),
        (3 * DAY, False),
        (3 * DAY + second, True),
    ):
        for arrival in permutations([stated(reached), stated(reached + stretch, report)]):
            done = book().give(*arrival).wait(minutes=90)
            assert (done.subscription("c-1").expires_at, bool(alarms(done))) == (reached, told)


def test_two_periods_that_are_announced_and_not_paid_for_count_to_their_own_ends() -> None:
    """To the end of the day, as a provider may say it: nothing is cut off what it may announce."""
    first, second = MONTH.after(NOON) + 2 * DAY, MONTH.after(NOON, 2) + 2 * DAY
    facts = [stated(first), stated(second, "renewed", occurred_at=at(1))]
    for arrival in permutations(facts):
        assert book().give(*arrival).subscription("c-1").expires_at == second
