"""Plans with charges (Xendit): paid periods append, grace, cancellation, and an end by our own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from schemas import decisions as d
from schemas import facts as f
from tests.unit.processor.cases.facts import at, charge, cycle, refund
from tests.unit.processor.policies.ledgerbook import NOON, Book, balanced, permutations

RATNA = ("c-1", "ratna@contoh.id")
MONTHS = [datetime(2026, 11, 20, 5, tzinfo=UTC), datetime(2026, 12, 20, 5, tzinfo=UTC), datetime(2027, 1, 20, 5, tzinfo=UTC), datetime(2027, 2, 20, 5, tzinfo=UTC)]  # fmt: skip


def plan(report: str, when: datetime = NOON, **more: object) -> f.SubscriptionReported:
    """What Xendit says about the plan itself."""
    values: dict[str, object] = {
        "provider": "xendit",
        "subscription_key": "repl-1",
        "report": report,
        "products": (f.ProductHint(kind="plan_reference", value="sub-pro-1"),),
        "payer_email": "ratna@contoh.id",
        "token_only": True,
        "occurred_at": when,
    }
    return f.SubscriptionReported.model_validate(values | more)


def paid_cycle(number: int, **more: object) -> tuple[f.PaymentSucceeded, f.SubscriptionReported]:
    """A succeeded charge as the translator tells it: the money and the report."""
    starts = MONTHS[number - 1]
    report = "activated" if number == 1 else "renewed"
    return charge(number, starts), cycle(number, starts, report, **more)


def test_c41_s8_a_charge_gives_pro_for_a_month_and_counts_its_money_once() -> None:
    money, report = paid_cycle(1)
    capture_of_it = charge(
        1, MONTHS[0], payment_type=None, subscription_key=None, group_id="pr-9", products=()
    )
    for arrival in permutations([plan("activated"), money, report, capture_of_it]):
        book = Book().customer(*RATNA).give(*arrival)
        row = book.subscription("c-1")
        assert (row.plan, row.status, row.expires_at) == ("pro-bulanan", "active", MONTHS[1])
        assert row.access_until == MONTHS[1] + timedelta(days=3)
        assert book.tier("c-1") == "pro"
        assert [e.amount_idr for e in book.of(d.SaleRecorded)] == [200_000]
        assert book.credit("c-1") == 0
        assert balanced(book)


def test_c100_the_activation_may_never_come() -> None:
    book = Book().customer(*RATNA).give(*paid_cycle(1))
    assert (book.subscription("c-1").status, book.tier("c-1")) == ("active", "pro")


def test_c101_renewed_before_activated_appends_all_the_same() -> None:
    facts = [plan("activated"), *(paid_cycle(n)[1] for n in (1, 2, 3))]
    for arrival in permutations(facts):
        book = Book().customer(*RATNA).give(*arrival)
        row = book.subscription("c-1")
        assert (row.started_at, row.expires_at) == (MONTHS[0], MONTHS[3])


def test_c101_renewed_twice_is_two_periods_and_a_repetition_is_none() -> None:
    book = Book().customer(*RATNA).give(paid_cycle(1)[1], paid_cycle(1)[1])
    assert book.subscription("c-1").expires_at == MONTHS[1]
    early = cycle(2, MONTHS[0] + timedelta(days=1))  # charged long before the first period ended
    book.give(early)
    assert book.subscription("c-1").expires_at == MONTHS[2]


def test_c101_a_charge_after_a_gap_begins_anew() -> None:
    facts = [paid_cycle(1)[1], cycle(4, MONTHS[3])]
    for arrival in permutations(facts):
        row = Book().customer(*RATNA).give(*arrival).subscription("c-1")
        assert (row.started_at, row.expires_at) == (MONTHS[3], datetime(2027, 3, 20, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("late", "start", "end"),
    [
        (timedelta(days=1), MONTHS[0], MONTHS[2]),
        (timedelta(days=1, seconds=1), MONTHS[1] + timedelta(days=1, seconds=1), None),
    ],
)
def test_c101_a_charge_up_to_a_day_late_continues_the_paid_time(
    late: timedelta, start: datetime, end: datetime | None
) -> None:
    facts = [paid_cycle(1)[1], cycle(2, MONTHS[1] + late)]
    for arrival in permutations(facts):
        row = Book().customer(*RATNA).give(*arrival).subscription("c-1")
        assert row.started_at == start
        assert row.expires_at == (end or datetime(2027, 1, 21, 5, 0, 1, tzinfo=UTC))


def test_c106_a_subscription_of_the_31st_ends_on_each_month_s_last_day() -> None:
    starts = [datetime(2027, 1, 31, 3, tzinfo=UTC), datetime(2027, 2, 28, 3, tzinfo=UTC), datetime(2027, 3, 31, 3, tzinfo=UTC)]  # fmt: skip
    ends = [starts[1], starts[2], datetime(2027, 4, 30, 3, tzinfo=UTC)]
    book = Book().customer(*RATNA)
    for number, start in enumerate(starts, 1):
        book.give(cycle(number, start))
        assert book.subscription("c-1").expires_at == ends[number - 1]


def test_c102_a_failed_renewal_is_past_due_until_grace_ends_then_recovers() -> None:
    book = Book().customer(*RATNA).give(*paid_cycle(1)).wait(days=30)
    assert book.subscription("c-1").status == "past_due"
    book.give(cycle(2, MONTHS[1], "renewal_failed"))
    assert (book.subscription("c-1").status, book.tier("c-1")) == ("past_due", "pro")
    book.give(cycle(2, MONTHS[1], "renewed", occurred_at=MONTHS[1] + timedelta(days=1)))
    assert (book.subscription("c-1").status, book.subscription("c-1").expires_at) == ("active", MONTHS[2])


def test_c102_retrying_failed_and_succeeded_in_any_order_is_one_renewal() -> None:
    facts = [
        paid_cycle(1)[1],
        cycle(2, MONTHS[1], "renewal_failed", occurred_at=MONTHS[1] + timedelta(hours=1)),
        cycle(2, MONTHS[1], "renewal_failed", final=True, occurred_at=MONTHS[1] + timedelta(hours=9)),
        cycle(2, MONTHS[1], "renewed", occurred_at=MONTHS[1] + timedelta(hours=10)),
    ]
    for arrival in permutations(facts):
        row = Book().customer(*RATNA).give(*arrival).subscription("c-1")
        assert (row.status, row.expires_at) == ("active", MONTHS[2])


def test_c102_access_ends_when_grace_ends() -> None:
    book = Book().customer(*RATNA).give(*paid_cycle(1), cycle(2, MONTHS[1], "renewal_failed", final=True))
    book.wait(days=32)
    assert (book.subscription("c-1").status, book.tier("c-1")) == ("past_due", "pro")
    book.wait(days=1, seconds=1)
    assert (book.subscription("c-1").status, book.tier("c-1")) == ("expired", "gratis")


def test_a_first_charge_that_failed_gives_no_access() -> None:
    book = Book().customer(*RATNA).give(cycle(1, MONTHS[0], "renewal_failed"))
    assert (book.subscription("c-1").status, book.tier("c-1")) == ("pending", "gratis")


def test_a_plan_whose_first_charge_never_comes_ends_after_grace() -> None:
    book = Book().customer(*RATNA).give(plan("activated"))
    assert book.tier("c-1") == "pro"
    book.wait(days=3, seconds=1)
    assert (book.subscription("c-1").status, book.tier("c-1")) == ("expired", "gratis")


def test_c103_our_clock_ends_access_without_any_event() -> None:
    book = Book().customer(*RATNA).give(*paid_cycle(1))
    (change,) = book.of(d.TierChanged)
    assert (change.tier, change.until, change.fallback_tier) == (
        "pro",
        MONTHS[1] + timedelta(days=3),
        "gratis",
    )
    book.wait(days=34)
    assert isinstance(book.of(d.SubscriptionDecision)[-1], d.SubscriptionExpired)
    assert book.tier("c-1") == "gratis"


def test_c104_cancelled_at_period_end_keeps_what_was_paid() -> None:
    for arrival in permutations([*paid_cycle(1), plan("cancelled", at(days=2))]):
        book = Book().customer(*RATNA).give(*arrival)
        row = book.subscription("c-1")
        assert (row.status, row.cancel_at_period_end, row.access_until) == ("cancelled", True, MONTHS[1])
        assert book.tier("c-1") == "pro"
    book.wait(days=31)
    assert (book.tier("c-1"), book.subscription("c-1").cancel_at_period_end) == ("gratis", False)


def test_c104_cancelled_before_any_charge_ends_at_once() -> None:
    for arrival in permutations([plan("activated", at(-20)), plan("cancelled", at(-10))]):
        book = Book().customer(*RATNA).give(*arrival)
        row = book.subscription("c-1")
        assert (row.status, row.access_until, row.cancel_at_period_end) == ("cancelled", at(-10), False)
        assert book.tier("c-1") == "gratis"


def test_a_finished_plan_runs_to_its_end_and_expires_without_grace() -> None:
    book = Book().customer(*RATNA).give(*paid_cycle(1), plan("cancelled", at(days=2), finished=True))
    row = book.subscription("c-1")
    assert (row.status, row.cancel_at_period_end, row.access_until) == ("active", True, MONTHS[1])
    book.wait(days=30)
    assert (book.subscription("c-1").status, book.tier("c-1")) == ("expired", "gratis")


def test_expiring_soon_is_said_once_per_period() -> None:
    book = Book().customer(*RATNA).give(*paid_cycle(1)).wait(days=27)
    book.wait(days=1)
    assert len(book.of(d.SubscriptionExpiringSoon)) == 1
    book.give(*paid_cycle(2)).wait(days=30)
    assert len(book.of(d.SubscriptionExpiringSoon)) == 2


def test_x10_the_customer_is_remembered_from_the_plan() -> None:
    money = charge(1, MONTHS[0])
    report = cycle(1, MONTHS[0], "activated", payer_email=None)
    for arrival in permutations([plan("activated", customer_ref="c-1"), money, report]):
        book = Book().customer("c-1").give(*arrival)
        assert book.of(d.SaleRecorded)[0].customer_id == "c-1"
        assert (book.reasons(), book.tier("c-1")) == ([], "pro")


def test_a_charge_of_a_plan_without_a_customer_waits_as_its_payment() -> None:
    book = Book().give(charge(1, MONTHS[0]), cycle(1, MONTHS[0], "activated", payer_email=None))
    assert book.reasons() == ["customer_missing"]
    book.customer("c-1").claim("c-1")
    assert (book.reasons(), book.tier("c-1")) == ([], "pro")
    book.give(charge(2, MONTHS[1]), cycle(2, MONTHS[1], payer_email=None))
    assert book.subscription("c-1").expires_at == MONTHS[2]


def test_a_charge_of_an_unknown_plan_is_held_with_its_money() -> None:
    named = (f.ProductHint(kind="plan_reference", value="maks-1"),)
    book = Book().customer(*RATNA)
    book.give(charge(1, MONTHS[0], products=named, payer_email="ratna@contoh.id"))
    book.give(cycle(1, MONTHS[0], products=named))
    assert (book.reasons(), book.held().amount) == (["unmapped_product"], 200_000)
    assert book.tier("c-1") == "gratis"


@pytest.mark.parametrize(("amount", "counts"), [(500_000, True), (500_001, False)])
def test_a_charge_above_the_threshold_waits_for_confirmation(amount: int, counts: bool) -> None:
    facts = [charge(1, MONTHS[0], amount=amount), cycle(1, MONTHS[0], "activated", amount=amount)]
    for arrival in permutations(facts):
        book = Book().customer(*RATNA).give(*arrival)
        assert book.reasons() == ([] if counts else ["awaiting_confirmation"])
        assert book.tier("c-1") == ("pro" if counts else "gratis")


def test_a_vouched_charge_counts() -> None:
    book = Book().customer(*RATNA)
    book.give(charge(1, MONTHS[0], amount=900_000), cycle(1, MONTHS[0], "activated", amount=900_000))
    book.claim("c-1")
    assert (book.tier("c-1"), book.subscription("c-1").expires_at) == ("pro", MONTHS[1])
    assert [e.amount_idr for e in book.of(d.SaleRecorded)] == [900_000]


def test_c75_a_refunded_renewal_takes_its_period_back() -> None:
    sent_back = refund("rfd-1", 200_000, "py-cycle-2", group_id=None)
    for arrival in permutations([*paid_cycle(1), *paid_cycle(2), sent_back]):
        book = Book().customer(*RATNA).give(*arrival)
        assert book.subscription("c-1").expires_at == MONTHS[1]
        assert (book.tier("c-1"), balanced(book)) == ("pro", True)


def test_c75_the_refund_of_the_only_charge_ends_the_plan() -> None:
    book = Book().customer(*RATNA).give(*paid_cycle(1), refund("rfd-1", 200_000, "py-cycle-1", group_id=None))
    assert (book.subscription("c-1").status, book.tier("c-1")) == ("pending", "gratis")


def test_c75_a_step_back_is_no_beginning() -> None:
    """The history of a plan whose money went back says so, and begins once."""
    book = Book().customer(*RATNA).give(plan("activated"), *paid_cycle(1))
    book.give(refund("rfd-1", 200_000, "py-cycle-1", group_id=None))
    [back] = book.of(d.SubscriptionUpdated)
    assert (back.status, book.of(d.SubscriptionCreated)) == ("pending", [])
    book.give(*paid_cycle(2))
    assert isinstance(book.of(d.SubscriptionDecision)[-1], d.SubscriptionActivated)


def test_c75_the_refund_of_the_only_charge_opens_no_grace_until_the_next_one() -> None:
    sent_back = refund("rfd-1", 200_000, "py-cycle-1", group_id=None)
    for arrival in permutations([plan("activated"), *paid_cycle(1), sent_back]):
        book = Book().customer(*RATNA).give(*arrival)
        row = book.subscription("c-1")
        assert (row.status, row.access_until, book.tier("c-1")) == ("pending", None, "gratis")
        book.give(*paid_cycle(2))
        assert (book.subscription("c-1").status, book.tier("c-1")) == ("active", "pro")


def test_two_sets_of_reports_about_one_charge_are_one_charge() -> None:
    failing = cycle(1, MONTHS[0], "renewal_failed", payer_email="ratna@contoh.id")
    success = cycle(1, MONTHS[0], "activated", payer_email=None)
    for arrival in permutations([failing, success]):
        row = Book().customer(*RATNA).give(*arrival).subscription("c-1")
        assert (row.status, row.expires_at) == ("active", MONTHS[1])


def test_a_charge_is_booked_alike_however_it_is_announced_first() -> None:
    typed = charge(1, MONTHS[0], payer_email="ratna@contoh.id", products=(), subscription_key=None)
    for arrival in permutations([typed, *paid_cycle(1)]):
        book = Book().customer(*RATNA).give(*arrival)
        assert book.balance("sales:subscription") == 200_000
        assert book.tier("c-1") == "pro"


def test_c82_a_large_charge_refunded_in_suspense_gives_no_period() -> None:
    money = charge(1, MONTHS[0], amount=900_000)
    report = cycle(1, MONTHS[0], "activated", amount=900_000)
    confirmed = cycle(1, MONTHS[0], "activated", amount=900_000, token_only=False)
    sent_back = refund("rfd-1", 900_000, "py-cycle-1", group_id=None)
    for arrival in permutations([money, report, confirmed, sent_back]):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.tier("c-1"), book.reasons()) == ("gratis", [])


def test_an_attempt_that_failed_before_the_last_paid_charge_is_past() -> None:
    forced = cycle(9, MONTHS[0] + timedelta(days=10), "renewal_failed")
    for arrival in permutations([paid_cycle(1)[1], forced, paid_cycle(2)[1]]):
        row = Book().customer(*RATNA).give(*arrival).subscription("c-1")
        assert (row.status, row.expires_at) == ("active", MONTHS[2])


def test_a_plan_nobody_knows_is_shown_to_nobody_whatever_of_it_came_first() -> None:
    unknown = (f.ProductHint(kind="plan_reference", value="nowhere"),)
    ended = cycle(1, at(days=-2), "cancelled", products=unknown, cycle_id=None, payment_id=None)
    for arrival in permutations([ended, cycle(1, at(days=-2), products=unknown)]):
        book = Book().customer("c-1", "ratna@contoh.id").give(*arrival)
        assert (book.subscriptions("c-1"), book.tier("c-1")) == ({}, "gratis")
