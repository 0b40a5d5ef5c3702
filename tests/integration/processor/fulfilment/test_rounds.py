"""Fulfilment against a real log: the same policies as in the unit ring, with loading, saving, races and restarts."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eventstore.append import NewEvent, append, lock_log
from eventstore.read import head, read_after
from processor.fulfilment import rounds as fulfilment_module
from processor.fulfilment import work as work_module
from processor.fulfilment.catalog_source import publish_catalog
from processor.fulfilment.rounds import CONSUMER, Fulfilment
from processor.fulfilment.work import PolicyFailed
from runtime.database import Pool
from schemas import decisions as d
from schemas import facts as f
from schemas.decision_model import Decision
from schemas.errors import StoreUnavailable, WrongExpectedVersion
from schemas.event_model import EventModel
from schemas.request_facts import CheckoutFact
from schemas.settlement_facts import SettlementStated
from tests.unit.processor.cases.facts import at, capture, charge, cycle, order, paid, refund, request_fact
from tests.unit.processor.policies.ledgerbook import Book, shipped_catalog


async def write(pool: Pool, *facts: EventModel) -> int:
    """Append facts the way intake and the API do; returns the last position."""
    async with pool.acquire() as connection, connection.transaction():
        await lock_log(connection)
        events = [
            NewEvent(stream_of(fact), fact, {"correlation_id": "c", "delivery_id": None}) for fact in facts
        ]
        return (await append(connection, events)).last


def stream_of(fact: Any) -> str:
    if isinstance(fact, f.CustomerRegistered):
        return f"customer-{fact.customer_id}"
    if isinstance(fact, CheckoutFact):
        return f"request-{fact.request_id}"
    if isinstance(fact, f.SuspenseFact):
        return f"suspense-{fact.suspense_id}"
    if isinstance(fact, f.SubscriptionReported):
        return f"subscription-{fact.provider}-{fact.subscription_key}"
    if isinstance(fact, f.PaymentFact | f.RefundFact | f.DisputeFact):
        return f"payment-{fact.provider}-{fact.payment_key}"
    if isinstance(fact, SettlementStated):
        return f"settlement-{fact.statement}"
    return f"order-{fact.provider}-{fact.order_key}"


async def settle(pool: Pool, limit: int = 100) -> None:
    """Rounds by a fresh worker until nothing is left."""
    worker = Fulfilment(pool, limit=limit)
    while (await worker.round(timers=True)).more:
        pass


async def decided(pool: Pool) -> Book:
    """What the log's decisions add up to."""
    book = Book()
    async with pool.acquire() as connection:
        for event in await read_after(connection, 0, None, 10_000):
            model = event.decoded()
            if isinstance(model, Decision):
                book.decisions.append(model)
                book.streams.append(event.stream)
    return book


@pytest.fixture
async def log(pool: Pool) -> Pool:
    await publish_catalog(pool, shipped_catalog())
    return pool


def ratna() -> f.CustomerRegistered:
    return f.CustomerRegistered(customer_id="c1", email="Ratna@Contoh.id ")


async def test_a_capture_becomes_credit_and_a_tier(log: Pool) -> None:
    await write(log, ratna(), capture())
    await settle(log)
    book = await decided(log)
    assert book.credit("c1") == 500_000
    assert book.tier("c1") == "bpp"
    assert book.payment().status == "succeeded"


async def test_every_order_of_arrival_ends_the_same_across_rounds(log: Pool) -> None:
    # The database's clock says whether a plan still runs, so this one began the day before yesterday.
    began = datetime.now(UTC) - timedelta(days=2)
    history: list[EventModel] = [
        ratna(),
        request_fact(f.PaymentPending, occurred_at=at(-20)),
        capture(),
        request_fact(f.PaymentExpired, occurred_at=at(30)),
        order(),
        paid(),
        charge(1, began),
        cycle(1, began, "activated"),
    ]
    expected = Book(now=datetime.now(UTC)).give(*history).end_state()
    shuffled = history[:]
    random.Random(7).shuffle(shuffled)
    for fact in [*shuffled, *shuffled[:3]]:
        await write(log, fact)
        await settle(log, limit=1)
    book = await decided(log)
    ledger = book.end_state()["ledger"]
    assert ledger == expected["ledger"]
    assert book.courses("c1") == {"kelas-python"}
    assert book.tier("c1") == "pro"
    assert book.reasons() == []


