"""Cases and customers are a fold of the log, facts and decisions, over random histories with persons' words, time that passes and changed catalogues."""

from __future__ import annotations

import itertools
import random
import uuid
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from eventstore.append import NewEvent
from eventstore.read import StoredEvent
from processor.cases.case import SubscriptionCase
from processor.cases.state import State
from processor.fulfilment.desk import Desk
from processor.fulfilment.following import Following
from processor.fulfilment.work import Work
from schemas import decisions as d
from schemas import streams
from schemas.event_model import EventModel
from schemas.events import encode
from schemas.facts import ProductHint, SuspenseClaimed, SuspenseClaimWithdrawn, SuspenseWrittenOff
from tests.unit.processor.cases.facts import at, capture, charge, cycle, licence, package, refund
from tests.unit.processor.policies.histories import PEOPLE, histories, subscribed
from tests.unit.processor.policies.ledgerbook import NOON, Book, club, strict_club
from tests.unit.processor.policies.test_any_order import STABLE, history
from tests.unit.processor.tables import Tables, run

PRODUCTS = (None, "credit", "klub-a", "klub-b", "chat-10")


def spoken(book: Book, chance: random.Random) -> Iterator[EventModel]:
    """What an operator may say of something that is held, or take back of what they said."""
    held = sorted(book.suspense().values(), key=lambda item: item.suspense_id)
    claims = [
        (key, case.key) for case in book.payment_cases.values() for key in sorted(case.facts.claims) if key
    ]
    if held and chance.random() < 0.5:
        item = chance.choice(held)
        about = {"suspense_id": item.suspense_id, "case": item.case, "actor": "sari", "reason": "asked"}
        customer, product = chance.choice(sorted(PEOPLE)), chance.choice(PRODUCTS)
        claim = SuspenseClaimed(**about, customer_id=customer, product=product)
        yield chance.choice([claim, claim, SuspenseWrittenOff(**about)])
    if claims and chance.random() < 0.3:
        item_id, case = chance.choice(claims)
        yield SuspenseClaimWithdrawn(suspense_id=item_id, case=case, actor="sari", reason="wrong person")


def lived(facts: list[EventModel], chance: random.Random) -> Book:
    """Rounds of any size, between which persons speak, time passes and the catalogue changes."""
    shop = chance.choice([club, strict_club])
    book = Book(catalog=shop())
    book.change_catalog(shop())
    while facts:
        size = chance.choice([1, 1, 2, 5, 20])
        book.give_together(*facts[:size])
        facts = facts[size:]
        book.give(*spoken(book, chance))
        if chance.random() < 0.2:
            book.wait(days=chance.choice([1, 40]))
        if chance.random() < 0.1:
            book.change_catalog(without(chance.choice(["klub-a", "chat-10", ""])))
    return book


def without(product: str) -> Any:
    catalog = club()
    return catalog.model_copy(
        update={
            "version": f"without {product}",
            "products": tuple(one for one in catalog.products if one.id != product),
        }
    )


def log_of(book: Book, chance: random.Random) -> Iterator[StoredEvent]:
    """Facts come in while others are decided on, so their decisions may stand behind them."""
    numbers = itertools.count(1)
    waiting: list[NewEvent] = []
    for facts, decisions in book.rounds:
        if facts and chance.random() < 0.7:
            yield from (stored(one.event, next(numbers), one.stream) for one in waiting)
            waiting = []
        for one in facts:
            yield stored(one.fact, one.position, streams.CATALOG)
        yield from (stored(one.event, next(numbers), one.stream) for one in waiting)
        waiting = list(decisions)
    yield from (stored(one.event, next(numbers), one.stream) for one in waiting)


def stored(event: EventModel, position: int, stream: streams.StreamName) -> StoredEvent:
    return StoredEvent(
        position, uuid.UUID(int=0), stream, 1, event.TYPE, event.VERSION, encode(event), "{}", NOON
    )


def folded(log: list[StoredEvent], chance: random.Random, now: Any) -> Tables:
    """Page by page, with everything in tables in between, as `lunas fulfilment rebuild` does it."""
    tables, following = Tables(), Following(now)
    connection: Any = tables
    while log:
        size = chance.choice([1, 3, 50])
        desk: Desk = run(following.page(connection, log[:size]))
        work = Work(desk, now, following.catalog, False, {}, decided=dict(desk.dirty))
        tables.save(work)
        log = log[size:]
    return tables


def same(live: Tables, built: Tables) -> None:
    """Everything but what operators were shown, which is in no decision, and what cases wait for, which follows from the rest."""
    assert built.customers == live.customers
    assert built.cases.keys() == live.cases.keys()
    books = Book(tables=live).cases, Book(tables=built).cases
    for key, case in books[0].items():
        assert known(books[1][key].facts) == known(case.facts)
        assert known(books[1][key].record) == known(case.record)


def known(state: State) -> dict[str, Any]:
    return {name: getattr(state, name) for name in state.__struct_fields__ if name != "told"}


