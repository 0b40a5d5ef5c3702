"""Deciding on facts in the transaction that stores them, while nothing else waits for a decision.

A payment is then visible one commit earlier, and a small batch costs half as many round trips. Nothing rests on it: whatever stands in
the way, the facts are stored alone and the next round of fulfilment decides on them (docs/adr/0034).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from processor.fulfilment.fresh import Appended
from processor.fulfilment.rounds import Fulfilment, InlineDecisions, Round
from schemas.errors import Permanent, Transient

Count = Callable[[Round], None]

FAR_EVENTS = 6000
"""Between what is stored and what is decided on: some 1,500 payments, which is a second or two, and less than what `FreshFacts` keeps from being read again."""
ROUNDS = 2  # of as many facts as a batch has deliveries: a delivery tells one, rarely more
ROUND_SECONDS = 2.0  # a round takes a fraction of it; one that does not end is not waited for


class Inline:
    """What intake and fulfilment of one process share. `limit`: most deliveries in a batch that is decided at once; 0 = never.

    A larger batch would hold the log's lock for too long, and when there is that much to do the two steps are better done side by side.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._leader: Fulfilment | None = None
        self._count: Count = _ignore
        self._left = False
        self._head = 0
        self._stalled_at = -1

    def lead(self, leader: Fulfilment, count: Count) -> None:
        """This process leads fulfilment. `count` is told what was decided and committed."""
        self._leader, self._count, self._stalled_at = leader, count, -1

    def follow(self) -> None:
        """It does not, or not any more."""
        self._leader = None

    async def near(self) -> None:
        """Before a batch is stored: returns when fulfilment is not far behind, or has worked off what such a batch adds. Else what comes during a flood of
        one provider's would be stored in its turn, and decided on after all of the flood.

        A fulfilment that stands still is not waited for again before it has moved: storing must go on.
        """
        for _ in range(ROUNDS):
            leader = self._leader
            if leader is None or leader.behind(self._head) <= FAR_EVENTS or leader.rounds == self._stalled_at:
                return
            try:
                async with asyncio.timeout(ROUND_SECONDS):
                    await leader.round_over()
            except TimeoutError:
                self._stalled_at = leader.rounds

    @asynccontextmanager
    async def turn(self, deliveries: int) -> AsyncIterator[Fulfilment | None]:
        """Whoever decides on a batch of this size at once, kept from working elsewhere meanwhile; None when the batch is stored alone."""
        leader = self._leader
        if leader is None or deliveries > self._limit or not leader.caught_up:
            yield None
            return
        async with leader.turn:  # a round that is under way is a short one
            await self._catch_up(leader)
            yield leader if self._leader is leader and leader.caught_up else None

    async def _catch_up(self, leader: Fulfilment) -> None:
        """Decide on what was stored alone, so that one large batch does not keep the next small ones from being decided at once."""
        if not self._left:
            return
        try:
            done = await leader.round_in_turn(timers=False)
        except (Transient, Permanent):
            return  # it is behind now; its own rounds meet the same, and say so
        self._count(done)
        self._left = done.more

    def stored_alone(self, appended: Appended | None = None) -> None:
        """A batch is in the log and waits for a round. `appended`: its events, as far as the caller knows where they stand."""
        self._left = True
        if appended is not None:
            self._head = appended.last
            if self._leader is not None:
                self._leader.fresh.add(appended)

    def committed(self, leader: Fulfilment, decided: InlineDecisions) -> None:
        """The batch and its decisions are in the log."""
        leader.accept(decided)
        self._count(decided.done)


def _ignore(_: Round) -> None:
    """Nobody counts while nobody leads."""
