"""What providers keep: booked once, beside what payers paid, in any order; no customer's credit and no sale knows of it."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.closing.figures import DayFigures
from processor.cases.world import digest
from schemas import decisions as d
from schemas import facts as f
from schemas.event_model import EventModel
from schemas.settlement_facts import SettlementStated
from tests.unit.processor.cases.facts import at, capture, refund, request_fact
from tests.unit.processor.policies.histories import histories
from tests.unit.processor.policies.ledgerbook import NOON, Book, balanced
from tests.unit.processor.policies.test_any_order import STABLE, SUCCESSES, history, play, shuffled

RATNA = ("c-1", "ratna@contoh.id")


def stated(fee: int | None, payment: str | None = "py-1", **more: Any) -> SettlementStated:
    """A line of a statement that somebody recorded."""
    values: dict[str, Any] = {
        "provider": "xendit",
        "payment_key": payment or "pr-1",
        "attempt_id": payment,
        "amount": 50_000,
        "fee_amount": fee,
        "statement": "1f",
        "line": 2,
        "actor": "sari",
        "reason": "settlement",
        "at": at(days=2),
    }
    return SettlementStated(**(values | more))


def kept(book: Book) -> int:
    """What the ledger has as the provider's."""
    return -book.balance("fees:xendit")


def owed(book: Book) -> int:
    return -book.balance("clearing:xendit")


def test_c68_credit_goes_by_price_the_ledger_by_gross_and_the_fee_is_separate() -> None:
    book = Book().customer(*RATNA).give(capture(fee_amount=350))
    assert (book.balance("credit:c-1"), book.credit("c-1")) == (50_000, 500_000)
    assert (owed(book), kept(book)) == (49_650, 350)
    (booked,) = book.of(d.FeeBooked)
    assert (booked.case, booked.payment_id, booked.amount_idr, booked.before_idr) == (
        "xendit:py-1",
        "py-1",
        350,
        0,
    )
    assert {(p.account, p.amount) for p in booked.postings} == {
        ("fees:xendit", 350),
        ("clearing:xendit", -350),
    }
    assert (book.payment().amount, book.payment().fee_amount) == (50_000, 350)


def test_c68_without_a_word_of_a_fee_none_is_booked() -> None:
    book = Book().customer(*RATNA).give(capture())
    assert book.of(d.FeeBooked) == []
    assert book.payment().fee_amount is None


def test_c68_a_fee_that_is_told_many_times_is_booked_once() -> None:
    facts = [
        capture(fee_amount=350),
        capture(fee_amount=350, occurred_at=at(9)),
        request_fact(f.PaymentSettled, payment_key="py-1", attempt_id="py-1", amount=50_000, fee_amount=350, occurred_at=at(days=1)),
        stated(350),
        stated(350, statement="2e"),
    ]  # fmt: skip
    for chance in map(random.Random, range(20)):
        book = play(shuffled(facts, chance), chance)
        assert (owed(book), kept(book)) == (49_650, 350)
        assert book.payment().fee_claimed is None
        book.look_again()
        assert len(book.of(d.FeeBooked)) == 1


def test_c68_a_statement_that_says_another_fee_counts_and_the_difference_is_booked_and_told() -> None:
    book = Book().customer(*RATNA).give(capture(fee_amount=350), stated(400))
    assert [(one.amount_idr, one.before_idr) for one in book.of(d.FeeBooked)] == [(350, 0), (400, 350)]
    assert (owed(book), kept(book)) == (49_600, 400)
    assert (book.payment().fee_amount, book.payment().fee_claimed, book.payment().settled) == (400, 350, True)
    early = Book().customer(*RATNA).give(capture(), stated(400), capture(fee_amount=350))
    assert kept(early) == 400
    assert (early.payment().fee_amount, early.payment().fee_claimed) == (400, 350)
    corrected = book.give(stated(350, statement="2e", at=at(days=3)))
    assert (kept(corrected), corrected.payment().fee_claimed) == (350, None)


def test_c68_a_statement_without_fees_says_that_it_was_paid_out_and_no_more() -> None:
    book = Book().customer(*RATNA).give(capture(fee_amount=350), stated(None))
    assert (kept(book), book.payment().settled, len(book.of(d.FeeBooked))) == (350, True, 1)


def test_c68_a_refund_leaves_the_fee_where_it_is() -> None:
    book = Book().customer(*RATNA).give(capture(fee_amount=350), refund())
    assert (book.balance("credit:c-1"), owed(book), kept(book)) == (0, -350, 350)


def test_c68_money_that_is_held_costs_its_fee_too() -> None:
    book = Book().give(capture(fee_amount=350))
    assert (book.held().amount, owed(book), kept(book)) == (50_000, 49_650, 350)
    assert kept(book.write_off()) == 350


def test_c68_a_fee_told_of_the_request_is_the_fee_of_its_one_payment() -> None:
    early = request_fact(f.PaymentSucceeded, amount=50_000, fee_amount=350)
    for facts in ([early, capture()], [capture(), early], [early, capture(fee_amount=350)]):
        book = Book().customer(*RATNA).give(*facts)
        assert (owed(book), kept(book), len(book.of(d.FeeBooked))) == (49_650, 350, 1)


