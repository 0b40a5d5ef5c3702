"""What decisions say beside the amounts: when it was paid, why it went, by which id readers know it, and what cases wait for afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import corrections as c
from schemas import decisions as d
from schemas import facts as f
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
from tests.unit.processor.policies.ledgerbook import VARIANT, Book, club

CHAT = [("variant_chat", 1, 150_000)]
COURSE = {"payment_type": None, "products": (f.ProductHint(kind="catalog", value="kelas-python"),)}


def ratna(**more: Any) -> Book:
    return Book(catalog=club(), **more).customer("c-1", "ratna@contoh.id")


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ([capture(occurred_at=at(-30))], d.CreditGranted),
        ([order(CHAT, as_of=at(-60)), paid(occurred_at=at(-30))], d.TokensGranted),
        ([order(as_of=at(-60)), paid(occurred_at=at(-30))], d.CourseEnrolled),
        ([package("klub-a", occurred_at=at(-30))], d.SaleRecorded),
        ([capture(payment_type="paper_completion", occurred_at=at(-30))], d.SaleRecorded),
    ],
)
def test_a_grant_bears_the_time_it_was_paid_not_when_we_decided(facts: list[Any], kind: type[Any]) -> None:
    (granted,) = ratna().give(*facts).of(kind)
    assert granted.at == at(-30)


def test_a_course_is_known_by_the_number_of_its_order_whatever_name_came_first() -> None:
    """Also when its money goes back, and when it turns out to be somebody else's or nobody's."""
    by_id = paid(key="id-o-1", aliases=("id-o-1",))
    back = refund("rfd-1", 150_000, None, provider="scalev", payment_key="id-o-1", group_id=None)
    revoked = ratna().give(by_id, order(key="o-1"), back)
    assert [one.order_id for one in revoked.of(d.CourseEnrolled)] == ["o-1"]
    assert [one.order_id for one in revoked.of(d.CourseRevoked)] == ["o-1"]
    cancelled = f.OrderCancelled(provider="scalev", order_key="o-1", aliases=("id-o-1",), as_of=at(-5))
    withdrawn = ratna().give(by_id, order(key="o-1"), cancelled)
    assert [one.order_id for one in withdrawn.of(c.CourseWithdrawn)] == ["o-1"]


def test_a_course_without_an_order_is_known_by_its_payment() -> None:
    (opened,) = ratna().give(capture("py-7", "pr-7", **COURSE)).of(d.CourseEnrolled)
    assert opened.order_id == "py-7"


def test_withdrawn_tokens_are_those_that_a_refund_had_left() -> None:
    back = refund("rfd-1", 75_000, None, provider="scalev", payment_key="260504AAAAAA", group_id=None)
    book = ratna().give(order(CHAT), paid(), back)
    left = book.chat("c-1")
    assert left == 5
    book.give(f.OrderCancelled(provider="scalev", order_key="260504AAAAAA", as_of=at(-5)))
    assert [one.chat_tokens for one in book.of(c.TokensWithdrawn)] == [left]
    assert (book.chat("c-1"), book.record("c-1").chat_tokens) == (0, 0)


def test_why_a_course_was_taken_from_a_purchase() -> None:
    later = [order(key="o-2"), paid(key="o-2", occurred_at=at(9))]
    earlier = [order(key="o-1"), paid(key="o-1", occurred_at=at(1))]
    duplicate = ratna().give(*later, *earlier)
    assert [one.reason for one in duplicate.of(c.CourseWithdrawn)] == ["duplicate_purchase"]
    other = ratna().give(*later, order([("variant_chat", 1, 150_000)], key="o-2", as_of=at(-5)))
    assert [one.reason for one in other.of(c.CourseWithdrawn)] == ["corrected"]


def test_why_money_left_suspense() -> None:
    """It went back, its amount was corrected, or an operator kept it."""
    back = Book().give(capture(payer_email="nobody@contoh.id"), refund())
    assert [one.resolution for one in back.of(d.SuspenseReleased)] == ["refunded"]
    more = Book().give(capture(payer_email="nobody@contoh.id"))
    more.give(capture(amount=60_000, payer_email="nobody@contoh.id", occurred_at=at(1)))
    assert [one.resolution for one in more.of(d.SuspenseReleased)] == ["changed"]
    assert [one.amount for one in more.suspense().values()] == [60_000]
    lines = [("variant_unknown", 1, 100_000), ("variant_other", 1, 50_000)]
    gone = Book().give(order(lines), paid(), order(lines[:1], as_of=at(-5)))
    assert {one.resolution for one in gone.of(d.SuspenseReleased)} == {"changed"}
    kept = Book().give(capture(payer_email="nobody@contoh.id")).write_off()
    (released,) = kept.of(d.SuspenseReleased)
    assert (released.resolution, released.attempts) == ("written_off", ("py-1",))


def test_whose_it_was_by_an_address_stays_said_when_it_is_granted_anew() -> None:
    book = ratna().give(capture(), capture(amount=60_000, occurred_at=at(1)))
    (case,) = book.payment_cases.values()
    assert case.record.owned is not None
    assert case.record.owned.email
    assert [bool(one.by) for one in book.of(d.CreditGranted)] == [True, True]


def test_two_payments_of_one_reusable_code_are_two_packages() -> None:
    hint = (f.ProductHint(kind="catalog", value="chat-10"),)
    sold = {"payment_type": None, "products": hint, "reusable": True, "requested_amount": None}
    book = ratna().give(*(capture(f"py-{n}", "pr-1", **sold, occurred_at=at(n)) for n in (1, 2)))
    assert book.chat("c-1") == 20


def test_only_charges_of_subscriptions_are_remembered_by_the_customer() -> None:
    sale = capture(payment_type="paper_completion")
    book = ratna().give(sale, refund())
    assert book.record("c-1").charges == {}


def test_announced_money_is_unconfirmed_from_the_very_moment_on() -> None:
    book = ratna().give(attempt_fact(f.PaymentPending, announced=True))
    (case,) = book.tables.cases.values()
    assert case.due_at is not None
    book.now = case.due_at
    book.wait()
    assert (book.payment().held, book.parked) == ("unconfirmed", [("py-1", "payment_unconfirmed")])


def test_a_granted_payment_waits_for_nothing_and_a_request_of_nobody_for_its_customer() -> None:
    assert ratna().give(capture()).tables.waits == set()
    book = ratna().give(request_fact(f.PaymentPending, payer_email="nobody@contoh.id"))
    assert {wait for wait, _ in book.tables.waits} == {"email:nobody@contoh.id"}


@pytest.mark.parametrize("variant", [VARIANT, "variant_chat"])
def test_a_refund_of_a_part_leaves_the_rest_to_its_buyer(variant: str) -> None:
    back = refund("rfd-1", 50_000, None, provider="scalev", payment_key="260504AAAAAA", group_id=None)
    book = ratna().give(order([(variant, 1, 150_000)]), paid(), back)
    (part,) = next(iter(book.payment_cases.values())).record.granted.values()
    assert (part.left, part.gone) == (100_000, False)


def test_what_happened_to_a_plan_that_was_bought_has_a_word_of_its_own() -> None:
    """First it begins, then a purchase makes it longer; one that loses a period is only told anew, and after all went back it begins again."""
    book = ratna().give(package("klub-a", "trx-1"), package("klub-a", "trx-2", occurred_at=at(1)))
    for number in (2, 1):
        about = {"provider": "mayar", "group_id": None, "occurred_at": at(10 - number)}
        book.give(refund(f"rfd-{number}", 75_000, f"trx-{number}", **about))
    book.give(package("klub-a", "trx-3", occurred_at=at(20)))
    assert [type(one) for one in book.of(d.SubscriptionDecision)] == [
        d.SubscriptionActivated,
        d.SubscriptionRenewed,
        d.SubscriptionUpdated,
        d.SubscriptionCancelled,
        d.SubscriptionActivated,
    ]


def test_the_payment_that_was_asked_for_is_told_before_the_further_ones() -> None:
    book = Book().customer("c-1", "ratna@contoh.id")
    book.give_together(capture("py-1"), capture("py-2", occurred_at=at(1)))
    assert [view.record for view in book.of(d.PaymentAssessed)] == ["xendit:py-1", "xendit:py-1#py-2"]
