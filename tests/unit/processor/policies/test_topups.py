"""Top-ups: money becomes credit once, in full, whoever announces it and in whatever order."""

from __future__ import annotations

import pytest

from schemas import decisions as d
from schemas import facts as f
from schemas.credit_terms import DatedRate
from tests.unit.processor.cases.facts import at, attempt_fact, capture, request_fact
from tests.unit.processor.policies.ledgerbook import Book, balanced, permutations

RATNA = ("c-1", "ratna@contoh.id")


def credited(book: Book) -> list[tuple[str, int, int]]:
    return [(e.customer_id, e.amount_idr, e.tokens) for e in book.of(d.CreditGranted)]


def test_c60_paid_as_requested_is_credited_in_full() -> None:
    book = Book().customer(*RATNA).give(capture(amount=50_000))
    assert credited(book) == [("c-1", 50_000, 500_000)]
    assert book.tier("c-1") == "bpp"
    assert book.payment().status == "succeeded"
    assert book.payment().amount == 50_000


@pytest.mark.parametrize("amount", [1, 24_999, 25_000, 77_777, 500_000])
def test_any_positive_amount_is_credited_in_full(amount: int) -> None:
    book = Book().customer(*RATNA).give(capture(amount=amount, requested_amount=None))
    assert credited(book) == [("c-1", amount, amount * 10)]


def test_c69_ten_tokens_a_rupiah_without_rounding() -> None:
    book = Book().customer(*RATNA)
    for number in range(1, 8):
        book.give(capture(f"py-{number}", f"pr-{number}", amount=3 * number + 1))
    assert book.credit("c-1") == 10 * sum(3 * number + 1 for number in range(1, 8))
    assert book.balance("credit:c-1") * 10 == book.credit("c-1")


def test_c69_the_rate_is_the_catalogues_at_the_time_of_the_decision() -> None:
    book = Book().customer(*RATNA).give(capture("py-1", "pr-1", amount=1_000))
    dearer = book.catalog.model_copy(
        update={"credit": book.catalog.credit.model_copy(update={"tokens_per_idr": 8})}
    )
    book.change_catalog(dearer).give(capture("py-2", "pr-2", amount=1_000))
    assert [tokens for _, _, tokens in credited(book)] == [10_000, 8_000]


def test_c69_a_dated_rate_counts_for_what_is_paid_from_then_on_however_late_it_is_told() -> None:
    since = DatedRate(since=at(minutes=10), tokens_per_idr=8)
    book = Book().customer(*RATNA)
    terms = book.catalog.credit.model_copy(update={"rates": (since,)})
    book.change_catalog(book.catalog.model_copy(update={"credit": terms}))
    for number, minutes in enumerate((30, 10, 9)):  # the earliest comes last
        book.give(capture(f"py-{number}", f"pr-{number}", amount=1_000, occurred_at=at(minutes=minutes)))
    assert [tokens for _, _, tokens in credited(book)] == [8_000, 8_000, 10_000]


def test_zero_rupiah_is_held_not_credited() -> None:
    book = Book().customer(*RATNA).give(capture(amount=0, requested_amount=None))
    assert book.reasons() == ["amount_zero"]
    assert book.credit("c-1") == 0


def test_c41_capture_and_request_success_announce_one_payment() -> None:
    facts = [
        capture(amount=50_000),
        request_fact(f.PaymentSucceeded, amount=50_000, requested_amount=50_000),
        capture(amount=50_000, channel="QRIS"),
    ]
    for order in permutations(facts):
        book = Book().customer(*RATNA).give(*order)
        assert credited(book) == [("c-1", 50_000, 500_000)]
        assert book.reasons() == []
        assert len(book.payments()) == 1


def test_c45_a_second_payment_that_looks_identical_is_a_second_payment() -> None:
    book = Book().customer(*RATNA).give(capture("py-1", "pr-1"), capture("py-2", "pr-2"))
    assert credited(book) == [("c-1", 50_000, 500_000)] * 2
    assert len(book.payments()) == 2


def test_c43_the_same_id_at_two_providers_is_two_payments() -> None:
    book = Book().customer(*RATNA)
    book.give(capture("py-1", None), capture("py-1", None, provider="mayar"))
    assert book.credit("c-1") == 1_000_000
    assert {row.provider for row in book.payments().values()} == {"xendit", "mayar"}


def test_c51_two_payments_of_one_customer_at_once_are_both_credited() -> None:
    book = Book().customer(*RATNA)
    book.give_together(capture("py-1", "pr-1", 10_000), capture("py-2", "pr-2", 20_000))
    assert book.credit("c-1") == 300_000
    assert book.tier("c-1") == "bpp"
    assert len(book.of(d.TierChanged)) == 1