def test_c68_what_fails_costs_nothing() -> None:
    lapsed = request_fact(f.PaymentFailed, payment_key="py-1", attempt_id="py-1", fee_amount=350)
    assert Book().customer(*RATNA).give(lapsed).of(d.FeeBooked) == []


def test_c68_two_cases_that_turn_out_to_be_one_payment_have_one_fee() -> None:
    """Both had booked it before somebody told that they are one."""
    flat = capture("flat-1", None, attempt_id=None, fee_amount=350)
    link = capture("py-1", "pr-1", fee_amount=350)
    both = request_fact(f.PaymentPending, "pr-1", payment_key="flat-1", attempt_id="py-1")
    book = Book().customer(*RATNA).give(flat, link)
    assert kept(book) == 700
    book.give(both)
    assert len(book.payment_cases) == 1
    assert (kept(book), owed(book) + kept(book)) == (350, 50_000)


def test_c164_a_payment_without_a_fee_is_known_by_what_the_release_before_kept_of_it() -> None:
    """Else every payment would be told again after an upgrade, and `lunas fulfilment verify` would call all of them different."""
    view = d.PaymentAssessed(
        case="xendit:py-1",
        record="xendit:py-1",
        provider="xendit",
        payment_id="py-1",
        status="succeeded",
        amount=50_000,
    )
    assert digest(view) == "9de2bc41e62c9c92"
    told = [
        view.amended(fee_amount=0),
        view.amended(fee_amount=350),
        view.amended(fee_amount=350, fee_claimed=300),
    ]
    assert len({digest(one) for one in (view, *told)}) == 4


def with_fees(facts: list[EventModel], chance: random.Random) -> list[EventModel]:
    """Some of the money told with a fee; statements of some of it, with the same or another one."""
    told = list[EventModel]()
    for fact in facts:
        if isinstance(fact, SUCCESSES) and fact.amount and chance.random() < 0.7:
            fee = chance.randrange(fact.amount + 1)
            told.append(fact.amended(fee_amount=fee))
            if chance.random() < 0.4:
                line = {
                    "provider": fact.provider,
                    "payment_key": fact.payment_key,
                    "attempt_id": fact.attempt_id,
                }
                other = chance.choice([None, fee, fee // 2])
                when = at(days=30, minutes=chance.randrange(9))
                told.append(stated(other, amount=fact.amount, at=when, **line))  # type: ignore[arg-type]
        else:
            told.append(fact)
    return told


def accounts(book: Book) -> dict[tuple[str, str], int]:
    """All of the books, with what providers keep counted as owed by them."""
    found: dict[tuple[str, str], int] = {}
    for event in book.decisions:
        for posting in getattr(event, "postings", ()):
            account = posting.account.replace("fees:", "clearing:")
            found[account, posting.unit] = found.get((account, posting.unit), 0) + posting.amount
    return {name: amount for name, amount in found.items() if amount}


def closed(book: Book) -> DayFigures:
    """The close of all that was decided, as one day."""
    day = DayFigures(NOON.date())
    for event in book.decisions:
        day.said(event, [])
    return day


@settings(STABLE, max_examples=60)
@given(facts=histories(), chance=st.randoms(use_true_random=False))
def test_c68_the_books_and_the_close_tie_with_fees_in_any_order(
    facts: list[EventModel], chance: random.Random
) -> None:
    """Zero together; but for what providers keep the same as without any fee; and a day's figures are the ledger's, to the rupiah."""
    arrival = history(with_fees(facts, chance), chance)
    book = play(arrival, chance)
    bare = [
        one.amended(fee_amount=None) if isinstance(one, f.PaymentFact) else one
        for one in arrival
        if not isinstance(one, SettlementStated)
    ]
    assert balanced(book)
    day, without = closed(book), play(bare)
    named = day.differences()
    assert accounts(book) == accounts(without)
    assert [one for one in named if one.kind != "fee_claimed"] == closed(without).differences()
    for name, figures in day.providers.items():
        told = [one for one in book.payments().values() if one.provider == name]
        assert (
            -book.balance(f"fees:{name}") == sum(one.fee_amount or 0 for one in told) == (figures.fees or 0)
        )
        # What was set back by hand at the provider after it was delivered is in the books, and named.
        off = sum(one.amount for one in named if (one.kind, one.provider) == ("ledger", name))
        assert -book.balance(f"clearing:{name}") == figures.expected_settlement + off
        assert figures.claims == sum(one.fee_claimed is not None for one in told)


@settings(STABLE, max_examples=60)
@given(facts=histories(), chance=st.randoms(use_true_random=False))
def test_c68_every_order_of_arrival_ends_with_the_same_fees(
    facts: list[EventModel], chance: random.Random
) -> None:
    told = with_fees(facts, chance)
    ends = [play(history(told, chance), chance).end_state() for _ in range(2)]
    for end in ends:
        end["ledger"] = {key: amount for key, amount in end["ledger"].items() if key[0].startswith("fees:")}
    assert ends[0]["ledger"] == ends[1]["ledger"]


@pytest.mark.parametrize("fees", [0, 50_000])
def test_c68_a_fee_may_be_nothing_or_all_of_it(fees: int) -> None:
    book = Book().customer(*RATNA).give(capture(fee_amount=fees))
    assert (kept(book), owed(book), book.payment().fee_amount) == (fees, 50_000 - fees, fees)
