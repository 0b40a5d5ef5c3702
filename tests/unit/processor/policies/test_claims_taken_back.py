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
from tests.unit.processor.cases.facts import at, capture, charge, cycle, licence, order, package, paid, refund
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


def charged(number: int = 1) -> tuple[EventModel, ...]:
    """A charge of a plan whose customer nobody knows, and the provider's word on it."""
    starts = at(days=30 * (number - 1))
    return charge(number, starts), cycle(
        number, starts, "activated" if number == 1 else "renewed", payer_email=None
    )


def charges_held(book: Book, payment: str = "py-cycle-1") -> d.SuspenseHeld:
    (item,) = [one for one in book.suspense().values() if one.payment_id == payment]
    return item


def test_a_claim_that_said_whose_a_subscription_is_can_be_taken_back() -> None:
    never, undone = (Book().customer("c-1").customer("c-2").give(*charged()) for _ in range(2))
    item = charges_held(undone)
    claim(undone, item, "c-2", None)
    assert (undone.tier("c-2"), undone.reasons()) == ("pro", [])
    undone.unclaim(item)
    assert undone.end_state() == never.end_state()
    assert (undone.tier("c-2"), undone.reasons(), balanced(undone)) == ("gratis", ["customer_missing"], True)
    told = len(undone.decisions)
    assert undone.look_again().decisions[told:] == []


def test_renewals_that_rested_on_it_wait_again_and_follow_the_next_claim() -> None:
    """They were the customer's because the plan was."""
    never, undone = (Book().customer("c-1").customer("c-2").give(*charged()) for _ in range(2))
    item = charges_held(undone)
    claim(undone, item, "c-2", None).give(*charged(2), *charged(3))
    assert len(undone.of(d.SaleRecorded)) == 3
    undone.unclaim(item)
    never.give(*charged(2), *charged(3))
    assert undone.end_state() == never.end_state()
    for book in (never, undone):
        claim(book, charges_held(book), "c-1", None)
        assert (book.tier("c-1"), book.tier("c-2"), book.reasons(), balanced(book)) == (
            "pro",
            "gratis",
            [],
            True,
        )
    assert undone.end_state() == never.end_state()
    undone.unclaim(item)
    assert undone.subscriptions("c-1") == {}


@pytest.mark.parametrize("first", [True, False])
def test_of_two_claims_of_one_subscription_the_other_stands(first: bool) -> None:
    large = [charge(n, at(days=30 * n), amount=900_000) for n in (1, 2)]
    told = [cycle(n, at(days=30 * n), amount=900_000, payer_email=None) for n in (1, 2)]
    never, undone = (Book().customer("c-1").customer("c-2").give(*large, *told) for _ in range(2))
    items = charges_held(undone), charges_held(undone, "py-cycle-2")
    claim(undone, items[0], "c-1", None)
    claim(undone, items[1], "c-2", None)
    undone.unclaim(items[0] if first else items[1])
    claim(never, items[1] if first else items[0], "c-2" if first else "c-1", None)
    assert undone.end_state() == never.end_state()


def test_whoever_had_the_subscription_before_the_claim_keeps_it() -> None:
    """The claim only vouched for a large charge."""
    about = {"amount": 900_000}
    never, undone = (Book().customer(*RATNA).customer("c-2") for _ in range(2))
    for book in (never, undone):
        book.give(cycle(1, at(), "activated", **about), charge(1, at(), **about))
    item = charges_held(undone)
    claim(undone, item, "c-1", None)
    assert undone.tier("c-1") == "pro"
    undone.unclaim(item)
    assert undone.end_state() == never.end_state()


def test_a_membership_that_was_claimed_by_itself_waits_again() -> None:
    never, undone = (Book().customer("c-2").give(licence("activated", at(days=30))) for _ in range(2))
    item = undone.held()
    claim(undone, item, "c-2", None)
    assert undone.subscription("c-2").status == "active"
    undone.unclaim(item)
    assert undone.end_state() == never.end_state()
    undone.customer(*RATNA)
    assert (undone.reasons(), undone.subscription("c-1").status) == ([], "active")


def test_a_claim_of_credit_said_nothing_of_the_subscription() -> None:
    book = Book().customer("c-1").customer("c-2").give(*charged(), *charged(2))
    first, second = charges_held(book), charges_held(book, "py-cycle-2")
    claim(book, first, "c-2", "credit")
    claim(book, charges_held(book, "py-cycle-2"), "c-1", None)
    assert book.tier("c-1") == "pro"
    book.unclaim(first)
    assert book.tier("c-1") == "pro"
    book.unclaim(second)
    assert (book.tier("c-1"), balanced(book)) == ("gratis", True)


@settings(STABLE, max_examples=60)
@given(chance=st.randoms(use_true_random=False))
def test_claims_of_charges_that_were_undone_equal_no_word_at_all(chance: random.Random) -> None:
    facts = shuffled(
        [
            *(one for number in (1, 2, 3) for one in charged(number)),
            licence("activated", at(days=30), payer_email="lain@contoh.id"),
            refund("rfd-1", 200_000, "py-cycle-2", group_id=None),
        ],
        chance,
    )
    cut = chance.randrange(len(facts) + 1)
    never, undone = (Book(catalog=club()).customer("c-1").customer("c-2") for _ in range(2))
    for book in (never, undone):
        book.give(*facts[:cut])
    said = []
    for _ in range(chance.randrange(4)):
        items = list(undone.suspense().values())
        if items:
            item = chance.choice(sorted(items, key=lambda one: one.suspense_id))
            claim(
                undone,
                item,
                chance.choice(["c-1", "c-2"]),
                chance.choice([None, None, "pro-bulanan", "credit"]),
            )
            said.append(item)
    later = chance.randrange(cut, len(facts) + 1)
    for book in (never, undone):
        book.give(*facts[cut:later])
    chance.shuffle(said)
    for item in said:
        undone.unclaim(item)
        assert balanced(undone)
    assert undone.end_state() == never.end_state()
    told = len(undone.decisions)
    assert undone.look_again().decisions[told:] == []
    for book in (never, undone):
        book.give(*facts[later:])
    assert undone.end_state() == never.end_state()
