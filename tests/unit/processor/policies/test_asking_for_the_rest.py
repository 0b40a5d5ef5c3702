"""Less came than was asked for, and the rest was asked for: what comes for it is added to what came before, and is in time while it is waited for."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import decisions as d
from schemas import facts as f
from schemas import request_facts as r
from schemas.event_model import EventModel
from tests.unit.processor.cases.facts import at, capture, refund
from tests.unit.processor.policies.ledgerbook import Book, permutations
from tests.unit.processor.policies.test_own_requests import BARE, COURSE, ID, RATNA, asked, money, opened

REST = "req_" + "0" * 30 + "b2"
OF_REST: dict[str, Any] = {"request_id": REST, "reference": REST}


def rest(amount: int = 30_000, **more: Any) -> r.CheckoutRequested:
    values = {"rest_of": ID, "occurred_at": at(60), "expires_at": at(120)} | OF_REST
    return asked(amount=amount, **(values | more))


def rest_opened(**more: Any) -> r.CheckoutOpened:
    return opened("pr-2", **(OF_REST | {"occurred_at": at(60)} | more))


def rest_paid(amount: int = 30_000, minutes: float = 90, **more: Any) -> f.PaymentSucceeded:
    when = {"occurred_at": at(minutes), "paid_at": at(minutes)}
    values = {"payment": "py-2", "request": "pr-2", "reference_id": REST, "requested_amount": amount}
    return money(amount, **(values | when | more))


def short(amount: int = 20_000, **more: Any) -> Book:
    """A top-up of 50,000 of which so much came."""
    return Book().customer(*RATNA).give(asked(**more), opened(), money(amount))


def test_c61_the_rest_that_was_asked_for_is_credited_with_what_had_come_once() -> None:
    book = short().give(rest(), rest_opened())
    assert (book.credit("c-1"), book.reasons(), book.held().amount) == (0, ["underpaid"], 20_000)
    book.give(rest_paid())
    assert (book.credit("c-1"), book.reasons()) == (500_000, [])
    (payment,) = book.payments().values()
    assert (payment.status, payment.amount, payment.requested_amount, payment.reference_id) == (
        "succeeded",
        50_000,
        50_000,
        ID,
    )
    told = len(book.decisions)
    book.give(rest_paid())
    assert [one.TYPE for one in book.decisions[told:]] == [d.PaymentAssessed.TYPE]
    assert book.credit("c-1") == 500_000


def test_c61_the_rest_in_whatever_order_news_comes_is_the_same() -> None:
    """What we say ourselves stands in the log before any provider hears of it."""
    news: list[EventModel] = [money(20_000), rest_opened(), rest_paid()]
    for order in permutations(news):
        book = Book().customer(*RATNA).give(asked(), opened(), rest(), *order)
        assert (book.credit("c-1"), book.reasons(), len(book.payments())) == (500_000, [], 1), order


def test_c61_an_order_is_delivered_once_with_its_rest() -> None:
    book = Book().customer(*RATNA).give(asked("order", 150_000, items=(COURSE,)), opened(), money(100_000))
    book.give(rest(50_000, kind="order"), rest_opened())
    assert (book.reasons(), book.of(d.CourseEnrolled)) == (["underpaid"], [])
    book.give(rest_paid(50_000))
    assert [(one.course, one.amount_idr) for one in book.of(d.CourseEnrolled)] == [("kelas-python", 150_000)]
    assert book.reasons() == []


def test_c61_less_than_the_rest_is_held_with_what_had_come_and_more_of_it_can_be_asked_for() -> None:
    book = short().give(rest(), rest_opened(), rest_paid(10_000))
    assert (book.credit("c-1"), book.reasons(), book.held().amount) == (0, ["underpaid"], 30_000)
    again = {"request_id": "req_" + "0" * 30 + "c3", "reference": "req_" + "0" * 30 + "c3"}
    book.give(rest(20_000, **again), opened("pr-3", **again))
    book.give(rest_paid(20_000, payment="py-3", request="pr-3", reference_id=again["reference"]))
    assert (book.credit("c-1"), book.reasons()) == (500_000, [])


def test_c62_more_than_the_rest_is_what_more_than_was_asked_for_is() -> None:
    book = short().give(rest(), rest_opened(), rest_paid(40_000))
    assert (book.credit("c-1"), book.reasons()) == (600_000, [])


def test_c64_the_rest_paid_twice_is_held_the_second_time() -> None:
    book = short().give(rest(), rest_opened(), rest_paid(), rest_paid(payment="py-3", minutes=95))
    assert (book.credit("c-1"), book.reasons(), book.held().amount) == (
        500_000,
        ["duplicate_purchase"],
        30_000,
    )


def _held_when_late() -> Book:
    book = Book().customer(*RATNA)
    credit = book.catalog.credit.model_copy(update={"late": "hold"})
    return book.change_catalog(book.catalog.model_copy(update={"credit": credit}))


def _expired(reference: str, minutes: float, request: str) -> f.PaymentExpired:
    return f.PaymentExpired(
        provider="xendit",
        payment_key=request,
        group_id=request,
        reference_id=reference,
        occurred_at=at(minutes),
    )


@pytest.mark.parametrize(("minutes", "reasons"), [(90, []), (130, ["paid_late"])])
def test_c70_the_rest_is_in_time_while_it_is_waited_for_although_the_first_request_has_ended(
    minutes: float, reasons: list[str]
) -> None:
    book = _held_when_late().give(asked(expires_at=at(25)), opened(), money(20_000), _expired(ID, 25, "pr-1"))
    book.give(rest(), rest_opened(), rest_paid(minutes=minutes))
    assert book.reasons() == reasons
    assert book.payment().late is bool(reasons)
    assert sum(one.amount for one in book.payments().values()) == 50_000


def test_c63_a_rest_that_nobody_pays_leaves_the_money_where_it_was() -> None:
    book = short().give(rest(), rest_opened())
    held = book.held()
    book.give(_expired(REST, 120, "pr-2")).wait(days=3)
    assert (book.reasons(), book.held(), book.payment().status) == (["underpaid"], held, "succeeded")


def test_c61_a_rest_that_the_provider_would_not_have_leaves_the_money_where_it_was() -> None:
    refused = r.CheckoutRefused(provider="xendit", occurred_at=at(61), code="channel_unavailable", **OF_REST)
    book = short().give(rest(), refused)
    assert (book.reasons(), book.payment().status, book.payment().failure_code) == (
        ["underpaid"],
        "succeeded",
        None,
    )


def test_c63_successes_that_name_only_their_requests_are_two_movements_of_money() -> None:
    bare: dict[str, Any] = {"payment": None, "payment_key": "pr-1", "attempt_id": None}
    first = capture(amount=20_000, **(BARE | {"reference_id": ID} | bare))
    second = rest_paid(**(bare | {"payment_key": "pr-2"}))
    for order in permutations([first, second]):
        book = Book().customer(*RATNA).give(asked(), opened(), rest(), rest_opened(), *order)
        assert (book.credit("c-1"), book.reasons()) == (500_000, []), order
        book.give(rest_paid())
        assert (book.credit("c-1"), book.payment().amount) == (500_000, 50_000)
        book.give(money(20_000))
        assert (book.credit("c-1"), book.payment().amount, book.reasons()) == (500_000, 50_000, [])


def test_c61_money_for_the_rest_of_what_was_accepted_as_credit_meanwhile_is_held() -> None:
    book = short().give(rest(), rest_opened()).claim("c-1", "credit")
    book.give(rest_paid())
    assert (book.credit("c-1"), book.reasons(), book.held().amount) == (
        200_000,
        ["duplicate_purchase"],
        30_000,
    )


def test_c61_money_for_the_rest_of_what_went_back_meanwhile_is_held() -> None:
    book = short().give(rest(), rest_opened(), refund("rfd-1", 20_000, occurred_at=at(80)))
    assert book.reasons() == []
    book.give(rest_paid())
    assert (book.credit("c-1"), book.reasons(), book.held().amount) == (0, ["underpaid"], 30_000)


def test_c142_a_case_with_a_rest_is_the_same_when_it_was_stored_and_read_again() -> None:
    book = short().give(rest(), rest_opened(), rest_paid(10_000))
    before = len(book.decisions)
    book.look_again()
    assert len(book.decisions) == before
