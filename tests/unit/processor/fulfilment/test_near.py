"""Intake waits for fulfilment that is far behind, for as many rounds as a batch is worth, and never for one that stands still."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from processor.fulfilment import inline as module
from processor.fulfilment.fresh import Appended, FreshFacts
from processor.fulfilment.inline import FAR_EVENTS, ROUNDS, Inline
from processor.fulfilment.rounds import Fulfilment


class ScriptedLeader:
    """Fulfilment that is so many events behind, and nearer by so many after each round."""

    def __init__(self, behind: int, each: int, *, moves: bool = True) -> None:
        self.rounds = self.waited = 0
        self.fresh = FreshFacts(1)
        self._behind, self._each, self._moves = behind, each, moves

    def behind(self, _head: int) -> int:
        return self._behind

    async def round_over(self) -> None:
        self.waited += 1
        if not self._moves:
            await asyncio.Event().wait()
        self._behind -= self._each
        self.rounds += 1


def led_by(leader: ScriptedLeader) -> Inline:
    inline = Inline(10)
    inline.lead(cast(Fulfilment, leader), lambda _: None)
    inline.stored_alone(Appended(0, 1, ()))
    return inline


@pytest.mark.parametrize(
    ("behind", "each", "waited"),
    [(FAR_EVENTS, 1, 0), (FAR_EVENTS + 1, 1, 1), (FAR_EVENTS + 2, 1, 2), (50 * FAR_EVENTS, 1, ROUNDS)],
    ids=["near", "a round behind", "two", "a backlog of its own, which storing does not wait for"],
)
async def test_a_batch_waits_for_as_many_rounds_as_it_takes_and_no_more(
    behind: int, each: int, waited: int
) -> None:
    leader = ScriptedLeader(behind, each)
    await led_by(leader).near()
    assert leader.waited == waited


async def test_one_that_stands_still_is_not_waited_for_again_before_it_has_moved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "ROUND_SECONDS", 0.01)
    leader = ScriptedLeader(FAR_EVENTS + 1, 1, moves=False)
    inline = led_by(leader)
    for _ in range(3):
        await inline.near()
    assert leader.waited == 1
    leader.rounds += 1
    await inline.near()
    assert leader.waited == 2


async def test_where_another_process_leads_nobody_waits() -> None:
    inline = Inline(10)
    inline.stored_alone(Appended(0, 10 * FAR_EVENTS, ()))
    await inline.near()
    leader: Any = ScriptedLeader(10 * FAR_EVENTS, 1)
    inline.lead(leader, lambda _: None)
    inline.follow()
    await inline.near()
    assert leader.waited == 0
