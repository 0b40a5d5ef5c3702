"""Expiry, failure and lateness: paid is never undone by them, and a late payment is money like any other."""

from __future__ import annotations

import pytest

from schemas import facts as f
from tests.unit.processor.cases.facts import at, attempt_fact, capture, package, paid, request_fact
from tests.unit.processor.policies.ledgerbook import Book, permutations

RATNA = ("c-1", "ratna@contoh.id")


@pytest.mark.parametrize("kind", [f.PaymentExpired, f.PaymentFailed, f.PaymentPending, f.PaymentAuthorized])
def test_c46_expired_after_paid_changes_nothing(kind: type[f.PaymentFact]) -> None:
    paid_only = Book().customer(*RATNA).give(capture())
    for later in (attempt_fact(kind, occurred_at=at(30)), request_fact(kind, occurred_at=at(30))):
        for order in permutations([capture(), later]):
            book = Book().customer(*RATNA).give(*order)
            assert book.end_state() == paid_only.end_state()
            assert book.payment().status == "succeeded"


def test_c46_the_ignored_event_is_in_the_timeline() -> None:
    book = Book().customer(*RATNA).give(capture(), request_fact(f.PaymentExpired, occurred_at=at(30)))
    assert [event.facts for event in book.of(type(book.payment()))] == [(2,), (3,)]


def test_c47_paid_after_expired_is_credited_and_flagged_late() -> None:
    facts = [request_fact(f.PaymentExpired, occurred_at=at(-30)), capture(occurred_at=at())]
    for order in permutations(facts):
        book = Book().customer(*RATNA).give(*order)
        assert book.credit("c-1") == 500_000
        assert book.payment().status == "succeeded"
        assert book.payment().late is True


def test_c47_paid_after_failed_is_credited_and_flagged_late() -> None:
    facts = [attempt_fact(f.PaymentFailed, occurred_at=at(-30)), capture(occurred_at=at())]
    for order in permutations(facts):
        book = Book().customer(*RATNA).give(*order)
        assert book.credit("c-1") == 500_000
        assert book.payment().late is True


def test_c70_a_virtual_account_paid_days_after_expiry_is_honoured() -> None:
    book = Book().customer(*RATNA)
    book.give(request_fact(f.PaymentPending, occurred_at=at(days=-4), requested_amount=100_000))
    book.give(request_fact(f.PaymentExpired, occurred_at=at(days=-3)))
    assert book.payment().status == "expired"
    book.give(capture(amount=100_000, occurred_at=at()))
    assert (book.payment().status, book.payment().late) == ("succeeded", True)
    assert book.credit("c-1") == 1_000_000


def test_c70_a_late_payment_of_a_token_package_is_delivered() -> None:
    expired = package(occurred_at=at(-30))
    expired = f.PaymentExpired(**expired.model_dump(exclude={"amount"}))
    for order in permutations([expired, package("gold", occurred_at=at())]):
        book = Book().customer(*RATNA).give(*order)
        assert book.chat("c-1") == 100
        assert book.payment().late is True


def test_c107_the_instant_of_expiry_is_still_in_time() -> None:
    for minutes, late in ((-0.001, False), (0, False), (0.001, True)):
        facts = [request_fact(f.PaymentExpired, occurred_at=at()), capture(occurred_at=at(minutes))]
        for order in permutations(facts):
            assert Book().customer(*RATNA).give(*order).payment().late is late


def test_late_is_told_by_arrival_when_the_provider_gives_no_times() -> None:
    expired = request_fact(f.PaymentExpired, timed=False)
    success = capture(timed=False, paid_at=None)
    assert Book().customer(*RATNA).give(expired, success).payment().late is True
    assert Book().customer(*RATNA).give(success, expired).payment().late is False


