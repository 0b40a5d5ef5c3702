"""One suspicious message of a process at a time, whatever the number of its queues.

Each queue hands its first message to a worker that starts, so one that kills workers always has some of other queues beside it, which nobody may hold
against them. They go before it or after it by turns: whatever was only beside it is done long before it counts as hopeless itself.
"""

from __future__ import annotations

import asyncio

from processor.intake.suspects import is_hopeless
from runtime.amqp.consumer import Incoming

STEP_SECONDS = 0.25
"""Between one queue's turn and the next one's: longer than a broker takes to hand out first messages. Only workers that died three times wait it."""


class OneSuspect:
    """What the queues of a process share; `queues`: how many there are."""

    def __init__(self, queues: int, step_seconds: float = STEP_SECONDS) -> None:
        self.lock = asyncio.Lock()
        self._queues = queues
        self._step = step_seconds

    def of(self, number: int) -> SuspectTurn:
        """For the queue of this number."""
        return SuspectTurn(self, number)

    def wait_of(self, number: int, count: int) -> float:
        """Seconds before this queue's turn: upwards at one delivery, downwards at the next."""
        place = number % self._queues  # one that is left over goes with one that stays
        return self._step * (place if count % 2 else self._queues - 1 - place)


class SuspectTurn:
    """One queue's part in it."""

    def __init__(self, shared: OneSuspect, number: int) -> None:
        self._shared, self._number = shared, number
        self._held = False

    async def begin(self, delivery: Incoming) -> None:
        """Before anybody looks into a suspicious message. One that is parked unread needs no turn."""
        if is_hopeless(delivery):
            return
        await asyncio.sleep(self._shared.wait_of(self._number, delivery.count))
        await self._shared.lock.acquire()
        self._held = True

    def end(self) -> None:
        """After what became of it is certain."""
        if self._held:
            self._held = False
            self._shared.lock.release()
