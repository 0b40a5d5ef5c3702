"""Whose money it is: our own reference, what the subscription remembers, the payer's e-mail; else it waits in suspense."""

from __future__ import annotations

import pytest

from schemas import decisions as d
from schemas import facts as f
from schemas.event_model import EventModel
from tests.unit.processor.cases.facts import at, attempt_fact, capture, licence, order, package, paid
from tests.unit.processor.policies.ledgerbook import Book, permutations

RATNA = ("c-1", "ratna@contoh.id")


def register(customer_id: str, email: str | None) -> f.CustomerRegistered:
    return f.CustomerRegistered(customer_id=customer_id, email=email)


def test_c90_money_of_an_unknown_customer_waits_and_is_claimed_by_registering() -> None:
    book = Book().give(capture())
    assert (book.reasons(), book.held().amount, book.held().payer_email) == (
        ["customer_unknown"],
        50_000,
        "ratna@contoh.id",
    )
    assert (book.payment().status, book.payment().held) == ("succeeded", "customer_unknown")
    book.customer("c-1", "  RATNA@Contoh.ID ")
    assert (book.credit("c-1"), book.reasons()) == (500_000, [])
    assert book.payment().customer_id == "c-1"
    assert [e.resolution for e in book.of(d.SuspenseReleased)] == ["granted"]


def test_registering_again_and_again_grants_nothing_twice() -> None:
    book = Book().give(capture()).customer(*RATNA).customer(*RATNA).customer(*RATNA)
    assert book.credit("c-1") == 500_000


def test_a_payment_without_reference_and_e_mail_waits_for_a_person() -> None:
    book = Book().customer(*RATNA).give(capture(payer_email=None))
    assert book.reasons() == ["customer_missing"]
    assert book.claim("c-1").credit("c-1") == 500_000


def test_c91_our_own_reference_wins_over_the_e_mail() -> None:
    book = Book().customer(*RATNA).customer("c-2", "budi@contoh.id")
    book.give(capture(customer_ref="c-2"))
    assert (book.credit("c-1"), book.credit("c-2")) == (0, 500_000)


def test_c52_a_reference_to_a_customer_not_registered_yet_waits_for_that_one() -> None:
    facts = [register("c-1", "ratna@contoh.id"), register("c-9", None), capture(customer_ref="c-9")]
    for arrival in permutations(facts):
        book = Book().give(*arrival)
        assert (book.credit("c-1"), book.credit("c-9"), book.reasons()) == (0, 500_000, [])


@pytest.mark.parametrize(
    ("registered", "matches"),
    [
        ("Ratna@Contoh.ID", True),
        ("ratna+promo@contoh.id", False),
        ("ratna@contoh.co", False),
        ("ratná@contoh.id", False),
    ],
)
def test_c91_case_folds_and_nothing_else_does(registered: str, matches: bool) -> None:
    book = Book().customer("c-1", registered).give(capture())
    assert (book.credit("c-1") == 500_000) is matches


def test_c91_a_shared_e_mail_is_ambiguous_until_it_is_resolved() -> None:
    book = Book().customer(*RATNA).customer("c-2", "ratna@contoh.id").give(capture())
    assert book.reasons() == ["customer_ambiguous"]
    book.customer("c-2", "budi@contoh.id")
    assert (book.credit("c-1"), book.credit("c-2"), book.reasons()) == (500_000, 0, [])


def test_c91_a_customer_who_takes_over_the_e_mail_gets_what_waits_for_it() -> None:
    book = Book().customer("c-1", "old@contoh.id").give(capture())
    assert book.reasons() == ["customer_unknown"]
    assert book.customer("c-1", "ratna@contoh.id").credit("c-1") == 500_000


def test_c91_a_change_of_e_mail_moves_nothing_already_granted() -> None:
    book = Book().customer(*RATNA).give(capture()).customer("c-1", "new@contoh.id")
    book.customer("c-2", "ratna@contoh.id").give(capture())
    assert (book.credit("c-1"), book.credit("c-2")) == (500_000, 0)