def test_late_does_not_depend_on_arrival() -> None:
    facts = [
        request_fact(f.PaymentExpired, occurred_at=at(10)),
        attempt_fact(f.PaymentFailed, "py-1", occurred_at=at(-10)),
        attempt_fact(f.PaymentFailed, "py-1", occurred_at=at(20)),
        capture("py-1", occurred_at=at(0)),
    ]
    states = [Book().customer(*RATNA).give(*order).end_state() for order in permutations(facts)]
    assert all(state == states[0] for state in states)
    assert states[0]["payments"][0]["late"] is True  # it had failed ten minutes earlier


def test_c49_an_attempt_expires_after_another_one_paid() -> None:
    facts = [
        attempt_fact(f.PaymentPending, "py-a", occurred_at=at(-10)),
        capture("py-b", occurred_at=at(0)),
        attempt_fact(f.PaymentExpired, "py-a", occurred_at=at(10)),
    ]
    for order in permutations(facts):
        book = Book().customer(*RATNA).give(*order)
        assert book.payment().status == "succeeded"
        assert book.payment().late is False
        assert book.payment().payment_id == "py-b"
        assert book.credit("c-1") == 500_000


def test_c49_an_expired_attempt_does_not_make_another_one_late() -> None:
    facts = [attempt_fact(f.PaymentExpired, "py-a", occurred_at=at(-10)), capture("py-b", occurred_at=at(0))]
    for order in permutations(facts):
        assert Book().customer(*RATNA).give(*order).payment().late is False


def test_c49_one_failed_attempt_leaves_the_payment_open_while_another_is() -> None:
    facts = [
        attempt_fact(f.PaymentPending, "py-b", occurred_at=at(-5)),
        attempt_fact(f.PaymentFailed, "py-a", occurred_at=at(0), failure_code="USER_DECLINED_PAYMENT"),
    ]
    for order in permutations(facts):
        assert Book().customer(*RATNA).give(*order).payment().status == "pending"
    closed = [*facts, request_fact(f.PaymentExpired, occurred_at=at(30))]
    for order in permutations(closed):
        assert Book().customer(*RATNA).give(*order).payment().status == "expired"


def test_an_unpaid_payment_shows_why_it_failed() -> None:
    failed = attempt_fact(f.PaymentFailed, failure_code="CHANNEL_UNAVAILABLE", requested_amount=50_000)
    book = Book().customer(*RATNA).give(attempt_fact(f.PaymentPending, occurred_at=at(-1)), failed)
    row = book.payment()
    assert (row.status, row.failure_code, row.amount) == ("failed", "CHANNEL_UNAVAILABLE", 50_000)
    assert row.customer_id == "c-1"


def test_m4_a_reminder_after_payment_is_only_a_reminder() -> None:
    reminder = f.PaymentPending(**package(occurred_at=at(29)).model_dump(exclude={"amount", "products"}))
    for order in permutations([reminder, package("gold", occurred_at=at())]):
        book = Book().customer(*RATNA).give(*order)
        assert (book.chat("c-1"), book.payment().status) == (100, "succeeded")


def test_s5_a_conflict_is_a_failure_that_success_may_follow() -> None:
    facts = [paid(f.PaymentFailed, occurred_at=at(-5), failure_code="conflict"), paid(occurred_at=at())]
    for order in permutations(facts):
        assert Book().customer(*RATNA).give(*order).payment().status == "succeeded"


@pytest.mark.parametrize(
    ("better", "worse", "status"),
    [
        (f.PaymentAuthorized, f.PaymentPending, "authorized"),
        (f.PaymentPending, f.PaymentFailed, "pending"),
        (f.PaymentFailed, f.PaymentExpired, "failed"),
        (f.PaymentAuthorized, f.PaymentExpired, "authorized"),
    ],
)
def test_c49_a_payment_is_as_far_as_the_most_promising_of_its_attempts(
    better: type[f.PaymentFact], worse: type[f.PaymentFact], status: str
) -> None:
    """Whichever of them was heard of last."""
    for first, second in ((0, 9), (9, 0)):
        facts = [
            attempt_fact(better, "py-a", occurred_at=at(first)),
            attempt_fact(worse, "py-b", occurred_at=at(second)),
        ]
        for order in permutations(facts):
            assert Book().customer(*RATNA).give(*order).payment().status == status
