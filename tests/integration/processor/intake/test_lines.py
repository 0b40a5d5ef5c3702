"""A failed delivery parks what it is about and nothing else; what comes later of the same waits in order, and is taken in once."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from eventstore.queries import load
from processor.intake.drainer import Drainer
from processor.intake.instruments import Instruments
from processor.intake.interpreter import Interpreter
from processor.intake.interpreter import parked as unread
from processor.intake.store import Store
from processor.intake.suspects import HOPELESS
from runtime.database import Pool
from runtime.settings import Settings
from schemas.envelope import RECONCILED, Envelope
from schemas.errors import StoreUnavailable
from tests.integration.processor.intake.taking_in import facts, rows, store_of, take_in
from tests.integration.processor.intake.test_letters import letters, refund, replay
from tests.unit.processor.intake.envelopes import capture, envelope, interpreter

POISON = capture("py-1", "fifty")  # an amount that is none


def drainer_of(store: Store, **settings: Any) -> Drainer:
    registry = CollectorRegistry()
    return Drainer(store, Settings(**settings), Instruments(registry, 5.0), registry)


async def drain(pool: Pool, chosen: Interpreter | None = None, **settings: Any) -> None:
    drainer = drainer_of(store_of(pool, chosen), **settings)
    while await drainer.step():
        pass


async def waiting(pool: Pool) -> list[uuid.UUID]:
    return [
        row["delivery_id"]
        for row in await rows(pool, "SELECT delivery_id FROM waiting_deliveries ORDER BY place")
    ]


async def parked(pool: Pool) -> dict[str, int]:
    return {
        row["stream"]: row["waiting"]
        for row in await rows(pool, "SELECT stream, waiting FROM parked_streams")
    }


def delivery(sent: Envelope) -> uuid.UUID:
    return uuid.UUID(sent.delivery_id)


async def discard(pool: Pool) -> None:
    await pool.execute("UPDATE dead_letters SET status = 'discarded' WHERE status = 'open'")


@pytest.mark.parametrize("together", [True, False], ids=["one batch", "batches of one"])
async def test_a_failed_delivery_holds_up_its_own_payment_and_no_other(pool: Pool, together: bool) -> None:
    store, ours, theirs = store_of(pool), envelope(capture("py-1")), envelope(capture("py-2"))
    back = envelope(refund(20_000))
    batch = (envelope(POISON), ours, theirs, back)
    if together:
        assert await take_in(store, *batch) == ["parked", "processed", "parked", "parked"]
    else:
        assert [(await take_in(store, one))[0] for one in batch] == [
            "parked",
            "parked",
            "processed",
            "parked",
        ]
    assert await facts(pool) == ["payment.succeeded"]
    assert await waiting(pool) == [delivery(ours), delivery(back)]
    assert await parked(pool) == {"xendit:pr-py-1": 2}
    said = await rows(pool, "SELECT reason FROM deliveries WHERE delivery_id = $1", delivery(ours))
    assert said == [{"reason": "waits_behind"}]
    assert await pool.fetchval("SELECT count(*) FROM inbox") == 1, "what waits has claimed no key"


async def test_when_the_head_goes_through_the_line_is_taken_in_in_order_and_once(pool: Pool) -> None:
    store = store_of(pool)
    sent = [
        envelope(POISON),
        envelope(capture("py-1")),
        envelope(refund(20_000)),
        envelope(refund(5_000, refund_id="rfd-2")),
    ]
    await take_in(store, *sent)
    await drain(pool)
    assert await facts(pool) == [], "nothing moves while the letter is open"
    (letter,) = await letters(pool)
    await discard(pool)
    await drain(pool, parked_drain_max=2)
    assert await facts(pool) == ["payment.succeeded", "refund.succeeded", "refund.succeeded"]
    assert await waiting(pool) == []
    assert await parked(pool) == {}
    again = await rows(pool, "SELECT replay_of FROM deliveries WHERE replay_of IS NOT NULL ORDER BY position")
    assert [row["replay_of"] for row in again] == [delivery(one) for one in sent[1:]]
    await drain(pool)
    assert await take_in(store, *sent[1:3]) == [], "the broker brings what was stored"
    assert await take_in(store, envelope(capture("py-1")), envelope(refund(20_000))) == [
        "duplicate",
        "duplicate",
    ]
    assert len(await facts(pool)) == 3
    assert letter["stream"] == "xendit:pr-py-1"


async def test_a_replay_of_the_head_that_goes_through_lets_the_line_go_on(pool: Pool) -> None:
    head, store = envelope(capture("py-1")), store_of(pool)
    await store.store([unread(interpreter().prepare(head), "translate", "translator_failed")])
    assert await take_in(store, envelope(refund(20_000))) == ["parked"]
    (letter,) = await letters(pool)
    assert await replay(pool, letter) == ["processed"]
    await drain(pool)
    assert await facts(pool) == ["payment.succeeded", "refund.succeeded"]
    assert await parked(pool) == {}


async def test_the_same_bytes_are_another_try_of_the_head_and_do_not_wait(pool: Pool) -> None:
    store = store_of(pool)
    await take_in(store, envelope(POISON))
    assert await take_in(store, envelope(POISON), envelope(POISON)) == ["parked", "parked"]
    (letter,) = await letters(pool)
    assert letter["deliveries"] == 3
    assert await waiting(pool) == []


async def test_what_fails_when_its_turn_has_come_is_the_new_head(pool: Pool) -> None:
    store, other = store_of(pool), envelope(capture("py-1", -5))
    last = envelope(refund(20_000))
    await take_in(store, envelope(POISON), envelope(capture("py-1")), other, last)
    assert len(await letters(pool)) == 1, "what waits is looked at when its turn comes"
    await discard(pool)
    await drain(pool)
    assert await facts(pool) == ["payment.succeeded"]
    assert await waiting(pool) == [delivery(last)]
    assert await parked(pool) == {"xendit:pr-py-1": 1}
    assert [letter["status"] for letter in await letters(pool)] == ["discarded", "open"]
    await discard(pool)
    await drain(pool)
    assert await facts(pool) == ["payment.succeeded", "refund.succeeded"]


async def test_of_two_letters_that_hold_a_stream_up_both_must_be_dealt_with(pool: Pool) -> None:
    await take_in(store_of(pool), envelope(POISON), envelope(capture("py-1", -5)), envelope(capture("py-1")))
    await discard(pool)
    await drain(pool)
    assert await facts(pool) == []
    await discard(pool)
    await drain(pool)
    assert await facts(pool) == ["payment.succeeded"]


async def test_a_letter_that_no_longer_holds_leaves_the_line_alone_and_stays_open(pool: Pool) -> None:
    store = store_of(pool)
    await take_in(store, envelope(POISON), envelope(capture("py-1")))
    await pool.execute("UPDATE dead_letters SET holds = false")
    await drain(pool)
    assert await facts(pool) == ["payment.succeeded"]
    assert await take_in(store, envelope(POISON), envelope(refund(20_000))) == ["parked", "parked"]
    await drain(pool)
    assert await facts(pool) == ["payment.succeeded", "refund.succeeded"]
    (letter,) = await letters(pool)
    assert letter["status"] == "open"
    assert letter["deliveries"] == 2


@pytest.mark.parametrize(
    "first",
    [
        pytest.param((envelope(b"{"),), id="nobody can read it"),
        pytest.param((envelope(capture("py-1", 1)),), id="it says something else under a known key"),
    ],
)
async def test_what_has_no_stream_or_contradicts_holds_nothing_up(
    pool: Pool, first: tuple[Envelope, ...]
) -> None:
    store = store_of(pool)
    await take_in(store, envelope(capture("py-1")))
    await take_in(store, *first)
    assert len(await letters(pool)) == 1
    assert await take_in(store, envelope(refund(20_000))) == ["processed"]
    assert await parked(pool) == {}


async def test_the_providers_answer_to_our_own_question_does_not_wait(pool: Pool) -> None:
    store = store_of(pool)
    await take_in(store, envelope(POISON))
    assert await take_in(store, envelope(capture("py-1"), scheme=RECONCILED)) == ["processed"]


async def test_what_tells_nothing_does_not_wait(pool: Pool) -> None:
    store = store_of(pool)
    await take_in(store, envelope(POISON))
    unknown = {
        "event": "payment.brand_new",
        "business_id": "biz-1",
        "data": {"payment_request_id": "pr-py-1"},
    }
    assert await take_in(store, envelope(json.dumps(unknown).encode())) == ["no_effect"]


async def test_a_crash_before_the_commit_leaves_the_line_as_it_was(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await take_in(store_of(pool), envelope(POISON), envelope(capture("py-1")), envelope(refund(20_000)))
    await discard(pool)
    with monkeypatch.context() as patched:
        patched.setattr("processor.intake.store.fault_point", _die)
        with pytest.raises(ConnectionResetError):
            await drain(pool)
    assert await facts(pool) == []
    assert len(await waiting(pool)) == 2
    await drain(pool)
    assert await facts(pool) == ["payment.succeeded", "refund.succeeded"]


@pytest.mark.parametrize(("room", "point"), [("drainer", "drain.prepare"), ("store", "drain.after_commit")])
async def test_after_a_crash_at_any_other_point_the_line_is_taken_in_once(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, room: str, point: str
) -> None:
    await take_in(store_of(pool), envelope(POISON), envelope(capture("py-1")), envelope(refund(20_000)))
    await discard(pool)

    def dies(name: str) -> None:
        if name == point:
            raise ConnectionResetError(name)

    with monkeypatch.context() as patched:
        patched.setattr(f"processor.intake.{room}.fault_point", dies)
        with pytest.raises(ConnectionResetError):
            await drain(pool)
    await drain(pool)
    assert await facts(pool) == ["payment.succeeded", "refund.succeeded"]
    assert await waiting(pool) == []


def _die(name: str) -> None:
    if name == "drain.before_commit":
        raise ConnectionResetError(name)


async def test_two_processes_that_drain_the_same_line_take_it_in_once(pool: Pool) -> None:
    await take_in(
        store_of(pool), envelope(POISON), *(envelope(refund(n + 1, refund_id=f"rfd-{n}")) for n in range(12))
    )
    await discard(pool)

    async def work() -> None:
        drainer = drainer_of(store_of(pool), parked_drain_max=3)
        going = True
        while going:
            try:
                going = await drainer.step()
            except StoreUnavailable:
                going = True

    await asyncio.gather(work(), work(), work())
    assert len(await facts(pool)) == 12
    assert await waiting(pool) == []


async def test_a_delivery_that_kills_every_process_that_touches_it_becomes_a_letter_and_the_next_head(
    pool: Pool,
) -> None:
    killer, last = envelope(capture("py-1")), envelope(refund(20_000))
    await take_in(store_of(pool), envelope(POISON), killer, last)
    await discard(pool)
    for _ in range(HOPELESS):  # each took it in hand and was never heard of again
        await _in_hand(pool)
    await drain(pool)
    assert await facts(pool) == []
    newest = (await letters(pool))[-1]
    assert (newest["reason"], newest["stream"], newest["status"]) == ("crash_loop", "xendit:pr-py-1", "open")
    assert await waiting(pool) == [delivery(last)]


async def _in_hand(pool: Pool) -> None:
    await pool.fetch(load("intake.sql", "processor")["their_turn"], "xendit:pr-py-1", 1, uuid.uuid4())


async def test_a_process_that_lives_through_its_failures_counts_once(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await take_in(store_of(pool), envelope(POISON), envelope(capture("py-1")))
    await discard(pool)
    drainer = drainer_of(store_of(pool))
    with monkeypatch.context() as patched:
        patched.setattr("processor.intake.store.fault_point", _die)
        for _ in range(HOPELESS + 2):
            with pytest.raises(ConnectionResetError):
                await drainer.step()
    assert await pool.fetchval("SELECT tries FROM waiting_deliveries") == 1
    assert await drainer.step()
    assert await facts(pool) == ["payment.succeeded"]


async def test_what_cannot_be_stored_when_its_turn_has_come_becomes_a_letter(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await take_in(store_of(pool), envelope(POISON), envelope(capture("py-1")), envelope(refund(20_000)))
    await discard(pool)
    await pool.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE integrity_constraint_violation; END $$"
    )
    await pool.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON inbox FOR EACH ROW WHEN (NEW.dedupe_key LIKE '%capture%') EXECUTE FUNCTION refuse()"
    )
    await drain(pool)
    newest = (await letters(pool))[-1]
    assert (newest["reason"], newest["stream"]) == ("not_storable", "xendit:pr-py-1")
    assert await facts(pool) == []
    assert len(await waiting(pool)) == 1


async def test_the_line_says_how_much_waits_and_for_how_much_money(pool: Pool) -> None:
    await take_in(
        store_of(pool), envelope(POISON), envelope(capture("py-1", 75_000)), envelope(refund(20_000))
    )
    (row,) = await rows(pool, "SELECT waiting, amount_idr, released FROM parked_streams")
    assert row == {"waiting": 2, "amount_idr": 75_000, "released": False}


async def test_with_nobody_in_line_a_stream_goes_on_the_moment_its_letter_is_dealt_with(pool: Pool) -> None:
    store = store_of(pool)
    await take_in(store, envelope(POISON))
    await discard(pool)
    assert await take_in(store, envelope(capture("py-1"))) == ["processed"]
