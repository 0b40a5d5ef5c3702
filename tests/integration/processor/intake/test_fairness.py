"""What waits of one provider keeps no other waiting: counted in what is stored of it before what came last of the others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from eventstore.append import LOG_LOCK
from processor.fulfilment import inline
from processor.intake.suspects import HOPELESS, SUSPICIOUS
from providers.registry import PROVIDERS
from runtime.amqp.broker import Broker, Message
from runtime.database import Pool
from runtime.settings import Settings
from schemas.envelope import CONTENT_TYPE, Envelope, pack, unpack
from schemas.topology import APART, WEBHOOKS, own_queues, queue_name, routing_key
from tests.integration.processor.intake.taking_in import waiting
from tests.integration.processor.intake.test_crashes import Worker
from tests.integration.processor.intake.test_partitions import holding, in_log_order
from tests.integration.processor.running import publishing, working
from tests.unit.processor.intake.envelopes import capture, envelope
from tests.waiting import until

FIXTURES = Path(__file__).parents[3] / "fixtures/providers"
FLOOD, GROUP, BATCH = 1200, 25, 50
"""So many of one provider, in messages as ingress makes them in a flood, and so many in one transaction."""
PATIENCE_SECONDS = 600.0
OTHERS = {
    "scalev": "business.test_event.json",
    "mayar": "payment.received.json",
}


@pytest.fixture
def chosen(settings: Callable[..., Settings], database_url: str, broker_url: str) -> Settings:
    return settings(
        database_url=database_url,
        broker_url=broker_url,
        processor_batch_max=BATCH,
        database_lock_timeout_ms=600_000,
    )


def flood_of_xendit(number: int = FLOOD) -> list[Envelope]:
    return [envelope(capture(f"py-b{each}")) for each in range(number)]


def one_of(provider: str) -> Envelope:
    return envelope((FIXTURES / provider / OTHERS[provider]).read_bytes(), provider)


async def send(broker: Broker, envelopes: Sequence[Envelope], offsets: Mapping[str, int]) -> None:
    """In groups, each to the queue that these offsets say."""
    for start in range(0, len(envelopes), GROUP):
        group = envelopes[start : start + GROUP]
        number = offsets.get(group[0].provider, 0)
        message = Message(WEBHOOKS, routing_key(number), pack(group), CONTENT_TYPE)
        await broker.publisher.publish(message, deadline=600.0)


Release = Callable[[], Awaitable[None]]


@asynccontextmanager
async def nothing_stored_yet(
    settings: Settings, pool: Pool, broker_url: str, database_url: str, sent: Mapping[str, int]
) -> AsyncIterator[tuple[Broker, Release]]:
    """A processor that stores nothing until it is released; that waits until it has begun with each queue that so many messages went to."""

    async def begun() -> bool:
        return all([await waiting(broker_url, queue) < messages for queue, messages in sent.items()])

    async def release() -> None:
        await until(begun, PATIENCE_SECONDS)
        await holder.execute("SELECT pg_advisory_unlock($1)", LOG_LOCK)

    async with publishing(settings) as broker, working(settings), holding(database_url) as holder:
        await send(broker, [envelope(capture("py-first"))], {})
        await stored(pool, 1)
        await holder.execute("SELECT pg_advisory_lock($1)", LOG_LOCK)
        yield broker, release


async def stored(pool: Pool, number: int) -> None:
    async def look() -> bool:
        return bool(await pool.fetchval("SELECT count(*) FROM deliveries") >= number)

    await until(look, PATIENCE_SECONDS)


async def places(pool: Pool) -> dict[str, int]:
    return {delivery_id: place for place, delivery_id in enumerate(await in_log_order(pool))}


def test_the_providers_with_queues_of_their_own_are_all_of_ours() -> None:
    """The queues' numbers are made of the order of the names, so it never changes; new ones come at the end."""
    assert APART == ("xendit", "scalev", "mayar")
    assert set(APART) == {name for name, provider in PROVIDERS.items() if provider.webhooks}


@pytest.mark.parametrize("apart", [True, False], ids=["queues of their own", "one queue, as it was"])
async def test_c32_a_backlog_of_one_provider_does_not_keep_the_others_waiting(
    chosen: Settings, pool: Pool, broker_url: str, database_url: str, apart: bool
) -> None:
    offsets = own_queues(1) if apart else {}
    flood, others = flood_of_xendit(), [one_of(provider) for provider in OTHERS]
    read = {queue_name(offsets[provider]): 1 for provider in OTHERS} if apart else {}
    async with nothing_stored_yet(chosen, pool, broker_url, database_url, read) as (broker, release):
        await send(broker, flood, offsets)
        for one in others:
            await send(broker, [one], offsets)
        await release()
        await stored(pool, 1 + FLOOD + len(others))
    found = await places(pool)
    first_of_others = min(found[one.delivery_id] for one in others)
    last_of_others = max(found[one.delivery_id] for one in others)
    if apart:
        # Turn by turn, batch by batch: what was in hand goes first, and after it as many batches of the flood as there are others at most.
        assert last_of_others < FLOOD // 3
    else:
        assert first_of_others == 1 + FLOOD


