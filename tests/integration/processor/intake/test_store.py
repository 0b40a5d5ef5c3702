"""One transaction per batch, on a real database: dedupe, facts, deliveries, dead letters."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import uuid
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec
import pytest
from msgspec.structs import replace

from eventstore.read import read_after
from processor.intake.interpreter import Interpreter, parked
from processor.intake.store import Store
from providers.registry import PROVIDERS
from runtime.database import Pool
from schemas.envelope import unpack
from schemas.errors import UntranslatableError
from schemas.translation import Effect, Translation
from tests.integration.processor.intake.taking_in import counts, facts, rows, store_of, take_in, unstorable
from tests.standby import standby_away
from tests.unit.processor.intake.envelopes import capture, envelope, interpreter
from tests.waiting import until


async def test_a_delivery_is_stored_byte_for_byte_with_how_it_was_verified(pool: Pool) -> None:
    received_at = datetime.now(UTC) - timedelta(seconds=90)
    sent = envelope(
        received_at=round(received_at.timestamp() * 1_000_000),
        headers={"content-type": "application/json", "user-agent": "odd \udcff"},
    )
    assert await take_in(store_of(pool), sent) == ["processed"]
    (delivery,) = await rows(pool, "SELECT * FROM deliveries")
    assert delivery["body"] == sent.body
    assert delivery["body_sha256"] == hashlib.sha256(sent.body).digest()
    assert json.loads(delivery["headers"]) == sent.headers
    assert delivery["received_at"] == received_at
    assert 90_000 <= delivery["processing_ms"] < 120_000
    assert (delivery["scheme"], delivery["secret_id"]) == (sent.scheme, sent.secret_id)


async def test_the_receipt_comes_first_and_causes_its_facts(pool: Pool) -> None:
    sent = envelope()
    await take_in(store_of(pool), sent)
    async with pool.acquire() as connection:
        receipt, fact = await read_after(connection, 0)
    assert (receipt.type, fact.type) == ("webhook.received", "payment.succeeded")
    day = datetime.fromtimestamp(sent.received_at / 1_000_000, UTC).date()
    assert receipt.stream == f"webhook-xendit-{day}"
    assert receipt.context() == {"delivery_id": sent.delivery_id}
    assert fact.context() == {"causation_id": str(receipt.event_id), "delivery_id": sent.delivery_id}
    (delivery,) = await rows(pool, "SELECT position, status, event_name FROM deliveries")
    assert delivery == {"position": receipt.position, "status": "processed", "event_name": "payment.capture"}


async def test_append_of_a_duplicate_batch_writes_nothing_and_returns_nothing_new(pool: Pool) -> None:
    store = store_of(pool)
    batch = [store.interpreter.prepare(envelope(capture(f"py-{n}"))) for n in range(20)]
    batch += [
        store.interpreter.prepare(envelope(body)) for body in (b"{", b'{"event": "new.one", "data": {}}')
    ]
    assert len(await store.store(batch)) == 22
    before = await counts(pool)
    assert await store.store(batch) == []
    assert await store.store(batch[3:9]) == []
    assert await counts(pool) == before
    # What is new beside it counts, and is no duplicate of itself.
    (new,) = await store.store([*batch, store.interpreter.prepare(envelope(capture("py-new")))])
    assert (new.verdict.status, len(new.verdict.facts)) == ("processed", 1)


async def test_what_is_known_already_is_confirmed_only_when_the_standby_has_it_too(
    pool: Pool, database_url: str
) -> None:
    """The first commit's confirmation was given up: everybody sees it, and only one server has it. A redelivery must wait as the first should have."""
    store = store_of(pool)
    batch = [store.interpreter.prepare(envelope(capture(f"py-{n}"))) for n in range(3)]
    async with standby_away(database_url) as standby:
        first = asyncio.create_task(store.store(batch))
        await until(standby.is_waited_for)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await until(lambda: standby.connection.fetchval("SELECT count(*) = 3 FROM deliveries"))

        again = asyncio.create_task(store.store(batch))

        async def waits_or_is_done() -> bool:
            return again.done() or await standby.is_waited_for()

        await until(waits_or_is_done)
        assert not again.done()
        await standby.back()
        assert await again == []


async def test_c24_one_delivery_in_two_messages_is_stored_once(pool: Pool) -> None:
    sent = envelope()
    assert await take_in(store_of(pool), sent, sent) == ["processed"]
    assert await facts(pool) == ["payment.succeeded"]


async def test_c22_a_provider_that_sends_again_has_one_effect(pool: Pool) -> None:
    """Each request it made is on record; the money counts once."""
    store = store_of(pool)
    first, again = envelope(), envelope(capture(created="2026-07-01T04:00:00Z"))
    assert await take_in(store, first) == ["processed"]
    assert await take_in(store, again) == ["duplicate"]
    assert await facts(pool) == ["payment.succeeded"]
    (row,) = await rows(pool, "SELECT duplicate_of::text FROM deliveries WHERE status = 'duplicate'")
    assert row["duplicate_of"] == first.delivery_id
    assert (await counts(pool))["deliveries"] == 2
    assert (await counts(pool))["dead_letters"] == 0


