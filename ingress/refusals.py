"""How many requests may be refused by their head in a second, when most of what they sent is unread.

Such a refusal ends its connection, and whoever means harm opens the next one at once: what this costs, connection by connection, is what a flood of
large bodies without a credential takes from everybody. Beyond the rate the refused wait for their answer, in order, unread and holding nothing that
others want. Nobody else waits with them: not those whose credential only the body can show, and not those whose head is good.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from ingress.limits import TokenBucket


class AwaitsRefusal(Protocol):
    """Its answer is known and not given yet."""

    def refuse(self) -> None:
        """It is your turn."""


class Refusals:
    """`rate` per second; as many as come in a tenth of a second after a quiet time are answered at once."""

    def __init__(self, rate: float, loop: asyncio.AbstractEventLoop) -> None:
        self._pause = 1 / rate
        self._loop = loop
        self._bucket = TokenBucket(rate, max(1.0, rate / 10), loop.time)
        # Who waits, in order.
        self._queue: dict[AwaitsRefusal, None] = {}
        self._pumping: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._queue)

    def admits(self, who: AwaitsRefusal) -> bool:
        """Whether `who` may be answered now; otherwise its `refuse` is called when it may."""
        if not self._queue and self._bucket.take():
            return True
        self._queue[who] = None
        self._schedule()
        return False

    def leave(self, who: AwaitsRefusal) -> None:
        """Nobody waits there any more."""
        self._queue.pop(who, None)

    def _schedule(self) -> None:
        if self._pumping is None and self._queue:
            self._pumping = self._loop.call_later(self._pause, self._pump)

    def _pump(self) -> None:
        self._pumping = None
        while self._queue and self._bucket.take():
            first = next(iter(self._queue))
            del self._queue[first]
            first.refuse()
        self._schedule()