@pytest.mark.parametrize("seed", range(4))
async def test_c54_news_of_earlier_times_counts_across_rounds_whenever_it_comes(log: Pool, seed: int) -> None:
    """Cases ask each other, join and decide anew, each with what another round stored."""
    history: list[EventModel] = [
        ratna(),
        f.CustomerRegistered(customer_id="c2", email="budi@contoh.id"),
        *(order(key=f"o-{n}") for n in (1, 2, 3)),
        *(paid(key=f"o-{n}", occurred_at=at(n)) for n in (1, 2, 3)),
        f.OrderCancelled(provider="scalev", order_key="o-1", as_of=at(-5)),
        refund("rfd-o", 50_000, None, provider="scalev", payment_key="o-2", group_id=None),
        capture("py-1", None),
        request_fact(f.PaymentSucceeded, amount=50_000, occurred_at=at(3)),
        capture("py-1", "pr-1"),
        capture("py-2", "pr-1", occurred_at=at(-2)),
        request_fact(f.PaymentPending, "pr-9", customer_ref="c2", occurred_at=at(-9)),
        capture("py-9", "pr-9", amount=30_000),
        refund("rfd-9", 10_000, "py-9", group_id="pr-9"),
    ]
    expected = Book(now=datetime.now(UTC)).give(*history).end_state()
    random.Random(seed).shuffle(history)
    for fact in [*history, *history[:5]]:
        await write(log, fact)
        await settle(log, limit=1)
    state = (await decided(log)).end_state()
    for what in ("ledger", "read", "payments", "suspense"):
        assert state[what] == expected[what]
    assert expected["read"]["enrollments"][0].count("'o-2'") == 2


async def test_held_money_goes_to_the_customer_who_registers_later(log: Pool) -> None:
    await write(log, capture())
    await settle(log)
    assert (await decided(log)).reasons() == ["customer_unknown"]
    await write(log, ratna())
    await settle(log)
    book = await decided(log)
    assert (book.credit("c1"), book.reasons()) == (500_000, [])


async def test_a_product_that_is_added_later_releases_what_waited_for_it(pool: Pool) -> None:
    bare = shipped_catalog().model_copy(update={"products": ()})
    await publish_catalog(pool, bare)
    await write(pool, ratna(), order(), paid())
    await settle(pool)
    assert (await decided(pool)).reasons() == ["unmapped_product"]
    assert await publish_catalog(pool, shipped_catalog())
    assert not await publish_catalog(pool, shipped_catalog())
    await settle(pool)
    book = await decided(pool)
    assert (book.courses("c1"), book.reasons()) == ({"kelas-python"}, [])


async def test_a_claim_by_an_operator_grants_to_the_named_customer(log: Pool) -> None:
    await write(log, capture(payer_email=None))
    await settle(log)
    (held,) = (await decided(log)).suspense().values()
    assert held.reason == "customer_missing"
    claim = f.SuspenseClaimed(
        suspense_id=held.suspense_id, case=held.case, customer_id="c1", actor="sri", reason="called us"
    )
    await write(log, ratna(), claim)
    await settle(log)
    book = await decided(log)
    assert (book.credit("c1"), book.reasons()) == (500_000, [])


async def test_c103_a_subscription_ends_by_the_clock_without_any_event(log: Pool) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=40)
    await write(log, ratna(), charge(1, long_ago), cycle(1, long_ago, "activated"))
    await settle(log)
    row = (await decided(log)).subscription("c1")
    assert row.status == "expired"
    async with log.acquire() as connection:
        assert (
            await connection.fetchval("SELECT count(*) FROM fulfilment_cases WHERE due_at IS NOT NULL") == 0
        )


async def test_decisions_name_the_fact_that_caused_them(log: Pool) -> None:
    await write(log, ratna(), capture())
    await settle(log)
    async with log.acquire() as connection:
        events = await read_after(connection, 0, None, 100)
    fact = next(event for event in events if event.type == "payment.succeeded")
    granted = next(event for event in events if event.type == "credit.granted")
    assert granted.context() == {
        "correlation_id": "c",  # of the fact, which came with no delivery
        "causation_id": str(fact.event_id),
        "catalog_version": shipped_catalog().version,
    }
    assert granted.stream == "customer-c1"


