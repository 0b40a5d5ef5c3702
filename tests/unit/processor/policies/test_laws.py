"""The laws of the engine, over random histories: the decisions lead exactly to the outcome, a second run says nothing, nothing else is changed."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.cases.case import PaymentCase, SubscriptionCase
from processor.cases.payment import PaymentFacts
from processor.cases.payment_record import PaymentRecord
from processor.cases.recording import apply
from processor.cases.reports import PayerReports
from processor.cases.state import State
from processor.cases.subscription_record import SubscriptionRecord
from processor.cases.world import World
from processor.fulfilment.desk import Desk
from processor.grants.difference import difference
from processor.grants.subscriptions import subscription_difference
from processor.policies.payment import payment_outcome
from processor.policies.subscription import subscription_outcome
from schemas.decision_model import Decision
from schemas.event_model import EventModel
from schemas.events import decode, encode
from tests.unit.processor.cases.facts import at, capture, order, paid
from tests.unit.processor.policies.histories import histories, registrations, subscribed
from tests.unit.processor.policies.ledgerbook import Book, club
from tests.unit.processor.policies.test_any_order import STABLE, history, play, shuffled


def world_of(book: Book) -> World:
    """As the next decision would find it."""
    customers = {name: book.record(name) for name in book.tables.customers}
    emails: dict[str, list[str]] = {}
    for record in customers.values():
        emails.setdefault(record.email or "", []).append(record.customer_id)
    owners = {key: case.owner for key, case in book.cases.items() if not isinstance(case, PaymentCase)}
    return World(book.catalog, book.now, customers, emails, owners)


def settled(book: Book) -> Iterator[tuple[PaymentFacts, PaymentRecord]]:
    for case in book.payment_cases.values():
        yield case.facts, case.record


@STABLE
@given(facts=histories(), chance=st.randoms(use_true_random=False))
def test_law_1_applying_the_difference_to_any_record_gives_the_outcome(
    facts: list[EventModel], chance: random.Random
) -> None:
    """From nothing said, and from what an earlier part of the history had led to."""
    book = play(history(facts, chance), chance)
    half = play(history(facts[: len(facts) // 2], chance), chance).payment_cases
    world = world_of(book)
    for now, record in settled(book):
        before = half.get(now.key)
        for start in (PaymentRecord(), before.record if before else PaymentRecord(), record):
            outcome = payment_outcome(now, start, world)
            followed = PaymentRecord.from_json(start.to_json())
            for decided in difference(now, start, outcome, world):
                if isinstance(decided.event, Decision):
                    apply(followed, decided.event)
            assert followed.parts == dict(outcome.parts)
            assert followed.untold == []


def subscriptions(book: Book) -> list[SubscriptionCase]:
    return [case for case in book.cases.values() if isinstance(case, SubscriptionCase)]


@STABLE
@given(facts=subscribed("0") | histories(), chance=st.randoms(use_true_random=False))
def test_law_1_and_2_of_a_subscription_from_any_record(
    facts: list[EventModel], chance: random.Random
) -> None:
    """From nothing said, and from what an earlier part of the history had led to: to the outcome, and then nothing more."""
    book = play(history(facts, chance), chance)
    half = {case.key: case for case in subscriptions(play(history(facts[: len(facts) // 2], chance), chance))}
    world = world_of(book)
    for case in subscriptions(book):
        before = half.get(case.key)
        for start in (SubscriptionRecord(), before.record if before else SubscriptionRecord(), case.record):
            followed = SubscriptionRecord.from_json(start.to_json())
            outcome = subscription_outcome(case.facts, start, world)
            for decided in subscription_difference(case.facts, start, outcome, world):
                if isinstance(decided.event, Decision):
                    followed.apply(case.key, decided.event)
            assert followed.held == (outcome.held.reason if outcome.held else None)
            if outcome.view is None:
                assert (followed.said, followed.owner) == (start.said, start.owner)
            else:
                assert followed.view == outcome.view.amended(called=())
                assert followed.owner == outcome.view.customer_id
            again = subscription_outcome(case.facts, followed, world)
            assert list(subscription_difference(case.facts, followed, again, world)) == []


@STABLE
@given(facts=histories(), chance=st.randoms(use_true_random=False))
def test_law_2_a_second_run_says_nothing(facts: list[EventModel], chance: random.Random) -> None:
    book = play(history(facts, chance), chance)
    told = len(book.decisions)
    stored = dict(book.tables.cases)
    book.look_again()
    assert book.decisions[told:] == []
    assert {key: row.owner for key, row in book.tables.cases.items()} == {
        key: row.owner for key, row in stored.items()
    }
    assert set(book.tables.customers) == set(registered(book))


@STABLE
@given(facts=subscribed("0") | histories(), chance=st.randoms(use_true_random=False))
def test_every_decision_is_what_validation_makes_of_it(
    facts: list[EventModel], chance: random.Random
) -> None:
    """Decisions are built without it where that takes long; neither their types nor how they are written may differ."""
    for event in play(history(facts, chance), chance).decisions:
        checked = type(event).model_validate(dict(event), strict=True)
        assert checked == event
        assert repr(checked) == repr(event)
        assert encode(checked) == encode(event) == encode(decode(event.TYPE, event.VERSION, encode(event)))


def registered(book: Book) -> list[str]:
    return [fact.customer_id for fact in registrations() if fact.customer_id in book.tables.customers]  # type: ignore[attr-defined]


@STABLE
@given(facts=histories(), chance=st.randoms(use_true_random=False))
def test_outcome_and_difference_change_nothing_they_are_given(
    facts: list[EventModel], chance: random.Random
) -> None:
    book = play(history(facts, chance), chance)
    world = world_of(book)
    customers = {name: one.to_json() for name, one in world.customers.items()}
    for case in subscriptions(book):
        unchanged = case.to_json()
        for start in (case.record, SubscriptionRecord()):
            outcome = subscription_outcome(case.facts, start, world)
            list(subscription_difference(case.facts, start, outcome, world))
        assert case.to_json() == unchanged
    for now, record in settled(book):
        before = (now.to_json(), record.to_json())
        difference(now, record, payment_outcome(now, record, world), world)
        difference(now, PaymentRecord(), payment_outcome(now, PaymentRecord(), world), world)
        assert (now.to_json(), record.to_json()) == before
    assert {name: one.to_json() for name, one in world.customers.items()} == customers


@STABLE
@given(facts=subscribed("0") | histories(), chance=st.randoms(use_true_random=False))
def test_law_3_what_facts_say_does_not_depend_on_their_order(
    facts: list[EventModel], chance: random.Random
) -> None:
    def merged(arrival: list[EventModel]) -> list[object]:
        desk = Desk()
        for fact in arrival:
            desk.case_of(fact).observe(fact, 1)
        return sorted(str(comparable(case.facts)) for case in desk.cases.values())

    assert merged(shuffled(facts, chance)) == merged(facts)


def comparable(facts: State) -> dict[str, object]:
    """Everything but the case's own name, which is that of its first fact."""
    named = ("key", "payment_key", "group_id")
    said = {name: getattr(facts, name) for name in facts.__struct_fields__ if name not in named}
    return {name: ordered(value) for name, value in said.items()}


def ordered(value: object) -> object:
    if isinstance(value, dict):
        return sorted((key, str(ordered(one))) for key, one in value.items())
    if isinstance(value, PayerReports):
        return [ordered(getattr(value, name)) for name in value.__struct_fields__]
    return sorted(map(str, value)) if isinstance(value, set | list) else value


@pytest.mark.parametrize("together", [True, False])
def test_only_what_differs_is_withdrawn(together: bool) -> None:
    """Of an order with two courses one of which the customer has from an earlier order by now."""
    book = Book(catalog=club()).customer("c-1", "ratna@contoh.id")
    later = [
        order([("variant_kelas_python", 1, 100_000), ("variant_chat", 1, 50_000)], key="o-2"),
        paid(key="o-2", occurred_at=at(9)),
    ]
    earlier = [order(key="o-1"), paid(key="o-1", occurred_at=at(1)), capture()]
    (book.give_together if together else book.give)(*later)
    book.give(*earlier)
    withdrawn = [type(one).__name__ for one in book.decisions if "Withdrawn" in type(one).__name__]
    assert (withdrawn, book.chat("c-1")) == (["CourseWithdrawn"], 10)
    assert book.holders("c-1") == {"kelas-python": "scalev:o-1"}
