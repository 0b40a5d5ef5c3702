"""A claim or a write-off that is taken back leaves everything as if nobody had said anything."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processor.cases.case import PaymentCase
from schemas import decisions as d
from schemas import facts as f
from schemas.corrections import CreditWithdrawn
from schemas.event_model import EventModel
from tests.unit.processor.cases.facts import at, capture, licence, order, package, paid, refund
from tests.unit.processor.policies.histories import PEOPLE, histories, registrations
from tests.unit.processor.policies.ledgerbook import VARIANT, Book, balanced, club
from tests.unit.processor.policies.test_any_order import STABLE, shuffled

RATNA = ("c-1", "ratna@contoh.id")
PRODUCTS = [None, "credit", "kelas-python", "gold", "pro-bulanan"]


def claimable(book: Book) -> list[d.SuspenseHeld]:
    """Held money of payments that charge for no subscription."""
    cases = book.cases
    return [
        item
        for _, item in sorted(book.suspense().items())
        if isinstance(case := cases[item.case], PaymentCase) and not case.facts.value("subscription_key")
    ]


def claim(book: Book, item: d.SuspenseHeld, customer_id: str, product: str | None) -> Book:
    said = f.SuspenseClaimed(
        suspense_id=item.suspense_id,
        case=item.case,
        customer_id=customer_id,
        product=product,
        actor="sari",
        reason="a call",
    )
    return book.give(said)


def write_off(book: Book, item: d.SuspenseHeld) -> Book:
    said = f.SuspenseWrittenOff(suspense_id=item.suspense_id, case=item.case, actor="sari", reason="old")
    return book.give(said)


@settings(STABLE, max_examples=100)
@given(facts=histories(), chance=st.randoms(use_true_random=False))
def test_claims_and_write_offs_that_were_undone_equal_no_word_at_all(
    facts: list[EventModel], chance: random.Random
) -> None:
    arrival = shuffled([*registrations(), *facts], chance)
    cut = chance.randrange(len(arrival) + 1)
    never, undone = Book(catalog=club()), Book(catalog=club())
    for book in (never, undone):
        book.give(*arrival[:cut])
    take_back = []
    for item in claimable(undone):
        if chance.random() < 0.4:
            claim(undone, item, chance.choice(list(PEOPLE)), chance.choice(PRODUCTS))
            take_back.append((undone.unclaim, item))
        elif chance.random() < 0.6:
            write_off(undone, item)
            take_back.append((undone.reopen, item))
    chance.shuffle(take_back)
    for undo, item in take_back:
        undo(item)
        assert balanced(undone)
    assert undone.end_state() == never.end_state()
    told = len(undone.decisions)
    assert undone.look_again().decisions[told:] == []
    for book in (never, undone):
        book.give(*arrival[cut:])
    assert undone.end_state() == never.end_state()


@pytest.mark.parametrize(
    ("held", "product"),
    [
        ((capture(),), None),
        ((capture(),), "kelas-python"),
        ((package("platinum"),), "gold"),
        ((package("platinum"),), "pro-bulanan"),
        ((capture(amount=900_000),), "credit"),
        ((order(spam=True), paid()), None),
    ],
)
def test_what_a_claim_granted_is_taken_back_whatever_it_was(
    held: tuple[EventModel, ...], product: str | None
) -> None:
    never, undone = (Book(catalog=club()).customer("c-2").give(*held) for _ in range(2))
    item = undone.held()
    claim(undone, item, "c-2", product)
    assert undone.reasons() == []
    undone.unclaim(item)
    assert undone.end_state() == never.end_state()
    assert undone.held().suspense_id == item.suspense_id


def test_it_says_why_and_takes_what_was_spent_too() -> None:
    book = Book().customer("c-2").give(capture())
    item = book.held()
    book.claim("c-2").spend("c-2", 200_000).unclaim(item)
    (taken,) = book.of(CreditWithdrawn)
    assert (taken.reason, taken.tokens, book.record("c-2").credit_tokens) == (
        "claim_withdrawn",
        500_000,
        -200_000,
    )
    assert balanced(book)


def test_the_right_customer_gets_it_after_all() -> None:
    """By a second claim, or by registering; and then it is theirs as any payment is."""
    book = Book().customer("c-2").customer("c-3").give(capture())
    item = book.held()
    book.claim("c-2").unclaim(item).claim("c-3")
    assert (book.credit("c-2"), book.credit("c-3")) == (0, 500_000)
    book.unclaim(item).customer(*RATNA)
    assert (book.credit("c-3"), book.credit("c-1"), book.reasons()) == (0, 500_000, [])
    book.customer("c-1", "lain@contoh.id").customer("c-2", RATNA[1]).look_again()
    assert (book.credit("c-1"), book.credit("c-2")) == (500_000, 0)


def test_an_older_word_does_not_come_back() -> None:
    book = Book().customer("c-2").give(capture())
    item = book.held()
    book.claim("c-2").unclaim(item)
    state = book.end_state()
    book.unclaim(item)
    assert book.end_state() == state
    (case,) = book.payment_cases.values()
    case.facts.observe(
        f.SuspenseClaimed(
            suspense_id=item.suspense_id, case=item.case, customer_id="c-2", actor="sari", reason="x"
        ),
        1,
    )
    assert case.facts.claims == {}


def test_taking_back_what_nobody_claimed_changes_nothing() -> None:
    book = Book().give(capture())
    item = book.held()
    book.customer(*RATNA)
    state = book.end_state()
    assert book.unclaim(item).end_state() == state


def test_of_two_claims_of_one_payment_one_is_taken_back() -> None:
    lines = [(VARIANT, 1, 150_000), ("variant_mystery", 1, 50_000), ("variant_other", 1, 50_000)]
    book = Book().customer(*RATNA).customer("c-2").give(order(lines, 250_000), paid())
    first, second = sorted(book.suspense().values(), key=lambda item: item.suspense_id)
    claim(book, first, "c-2", "credit")
    claim(book, second, "c-2", "credit")
    assert book.credit("c-2") == 1_000_000
    book.unclaim(first)
    assert (book.credit("c-2"), book.courses("c-1"), book.reasons()) == (
        500_000,
        {"kelas-python"},
        ["unmapped_product"],
    )
    assert balanced(book)


def test_what_went_back_meanwhile_stays_gone() -> None:
    book = Book().customer("c-2").give(capture())
    item = book.held()
    book.claim("c-2").give(refund(amount=20_000)).unclaim(item)
    assert (book.credit("c-2"), book.held().amount, book.held().refunded) == (0, 30_000, 20_000)
    assert balanced(book)


def test_other_money_of_it_stays_where_it_was() -> None:
    """A large payment was claimed; another capture of the same request belongs to its payer."""
    book = Book().customer(*RATNA).customer("c-2")
    book.give(capture("py-1", amount=900_000), capture("py-2", occurred_at=at(5)))
    never = Book().customer(*RATNA).customer("c-2")
    never.give(capture("py-1", amount=900_000), capture("py-2", occurred_at=at(5)))
    item = book.held("awaiting_confirmation")
    claim(book, item, "c-2", None)
    book.unclaim(item)
    assert book.end_state() == never.end_state()


@pytest.mark.parametrize("held", [(capture(),), (package("platinum"),), (order(spam=True), paid())])
def test_what_was_written_off_waits_again(held: tuple[EventModel, ...]) -> None:
    never, undone = (Book(catalog=club()).customer("c-2").give(*held) for _ in range(2))
    item = undone.held()
    undone.write_off()
    assert undone.balance(f"forfeited:{item.provider}") == item.amount
    undone.reopen(item)
    assert undone.end_state() == never.end_state()
    assert undone.held() == item.amended(postings=undone.held().postings)
    assert undone.reopen(item).end_state() == never.end_state()


def test_money_that_found_its_home_meanwhile_goes_there_when_its_write_off_is_taken_back() -> None:
    never, undone = (Book().give(capture()) for _ in range(2))
    item = undone.held()
    undone.write_off().customer(*RATNA)
    assert undone.credit("c-1") == 0
    undone.reopen(item)
    assert undone.end_state() == never.customer(*RATNA).end_state()
    assert (undone.credit("c-1"), undone.reasons()) == (500_000, [])


@pytest.mark.parametrize(("back", "waits"), [(20_000, 30_000), (50_000, None)])
def test_what_went_back_of_money_that_was_written_off_does_not_wait_again(
    back: int, waits: int | None
) -> None:
    never, undone = (Book().give(capture()) for _ in range(2))
    item = undone.held()
    undone.write_off().give(refund(amount=back)).reopen(item)
    assert undone.end_state() == never.give(refund(amount=back)).end_state()
    assert [one.amount for one in undone.suspense().values()] == ([waits] if waits else [])
    assert balanced(undone)


def test_it_can_be_written_off_and_claimed_again_and_an_older_word_does_not_come_back() -> None:
    book = Book().customer("c-2").give(capture())
    item = book.held()
    book.write_off().reopen(item).write_off().reopen(item).claim("c-2")
    assert book.credit("c-2") == 500_000
    (case,) = book.payment_cases.values()
    case.facts.observe(
        f.SuspenseWrittenOff(suspense_id=item.suspense_id, case=item.case, actor="sari", reason="x"), 1
    )
    assert case.facts.write_offs == {}


def test_a_licence_that_was_written_off_waits_again() -> None:
    book = Book().give(licence("activated", at(days=30)))
    item = book.held()
    book.write_off().reopen(item)
    assert book.held().amended(postings=()) == item.amended(postings=())
    book.customer(*RATNA)
    assert (book.reasons(), book.subscription("c-1").status) == ([], "active")
