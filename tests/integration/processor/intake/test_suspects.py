"""Deaths count against what was in hand, and against nothing that merely waited."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

import asyncpg
import pytest

from processor.app import interpreter_of
from processor.intake.interpreter import Interpreter, Prepared
from processor.intake.store import Store
from processor.intake.suspects import DEADLY, HOPELESS, SUSPICIOUS, TOGETHER, UNREADABLE
from runtime.amqp.broker import Broker, Message, open_broker
from runtime.database import Pool
from runtime.settings import Settings
from schemas.envelope import CONTENT_TYPE, Envelope, pack, unpack
from schemas.topology import WEBHOOKS, WORK_DELIVERY_LIMIT, queue_name, routing_key
from tests.integration.processor.intake.taking_in import rows, statuses, store_of, stored
from tests.integration.processor.running import LONG_TIERS, PATIENCE_SECONDS, publishing, send, working
from tests.unit.processor.intake.envelopes import capture, envelope
from tests.waiting import until

QUEUES = 5
DEATHS = 30


@pytest.fixture
def chosen(settings: Callable[..., Settings], database_url: str, broker_url: str) -> Settings:
    return settings(
        database_url=database_url,
        broker_url=broker_url,
        broker_partitions=QUEUES,
        broker_retry_delays_seconds=LONG_TIERS,
        processor_retry_attempts=len(LONG_TIERS),
    )


async def _to(broker: Broker, queue: int, *envelopes: Envelope) -> None:
    for one in envelopes:
        message = Message(WEBHOOKS, routing_key(queue), pack([one]), CONTENT_TYPE)
        await broker.publisher.publish(message, deadline=PATIENCE_SECONDS)


async def _held(settings: Settings, *queues: int, prefetch: int = 1) -> None:
    """What a process that dies does to the first messages of each queue."""
    async with open_broker(settings, "victim") as broker:
        for queue in queues:
            consumer = broker.consumer(queue_name(queue), prefetch=prefetch)
            await consumer.start()
            await until(lambda consumer=consumer: len(consumer) >= prefetch)


async def _died(pool: Pool, message: bytes, times: int) -> None:
    """So many processes had it alone in their hands, and were never heard of again."""
    for _ in range(times):
        await store_of(pool).in_hand([message])


async def _gone(pool: Pool) -> None:
    async def none() -> bool:
        return not await pool.fetchval("SELECT count(*) FROM suspects")

    await until(none)


def _captures(prefix: str, number: int) -> list[Envelope]:
    return [envelope(capture(f"{prefix}-{each}")) for each in range(number)]


async def test_c27_deaths_with_others_in_hand_park_nothing_that_waited_in_its_queue(
    chosen: Settings, pool: Pool
) -> None:
    """More deaths than the broker has patience for: what it takes out comes back."""
    assert DEATHS > WORK_DELIVERY_LIMIT > HOPELESS
    first, behind = _captures("first", QUEUES), _captures("behind", QUEUES)
    async with publishing(chosen) as broker:
        for queue in range(QUEUES):
            await _to(broker, queue, first[queue], behind[queue])
    for _ in range(DEATHS):
        await _held(chosen, *range(QUEUES))
    async with working(chosen):
        await stored(pool, 2 * QUEUES)
        await _gone(pool)
    assert await statuses(pool) == {"processed": 2 * QUEUES}
    assert await rows(pool, "SELECT reason FROM dead_letters") == []


async def test_innocent_suspects_are_worked_on_together_and_as_they_came(
    chosen: Settings, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a restart or two left suspicious is a backlog like any other: it must not take three commits for each message."""
    groups: list[int] = []
    in_hand = Store.in_hand

    async def noting(self: Store, messages: Sequence[bytes]) -> list[int]:
        groups.append(len(messages))
        return await in_hand(self, messages)

    monkeypatch.setattr(Store, "in_hand", noting)
    number = 3 * TOGETHER
    async with publishing(chosen) as broker:
        for each in range(number):
            pair = [envelope(capture(f"py-{each}-{half}")) for half in range(2)]
            await send(broker, *pair, together=True)
    for _ in range(SUSPICIOUS):
        await _held(chosen, 0, prefetch=number)
    async with working(chosen):
        await stored(pool, 2 * number)
        await _gone(pool)
    assert await statuses(pool) == {"processed": 2 * number}
    assert await rows(pool, "SELECT DISTINCT attempts FROM deliveries") == [{"attempts": 0}]
    assert sum(groups) == number
    assert 1 < max(groups) <= TOGETHER


async def test_c27_one_that_processes_died_of_has_its_neighbours_let_through_alone(
    chosen: Settings, pool: Pool
) -> None:
    """Somebody died with all of them in hand: none is parked, whatever was its part, and each has the hands for itself from then on."""
    everything = _captures("py", 2 * TOGETHER)
    async with publishing(chosen) as broker:
        await _to(broker, 0, *everything)
    for _ in range(SUSPICIOUS):
        await _held(chosen, 0, prefetch=len(everything))
    await store_of(pool).in_hand([pack([one]) for one in everything[:TOGETHER]])
    async with working(chosen):
        await stored(pool, len(everything))
        await _gone(pool)
    assert await statuses(pool) == {"processed": len(everything)}


