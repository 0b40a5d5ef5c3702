"""Suspense: money that waits, why, and how an operator ends it."""

from __future__ import annotations

import pytest

from schemas import decisions as d
from schemas import facts as f
from tests.unit.processor.cases.facts import at, capture, licence, order, package, paid, refund
from tests.unit.processor.policies.ledgerbook import VARIANT, Book, balanced

RATNA = ("c-1", "ratna@contoh.id")


def test_held_money_is_in_the_ledger() -> None:
    book = Book().give(capture())
    assert book.balance("suspense:xendit") == 50_000
    book.customer(*RATNA)
    assert (book.balance("suspense:xendit"), book.balance("credit:c-1")) == (0, 50_000)
    assert balanced(book)


def test_what_is_held_says_since_when() -> None:
    book = Book().give(capture(occurred_at=at(days=-3)))
    assert book.held().since == at(days=-3)


def test_a_new_reason_is_told_without_moving_money() -> None:
    book = Book().give(paid(), order(payer_email=None))
    first, second = book.of(d.SuspenseHeld)
    assert (first.reason, second.reason) == ("awaiting_order", "customer_missing")
    assert book.balance("suspense:scalev") == 150_000
    book = Book().give(capture(amount=900_000))
    held = book.held()
    book.customer(*RATNA)
    assert book.held().suspense_id == held.suspense_id
    assert [e.reason for e in book.of(d.SuspenseHeld)] == ["customer_unknown", "awaiting_confirmation"]
    assert book.balance("suspense:xendit") == 900_000


def test_held_money_says_whose_it_is_as_soon_as_that_is_known() -> None:
    late = Book().give(package("platinum", amount=75_000)).customer(*RATNA)
    assert (late.held().customer_id, late.held().reason) == ("c-1", "unmapped_product")
    assert late.balance("suspense:mayar") == 75_000
    assert late.end_state() == Book().customer(*RATNA).give(package("platinum", amount=75_000)).end_state()


def test_held_money_is_not_told_of_again_when_nothing_about_it_changed() -> None:
    book = Book().customer(*RATNA).give(package("platinum"), package("platinum"))
    assert len(book.of(d.SuspenseHeld)) == 1


def test_c61_suspense_ends_by_a_claim_and_says_who_did_it() -> None:
    book = Book().customer("c-2").give(capture()).claim("c-2")
    (released,) = book.of(d.SuspenseReleased)
    assert (released.resolution, released.actor) == ("granted", "sari")
    assert (book.credit("c-2"), book.payment().customer_id) == (500_000, "c-2")


def test_a_claim_for_another_product() -> None:
    book = Book().customer(*RATNA).give(package("platinum")).claim("c-1", "gold")
    assert (book.chat("c-1"), book.reasons()) == (100, [])
    book = Book().customer(*RATNA).give(package("platinum", amount=75_000)).claim("c-1", "credit")
    assert (book.credit("c-1"), book.chat("c-1")) == (750_000, 0)


def test_a_claim_for_a_product_that_does_not_exist_changes_only_the_reason() -> None:
    book = Book().customer(*RATNA).give(capture(payment_type=None)).claim("c-1", "platinum")
    assert (book.reasons(), book.credit("c-1")) == (["unmapped_product"], 0)


def test_a_claim_for_a_customer_who_is_not_registered_waits_for_them() -> None:
    book = Book().give(capture()).claim("c-7")
    assert book.reasons() == ["customer_unknown"]
    assert book.customer("c-7").credit("c-7") == 500_000


def test_the_last_claim_before_it_can_be_granted_counts() -> None:
    book = Book().give(capture()).claim("c-7").claim("c-8").customer("c-7").customer("c-8")
    assert (book.credit("c-7"), book.credit("c-8")) == (0, 500_000)


def test_a_claim_of_released_money_does_nothing() -> None:
    book = Book().give(capture())
    item = book.held()
    book.customer(*RATNA)
    book.give(
        f.SuspenseClaimed(
            suspense_id=item.suspense_id, case=item.case, customer_id="c-2", actor="sari", reason="late"
        )
    )
    assert book.credit("c-1") == 500_000
    assert len(book.of(d.CreditGranted)) == 1


@pytest.mark.parametrize(
    "facts",
    [
        (order(spam=True), paid()),
        (order(), f.OrderCancelled(provider="scalev", order_key="260504AAAAAA", as_of=at(-5)), paid()),
        (order(), f.OrderDeleted(provider="scalev", order_key="260504AAAAAA", as_of=at(-5)), paid()),
    ],
)
def test_an_operator_may_deliver_what_an_order_s_state_holds_back(facts: tuple[f.PaymentFact, ...]) -> None:
    book = Book().customer(*RATNA).give(*facts)
    assert book.courses("c-1") == set()
    assert book.claim("c-1").courses("c-1") == {"kelas-python"}
    assert book.reasons() == []


def test_written_off_money_is_kept_without_a_grant_for_good() -> None:
    book = Book().give(capture()).write_off()
    assert (book.reasons(), book.balance("forfeited:xendit")) == ([], 50_000)
    (released,) = book.of(d.SuspenseReleased)
    assert (released.resolution, released.actor) == ("written_off", "sari")
    book.customer(*RATNA).give(capture())
    assert book.credit("c-1") == 0
    assert balanced(book)


def test_a_refund_of_written_off_money_is_shown_to_an_operator() -> None:
    book = Book().give(capture()).write_off().give(refund())
    assert book.parked == [("rfd-1", "refund_exceeds_payment")]


def test_one_item_of_an_order_is_claimed_alone() -> None:
    lines = [(VARIANT, 1, 150_000), ("variant_mystery", 1, 50_000)]
    book = Book().customer(*RATNA).customer("c-2").give(order(lines, 200_000), paid())
    book.claim("c-2", "credit")
    assert (book.courses("c-1"), book.credit("c-2")) == ({"kelas-python"}, 500_000)
    assert book.reasons() == []


def test_an_extra_capture_is_claimed_by_somebody_else() -> None:
    book = Book().customer(*RATNA).customer("c-2")
    book.give(capture("py-1"), capture("py-2", occurred_at=at(5))).claim("c-2")
    assert (book.credit("c-1"), book.credit("c-2")) == (500_000, 500_000)


def test_a_subscription_without_a_customer_is_claimed() -> None:
    book = Book().customer("c-1").give(licence("activated", at(days=30)))
    assert (book.reasons(), book.held().amount) == (["customer_unknown"], None)
    book.claim("c-1")
    assert (book.reasons(), book.subscription("c-1").status) == ([], "active")
    assert book.end_state()["ledger"] == {}


def test_a_written_off_subscription_stays_so() -> None:
    book = Book().give(licence("activated", at(days=30))).write_off().customer(*RATNA)
    assert (book.reasons(), book.subscriptions("c-1")) == ([], {})


def test_held_money_of_which_some_went_back_is_released_as_refunded_and_held_again() -> None:
    book = Book().give(capture(), refund(amount=10_000))
    assert [one.resolution for one in book.of(d.SuspenseReleased)] == ["refunded"]
    assert (book.held().amount, book.held().refunded) == (40_000, 10_000)
