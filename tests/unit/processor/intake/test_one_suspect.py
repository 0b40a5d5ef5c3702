"""Suspicious messages of several queues: one at a time, and whoever is innocent comes first often enough."""

from __future__ import annotations

import asyncio
from itertools import permutations

import pytest

from processor.intake.one_suspect import OneSuspect, SuspectTurn
from processor.intake.suspects import HOPELESS, SUSPICIOUS
from runtime.amqp.consumer import Incoming
from tests.unit.processor.intake.envelopes import envelope, message

QUEUES = 20


@pytest.mark.parametrize(("deadly", "good"), list(permutations((0, 1, 7, QUEUES - 1, QUEUES + 3), 2)))
def test_before_anything_is_hopeless_each_queue_has_been_first(deadly: int, good: int) -> None:
    """Both were delivered equally often, because a worker dies with both. Queues that are left over have numbers beyond."""
    shared = OneSuspect(QUEUES)
    before = [
        count
        for count in range(SUSPICIOUS, HOPELESS)
        if shared.wait_of(good, count) < shared.wait_of(deadly, count)
    ]
    assert before


async def test_only_one_is_looked_into_until_it_is_certain_what_became_of_it() -> None:
    shared = OneSuspect(2, step_seconds=0.0)
    first, second = shared.of(0), shared.of(1)
    suspicious = message(envelope(), count=SUSPICIOUS)
    await first.begin(suspicious)
    other = asyncio.create_task(second.begin(suspicious))
    await _turns()
    assert not other.done()
    first.end()
    first.end()
    await other
    second.end()
    assert not shared.lock.locked()


async def test_what_is_parked_unread_waits_for_nobody() -> None:
    shared = OneSuspect(2, step_seconds=600.0)
    await shared.of(1).begin(message(envelope(), count=HOPELESS))
    assert not shared.lock.locked()


async def test_the_order_of_turns_holds_whoever_asks_first() -> None:
    shared = OneSuspect(3, step_seconds=0.01)
    order: list[int] = []

    async def ask(number: int, turn: SuspectTurn, delivery: Incoming) -> None:
        await turn.begin(delivery)
        order.append(number)
        turn.end()

    even = message(envelope(), count=SUSPICIOUS + 1)
    await asyncio.gather(*(ask(number, shared.of(number), even) for number in range(3)))
    assert order == [2, 1, 0]


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)
