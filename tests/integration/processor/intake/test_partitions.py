"""Several partitions: order within one payment, turns, crashes, and another number of them."""

from __future__ import annotations

import json
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aio_pika
import asyncpg
import pytest

from eventstore.append import LOG_LOCK
from processor.intake.retry import Detours
from providers.registry import PROVIDERS
from runtime.amqp.broker import Broker, Message
from runtime.database import Pool
from runtime.settings import Settings
from schemas.envelope import CONTENT_TYPE, Envelope, pack
from schemas.topology import WEBHOOKS, own_queues, queue_name, retry_name, routing_key, staying, work_queues
from tests.integration.processor.intake.taking_in import waiting
from tests.integration.processor.intake.test_crashes import Worker
from tests.integration.processor.running import LONG_TIERS, is_empty, publishing, working
from tests.unit.processor.intake.envelopes import capture, envelope
from tests.waiting import until

PARTITIONS = 4
PAYMENTS = 60
STEPS = ("payment.pending", "payment.capture", "payment_request.expiry", "refund.succeeded")


@pytest.fixture
def chosen(settings: Callable[..., Settings], database_url: str, broker_url: str) -> Settings:
    return settings(
        database_url=database_url,
        broker_url=broker_url,
        broker_partitions=PARTITIONS,
        processor_batch_max=20,
    )


@pytest.fixture
def worker(chosen: Settings, tmp_path: Path) -> Worker:
    more = {
        "LUNAS_BROKER_PARTITIONS": str(PARTITIONS),
        "LUNAS_PROCESSOR_BATCH_MAX": str(chosen.processor_batch_max),
    }
    return Worker(chosen, tmp_path / "worker.log", more)


def told(step: str, payment: int) -> Envelope:
    """One step of one payment's life; each names the payment in its own way."""
    document = json.loads(capture(f"py-{payment}"))
    document["event"] = step
    data = document["data"]
    if step == "payment.pending":
        data["status"] = "PENDING"
    elif step == "payment_request.expiry":
        data["status"] = "EXPIRED"
        del data["payment_id"]
        data["id"] = data.pop("payment_request_id")
    elif step == "refund.succeeded":
        document["data"] = {"data": {"id": f"rfd-{payment}", "payment_request_id": data["payment_request_id"],
                                     "status": "SUCCEEDED", "amount": "1000", "currency": "IDR"}}  # fmt: skip
    return envelope(json.dumps(document).encode())


def lives() -> list[Envelope]:
    """All payments step by step, as they would arrive: first steps of all, then second steps."""
    return [told(step, payment) for step in STEPS for payment in range(PAYMENTS)]


def partition_of(one: Envelope, partitions: int = PARTITIONS) -> int:
    """As ingress chooses it: among the provider's own."""
    return PROVIDERS[one.provider].partition(one.body, partitions) + own_queues(partitions)[one.provider]


async def send(broker: Broker, envelopes: Sequence[Envelope], partitions: int = PARTITIONS) -> None:
    """Publish as ingress does: each in the partition of its key."""
    for one in envelopes:
        await send_to(broker, partition_of(one, partitions), [one])


async def send_to(
    broker: Broker, partition: int, envelopes: Sequence[Envelope], exchange: str = WEBHOOKS
) -> None:
    message = Message(exchange, routing_key(partition), pack(envelopes), CONTENT_TYPE)
    await broker.publisher.publish(message, deadline=60.0)