def test_c40_the_same_fact_again_changes_nothing_but_the_timeline() -> None:
    once = Book().customer(*RATNA).give(capture())
    often = Book().customer(*RATNA).give(capture(), capture(), capture())
    assert often.end_state() == once.end_state()


def test_c73_failed_then_succeeded_on_the_same_request_is_credited_once() -> None:
    failed = attempt_fact(f.PaymentFailed, occurred_at=at(-5), failure_code="INSUFFICIENT_BALANCE")
    for order in permutations([failed, capture(occurred_at=at())]):
        book = Book().customer(*RATNA).give(*order)
        assert credited(book) == [("c-1", 50_000, 500_000)]
        assert book.payment().status == "succeeded"
        assert book.payment().failure_code is None


def test_c61_an_underpayment_credits_nothing_and_waits() -> None:
    book = Book().customer(*RATNA).give(capture(amount=20_000, requested_amount=50_000))
    assert book.credit("c-1") == 0
    assert book.reasons() == ["underpaid"]
    assert book.held().amount == 20_000
    assert (book.payment().status, book.payment().amount, book.payment().held) == (
        "succeeded",
        20_000,
        "underpaid",
    )


def test_c61_an_operator_may_accept_an_underpayment_as_credit() -> None:
    book = Book().customer(*RATNA).give(capture(amount=20_000, requested_amount=50_000))
    book.claim("c-1", "credit")
    assert credited(book) == [("c-1", 20_000, 200_000)]
    assert book.reasons() == []


def test_c62_an_overpayment_of_a_topup_is_credited_in_full() -> None:
    book = Book().customer(*RATNA).give(capture(amount=60_000, requested_amount=50_000))
    assert credited(book) == [("c-1", 60_000, 600_000)]
    assert book.payment().requested_amount == 50_000


def test_c63_partial_payments_add_up_and_are_credited_when_complete() -> None:
    parts = [
        capture("py-1", amount=20_000, requested_amount=50_000, occurred_at=at(0)),
        capture("py-2", amount=25_000, requested_amount=50_000, occurred_at=at(1)),
        capture("py-3", amount=5_000, requested_amount=50_000, occurred_at=at(2)),
    ]
    for order in permutations(parts):
        book = Book().customer(*RATNA).give(*order[:2])
        assert (book.credit("c-1"), book.reasons()) == (0, ["underpaid"])
        book.give(order[2])
        assert (book.credit("c-1"), book.reasons()) == (500_000, [])
        assert book.payment().amount == 50_000


def test_c63_expiry_leaves_a_partial_payment_underpaid() -> None:
    facts = [
        capture(amount=20_000, requested_amount=50_000),
        request_fact(f.PaymentExpired, occurred_at=at(60)),
    ]
    for order in permutations(facts):
        book = Book().customer(*RATNA).give(*order)
        assert book.reasons() == ["underpaid"]
        assert book.payment().status == "succeeded"


def test_c48_events_of_one_second_are_ordered_by_what_they_say() -> None:
    facts = [
        capture(occurred_at=at()),
        attempt_fact(f.PaymentPending, occurred_at=at()),
        attempt_fact(f.PaymentFailed, occurred_at=at(), failure_code="TIMEOUT_ERROR"),
        request_fact(f.PaymentExpired, occurred_at=at()),
    ]
    states = [Book().customer(*RATNA).give(*order).end_state() for order in permutations(facts)]
    assert all(state == states[0] for state in states)
    assert states[0]["payments"][0]["status"] == "succeeded"
    assert states[0]["payments"][0]["late"] is False


def test_x12_what_a_payment_is_for_comes_from_its_payment_type_only() -> None:
    book = Book().customer(*RATNA).give(capture(payment_type=None))
    assert book.reasons() == ["purpose_unknown"]
    book.claim("c-1", "credit")
    assert book.credit("c-1") == 500_000


def test_paper_completion_is_a_sale_that_grants_nothing() -> None:
    book = Book().customer(*RATNA).give(capture(payment_type="paper_completion", amount=15_000))
    (sale,) = book.of(d.SaleRecorded)
    assert (sale.customer_id, sale.product, sale.amount_idr) == ("c-1", "paper_completion", 15_000)
    assert (book.credit("c-1"), book.chat("c-1"), book.tier("c-1")) == (0, 0, "gratis")
    assert balanced(book)


def test_an_authorization_is_not_money() -> None:
    book = Book().customer(*RATNA).give(attempt_fact(f.PaymentAuthorized, requested_amount=50_000))
    assert book.credit("c-1") == 0
    assert book.payment().status == "authorized"
    assert book.payment().amount == 50_000


def test_c66_one_rupiah_is_one_rupiah() -> None:
    book = Book().customer(*RATNA).give(capture(amount=1, requested_amount=None))
    assert credited(book) == [("c-1", 1, 10)]
    assert book.balance("credit:c-1") == 1
