"""Writes that come at the same time go together, in their order, and one that fails takes no later one along."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from api.together import Together


class Writer:
    """Writes when it is let."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = asyncio.Event()
        self.error: BaseException | None = None

    async def write(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        await self.go.wait()
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return [item * 10 for item in items]


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_who_comes_while_others_are_served_is_served_with_all_that_wait() -> None:
    writer = Writer()
    together = Together(writer.write, 3)
    first = asyncio.create_task(together.one(1))
    await turns()
    others = [asyncio.create_task(together.one(number)) for number in range(2, 7)]
    await turns()
    writer.go.set()
    assert await asyncio.gather(first, *others) == [10, 20, 30, 40, 50, 60]
    assert writer.batches == [[1], [2, 3, 4], [5, 6]]


async def test_a_failure_is_told_to_those_it_was_of_and_to_nobody_else() -> None:
    writer = Writer()
    together = Together(writer.write, 10)
    writer.error = ValueError("no")
    failing = [asyncio.create_task(together.one(number)) for number in (1, 2)]
    await turns()
    later = asyncio.create_task(together.one(3))
    await turns()
    writer.go.set()
    ends = await asyncio.gather(*failing, return_exceptions=True)
    assert [type(end) for end in ends] == [ValueError, ValueError]
    assert await later == 30
    assert await together.one(4) == 40


async def test_who_leaves_stops_nothing() -> None:
    writer = Writer()
    together = Together(writer.write, 10)
    leaver, stayer = (asyncio.create_task(together.one(number)) for number in (1, 2))
    await turns()
    leaver.cancel()
    writer.go.set()
    assert await stayer == 20
    with pytest.raises(asyncio.CancelledError):
        await leaver
    assert writer.batches == [[1, 2]]