@asynccontextmanager
async def holding(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of somebody else."""
    connection = await asyncpg.connect(database_url)
    try:
        yield connection
    finally:
        await connection.close()


async def stored(pool: Pool, number: int) -> None:
    async def look() -> bool:
        return bool(await pool.fetchval("SELECT count(*) FROM deliveries") >= number)

    await until(look)


async def in_log_order(pool: Pool) -> list[str]:
    """Delivery ids as their receipts stand in the log."""
    rows = await pool.fetch("SELECT delivery_id::text FROM deliveries ORDER BY position")
    return [row["delivery_id"] for row in rows]


async def assert_order_and_once(pool: Pool, sent: Sequence[Envelope]) -> None:
    """Every delivery is stored once, and those of one payment in the order they were sent in."""
    found = await in_log_order(pool)
    assert sorted(found) == sorted(one.delivery_id for one in sent)
    by_payment: dict[int, list[str]] = defaultdict(list)
    payment_of = {one.delivery_id: number % PAYMENTS for number, one in enumerate(sent)}
    for delivery_id in found:
        by_payment[payment_of[delivery_id]].append(delivery_id)
    for payment, ids in by_payment.items():
        assert ids == [one.delivery_id for one in sent[payment::PAYMENTS]]


async def assert_nothing_waits(settings: Settings) -> None:
    """Every work queue is empty and acknowledged; a consumer that comes now gets nothing."""
    async with publishing(settings) as broker:
        numbers = range(work_queues(PARTITIONS))
        assert [await is_empty(broker, number) for number in numbers] == [True for _ in numbers]


def test_the_lives_of_payments_fill_every_partition() -> None:
    parts = {partition_of(one) for one in lives()}
    assert parts == {number + own_queues(PARTITIONS)["xendit"] for number in range(PARTITIONS)}
    assert all(len({partition_of(told(step, payment)) for step in STEPS}) == 1 for payment in range(PAYMENTS))


@pytest.mark.parametrize("point", ["intake.prepare:40", "intake.before_commit:3", "intake.before_ack:3"])
async def test_a_killed_worker_loses_and_doubles_nothing_and_keeps_the_order_of_each_payment(
    chosen: Settings, worker: Worker, pool: Pool, point: str
) -> None:
    sent = lives()
    async with publishing(chosen) as broker:
        await send(broker, sent)
    assert await worker.dies(point) == -signal.SIGKILL
    assert await pool.fetchval("SELECT count(*) FROM deliveries") < len(sent)
    async with worker.running():
        await stored(pool, len(sent))
    await assert_order_and_once(pool, sent)
    await assert_nothing_waits(chosen)


async def test_two_processors_share_the_partitions_and_one_takes_over_from_the_other(
    chosen: Settings, worker: Worker, pool: Pool
) -> None:
    """A queue has one active consumer, whoever it is; when its process dies, the other one's turn comes by itself."""
    sent = lives()
    async with publishing(chosen) as broker, AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(worker.running())
        doomed = await stack.enter_async_context(worker.running("intake.before_ack:3"))
        await send(broker, sent[: len(sent) // 2])
        await stored(pool, len(sent) // 2)
        doomed.kill()
        await send(broker, sent[len(sent) // 2 :])
        await stored(pool, len(sent))
    found = await in_log_order(pool)
    assert sorted(found) == sorted(one.delivery_id for one in sent)
    facts = await pool.fetchval("SELECT count(*) FROM events WHERE stream LIKE 'payment-%'")
    assert facts == len(sent)
    await assert_nothing_waits(chosen)


async def test_a_backlog_in_one_partition_does_not_keep_another_waiting(
    chosen: Settings, pool: Pool, broker_url: str, database_url: str
) -> None:
    patient = chosen.model_copy(update={"database_lock_timeout_ms": 600_000})
    first = envelope(capture("py-first"))
    backlog = [envelope(capture(f"py-b{number}")) for number in range(1500)]
    few = [envelope(capture(f"py-f{number}")) for number in range(30)]
    async with publishing(patient) as broker, working(patient), holding(database_url) as holder:
        await send_to(broker, 0, [first])
        await stored(pool, 1)
        # Nobody can store until both have begun, however long a broker takes with its second consumer.
        await holder.execute("SELECT pg_advisory_lock($1)", LOG_LOCK)
        for start in range(0, len(backlog), 10):
            await send_to(broker, 0, backlog[start : start + 10])
        for one in few:
            await send_to(broker, 1, [one])

        async def begun() -> bool:
            return await waiting(broker_url, queue_name(1)) < len(few)

        await until(begun)
        await holder.execute("SELECT pg_advisory_unlock($1)", LOG_LOCK)
        await stored(pool, 1 + len(backlog) + len(few))
    places = {delivery_id: place for place, delivery_id in enumerate(await in_log_order(pool))}
    last = max(places[one.delivery_id] for one in few)
    # One after another it would be place 1529; in turns, batch for batch, the few are through after as many batches of the backlog.
    assert last < len(backlog) // 2


@pytest.mark.parametrize("kept", [PARTITIONS, 1])
async def test_a_retry_brings_a_delivery_back_to_its_own_partition_or_to_one_that_stays(
    chosen: Settings, pool: Pool, database_url: str, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    went: list[tuple[int, str]] = []
    later = Detours.later

    async def watching(
        self: Detours, one: Envelope, attempt: int, reason: str, errors: Sequence[str]
    ) -> float | None:
        went.append((self.partition, one.delivery_id))
        return await later(self, one, attempt, reason, errors)

    monkeypatch.setattr(Detours, "later", watching)
    busy = chosen.model_copy(
        update={
            "database_lock_timeout_ms": 30,
            "broker_retry_delays_seconds": LONG_TIERS,
            "processor_retry_attempts": len(LONG_TIERS),
        }
    )
    fewer = busy.model_copy(update={"broker_partitions": kept})
    first, *sent = [envelope(capture(f"py-{number}")) for number in range(9)]
    async with publishing(busy) as broker, working(fewer), holding(database_url) as holder:
        await send(broker, [first])
        await stored(pool, 1)
        await holder.execute("SELECT pg_advisory_lock($1)", LOG_LOCK)
        await send(broker, sent)

        async def all_went() -> bool:
            return {one.delivery_id for one in sent} <= {delivery_id for _, delivery_id in went}

        await until(all_went)
        await holder.execute("SELECT pg_advisory_unlock($1)", LOG_LOCK)
        await stored(pool, 9)
    homes = {one.delivery_id: staying(partition_of(one), kept) for one in sent}
    assert all(homes[delivery_id] == partition for partition, delivery_id in went)
    assert len({partition for partition, _ in went}) == min(kept, PARTITIONS)
    assert await pool.fetchval("SELECT count(*) FROM deliveries WHERE status = 'processed'") == 9


async def test_fewer_partitions_lose_nothing_that_waits_in_the_others_or_in_a_retry_tier(
    chosen: Settings, pool: Pool
) -> None:
    """4 → 1: the queues that are left over are emptied, and what comes back to them from a tier too."""
    quick = chosen.model_copy(update={"broker_retry_delays_seconds": (2.0,)})
    sent = lives()
    retried = envelope(capture("py-retried"))
    async with publishing(quick) as broker:
        await send(broker, sent)
        await send_to(broker, 3, [retried], retry_name(2.0))
    async with working(quick.model_copy(update={"broker_partitions": 1})):
        await stored(pool, len(sent) + 1)
    assert await pool.fetchval("SELECT count(*) FROM deliveries WHERE status = 'processed'") == len(sent) + 1
    await assert_nothing_waits(quick)


async def test_more_partitions_lose_nothing_that_waits_in_the_first(chosen: Settings, pool: Pool) -> None:
    """1 → 4: what was in the only queue is worked off beside what comes to the new ones."""
    one = chosen.model_copy(update={"broker_partitions": 1})
    sent = lives()
    async with publishing(one) as broker:
        await send(broker, sent[:120], partitions=1)
    async with publishing(chosen) as broker, working(chosen):
        await send(broker, sent[120:])
        await stored(pool, len(sent))
    assert sorted(await in_log_order(pool)) == sorted(delivery.delivery_id for delivery in sent)
    await assert_nothing_waits(chosen)


async def test_a_left_over_queue_may_be_deleted_while_the_processor_runs(
    chosen: Settings, pool: Pool, broker_url: str
) -> None:
    one = chosen.model_copy(update={"broker_partitions": 1, "broker_reconnect_seconds": 0.05})
    async with publishing(chosen) as broker:
        await send_to(broker, work_queues(PARTITIONS) - 1, [envelope(capture("py-left"))])
    async with publishing(one) as broker, working(one):
        await stored(pool, 1)
        async with await aio_pika.connect(broker_url) as admin:
            channel = await admin.channel()
            for number in reversed(range(work_queues(1), work_queues(PARTITIONS))):
                await channel.queue_delete(queue_name(number), if_empty=False)
        await send_to(broker, 0, [envelope(capture("py-after"))])
        await stored(pool, 2)
