"""Paid twice: real money is never deduplicated away, and nothing is delivered twice."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import decisions as d
from schemas import facts as f
from schemas.catalog import Catalog, ScalevNames
from schemas.corrections import CourseWithdrawn
from tests.unit.processor.cases.facts import (
    at,
    attempt_fact,
    capture,
    order,
    package,
    paid,
    refund,
    request_fact,
)
from tests.unit.processor.policies.ledgerbook import VARIANT, Book, balanced, permutations, shipped_catalog

RATNA = ("c-1", "ratna@contoh.id")


def test_c64_a_qr_paid_twice_credits_one_and_holds_the_other() -> None:
    facts = [capture("py-1", occurred_at=at(0)), capture("py-2", occurred_at=at(5))]
    for arrival in permutations(facts):
        book = Book().customer(*RATNA).give(*arrival)
        assert book.credit("c-1") == 500_000
        assert (book.reasons(), book.held().amount) == (["duplicate_purchase"], 50_000)
        assert len(book.payments()) == 2
        assert balanced(book)


def test_c64_an_operator_may_credit_the_second_payment() -> None:
    book = Book().customer(*RATNA).give(capture("py-1"), capture("py-2", occurred_at=at(5)))
    book.claim("c-1")
    assert book.credit("c-1") == 1_000_000
    assert book.reasons() == []
    assert {row.amount for row in book.payments().values()} == {50_000}


def test_x13_a_request_only_success_counts_until_its_first_capture_adopts_it() -> None:
    told = request_fact(f.PaymentSucceeded, amount=50_000)
    book = Book().customer(*RATNA).give(told)
    assert book.credit("c-1") == 500_000
    assert book.payment().payment_id == "pr-1"
    book.give(capture("py-1", occurred_at=at(1)))
    assert (book.credit("c-1"), book.reasons()) == (500_000, [])
    assert book.payment().payment_id == "py-1"
    book.give(capture("py-2", occurred_at=at(2)))
    assert (book.credit("c-1"), book.reasons()) == (500_000, ["duplicate_purchase"])


def test_x13_request_success_and_two_captures_in_any_order_are_two_payments() -> None:
    """Which capture is the duplicate depends on arrival; that there is exactly one does not."""
    told = request_fact(f.PaymentSucceeded, amount=50_000)
    facts = [told, capture("py-1", occurred_at=at(1)), capture("py-2", occurred_at=at(2))]
    for arrival in permutations(facts):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.credit("c-1"), book.reasons()) == (500_000, ["duplicate_purchase"])
        assert len(book.payments()) == 2
        assert book.balance("clearing:xendit") == -100_000


def test_x13_of_several_captures_the_one_that_was_paid_first_counts_whatever_came_first() -> None:
    told = request_fact(f.PaymentSucceeded, amount=50_000)
    for arrival in permutations(
        [told, capture("py-2", occurred_at=at(2)), capture("py-1", occurred_at=at(1))]
    ):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.credit("c-1"), book.held().payment_id) == (500_000, "py-2")
        book.give(refund("rfd-1", 50_000, "py-1"))
        assert (book.credit("c-1"), book.reasons()) == (500_000, [])


def test_a_request_that_turns_out_to_have_received_another_amount_is_credited_with_that() -> None:
    told = request_fact(f.PaymentSucceeded, amount=50_000)
    for arrival in permutations([told, capture("py-1", amount=70_000, requested_amount=50_000)]):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.credit("c-1"), book.parked, book.balance("clearing:xendit")) == (700_000, [], -70_000)


def test_x13_a_reusable_code_takes_new_money_every_time() -> None:
    codes = [
        capture(f"py-{number}", amount=10_000 * number, requested_amount=None, reusable=True)
        for number in (1, 2, 3)
    ]
    for arrival in permutations(codes):
        book = Book().customer(*RATNA).give(*arrival)
        assert book.credit("c-1") == 600_000
        assert book.reasons() == []
        assert len(book.payments()) == 3


def test_x13_a_reusable_code_whose_refund_came_first() -> None:
    facts = [
        capture("py-1", amount=10_000, requested_amount=None, reusable=True),
        capture("py-2", amount=20_000, requested_amount=None, reusable=True),
        refund("rfd-1", 20_000, "py-2"),
    ]
    for arrival in permutations(facts):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.credit("c-1"), book.reasons()) == (100_000, [])
        assert sorted(row.status for row in book.payments().values()) == ["refunded", "succeeded"]


def test_c96_a_course_bought_twice_is_opened_once() -> None:
    """The order that was paid first opens the course, whatever came first; the other one is the duplicate."""
    facts = [order(key="260504AAAAAA"), paid(key="260504AAAAAA")]
    more = [order(key="260505BBBBBB", as_of=at(5)), paid(key="260505BBBBBB", occurred_at=at(6))]
    for arrival in permutations([*facts, *more]):
        book = Book().customer(*RATNA).give(*arrival)
        assert book.courses("c-1") == {"kelas-python"}
        assert len(book.of(d.CourseEnrolled)) - len(book.of(CourseWithdrawn)) == 1
        assert (book.reasons(), book.held().payment_id) == (["duplicate_purchase"], "260505BBBBBB")
        assert balanced(book)


def test_c96_a_bundle_and_a_single_of_one_course_open_it_once() -> None:
    catalog = shipped_catalog()
    python = catalog.product("kelas-python")
    assert python is not None
    names = ScalevNames(variant_unique_ids=(VARIANT,), bundle_price_option_unique_ids=("bpo_1",))
    both = python.model_copy(update={"scalev": names})
    catalog = catalog.model_copy(
        update={"products": tuple(both if p.id == both.id else p for p in catalog.products)}
    )
    lines = (
        f.OrderLine(product=f.ProductHint(kind="variant", value=VARIANT), quantity=1, amount=150_000),
        f.OrderLine(product=f.ProductHint(kind="bundle", value="bpo_1"), quantity=1, amount=50_000),
    )
    bought = order(gross=200_000).model_copy(update={"lines": lines})
    book = Book(catalog=catalog).customer(*RATNA).give(bought, paid())
    assert len(book.of(d.CourseEnrolled)) == 1
    assert book.reasons() == ["duplicate_purchase"]
    assert book.payment().amount == 200_000


def test_surplus_seats_of_an_order_are_held() -> None:
    book = Book().customer(*RATNA).give(order([(VARIANT, 3, 450_000)], 450_000), paid())
    assert book.courses("c-1") == {"kelas-python"}
    assert (book.reasons(), book.held().amount) == (["duplicate_purchase"], 300_000)


def test_a_surplus_seat_may_be_given_to_a_friend() -> None:
    book = Book().customer(*RATNA).customer("c-2", "budi@contoh.id")
    book.give(order([(VARIANT, 2, 300_000)], 300_000), paid()).claim("c-2")
    assert book.courses("c-1") == book.courses("c-2") == {"kelas-python"}
    assert book.reasons() == []


def course_at_mayar() -> Catalog:
    catalog = shipped_catalog()
    names = {"product_ids": ("prod-py",)}
    products = tuple(
        p.model_copy(update={"mayar": type(catalog.products[1].mayar)(**names)})
        if p.id == "kelas-python"
        else p
        for p in catalog.products
    )
    return catalog.model_copy(update={"products": products})


def test_surplus_seats_of_a_payment_link_are_held() -> None:
    seats = (f.ProductHint(kind="product", value="prod-py", quantity=3),)
    book = Book(catalog=course_at_mayar()).customer(*RATNA).give(package(amount=300_000, products=seats))
    assert book.courses("c-1") == {"kelas-python"}
    assert (book.reasons(), book.held().amount) == (["duplicate_purchase"], 200_000)
    assert book.payment().amount == 300_000


def test_two_cases_that_turn_out_to_be_one_payment_join() -> None:
    """A charge's money names no request, a request's event names no payment; a capture names both."""
    facts = [
        capture("py-1", None, payer_email=None, payment_type="subscription_renewal"),
        request_fact(f.PaymentSucceeded, amount=50_000, payer_email=None, payment_type=None),
        capture("py-1", "pr-1", payer_email=None, payment_type="subscription_renewal"),
    ]
    for arrival in permutations(facts):
        book = Book().give(*arrival)
        assert [h.amount for h in book.suspense().values()] == [50_000]
        assert book.balance("clearing:xendit") == -50_000
        assert len(book.payments()) == 1
        assert balanced(book)


def test_a_counted_case_joins_a_held_one() -> None:
    facts = [
        capture("py-1", None),
        request_fact(f.PaymentSucceeded, amount=50_000, payment_type=None),
        capture("py-1", "pr-1"),
    ]
    for arrival in permutations(facts):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.credit("c-1"), book.reasons()) == (500_000, [])
        assert len(book.payments()) == 1


def test_names_of_a_joined_case_still_find_it() -> None:
    book = Book().customer(*RATNA)
    book.give(
        capture("py-1", None), request_fact(f.PaymentExpired, occurred_at=at(5)), capture("py-1", "pr-1")
    )
    book.give(request_fact(f.PaymentExpired, occurred_at=at(6)), capture("py-1", None))
    assert (book.credit("c-1"), len(book.payments())) == (500_000, 1)


def test_a_payment_counted_twice_is_counted_once_when_its_names_turn_out_to_be_of_one() -> None:
    facts = [capture("py-1", None), request_fact(f.PaymentSucceeded, amount=50_000), capture("py-1", "pr-1")]
    for arrival in permutations(facts):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.credit("c-1"), book.balance("clearing:xendit"), book.parked) == (500_000, -50_000, [])
        assert (len(book.payments()), book.record("c-1").topups) == (1, 1)


def test_a_payment_counted_twice_with_a_person_s_hand_in_it_is_shown_to_an_operator() -> None:
    book = Book().give(capture("py-1", None)).customer("c-2", "budi@contoh.id").claim("c-2").customer(*RATNA)
    book.give(request_fact(f.PaymentSucceeded, amount=50_000))
    assert (book.credit("c-1"), book.credit("c-2")) == (
        500_000,
        500_000,
    )  # nothing said yet that they are one
    book.give(capture("py-1", "pr-1"), capture("py-1", "pr-1"))
    assert (book.credit("c-1"), book.credit("c-2")) == (500_000, 500_000)
    assert [reason for _, reason in book.parked] == ["payment_counted_twice"]


def test_of_two_payments_that_waited_together_the_earlier_one_counts() -> None:
    facts = [capture("py-b", occurred_at=at(0)), capture("py-a", occurred_at=at(5))]
    for arrival in permutations(facts):
        book = Book().give(*arrival).customer(*RATNA)
        assert [e.payment_id for e in book.of(d.CreditGranted)] == ["py-b"]
        assert book.held().payment_id == "py-a"


def test_an_open_attempt_joins_the_request_that_was_already_counted() -> None:
    facts = [
        attempt_fact(f.PaymentPending, "py-1", None, occurred_at=at(-5)),
        request_fact(f.PaymentSucceeded, amount=50_000),
        capture("py-1", "pr-1"),
    ]
    for arrival in permutations(facts):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.credit("c-1"), book.reasons(), len(book.payments())) == (500_000, [], 1)


def test_every_name_of_a_joined_case_finds_the_one_that_stays() -> None:
    book = Book().customer(*RATNA).give(capture("py-1", None))
    book.give(attempt_fact(f.PaymentFailed, "py-2", "pr-1", occurred_at=at(-9)), capture("py-1", "pr-1"))
    book.give(attempt_fact(f.PaymentExpired, "py-2", None, occurred_at=at(-8)))
    assert (len(book.cases), len(book.payments()), book.credit("c-1")) == (1, 1, 500_000)


def test_x13_refunds_of_a_reusable_code_find_their_own_payments() -> None:
    facts = [
        capture("py-1", amount=10_000, requested_amount=None, reusable=True),
        capture("py-2", amount=20_000, requested_amount=None, reusable=True),
        refund("rfd-1", 4_000, "py-1"),
        refund("rfd-2", 5_000, "py-2"),
    ]
    for arrival in permutations(facts):
        book = Book().customer(*RATNA).give(*arrival)
        assert (book.credit("c-1"), book.reasons()) == (210_000, [])
        assert sorted(row.refunded_amount for row in book.payments().values()) == [4_000, 5_000]


def test_what_was_asked_for_may_be_learned_last() -> None:
    """Two transfers look like a payment and a duplicate until the request says that it takes both."""
    asked = request_fact(f.PaymentPending, requested_amount=50_000, occurred_at=at(-9))
    facts = [
        capture("py-1", amount=20_000, requested_amount=None, occurred_at=at(0)),
        capture("py-2", amount=30_000, requested_amount=None, occurred_at=at(5)),
    ]
    book = Book().give(*facts)
    assert (book.reasons(), len(book.payments())) == (["customer_unknown", "duplicate_purchase"], 2)
    book.give(asked).customer(*RATNA)
    assert (book.credit("c-1"), book.reasons(), len(book.payments())) == (500_000, [], 1)


def bought(key: str, minutes: float, *more: Any) -> list[Any]:
    return [order(key=key), paid(key=key, occurred_at=at(minutes)), *more]


def back(key: str, amount: int) -> f.RefundSucceeded:
    about: dict[str, Any] = {"provider": "scalev", "payment_key": key, "group_id": None}
    return refund(f"rfd-{key}", amount, None, **about)


@pytest.mark.parametrize(("earlier", "later"), [("o-1", "o-2"), ("o-2", "o-1")])
def test_of_two_purchases_that_wait_for_a_course_the_one_that_was_paid_first_gets_it_when_it_is_free(
    earlier: str, later: str
) -> None:
    """Whichever of them is looked at first."""
    book = Book().customer("c-1", "ratna@contoh.id")
    book.give(*bought("o-0", 0), *bought(later, 9), *bought(earlier, 5), back("o-0", 150_000))
    assert (book.holders("c-1"), book.reasons()) == (
        {"kelas-python": f"scalev:{earlier}"},
        ["duplicate_purchase"],
    )
    assert len(book.of(d.CourseEnrolled)) == 2


@pytest.mark.parametrize(
    ("policy", "amount", "holder"),
    [
        ("keep", 50_000, "scalev:o-1"),
        ("end", 50_000, "scalev:o-2"),
        ("keep", 150_000, "scalev:o-2"),
        ("end", 0, "scalev:o-1"),
    ],
)
def test_a_purchase_that_is_heard_of_late_takes_the_course_unless_its_money_had_ended_it(
    policy: str, amount: int, holder: str
) -> None:
    book = Book(catalog=closing(policy)).customer("c-1", "ratna@contoh.id").give(*bought("o-2", 9))
    book.give_together(*bought("o-1", 1), *([back("o-1", amount)] if amount else []))
    assert book.holders("c-1") == {"kelas-python": holder}


def closing(policy: str) -> Catalog:
    """The shipped catalogue; what becomes of a course of whose money a part goes back."""
    products = tuple(
        one.model_copy(update={"part_refund": policy}) if one.kind == "course" else one
        for one in shipped_catalog().products
    )
    return shipped_catalog().model_copy(update={"products": products})


def test_a_course_is_closed_for_one_purchase_before_it_opens_for_the_other() -> None:
    """The first one's refund failed after all."""
    gone = back("o-1", 150_000)
    book = Book().customer("c-1", "ratna@contoh.id").give(*bought("o-1", 1), *bought("o-2", 9), gone)
    assert book.holders("c-1") == {"kelas-python": "scalev:o-2"}
    told = len(book.decisions)
    book.give(f.RefundFailed(**gone.model_dump() | {"occurred_at": at(days=2)}))
    assert book.holders("c-1") == {"kelas-python": "scalev:o-1"}
    courses = [
        type(one) for one in book.decisions[told:] if isinstance(one, d.CourseEnrolled | CourseWithdrawn)
    ]
    assert courses == [CourseWithdrawn, CourseWithdrawn, d.CourseEnrolled]


def test_the_course_of_a_customer_who_registers_by_paying_is_opened_at_once() -> None:
    book = Book(create_unknown=True).give(*bought("o-1", 1))
    assert (book.of(d.SuspenseHeld), len(book.of(d.CourseEnrolled))) == ([], 1)