async def test_c06_a_key_is_known_at_any_age(pool: Pool) -> None:
    store = store_of(pool)
    assert await take_in(store, envelope()) == ["processed"]
    await pool.execute("UPDATE inbox SET recorded_at = recorded_at - interval '7 years'")
    assert await take_in(store, envelope(capture(created="2033-07-01T04:00:00Z"))) == ["duplicate"]
    assert await facts(pool) == ["payment.succeeded"]


async def test_c40_duplicates_at_the_same_moment_from_two_workers_have_one_effect(pool: Pool) -> None:
    store = store_of(pool)
    outcomes = await asyncio.gather(*(take_in(store, envelope()) for _ in range(6)))
    assert sorted(status for (status,) in outcomes) == ["duplicate"] * 5 + ["processed"]
    assert await facts(pool) == ["payment.succeeded"]


async def test_c23_seen_is_committed_with_the_effect_or_not_at_all(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt dies halfway; the second one finds nothing done and does all of it."""
    store, sent = store_of(pool), envelope()

    def dies(name: str) -> None:
        if name == "intake.before_commit":
            raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr("processor.intake.store.fault_point", dies)
        with pytest.raises(ConnectionResetError):
            await take_in(store, sent)
    assert set((await counts(pool)).values()) == {0}
    assert await take_in(store, sent) == ["processed"]
    assert await facts(pool) == ["payment.succeeded"]


async def test_c42_a_key_reused_with_other_content_is_parked_and_both_are_kept(pool: Pool) -> None:
    store = store_of(pool)
    first, other = envelope(capture("py-1", 50_000)), envelope(capture("py-1", 5_000_000))
    assert await take_in(store, first) == ["processed"]
    assert await take_in(store, other) == ["conflict"]
    assert await facts(pool) == ["payment.succeeded"]
    (letter,) = await rows(pool, "SELECT stage, reason, message, status FROM dead_letters")
    assert (letter["stage"], letter["reason"], letter["status"]) == ("append", "conflicting_content", "open")
    assert unpack(letter["message"]) == [other]
    async with pool.acquire() as connection:
        (conflict,) = await read_after(connection, 0, ["webhook.conflicted"])
    assert json.loads(conflict.data)["first_delivery_id"] == first.delivery_id


async def test_a_better_translator_never_makes_old_deliveries_conflict_with_themselves(pool: Pool) -> None:
    """Digests are kept for ever, translators change: both bodies are read by today's before anybody cries conflict."""
    await take_in(store_of(pool), envelope(), envelope(capture("py-2", 70_000)))

    def better(document: object, context: object) -> Translation:
        translation = PROVIDERS["xendit"].translate(document, context)  # type: ignore[arg-type]
        return replace(translation, says=translation.says | {"wallet": "DANA"})

    provider = dataclasses.replace(PROVIDERS["xendit"], translate=better)
    today = store_of(pool, interpreter(providers={"xendit": provider}))
    later = envelope(capture(created="2026-07-02T00:00:00Z"))
    assert await take_in(today, later) == ["duplicate"]
    assert await take_in(today, envelope()) == ["duplicate"]
    assert await take_in(today, envelope(capture("py-2", 80_000))) == ["conflict"]


async def test_a_translation_that_failed_is_parked_and_a_replay_after_the_fix_does_the_work(
    pool: Pool,
) -> None:
    sent = envelope()

    def broken(_document: object, _context: object) -> Translation:
        raise UntranslatableError("status_unknown", "PAID_TWICE")

    provider = dataclasses.replace(PROVIDERS["xendit"], translate=broken)
    assert await take_in(store_of(pool, interpreter(providers={"xendit": provider})), sent) == ["parked"]
    (letter,) = await rows(pool, "SELECT * FROM dead_letters")
    assert (letter["stage"], letter["reason"], letter["detail"]) == (
        "translate",
        "status_unknown",
        "PAID_TWICE",
    )
    (parked_envelope,) = unpack(letter["message"])
    replay = dataclasses.replace(
        parked_envelope, delivery_id=str(uuid.uuid4()), replay_of=sent.delivery_id, actor="ani"
    )
    assert await take_in(store_of(pool), replay) == ["processed"]
    assert await facts(pool) == ["payment.succeeded"]
    (letter,) = await rows(pool, "SELECT status, resolved_by FROM dead_letters")
    assert letter == {"status": "resolved", "resolved_by": "ani"}
    (row,) = await rows(pool, "SELECT replay_of::text FROM deliveries WHERE status = 'processed'")
    assert row["replay_of"] == sent.delivery_id


async def test_c30_a_letter_replayed_twice_has_one_effect(pool: Pool) -> None:
    sent = envelope()
    prepared = parked(interpreter().prepare(sent), "append", "retries_exhausted", "", 5)
    store = store_of(pool)
    await store.store([prepared])
    replays = [
        dataclasses.replace(sent, delivery_id=str(uuid.uuid4()), replay_of=sent.delivery_id, actor=who)
        for who in ("ani", "budi")
    ]
    outcomes = await asyncio.gather(*(take_in(store, replay) for replay in replays))
    assert sorted(status for (status,) in outcomes) == ["duplicate", "processed"]
    assert await facts(pool) == ["payment.succeeded"]


async def test_an_event_learned_later_gets_its_facts_by_replay(pool: Pool) -> None:
    unknown = Translation(Effect.UNKNOWN, "payment.capture", "xendit:payment.capture:same")
    meaning = interpreter().prepare(envelope()).translation
    assert meaning is not None
    known = msgspec.structs.replace(meaning, dedupe_key=unknown.dedupe_key, says={})
    sent = envelope()
    assert await take_in(_saying(pool, unknown), sent) == ["no_effect"]
    replay = dataclasses.replace(sent, delivery_id=str(uuid.uuid4()), replay_of=sent.delivery_id, actor="ani")
    assert await take_in(_saying(pool, known), replay) == ["processed"]
    assert await facts(pool) == ["payment.succeeded"]
    assert await rows(pool, "SELECT effects FROM inbox") == [{"effects": 1}]
    async with pool.acquire() as connection:
        receipt, fact = (event.context() for event in await read_after(connection, 1))
    assert receipt["correlation_id"] == receipt["causation_id"] == fact["correlation_id"] == sent.delivery_id
    assert receipt["delivery_id"] == fact["delivery_id"] == replay.delivery_id
    again = dataclasses.replace(replay, delivery_id=str(uuid.uuid4()))
    assert await take_in(_saying(pool, known), again) == ["duplicate"]
    assert await facts(pool) == ["payment.succeeded"]


async def test_the_same_bytes_that_fail_again_are_one_letter(pool: Pool) -> None:
    store = store_of(pool)
    assert await take_in(store, envelope(b"{"), envelope(b"{"), envelope(b"[")) == ["parked"] * 3
    assert await take_in(store, envelope(b"{")) == ["parked"]
    found = await rows(pool, "SELECT deliveries, status FROM dead_letters ORDER BY deliveries")
    assert found == [{"deliveries": 1, "status": "open"}, {"deliveries": 3, "status": "open"}]
    assert (await counts(pool))["deliveries"] == 4


async def test_a_letter_dealt_with_stays_so_and_the_next_failure_is_a_new_one(pool: Pool) -> None:
    store = store_of(pool)
    await take_in(store, envelope(b"{"))
    await pool.execute("UPDATE dead_letters SET status = 'discarded', resolved_by = 'ani'")
    await take_in(store, envelope(b"{"))
    found = await rows(pool, "SELECT status FROM dead_letters ORDER BY status")
    assert [letter["status"] for letter in found] == ["discarded", "open"]


async def test_a_letter_that_fails_again_while_it_is_replayed_is_open_again(pool: Pool) -> None:
    store = store_of(pool)
    await take_in(store, envelope(b"{"))
    await pool.execute("UPDATE dead_letters SET status = 'replaying', resolved_by = 'ani'")
    await take_in(store, envelope(b"{", actor="ani", replay_of=str(uuid.uuid4())))
    (letter,) = await rows(pool, "SELECT status, resolved_by, deliveries FROM dead_letters")
    assert letter == {"status": "open", "resolved_by": None, "deliveries": 2}


async def test_another_accounts_webhook_goes_to_the_quarantine_and_nowhere_else(pool: Pool) -> None:
    store = store_of(pool, interpreter(accounts={"xendit": "biz-2"}), quarantine_rows=2)
    sent = [envelope(capture(f"py-{n}")) for n in range(3)]
    assert await take_in(store, *sent) == ["quarantined"] * 3
    kept = await rows(pool, "SELECT cause, body FROM quarantine")
    assert [row["cause"] for row in kept] == ["wrong_account"] * 2
    assert {row["body"] for row in kept} < {one.body for one in sent}
    assert await facts(pool) == []
    assert (await counts(pool))["inbox"] == 0
    assert (await counts(pool))["deliveries"] == 3


async def test_c11_tests_are_stored_and_make_no_noise(pool: Pool) -> None:
    body = b'{"event": "testing", "data": {}}'
    assert await take_in(store_of(pool), envelope(body, "mayar"), envelope(body, "mayar")) == ["test", "test"]
    assert await facts(pool) == []
    assert {name: number for name, number in (await counts(pool)).items() if number} == {
        "events": 2,
        "streams": 1,
        "deliveries": 2,
    }


async def test_a_batch_with_something_unstorable_leaves_nothing_and_says_so(pool: Pool) -> None:
    store = store_of(pool)
    good = store.interpreter.prepare(envelope())
    with pytest.raises(asyncpg.ProgramLimitExceededError):
        await store.store([good, unstorable(envelope(capture("py-2")))])
    assert set((await counts(pool)).values()) == {0}


def _saying(pool: Pool, translation: Translation) -> Store:
    provider = dataclasses.replace(PROVIDERS["xendit"], translate=lambda document, context: translation)
    return store_of(pool, Interpreter({"xendit": provider}, {}, False))
