"""Requests of our own checkout: the first word on whose a payment is, what it is for, and how much was asked, in whatever order news comes."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import decisions as d
from schemas import facts as f
from schemas import request_facts as r
from schemas.catalog import ProviderPolicy
from schemas.credit_terms import DatedRate
from schemas.event_model import EventModel
from tests.unit.processor.cases.facts import at, capture, order, package, paid, refund, request_fact
from tests.unit.processor.policies.ledgerbook import VARIANT, Book, permutations, shipped_catalog

ID = "req_" + "0" * 30 + "a1"
RATNA = ("c-1", "ratna@contoh.id")
COURSE = r.RequestedItem(product="kelas-python", kind="course", price_idr=150_000)
SILVER = r.RequestedItem(product="silver", kind="tokens", price_idr=40_000, chat_tokens=5)
BARE: dict[str, Any] = {"payment_type": None, "payer_email": None, "requested_amount": None}


def about(fact: type[Any], /, provider: str = "xendit", **more: Any) -> Any:
    values = {"request_id": ID, "reference": ID, "provider": provider, "occurred_at": at(minutes=-5)}
    return fact(**(values | more))


def asked(kind: str = "topup", amount: int = 50_000, **more: Any) -> r.CheckoutRequested:
    values: dict[str, Any] = {"kind": kind, "customer_id": "c-1", "amount_idr": amount, "method": "qris"}
    made: r.CheckoutRequested = about(r.CheckoutRequested, **(values | more))
    return made


def opened(key: str = "pr-1", **more: Any) -> r.CheckoutOpened:
    made: r.CheckoutOpened = about(r.CheckoutOpened, **({"payment_key": key, "group_id": key} | more))
    return made


def money(amount: int = 50_000, **more: Any) -> f.PaymentSucceeded:
    """A capture that says nothing but how much, and our reference."""
    return capture(amount=amount, **(BARE | {"reference_id": ID} | more))


def topped_up(book: Book) -> list[tuple[str, int]]:
    return [(event.customer_id, event.amount_idr) for event in book.of(d.CreditGranted)]


def test_c52_a_webhook_before_or_after_our_own_commit_credits_the_same_customer_once() -> None:
    facts: list[EventModel] = [asked(), opened(), money()]
    for news in permutations(facts):
        book = Book().customer(*RATNA).give(*news)
        assert topped_up(book) == [("c-1", 50_000)], news
        assert book.reasons() == []
        (payment,) = book.payments().values()
        assert (payment.status, payment.customer_id, payment.reference_id) == ("succeeded", "c-1", ID)


def test_c52_provider_ids_alone_lead_to_the_request_once_it_is_open() -> None:
    for news in permutations([asked(), opened(), money(reference_id=None)]):
        assert topped_up(Book().customer(*RATNA).give(*news)) == [("c-1", 50_000)]


def test_our_word_on_the_customer_beats_what_the_provider_says() -> None:
    book = Book().customer(*RATNA).customer("c-2", "budi@contoh.id")
    book.give(asked(), opened(), money(customer_ref="c-2", payer_email="budi@contoh.id"))
    assert topped_up(book) == [("c-1", 50_000)]


def test_a_request_is_a_pending_payment_before_any_webhook() -> None:
    book = Book().customer(*RATNA).give(asked(), opened())
    payment = book.payment()
    assert (payment.status, payment.amount, payment.customer_id) == ("pending", 50_000, "c-1")
    assert (payment.payment_type, payment.method) == ("credit_topup", "qris")


def test_a_refused_request_is_a_failed_payment_with_its_code() -> None:
    book = Book().customer(*RATNA).give(asked(), about(r.CheckoutRefused, code="channel_unavailable"))
    assert (book.payment().status, book.payment().failure_code) == ("failed", "channel_unavailable")


def test_money_of_a_refused_request_is_credited_all_the_same() -> None:
    book = (
        Book().customer(*RATNA).give(asked(), about(r.CheckoutRefused, code="provider_unreachable"), money())
    )
    assert topped_up(book) == [("c-1", 50_000)]
    assert book.payment().status == "succeeded"


def test_c61_less_than_we_asked_for_is_held_whatever_the_provider_says_was_asked() -> None:
    book = Book().customer(*RATNA).give(asked(), opened(), money(20_000, requested_amount=20_000))
    assert book.reasons() == ["underpaid"]
    assert topped_up(book) == []


def test_c63_partial_payments_reach_what_we_asked_for_together() -> None:
    book = Book().customer(*RATNA).give(asked(), opened())
    book.give(money(20_000, payment="py-1"), money(30_000, payment="py-2"))
    assert topped_up(book) == [("c-1", 50_000)]
    assert book.reasons() == []


def test_c64_the_second_payment_of_one_request_is_held() -> None:
    book = Book().customer(*RATNA).give(asked(), opened(), money(payment="py-1"), money(payment="py-2"))
    assert topped_up(book) == [("c-1", 50_000)]
    assert book.reasons() == ["duplicate_purchase"]


def test_c72_a_request_nobody_pays_is_expired_by_our_own_timer() -> None:
    book = Book().customer(*RATNA).give(asked(expires_at=at(minutes=25)), opened())
    book.wait(minutes=24)
    assert book.payment().status == "pending"
    book.wait(minutes=2)
    assert book.payment().status == "expired"
    told = len(book.decisions)
    assert book.wait(days=30).look_again().payment().status == "expired"
    assert len(book.decisions) == told


def test_c70_money_after_our_own_end_is_credited_and_flagged_late() -> None:
    book = Book().customer(*RATNA).give(asked(expires_at=at(minutes=25)), opened()).wait(days=2)
    book.give(money(occurred_at=at(days=1), paid_at=at(days=1)))
    assert topped_up(book) == [("c-1", 50_000)]
    assert (book.payment().status, book.payment().late) == ("succeeded", True)


def test_money_in_time_is_not_late_although_it_is_told_later() -> None:
    book = Book().customer(*RATNA).give(asked(expires_at=at(minutes=25)), opened()).wait(days=2)
    assert not book.give(money()).payment().late


def test_c107_within_the_difference_of_clocks_money_after_our_own_end_is_in_time() -> None:
    """The end is ours, the time of payment the provider's. An end that the provider itself set needs no such grace."""
    for seconds, late in ((-1, False), (0, False), (5, False), (5.001, True)):
        ends = at(0)
        for news in permutations([asked(expires_at=ends), opened(), money(occurred_at=at(seconds / 60))]):
            assert Book().customer(*RATNA).give(*news).payment().late is late
    strict = shipped_catalog()
    strict = strict.model_copy(update={"providers": {"xendit": ProviderPolicy(clock_tolerance="0s")}})
    book = Book(catalog=strict).customer(*RATNA)
    book.give(asked(expires_at=at(0)), opened(), money(occurred_at=at(0.01)))
    assert book.payment().late is True


