"""One end state for every order of arrival, every repetition and every way of batching."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import decisions as d
from schemas import facts as f
from schemas.event_model import EventModel
from tests.unit.processor.histories import histories, registrations
from tests.unit.processor.ledgerbook import Book, balanced, club

# The same examples on every machine and every run.
STABLE = settings(
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

GRANTS = (d.CreditGranted, d.TokensGranted, d.CourseEnrolled, d.SaleRecorded)


def shuffled(facts: list[EventModel], chance: random.Random) -> list[EventModel]:
    """All of them in any order, some more than once."""
    repeated = [fact for fact in facts if chance.random() < 0.3]
    arrival = [*facts, *repeated]
    chance.shuffle(arrival)
    return arrival


def play(facts: list[EventModel], chance: random.Random | None = None) -> Book:
    """One by one, or in rounds of random size."""
    book = Book(catalog=club())
    while facts:
        size = chance.choice([1, 1, 2, 5, 20]) if chance else 1
        book.give_together(*facts[:size])
        facts = facts[size:]
    return book


def received(facts: list[EventModel]) -> int:
    """Rupiah that came in and stayed, from the facts alone: one amount per payment, less its refunds."""
    amounts: dict[str, int] = {}
    requests: dict[str, int] = {}
    captured: defaultdict[str, int] = defaultdict(int)
    orders = {fact.order_key: fact.gross_amount for fact in facts if isinstance(fact, f.OrderRecorded)}
    for fact in facts:
        if not isinstance(fact, f.PaymentSucceeded | f.PaymentSettled):
            continue
        if fact.provider == "scalev":
            amounts[fact.payment_key] = orders[fact.payment_key]
        elif fact.attempt_id is None:
            requests[str(fact.group_id)] = fact.amount or 0
        else:
            amounts[fact.attempt_id] = fact.amount or 0
            captured[str(fact.group_id)] += 1
    by_request = sum(amount for group, amount in requests.items() if not captured[group])
    refunds = {fact.refund_id: fact.amount for fact in facts if isinstance(fact, f.RefundSucceeded)}
    return sum(amounts.values()) + by_request - sum(refunds.values())


def grants_of(case: Any) -> int:
    """Parts of a case that were granted, those of them that a refund emptied and that gave way included."""
    taken_back = [one for one in getattr(case, "closed", {}).values() if one.why == "taken_back"]
    return len(getattr(case, "grants", {})) + len(taken_back)


def accounted_for(book: Book, facts: list[EventModel]) -> None:
    """Every rupiah is somewhere, and nothing was granted twice."""
    assert balanced(book)
    in_clearing = sum(
        posting.amount
        for event in book.decisions
        for posting in getattr(event, "postings", ())
        if posting.account.startswith("clearing:")
    )
    assert in_clearing == received(facts)
    granted = Counter(event.case for event in book.decisions if isinstance(event, GRANTS))
    assert granted == +Counter({key: grants_of(case) for key, case in book.desk.cases.items()})
    held = {item.suspense_id for item in book.suspense().values() if item.amount is not None}
    waiting = [hold for case in book.desk.cases.values() for hold in getattr(case, "holds", {}).values()]
    assert held == {hold.suspense_id for hold in waiting if hold.amount is not None}
    assert book.parked == [] or {reason for _, reason in book.parked} == {"order_deleted_after_payment"}


@STABLE
@given(facts=histories(), chance=st.randoms(use_true_random=False))
def test_c54_every_order_of_arrival_ends_the_same(facts: list[EventModel], chance: random.Random) -> None:
    everything = [*registrations(), *facts]
    expected = play(everything)
    accounted_for(expected, facts)
    other = play(shuffled(everything, chance), chance)
    accounted_for(other, facts)
    assert other.end_state() == expected.end_state()


def outline(book: Book) -> dict[str, Any]:
    """The end state without saying which of two equal purchases is the duplicate."""
    state = book.end_state()
    rows = state.pop("payments")
    state["payments"] = Counter(
        (r["provider"], r["amount"], r["status"], r["customer_id"], r["held"]) for r in rows
    )
    state["suspense"] = Counter((item.reason, item.amount) for item in book.suspense().values())
    return state


@STABLE
@given(facts=histories(duplicates=True), chance=st.randoms(use_true_random=False))
def test_c64_money_paid_twice_is_counted_twice_and_delivered_once(
    facts: list[EventModel], chance: random.Random
) -> None:
    """Which of two payments for one thing counts as the duplicate depends on which came first; nothing else does."""
    everything = [*registrations(), *facts]
    expected = play(everything)
    accounted_for(expected, facts)
    other = play(shuffled(everything, chance), chance)
    accounted_for(other, facts)
    assert outline(other) == outline(expected)


@STABLE
@given(facts=histories(), chance=st.randoms(use_true_random=False))
def test_time_that_passes_in_between_changes_nothing_in_the_end(
    facts: list[EventModel], chance: random.Random
) -> None:
    """A day at a time between the facts, or all of it at the end: by then the same is in force."""
    everything = shuffled([*registrations(), *facts], chance)
    slow, fast = Book(catalog=club()), Book(catalog=club())
    for fact in everything:
        slow.give(fact).wait(hours=1)
    fast.give(*everything)
    ahead = slow.now.replace(year=slow.now.year + 1)
    for book in (slow, fast):
        while book.now < ahead:
            book.wait(days=20)
    assert slow.end_state()["tiers"] == fast.end_state()["tiers"]
    assert slow.end_state()["ledger"] == fast.end_state()["ledger"]
