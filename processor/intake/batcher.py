"""Natural batching: whatever has arrived while the last transaction committed is the next batch.

At low load a batch is one message and nobody waits for a second one; under load batches fill by themselves.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from processor.intake.hands import Hands
from processor.intake.interpreter import Prepared
from processor.intake.letters import Letter
from runtime.amqp.consumer import Incoming
from schemas.envelope import Envelope

BREATH = 10  # messages; interpreting is CPU work, and the transaction of the batch before wants its turns


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message: its deliveries, ready to be stored, and what of it could not be read.

    A suspicious one is nothing but its message until its turn has come (`processor.intake.hands`). `scatter`: when it holds several deliveries,
    each gets a message of its own before anybody looks into it.
    """

    delivery: Incoming
    prepared: Sequence[Prepared]
    unreadable: Sequence[Letter] = ()
    scatter: Sequence[Envelope] = ()


class Source(Protocol):
    """Where messages come from, such as `runtime.amqp.broker.Consumer`."""

    async def take(self, limit: int, *, fill_seconds: float = 0.0) -> list[Incoming]: ...


class Batcher:
    """Interprets messages while the batch before them is being committed, and hands them out in order.

    `limit`: deliveries in a batch; one message may hold several and is never split. `fill_seconds`: wait for more, normally 0. `hands`: nothing
    is looked into while a suspicious message of whatever queue is in them.
    """

    def __init__(
        self,
        source: Source,
        prepare: Callable[[Incoming], Arrival],
        *,
        limit: int,
        fill_seconds: float,
        hands: Hands | None = None,
    ) -> None:
        self._source = source
        self._prepare = prepare
        self._limit = limit
        self._fill_seconds = fill_seconds
        self._hands = hands or Hands()
        self._waiting: deque[Arrival] = deque()
        self._size = 0
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()

    async def run(self) -> None:
        """Takes and interprets messages for ever."""
        while True:
            deliveries = await self._source.take(self._limit, fill_seconds=self._fill_seconds)
            for number, delivery in enumerate(deliveries, 1):
                while self._size >= self._limit:
                    self._room.clear()
                    await self._room.wait()
                if self._hands.taken:
                    await self._hands.free()
                self._add(self._prepare(delivery))
                if number % BREATH == 0:
                    await asyncio.sleep(0)

    async def next(self) -> list[Arrival]:
        """The next batch; waits for its first message only."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        batch = [self._pop()]
        size = _size(batch[0])
        while self._waiting and size + _size(self._waiting[0]) <= self._limit:
            batch.append(self._pop())
            size += _size(batch[-1])
        self._room.set()
        return batch

    def _add(self, arrival: Arrival) -> None:
        self._waiting.append(arrival)
        self._size += _size(arrival)
        self._arrived.set()

    def _pop(self) -> Arrival:
        arrival = self._waiting.popleft()
        self._size -= _size(arrival)
        return arrival


def _size(arrival: Arrival) -> int:
    return max(1, len(arrival.prepared))