def test_c94_the_order_wins_over_a_catalogue_that_changed_meanwhile() -> None:
    book = Book().customer(*RATNA).give(asked("order", 150_000, items=(COURSE,)), opened())
    others = tuple(p for p in book.catalog.products if p.id != "kelas-python")
    book.change_catalog(book.catalog.model_copy(update={"products": others}))
    book.give(money(150_000))
    assert [event.course for event in book.of(d.CourseEnrolled)] == ["kelas-python"]


def _dearer(book: Book, rate: int = 8, **more: Any) -> Book:
    terms = book.catalog.credit.model_copy(update={"tokens_per_idr": rate, **more})
    return book.change_catalog(book.catalog.model_copy(update={"credit": terms}))


def test_c94_a_topup_is_credited_at_the_rate_when_it_was_asked_for() -> None:
    """In whatever order news comes, and whatever the catalogue says on the day it is paid."""
    for news in permutations([asked(tokens_per_idr=10), opened(), money()]):
        book = _dearer(Book().customer(*RATNA)).give(*news)
        assert book.credit("c-1") == 500_000, news
        book.give(refund())
        assert book.credit("c-1") == 0


def test_c94_of_two_requests_each_keeps_its_own_rate() -> None:
    book = Book().customer(*RATNA).give(asked(tokens_per_idr=10), opened())
    _dearer(book).give(asked(request_id="req_b", reference="req_b", tokens_per_idr=8))
    book.give(opened("pr-2", request_id="req_b", reference="req_b"))
    book.give(money(payment="py-2", request="pr-2", reference_id="req_b"), money())
    assert sorted(event.tokens for event in book.of(d.CreditGranted)) == [400_000, 500_000]


def test_c69_what_was_asked_for_before_rates_were_kept_is_of_the_rate_of_that_day() -> None:
    since = DatedRate(since=at(minutes=-1), tokens_per_idr=7)
    book = _dearer(Book().customer(*RATNA), 10, rates=(since,)).give(asked(), opened(), money())
    assert book.credit("c-1") == 500_000