async def test_c32_two_backlogs_get_the_same_share(
    chosen: Settings, pool: Pool, broker_url: str, database_url: str
) -> None:
    """Whatever is looked at of what was stored while both had something waiting: neither is more than a few batches ahead."""
    offsets, half = own_queues(1), FLOOD // 2
    mayar = [
        envelope(b'{"event":"payment.received","number":%d}' % number, "mayar") for number in range(half)
    ]
    queues = {queue_name(offsets[provider]): half // GROUP for provider in ("xendit", "mayar")}
    async with nothing_stored_yet(chosen, pool, broker_url, database_url, queues) as (broker, release):
        await send(broker, flood_of_xendit(half), offsets)
        await send(broker, mayar, offsets)
        await release()
        await stored(pool, 1 + FLOOD)
    rows = await pool.fetch("SELECT provider FROM deliveries ORDER BY position")
    ahead, most = 0, 0
    for row in rows[1 : 1 + half]:
        ahead += 1 if row["provider"] == "xendit" else -1
        most = max(most, abs(ahead))
    assert most <= 4 * BATCH


async def test_c32_a_provider_keeps_its_order_and_nothing_is_doubled(
    chosen: Settings, pool: Pool, broker_url: str, database_url: str
) -> None:
    offsets, flood = own_queues(1), flood_of_xendit(FLOOD // 3)
    async with nothing_stored_yet(chosen, pool, broker_url, database_url, {}) as (
        broker,
        release,
    ):
        await send(broker, flood, offsets)
        await release()
        await stored(pool, 1 + len(flood))
    assert (await in_log_order(pool))[1:] == [one.delivery_id for one in flood]


@pytest.mark.heavy
@pytest.mark.parametrize("deadly", ["xendit", "mayar"], ids=["read first", "read last"])
async def test_c27_one_that_kills_every_worker_takes_none_of_another_queue_with_it(
    chosen: Settings, pool: Pool, tmp_path: Path, deadly: str
) -> None:
    """A worker that starts has the first of every queue in its hands: what is only beside the one that kills it must not be parked for it."""
    worker, offsets = Worker(chosen, tmp_path / "worker.log"), own_queues(1)
    ready = [one_of(provider) for provider in OTHERS if provider != deadly]
    ready += [] if deadly == "xendit" else [envelope(capture("py-good"))]
    killer = envelope(capture("py-x", description="deadly"))
    async with publishing(chosen) as broker:
        # By its queue; what is in it says whose it is.
        message = Message(WEBHOOKS, routing_key(offsets[deadly]), pack([killer]), CONTENT_TYPE)
        await broker.publisher.publish(message, deadline=600.0)
        for one in ready:
            await send(broker, [one], offsets)
        everything = len(ready) + 1
        deaths = await worker.die_until_stored(pool, everything, HOPELESS + 1)
    assert deaths >= SUSPICIOUS
    parked = await pool.fetch("SELECT reason, message FROM dead_letters")
    assert [(letter["reason"], unpack(letter["message"])) for letter in parked] == [("crash_loop", [killer])]


async def test_c32_what_is_stored_in_its_turn_is_decided_on_in_its_turn(
    chosen: Settings, pool: Pool, broker_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the flood is, what is decided stays near what is stored: intake waits for it."""
    monkeypatch.setattr(inline, "FAR_EVENTS", 4 * BATCH)
    monkeypatch.setattr(inline, "ROUND_SECONDS", 600.0)
    flood = flood_of_xendit()
    paced = chosen.model_copy(update={"fulfilment_batch_max": BATCH})
    async with nothing_stored_yet(paced, pool, broker_url, database_url, {}) as (broker, release):
        await send(broker, flood, own_queues(1))
        await release()

        async def all_decided() -> bool:
            return bool(await pool.fetchval(DECIDED) >= 1 + FLOOD)

        await until(all_decided, PATIENCE_SECONDS)
    facts = {"payment.succeeded": 1, "payment.assessed": -1}
    rows = await pool.fetch("SELECT type FROM events ORDER BY position")
    undecided = [0]
    for row in rows:
        undecided.append(undecided[-1] + facts.get(row["type"], 0))
    assert undecided[-1] == 0
    # Two batches at most when one begins, that one, and a batch or two for whoever was in hand.
    assert max(undecided) <= 6 * BATCH


DECIDED = "SELECT count(*) FROM events WHERE type = 'payment.assessed'"
