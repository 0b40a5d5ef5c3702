"""Refunds: each counts once, takes back what its payment granted as far as it is unspent, and may come before the payment."""

from __future__ import annotations

import pytest

from schemas import decisions as d
from schemas import facts as f
from tests.unit.processor.cases.facts import at, capture, order, package, paid, refund, request_fact
from tests.unit.processor.policies.ledgerbook import VARIANT, Book, balanced, permutations

RATNA = ("c-1", "ratna@contoh.id")
REGISTER = f.CustomerRegistered(customer_id="c-1", email="ratna@contoh.id")


def order_refund(refund_id: str, amount: int, days: float = 1) -> f.RefundSucceeded:
    return refund(
        refund_id,
        amount,
        None,
        provider="scalev",
        payment_key="260504AAAAAA",
        group_id=None,
        occurred_at=at(days=days),
    )


def package_refund(refund_id: str, amount: int) -> f.RefundSucceeded:
    return refund(refund_id, amount, "trx-1", provider="mayar", group_id=None)


def test_c53_a_refund_before_its_payment_waits_for_it() -> None:
    book = Book().customer(*RATNA).give(refund())
    assert book.end_state()["ledger"] == {}
    book.give(capture())
    assert book.credit("c-1") == 0
    assert book.payment().status == "refunded"
    other_way = Book().customer(*RATNA).give(capture(), refund())
    assert book.end_state() == other_way.end_state()


def test_c75_a_full_refund_takes_everything_back_once() -> None:
    book = Book().customer(*RATNA).give(capture(), refund(), refund(), refund())
    (event,) = book.of(d.CreditClawedBack)
    assert (event.amount_idr, event.tokens, event.refund_id) == (50_000, 500_000, "rfd-1")
    assert (book.credit("c-1"), book.payment().status) == (0, "refunded")
    assert book.payment().refunded_amount == 50_000
    assert book.end_state()["ledger"] == {}


def test_a_refunded_first_topup_takes_back_the_tier_it_brought() -> None:
    book = Book().customer(*RATNA).give(capture("py-1"), capture("py-2", "pr-2"), refund())
    assert book.tier("c-1") == "bpp"
    book.give(refund("rfd-2", 50_000, "py-2", group_id="pr-2"))
    assert book.tier("c-1") == "gratis"


def test_c76_partial_refunds_each_take_their_own_share() -> None:
    parts = [refund("rfd-1", 20_000), refund("rfd-2", 5_000, occurred_at=at(days=2))]
    for arrival in permutations([capture(), *parts]):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.credit("c-1"), book.payment().refunded_amount) == (250_000, 25_000)
        assert book.payment().status == "partially_refunded"
        assert balanced(book)


def test_c76_partial_refunds_up_to_the_whole_amount_are_a_refund() -> None:
    book = Book().customer(*RATNA).give(capture(), refund("rfd-1", 20_000), refund("rfd-2", 30_000))
    assert (book.payment().status, book.credit("c-1")) == ("refunded", 0)


def test_c77_a_refund_above_the_payment_is_parked_once() -> None:
    for arrival in permutations([capture(), refund("rfd-1", 60_000)]):
        book = Book().customer(*RATNA).give(*arrival, refund("rfd-1", 60_000))
        assert book.parked == [("rfd-1", "refund_exceeds_payment")]
        assert book.credit("c-1") == 500_000
        assert book.payment().status == "succeeded"


def test_c77_refunds_that_together_exceed_the_payment() -> None:
    book = Book().customer(*RATNA).give(capture(), refund("rfd-1", 40_000), refund("rfd-2", 20_000))
    assert book.parked == [("rfd-2", "refund_exceeds_payment")]
    assert book.credit("c-1") == 100_000


def test_c79_a_refund_nobody_asked_us_for_is_a_fact() -> None:
    book = Book().customer(*RATNA).give(capture(), refund(reason="REQUESTED_BY_CUSTOMER"))
    assert book.credit("c-1") == 0


def test_a_failed_refund_takes_nothing() -> None:
    failed = f.RefundFailed(**refund().model_dump())
    for arrival in permutations([capture(), failed]):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.credit("c-1"), book.payment().status) == (500_000, "succeeded")


def test_c82_a_refund_of_held_money_leaves_suspense_without_effect() -> None:
    for arrival in permutations([capture(), refund()]):
        book = Book().give(*arrival)
        assert book.reasons() == []
        assert book.end_state()["ledger"] == {}
        assert book.payment().status == "refunded"
        book.give(REGISTER)
        assert (book.credit("c-1"), book.tier("c-1")) == (0, "gratis")


def test_c82_a_partial_refund_of_held_money_leaves_the_rest_held() -> None:
    for arrival in permutations([capture(), refund("rfd-1", 20_000)]):
        book = Book().give(*arrival)
        assert [h.amount for h in book.suspense().values()] == [30_000]
        assert book.balance("suspense:xendit") == 30_000
        book.give(REGISTER)
        assert book.credit("c-1") == 300_000
        assert (book.payment().amount, book.payment().refunded_amount) == (50_000, 20_000)


def test_refunds_in_two_steps_empty_what_is_held() -> None:
    book = Book().give(capture(), refund("rfd-1", 20_000), refund("rfd-2", 30_000, occurred_at=at(days=2)))
    assert (book.reasons(), book.payment().status) == ([], "refunded")
    assert book.give(REGISTER).credit("c-1") == 0


@pytest.mark.parametrize("amount", [20_000, 50_000])
def test_a_refund_counts_the_same_before_and_after_the_customer_is_known(amount: int) -> None:
    states = []
    for arrival in permutations([REGISTER, capture(), refund("rfd-1", amount)]):
        book = Book().give(*arrival)
        states.append(book.end_state())
    assert all(state == states[0] for state in states)