async def test_two_fulfilment_workers_never_decide_twice(log: Pool) -> None:
    customers = [f.CustomerRegistered(customer_id=f"c{n}", email=f"c{n}@contoh.id") for n in range(20)]
    payments = [capture(f"py-{n}", f"pr-{n}", payer_email=f"c{n % 20}@contoh.id") for n in range(200)]
    await write(log, *customers, *payments)

    async def race() -> None:
        worker = Fulfilment(log, limit=7)
        while True:
            try:
                if not (await worker.round()).more:
                    return
            except (StoreUnavailable, WrongExpectedVersion):
                await asyncio.sleep(0)

    await asyncio.gather(*(race() for _ in range(3)))
    book = await decided(log)
    assert sum(book.credit(f"c{n}") for n in range(20)) == 200 * 500_000
    assert len(book.of(d.CreditGranted)) == 200


async def test_a_stale_worker_is_stopped_by_the_checkpoint(
    log: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(log, ratna(), capture())
    zombie, leader = Fulfilment(log, limit=100), Fulfilment(log, limit=100)
    decide = fulfilment_module.decide_all

    async def overtaken(*args: Any) -> None:
        monkeypatch.setattr(fulfilment_module, "decide_all", decide)
        await decide(*args)
        await leader.round()

    monkeypatch.setattr(fulfilment_module, "decide_all", overtaken)
    with pytest.raises((StoreUnavailable, WrongExpectedVersion)):
        await zombie.round()
    book = await decided(log)
    assert book.credit("c1") == 500_000


async def test_c50_a_customer_who_changes_meanwhile_makes_the_round_start_again(
    log: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(log, ratna(), capture())
    decide = fulfilment_module.decide_all

    async def changed(*args: Any) -> None:
        monkeypatch.setattr(fulfilment_module, "decide_all", decide)
        await decide(*args)
        await write(log, f.CustomerRegistered(customer_id="c1", email="new@contoh.id"))

    monkeypatch.setattr(fulfilment_module, "decide_all", changed)
    worker = Fulfilment(log, limit=100)
    with pytest.raises(WrongExpectedVersion):
        await worker.round()
    assert (await decided(log)).decisions == []
    await worker.round()
    assert (await decided(log)).reasons() == ["customer_unknown"]


async def test_a_policy_bug_leaves_its_case_and_the_others_go_on(
    log: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide = work_module.decide

    def broken(case: Any, world: Any, customers: Any) -> Any:
        if case.key == "xendit:pr-bad":
            raise ZeroDivisionError
        return decide(case, world, customers)

    monkeypatch.setattr(work_module, "decide", broken)
    bad = request_fact(f.PaymentSucceeded, "pr-bad", amount=25_000)
    await write(log, ratna(), bad, capture())
    worker = Fulfilment(log, limit=100)
    with pytest.raises(PolicyFailed) as failed:
        await worker.round()
    worker.leave_out(failed.value)
    await worker.round()
    assert (await decided(log)).credit("c1") == 500_000
    async with log.acquire() as connection:
        row = await connection.fetchrow("SELECT stage, reason, status, place FROM dead_letters")
        assert (row["stage"], row["reason"], row["status"]) == ("fulfil", "policy_failed", "open")
        assert row["place"] == "ZeroDivisionError in broken"
    monkeypatch.setattr(work_module, "decide", decide)
    await Fulfilment(log, limit=100).round()
    assert (await decided(log)).credit("c1") == 750_000


async def test_c77_a_refund_above_the_payment_is_parked_and_changes_nothing(log: Pool) -> None:
    await write(log, ratna(), capture(), refund(amount=60_000))
    await settle(log)
    await settle(log)
    assert (await decided(log)).credit("c1") == 500_000
    async with log.acquire() as connection:
        assert await connection.fetchval("SELECT reason FROM dead_letters") == "refund_exceeds_payment"


async def test_an_idle_round_writes_nothing(log: Pool) -> None:
    await settle(log)
    async with log.acquire() as connection:
        before = await head(connection)
        await settle(log)
        assert await head(connection) == before
        assert (
            await connection.fetchval("SELECT position FROM checkpoints WHERE consumer = $1", CONSUMER)
            == before
        )