def test_c91_the_newest_e_mail_of_an_order_counts() -> None:
    corrected = order(payer_email="ratna@contoh.id", as_of=at(-5))
    facts = [order(payer_email="ratan@contoh.id"), corrected, paid()]
    for arrival in permutations(facts):
        assert Book().customer(*RATNA).give(*arrival).courses("c-1") == {"kelas-python"}


def test_c92_a_customer_we_do_not_know_gets_nothing_even_by_reference() -> None:
    book = Book().give(capture(customer_ref="gone"))
    assert (book.reasons(), book.of(d.CreditGranted)) == (["customer_unknown"], [])


def test_unknown_customers_may_be_created_from_the_payers_e_mail() -> None:
    book = Book(create_unknown=True).give(capture(), package("gold"))
    (made,) = book.of(f.CustomerRegistered)
    assert (made.email, made.source) == ("ratna@contoh.id", "payment")
    assert (book.credit(made.customer_id), book.chat(made.customer_id)) == (500_000, 100)
    assert book.reasons() == []


def test_creating_customers_does_not_guess_between_two() -> None:
    book = Book(create_unknown=True).customer(*RATNA).customer("c-2", "ratna@contoh.id").give(capture())
    assert book.reasons() == ["customer_ambiguous"]
    assert book.of(f.CustomerRegistered) == []


def test_creating_customers_needs_an_e_mail() -> None:
    assert Book(create_unknown=True).give(capture(payer_email=None)).reasons() == ["customer_missing"]


def test_a_created_customer_is_found_by_subscriptions_too() -> None:
    book = Book(create_unknown=True).give(licence("activated", at(days=30)))
    (made,) = book.of(f.CustomerRegistered)
    assert book.subscription(made.customer_id).status == "active"


def test_what_waited_for_the_e_mail_finds_the_customer_that_is_made_of_it() -> None:
    book = Book(create_unknown=True).give(licence("created", at(days=30)))
    assert book.reasons() == ["customer_unknown"]
    (made,) = book.give(capture()).of(f.CustomerRegistered)
    assert (book.subscription(made.customer_id).status, book.reasons()) == ("pending", [])


def test_one_registration_claims_everything_that_waited() -> None:
    facts = [capture(), package("gold"), order(), paid(), licence("activated", at(days=30))]
    before = Book().customer(*RATNA).give(*facts)
    after = Book().give(*facts).customer(*RATNA)
    assert after.end_state() == before.end_state()
    assert after.courses("c-1") == {"kelas-python"}


def test_an_abandoned_attempt_makes_no_customer() -> None:
    book = Book(create_unknown=True)
    book.give(attempt_fact(f.PaymentFailed), order(), licence("created", at(days=30)))
    assert book.of(f.CustomerRegistered) == []
    assert book.give(paid()).of(f.CustomerRegistered) != []


@pytest.mark.parametrize("more", [(capture("py-2", "pr-2"),), (licence("activated", at(days=30)),)])
def test_whoever_was_made_a_customer_by_an_address_stays_one_after_changing_it(
    more: tuple[EventModel],
) -> None:
    """Paying with the old address again neither makes them anew, which would forget what they have, nor stops everybody."""
    book = Book(create_unknown=True).give(capture())
    (made,) = book.tables.customers
    book.customer(made, "ratna@baru.id").give(*more)
    assert [event.email for event in book.of(f.CustomerRegistered)] == ["ratna@contoh.id"]
    assert (list(book.tables.customers), book.record(made).email) == ([made], "ratna@baru.id")
    assert (
        book.record(made).credit_tokens
        == book.credit(made)
        == (1_000_000 if "py-2" in str(more) else 500_000)
    )
    assert len(book.subscriptions(made)) == (0 if "py-2" in str(more) else 1)
