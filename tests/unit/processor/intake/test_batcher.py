"""Natural batching, without a broker: what has arrived is the next batch."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from processor.intake.batcher import Arrival, Batcher
from processor.intake.hands import Hands
from processor.intake.suspects import HOPELESS, SUSPICIOUS, TOGETHER, is_suspicious, together, window
from runtime.amqp.consumer import Incoming
from schemas.envelope import SUSPECT_HEADER, unpack
from tests.unit.processor.intake.envelopes import envelope, interpreter, message


class _Source:
    def __init__(self) -> None:
        self.queue: asyncio.Queue[Incoming] = asyncio.Queue()
        self.taken = 0

    async def take(self, limit: int, *, fill_seconds: float = 0.0) -> list[Incoming]:
        taken = [await self.queue.get()]
        while len(taken) < limit and not self.queue.empty():
            taken.append(self.queue.get_nowait())
        self.taken += len(taken)
        return taken

    def put(self, *sizes: int) -> None:
        """Messages of so many deliveries each, numbered on."""
        for size in sizes:
            number = self.queue.qsize() + self.taken + 1
            self.queue.put_nowait(message(*(envelope() for _ in range(size)), number=number))


def _arrival(delivery: Incoming) -> Arrival:
    return Arrival(delivery, [interpreter().prepare(one) for one in unpack(delivery.body)])


@asynccontextmanager
async def _running(
    source: _Source,
    limit: int,
    prepare: Callable[[Incoming], Arrival] | None = None,
    hands: Hands | None = None,
) -> AsyncIterator[Batcher]:
    batcher = Batcher(source, prepare or _arrival, limit=limit, fill_seconds=0, hands=hands)
    task = asyncio.create_task(batcher.run())
    try:
        yield batcher
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def _numbers(batch: list[Arrival]) -> list[int]:
    return [arrival.delivery.tag.number for arrival in batch]


async def test_a_single_message_is_a_batch_at_once() -> None:
    source = _Source()
    async with _running(source, limit=10) as batcher:
        source.put(1)
        batch = await asyncio.wait_for(batcher.next(), 60)
    assert _numbers(batch) == [1]


async def test_what_arrives_during_a_transaction_is_the_next_batch_in_order() -> None:
    source = _Source()
    async with _running(source, limit=10) as batcher:
        source.put(1)
        first = await batcher.next()
        source.put(1, 1, 1)
        await _settled()
        second = await batcher.next()
    assert (_numbers(first), _numbers(second)) == ([1], [2, 3, 4])


async def test_a_batch_counts_deliveries_and_never_splits_a_message() -> None:
    source = _Source()
    async with _running(source, limit=5) as batcher:
        source.put(3, 2, 3, 9, 1)
        await _settled()
        batches = [_numbers(await batcher.next()) for _ in range(4)]
    assert batches == [[1, 2], [3], [4], [5]]


async def test_no_more_is_interpreted_ahead_than_one_batch() -> None:
    source, interpreted = _Source(), []

    def prepare(delivery: Incoming) -> Arrival:
        interpreted.append(delivery.tag.number)
        return _arrival(delivery)

    async with _running(source, limit=3, prepare=prepare) as batcher:
        source.put(*[1] * 9)
        await _settled()
        assert interpreted == [1, 2, 3]
        await batcher.next()
        await _settled()
        assert interpreted == [1, 2, 3, 4, 5, 6]


async def test_nothing_is_looked_into_while_a_suspicious_message_is_in_hand() -> None:
    source, hands, interpreted = _Source(), Hands(), []

    def prepare(delivery: Incoming) -> Arrival:
        interpreted.append(delivery.tag.number)
        return _arrival(delivery)

    async with _running(source, limit=10, prepare=prepare, hands=hands) as batcher:
        async with hands.alone():
            source.put(1, 1)
            await _settled()
            assert interpreted == []
        assert _numbers(await batcher.next()) == [1, 2]


def test_c27_suspicion_grows_with_deliveries_that_had_no_outcome() -> None:
    counts = [0, SUSPICIOUS - 1, SUSPICIOUS, HOPELESS]
    messages = [message(envelope(), count=count) for count in counts]
    assert [is_suspicious(one) for one in messages] == [False, False, True, True]


def test_what_the_broker_gave_up_is_suspicious_from_the_start() -> None:
    assert is_suspicious(dataclasses.replace(message(envelope()), headers={SUSPECT_HEADER: True}))


def test_the_window_opens_only_after_unsuspicious_messages() -> None:
    calm, suspicious = message(envelope()), message(envelope(), count=SUSPICIOUS)
    assert window([calm, calm], 600) == 600
    assert window([calm, suspicious], 600) == TOGETHER
    assert window([suspicious], 2) == 2


def test_suspicious_messages_that_nobody_died_with_are_worked_on_together_and_others_alone() -> None:
    assert together("abcdef", [0, 0, 1, 0, 2, 3]) == [["a", "b"], ["c"], ["d"], ["e"], ["f"]]
    assert together("abc", [1, 0, 0]) == [["a"], ["b", "c"]]
    many = list(range(2 * TOGETHER + 1))
    assert [len(group) for group in together(many, [0] * len(many))] == [TOGETHER, TOGETHER, 1]
    assert together([], []) == []
