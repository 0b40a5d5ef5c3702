"""A customer who was erased gets nothing more, keeps what they have, and comes back only by registering again."""

from __future__ import annotations

import random

import pytest

from schemas import decisions as d
from schemas.event_model import EventModel
from schemas.facts import CustomerRegistered
from schemas.personal_facts import CustomerErased
from tests.unit.processor.cases.facts import at, capture, charge, cycle, refund
from tests.unit.processor.policies.ledgerbook import NOON, Book
from tests.unit.processor.policies.test_fold import folded, log_of, same
from tests.unit.processor.policies.test_own_requests import asked, money, opened, topped_up

RATNA = ("c-1", "ratna@contoh.id")
ERASED = CustomerErased(
    customer_id="c-1", erasure_id="e-1", requested_by="sari", approved_by="dewi", reason="letter",
    keys_destroyed=1, bodies_emptied=0, at=NOON,
)  # fmt: skip


def erased_after(*facts: EventModel) -> Book:
    return Book().customer(*RATNA).give(*facts, ERASED)


def as_built(book: Book) -> bool:
    """Whether cases and customers built anew from the log are the live ones, and to look at each again says nothing."""
    chance = random.Random(1)
    same(book.tables, folded(list(log_of(book, chance)), chance, book.now))
    said = len(book.decisions)
    return len(book.look_again().decisions) == said


def test_c92_money_that_names_an_erased_customer_by_reference_waits() -> None:
    book = erased_after(capture("py-0", "pr-0", customer_ref="c-1"))
    book.give(capture("py-1", "pr-1", customer_ref="c-1"))
    assert (book.credit("c-1"), book.reasons(), book.held().customer_id) == (
        500_000,
        ["customer_unknown"],
        None,
    )
    assert as_built(book)


def test_c92_money_of_an_own_request_of_an_erased_customer_waits() -> None:
    book = erased_after(asked(), opened())
    assert book.payment().customer_id == "c-1"
    book.give(money())
    assert (topped_up(book), book.reasons()) == ([], ["customer_unknown"])
    assert as_built(book)


def test_c92_a_renewal_of_an_erased_customer_waits_and_lengthens_nothing() -> None:
    first, next_one = at(days=-20), at(days=10)
    book = erased_after(cycle(1, first, customer_ref="c-1"), charge(1, first))
    before = book.subscription("c-1")
    assert (before.status, book.reasons()) == ("active", [])
    book.wait(days=11).give(cycle(2, next_one, customer_ref="c-1"), charge(2, next_one))
    after = book.subscription("c-1")
    assert (after.expires_at, after.access_until) == (before.expires_at, before.access_until)
    assert book.reasons() == ["customer_unknown"]
    assert as_built(book)
    # Who registers again is here again: the same money is granted.
    book.customer("c-1", "baru@contoh.id")
    assert book.reasons() == []
    assert (book.subscription("c-1").expires_at or NOON) > (before.expires_at or NOON)
    assert as_built(book)


def test_c92_a_period_that_was_paid_ahead_stays() -> None:
    ahead = cycle(1, at(days=20), customer_ref="c-1", occurred_at=at(-5))
    book = Book().customer(*RATNA).give(ahead, charge(1, at(-5)))
    before = book.subscription("c-1")
    assert (before.expires_at or NOON) > at(days=20)
    after = book.give(ERASED).look_again().give(cycle(1, at(days=20), customer_ref="c-1", occurred_at=at(-4)))
    assert after.subscription("c-1").expires_at == before.expires_at
    assert as_built(book)


def test_c92_what_was_granted_before_the_erasure_stays_and_is_refunded_as_ever() -> None:
    book = erased_after(capture(customer_ref="c-1"))
    assert book.look_again().credit("c-1") == 500_000
    book.give(capture(customer_ref="c-1"))
    assert (book.credit("c-1"), book.reasons()) == (500_000, [])
    book.give(refund("rfd-1", 50_000))
    assert (book.credit("c-1"), book.reasons()) == (0, [])
    assert as_built(book)


@pytest.mark.parametrize("create", [False, True])
def test_c92_an_address_that_is_still_known_makes_nobody_anew(create: bool) -> None:
    book = erased_after()
    book.create_unknown = create
    book.give(capture())
    assert (book.reasons(), book.of(CustomerRegistered), book.of(d.CreditGranted)) == (
        ["customer_unknown"],
        [],
        [],
    )


def test_c92_who_was_made_of_an_address_and_erased_is_not_made_of_it_again() -> None:
    book = Book(create_unknown=True).give(capture("py-0", "pr-0"))
    (made,) = book.of(CustomerRegistered)
    book.customer(made.customer_id, "baru@contoh.id")
    book.give(ERASED.amended(customer_id=made.customer_id), capture("py-1", "pr-1"))
    assert (book.credit(made.customer_id), book.reasons()) == (500_000, ["customer_unknown"])


def test_c92_what_is_held_for_another_reason_is_nobodys_too() -> None:
    big = capture(amount=90_000_000, customer_ref="c-1", token_only=True)
    book = Book().customer(*RATNA).give(big)
    assert book.held().customer_id == "c-1"
    book.give(ERASED)
    assert book.held().customer_id is None
    assert as_built(book)