async def test_what_the_broker_took_out_comes_back_however_often(chosen: Settings, pool: Pool) -> None:
    one = envelope()
    async with publishing(chosen) as broker:
        await _to(broker, 3, one)
    for _ in range(WORK_DELIVERY_LIMIT + 1):
        await _held(chosen, 3)
    async with working(chosen):
        await stored(pool, 1)
    (delivery,) = await rows(pool, "SELECT body, status, queue FROM deliveries")
    assert delivery == {"body": one.body, "status": "processed", "queue": queue_name(3)}


async def test_c27_what_processes_died_of_alone_is_parked_unread(
    chosen: Settings, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[bytes] = []

    class Noting(Interpreter):
        def prepare(self, envelope: Envelope) -> Prepared:
            read.append(envelope.body)
            return super().prepare(envelope)

    real = interpreter_of(chosen)
    monkeypatch.setattr("processor.app.interpreter_of", lambda _: Noting(real.providers, {}, False))
    deadly, neighbour, innocent = _captures("py", 3)
    async with publishing(chosen) as broker:
        await _to(broker, 0, deadly, neighbour)
        await _to(broker, 1, innocent)
    for _ in range(SUSPICIOUS):
        await _held(chosen, 0, 1)
    await _died(pool, pack([deadly]), DEADLY + 1)  # the last of them is found dead by the next
    await _died(pool, pack([innocent]), DEADLY - 1)
    async with working(chosen):
        await stored(pool, 3)
        await _gone(pool)
    assert await statuses(pool) == {"processed": 2, "parked": 1}
    assert sorted(read) == sorted([neighbour.body, innocent.body])
    (letter,) = await rows(
        pool, "SELECT delivery_id::text, stage, reason, detail, attempts FROM dead_letters"
    )
    assert letter.pop("detail").startswith(f"{DEADLY + 1} processes")
    assert letter == {
        "delivery_id": deadly.delivery_id,
        "stage": "broker",
        "reason": "crash_loop",
        "attempts": DEADLY + 1,
    }


async def test_what_even_kills_whoever_takes_it_apart_is_parked_as_it_is(
    chosen: Settings, pool: Pool
) -> None:
    group = _captures("py", 3)
    async with publishing(chosen) as broker:
        await send(broker, *group, together=True)
    for _ in range(SUSPICIOUS):
        await _held(chosen, 0)
    await _died(pool, pack(group), UNREADABLE)
    async with working(chosen):
        await stored(pool, 1, "dead_letters")
        await _gone(pool)
    (letter,) = await rows(pool, "SELECT delivery_id, reason, message FROM dead_letters")
    assert (letter["delivery_id"], letter["reason"], unpack(letter["message"])) == (None, "crash_loop", group)


async def test_a_mark_that_is_lost_loses_nothing(chosen: Settings, pool: Pool) -> None:
    one = envelope()
    async with publishing(chosen) as broker:
        await _to(broker, 0, one)
    for _ in range(SUSPICIOUS):
        await _held(chosen, 0)
    await _died(pool, pack([one]), DEADLY + 1)
    await pool.execute("DELETE FROM suspects")
    async with working(chosen):
        await stored(pool, 1)
    assert await statuses(pool) == {"processed": 1}


async def test_who_stops_in_order_died_of_nothing(pool: Pool) -> None:
    message = uuid.uuid4().bytes
    for _ in range(DEADLY + 1):
        store = store_of(pool)
        assert await store.in_hand([message]) == [0]
        assert await store.in_hand([message]) == [0]  # its connection broke, and it got it again
        await store.put_down([message])
    await _died(pool, message, 1)
    dead = store_of(pool)
    assert await dead.deaths([message]) == await dead.in_hand([message]) == [1]
    await store_of(pool).put_down([message])  # somebody else's hands
    other = store_of(pool)
    assert await other.deaths([message]) == await other.in_hand([message]) == [2]
    await dead.let_go([message])
    assert await store_of(pool).deaths([message]) == [0]


async def test_what_came_twice_in_the_same_bytes_has_one_mark(pool: Pool) -> None:
    one, two = uuid.uuid4().bytes, uuid.uuid4().bytes
    assert await store_of(pool).in_hand([one, two, one]) == [0, 0, 0]
    assert await store_of(pool).in_hand([two, one, one]) == [1, 1, 1]


async def test_a_database_that_takes_no_mark_makes_nobody_suspect(
    chosen: Settings, pool: Pool, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes come and go while it hangs. Nobody looks into the message, and nothing is held against it."""
    tried = 0
    deaths = Store.deaths

    async def counting(self: Store, messages: Sequence[bytes]) -> list[int]:
        nonlocal tried
        tried += 1
        return await deaths(self, messages)

    monkeypatch.setattr(Store, "deaths", counting)
    async with publishing(chosen) as broker:
        await _to(broker, 0, envelope())
    for _ in range(SUSPICIOUS):
        await _held(chosen, 0)
    holder = await asyncpg.connect(database_url)
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE suspects IN ACCESS EXCLUSIVE MODE")
            for number in range(1, 3):
                async with working(chosen.model_copy(update={"processor_drain_budget_seconds": 0.1})):
                    await until(lambda number=number: tried >= number)
            assert await pool.fetchval("SELECT count(*) FROM deliveries") == 0
    finally:
        await holder.close()
    async with working(chosen):
        await stored(pool, 1)
        await _gone(pool)
    assert await statuses(pool) == {"processed": 1}