def test_an_order_of_two_products_gives_each_its_share() -> None:
    book = (
        Book()
        .customer(*RATNA)
        .give(asked("order", 190_000, items=(COURSE, SILVER)), opened(), money(190_000))
    )
    assert [event.amount_idr for event in book.of(d.CourseEnrolled)] == [150_000]
    assert [(event.amount_idr, event.chat_tokens) for event in book.of(d.TokensGranted)] == [(40_000, 5)]
    assert len(book.payments()) == 1


def test_an_order_paid_by_half_is_held_as_one_and_delivered_when_complete() -> None:
    book = Book().customer(*RATNA).give(asked("order", 190_000, items=(COURSE, SILVER)), opened())
    book.give(money(90_000, payment="py-1"))
    assert book.reasons() == ["underpaid"]
    book.give(money(100_000, payment="py-2"))
    assert book.reasons() == []
    assert book.chat("c-1") == 5


def test_an_order_of_two_products_that_all_goes_back_takes_both_back() -> None:
    book = (
        Book()
        .customer(*RATNA)
        .give(asked("order", 190_000, items=(COURSE, SILVER)), opened(), money(190_000))
    )
    book.give(refund("rfd-1", 190_000))
    assert book.chat("c-1") == 0
    assert book.payment().status == "refunded"


@pytest.mark.parametrize("quantity", [1, 3])
def test_token_packages_are_multiplied_by_what_was_ordered(quantity: int) -> None:
    items = (SILVER.model_copy(update={"quantity": quantity}),)
    total = 40_000 * quantity
    book = Book().customer(*RATNA).give(asked("order", total, items=items), opened(), money(total))
    assert book.chat("c-1") == 5 * quantity


def test_an_order_at_the_store_is_what_we_ordered_even_when_its_variant_is_unknown() -> None:
    scalev = {"provider": "scalev"}
    bought = asked("order", 150_000, items=(COURSE,), **scalev)
    seen = opened("260504AAAAAA", group_id=None, aliases=("id-260504AAAAAA",), **scalev)
    for lines in ([(VARIANT, 1, 150_000)], [("variant_of_another_store", 1, 150_000)]):
        for news in permutations([bought, seen, order(lines), paid()]):
            book = Book().customer(*RATNA).give(*news)
            assert len(book.of(d.CourseEnrolled)) - len(book.of(d.CourseRevoked)) >= 1, news
            assert book.reasons() == []
            assert list(book.holders("c-1")) == ["kelas-python"]
            assert len(book.payments()) == 1


def test_an_invoice_at_mayar_is_what_we_ordered() -> None:
    bought = asked("order", 150_000, items=(COURSE,), provider="mayar")
    seen = opened("trx-1", group_id=None, aliases=("inv-1",), provider="mayar")
    for news in permutations([bought, seen, package("platinum", "trx-1", 150_000)]):
        book = Book().customer(*RATNA).give(*news)
        assert [event.course for event in book.of(d.CourseEnrolled)] == ["kelas-python"]
        assert book.reasons() == []


def test_a_calls_record_is_part_of_the_timeline_and_changes_nothing_else() -> None:
    book = Book().customer(*RATNA).give(asked(), opened())
    before = book.payment()
    book.give(about(r.ProviderCalled, operation="create", outcome="answered", status=201))
    after = book.payment()
    assert (after.status, after.amount) == (before.status, before.amount)
    assert 4 in book.of(d.PaymentAssessed)[-1].facts


def test_a_provider_that_fails_the_request_ends_it_and_a_later_success_still_counts() -> None:
    book = Book().customer(*RATNA).give(asked(), opened(), request_fact(f.PaymentFailed, payer_email=None))
    assert book.payment().status == "failed"
    assert topped_up(book.give(money())) == [("c-1", 50_000)]


def test_how_it_was_paid_is_the_provider_s_word_and_before_that_what_was_asked_for() -> None:
    book = Book().customer(*RATNA).give(asked(method="ewallet", channel="OVO"), opened())
    assert (book.payment().method, book.payment().channel) == ("ewallet", "OVO")
    book.give(money(method="qris", channel="DANA"))
    assert (book.payment().method, book.payment().channel) == ("qris", "DANA")


def test_c72_a_request_is_over_from_the_very_moment_on_that_we_had_set() -> None:
    book = Book().customer(*RATNA).give(asked(expires_at=at(minutes=25)), opened())
    assert book.wait(minutes=25, seconds=-1).payment().status == "pending"
    assert book.wait(seconds=1).payment().status == "expired"