def bought_and_announced() -> list[EventModel]:
    """Plans that are bought, announced under two names or none, and bought again; money that goes back; money of nobody."""
    names = [(ProductHint(kind="tier", value=name),) for name in ("klub-a", "klub-b")]
    back: dict[str, Any] = {"provider": "mayar", "group_id": None}
    return [
        package("klub-a", "trx-1"),
        package("klub-b", "trx-2", occurred_at=at(days=3)),
        package("klub-a", "trx-3", occurred_at=at(days=5)),
        package("klub-a", "trx-4", payer_email="nobody@contoh.id"),
        refund("rfd-1", 75_000, "trx-1", **back),
        refund("rfd-3", 75_000, "trx-3", **back),
        refund("rfd-4", 75_000, "trx-4", **back),
        licence("activated", at(days=30), products=names[0]),
        licence("renewed", at(days=60), products=names[1], occurred_at=at(days=-3)),
        licence("activated", at(days=20), "LCN-2", products=(), occurred_at=at(days=2)),
        capture("py-1", payer_email="nobody@contoh.id"),
    ]


PLANS = st.lists(st.sampled_from(bought_and_announced()), min_size=2, max_size=14)


@settings(STABLE, max_examples=150)
@given(facts=PLANS | subscribed("0") | histories(), chance=st.randoms(use_true_random=False))
def test_law_4_cases_and_customers_are_a_fold_of_facts_and_decisions(
    facts: list[EventModel], chance: random.Random
) -> None:
    book = lived(history(facts, chance), chance)
    same(book.tables, folded(list(log_of(book, chance)), chance, book.now))


def test_what_a_payment_gives_the_plans_of_its_customer_is_said_in_its_assessment() -> None:
    book = Book(catalog=club()).customer("c-1", "ratna@contoh.id").give(package("klub-a", "trx-1"))
    purchases = book.record("c-1").purchases
    assert list(purchases) == ["klub-a"]
    told = book.of(d.PaymentAssessed)[-1].given["c-1"]
    assert {name: one for name, (_, one) in told.purchases.items()} == purchases["klub-a"]


def test_what_a_membership_is_called_is_said_with_its_state() -> None:
    named = (ProductHint(kind="tier", value="klub-a"),)
    book = (
        Book(catalog=club())
        .customer("c-1", "ratna@contoh.id")
        .give(licence("activated", at(days=30), products=named))
    )
    (known,) = book.record("c-1").memberships.values()
    said = book.subscription("c-1")
    assert (
        (said.began, said.named, list(said.called))
        == (known.began, True, ["klub-a"])
        == (known.began, known.named, known.plans)
    )


class OneByOne(random.Random):
    """Of every list the first: pages of one event."""

    def choice(self, seq: Any) -> Any:
        return seq[0]


def test_a_claim_of_a_charge_reaches_its_subscription_on_whatever_page_of_the_log_it_stands() -> None:
    book = Book(catalog=club()).give(cycle(1, at(), payer_email=None), charge(1, at(), payer_email=None))
    book.customer("c-1", "ratna@contoh.id").claim("c-1", reason="customer_missing")
    (plan,) = (case for case in book.cases.values() if isinstance(case, SubscriptionCase))
    assert plan.facts.claim is not None
    same(book.tables, folded(list(log_of(book, OneByOne())), OneByOne(), book.now))


class Late(OneByOne):
    """What was decided on some facts stands behind the next ones in the log."""

    def random(self) -> float:
        return 1.0


def test_a_claim_that_came_while_it_was_decided_whose_a_subscription_is_did_not_make_it_theirs() -> None:
    known = Book(catalog=club()).customer("c-1", "ratna@contoh.id")
    book = known.give_together(cycle(1, at(), amount=700_000), charge(1, at(), amount=700_000))
    assert book.reasons() == ["awaiting_confirmation"]
    book.claim("c-1")
    (plan,) = (case for case in book.cases.values() if isinstance(case, SubscriptionCase))
    assert (plan.owner, plan.record.by_claim) == ("c-1", 0)
    same(book.tables, folded(list(log_of(book, Late())), OneByOne(), book.now))


def test_a_claim_that_was_taken_back_before_its_decisions_were_in_the_log_pins_nothing_there_either() -> None:
    nameless = {"payer_email": None}
    book = Book(catalog=club()).customer("c-1", "ratna@contoh.id").customer("c-2", "budi@contoh.id")
    book.give(cycle(1, at(), **nameless), charge(1, at(), **nameless))
    item = book.held("customer_missing")
    book.claim("c-1", reason="customer_missing")
    (plan,) = (case for case in book.cases.values() if isinstance(case, SubscriptionCase))
    assert plan.facts.claim is not None
    assert plan.record.by_claim == plan.facts.claim.position
    book.unclaim(item)
    same(book.tables, folded(list(log_of(book, Late())), OneByOne(), book.now))


def test_a_claim_reaches_a_subscription_that_only_a_fact_of_the_same_round_tells_of() -> None:
    nameless = charge(1, at(), payer_email=None, products=(), subscription_key=None)
    book = (
        Book(catalog=club())
        .customer("c-1", "ratna@contoh.id")
        .give(cycle(1, at(), payer_email=None), nameless)
    )
    item = book.held()
    word = SuspenseClaimed(
        suspense_id=item.suspense_id, case=item.case, customer_id="c-1", actor="sari", reason="asked"
    )
    book.give_together(charge(1, at(), payer_email=None), word)
    (plan,) = (case for case in book.cases.values() if isinstance(case, SubscriptionCase))
    assert plan.owner == "c-1"