def test_a_later_payment_takes_the_place_of_one_refunded_in_suspense() -> None:
    book = Book().give(capture("py-1"), refund("rfd-1", 50_000, "py-1"))
    book.give(REGISTER, capture("py-2", occurred_at=at(days=2)))
    assert (book.credit("c-1"), book.reasons()) == (500_000, [])
    assert sorted(row.status for row in book.payments().values()) == ["refunded", "succeeded"]


def test_an_underpayment_sent_back_makes_way_for_a_full_payment() -> None:
    book = Book().customer(*RATNA).give(capture("py-1", amount=20_000, requested_amount=50_000))
    book.give(refund("rfd-1", 20_000, "py-1"))
    book.give(capture("py-2", amount=50_000, requested_amount=50_000, occurred_at=at(days=2)))
    assert (book.credit("c-1"), book.reasons()) == (500_000, [])
    assert book.balance("clearing:xendit") == -50_000


def test_a_refund_of_the_duplicate_leaves_the_credit_alone() -> None:
    """The refund names the payment; before that payment is known nothing else is touched, and money it was counted for gives way."""
    facts = [capture("py-1"), capture("py-2", occurred_at=at(5)), refund("rfd-1", 50_000, "py-2")]
    for arrival in permutations(facts):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.credit("c-1"), book.reasons()) == (500_000, [])
        assert sorted(row.status for row in book.payments().values()) == ["refunded", "succeeded"]


def test_a_refund_of_a_request_only_success() -> None:
    told = request_fact(f.PaymentSucceeded, amount=50_000)
    for arrival in permutations([told, refund("rfd-1", 50_000, "py-1")]):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.credit("c-1"), book.payment().status) == (0, "refunded")
        book.give(capture("py-1"))
        assert (book.credit("c-1"), len(book.payments())) == (0, 1)


def test_c80_spent_credit_is_not_taken_below_zero() -> None:
    book = Book().customer(*RATNA).give(capture())
    book.spend("c-1", 300_000)
    book.give(refund())
    (event,) = book.of(d.CreditClawedBack)
    assert (event.amount_idr, event.tokens) == (50_000, 200_000)
    assert book.record("c-1").credit_tokens == 0
    assert book.balance("refunds:xendit") == -30_000
    assert balanced(book)


def test_a_refunded_package_takes_its_tokens_back_in_proportion() -> None:
    for arrival in permutations([package("gold", amount=75_000), package_refund("r-1", 30_000), REGISTER]):
        book = Book().give(*arrival)
        assert book.chat("c-1") == 60
        assert book.balance("sales:gold") == 45_000


def test_partial_refunds_of_a_package_add_up_to_all_of_it() -> None:
    book = Book().customer(*RATNA).give(package("silver", amount=75_000))
    for number in range(3):
        book.give(package_refund(f"r-{number}", 25_000))
    assert (book.chat("c-1"), book.payment().status) == (0, "refunded")


def test_a_fully_refunded_course_is_closed() -> None:
    book = Book().customer(*RATNA).give(order(), paid(), order_refund("r-1", 150_000))
    assert book.courses("c-1") == set()
    assert [e.reason for e in book.of(d.CourseRevoked)] == ["refunded"]


def test_a_partly_refunded_course_stays_open() -> None:
    book = Book().customer(*RATNA).give(order(), paid(), order_refund("r-1", 50_000))
    assert book.courses("c-1") == {"kelas-python"}
    assert book.payment().status == "partially_refunded"


def test_c97_a_refund_of_one_item_takes_only_that_item() -> None:
    lines = [(VARIANT, 1, 150_000), ("variant_mystery", 1, 50_000)]
    for amount, courses, held in ((150_000, set(), [50_000]), (50_000, {"kelas-python"}, [])):
        for arrival in permutations([order(lines, 200_000), paid(), order_refund("r-1", amount)]):
            book = Book().customer(*RATNA).give(*arrival)
            assert book.courses("c-1") == courses
            assert [h.amount for h in book.suspense().values()] == held


def test_a_refund_that_is_no_item_s_price_lowers_all_in_proportion() -> None:
    lines = [(VARIANT, 1, 150_000), ("variant_mystery", 1, 50_000)]
    book = Book().customer(*RATNA).give(order(lines, 200_000), paid(), order_refund("r-1", 100_000))
    assert book.courses("c-1") == {"kelas-python"}
    assert (book.balance("sales:kelas-python"), book.held().amount) == (75_000, 25_000)


def test_a_refunded_course_frees_the_duplicate_that_was_paid_too() -> None:
    book = Book().customer(*RATNA).give(order(), paid())
    book.give(order(key="260505BBBBBB"), paid(key="260505BBBBBB"))
    assert book.reasons() == ["duplicate_purchase"]
    book.give(order_refund("r-1", 150_000))
    assert (book.courses("c-1"), book.reasons()) == ({"kelas-python"}, [])


def test_a_refund_of_a_paper_goes_back_through_sales() -> None:
    book = Book().customer(*RATNA).give(capture(payment_type="paper_completion"), refund())
    (event,) = book.of(d.SaleRefunded)
    assert (event.product, event.amount_idr) == ("paper_completion", 50_000)
    assert book.end_state()["ledger"] == {}


def test_money_of_unknown_amount_cannot_be_refunded_by_us() -> None:
    book = Book().customer(*RATNA).give(package("silver", amount=None, without_id=True))
    book.give(package_refund("r-1", 10_000))
    assert book.parked == [("r-1", "refund_exceeds_payment")]
    assert book.chat("c-1") == 5
