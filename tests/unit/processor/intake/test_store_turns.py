"""The partitions of a process store one after another, in order of asking."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from processor.fulfilment.inline import Inline
from processor.fulfilment.rounds import Fulfilment
from processor.intake.interpreter import Prepared
from processor.intake.store import Recorded, Store
from runtime.database import Pool
from tests.unit.processor.intake.envelopes import capture, envelope, interpreter


class Writing:
    """Stands in for the transaction; `most` is how many there were at once."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.most = 0
        self._now = 0

    async def __call__(
        self, _store: Store, batch: Sequence[Prepared], _leader: Fulfilment | None
    ) -> tuple[list[Recorded], None]:
        self._now += 1
        self.most = max(self.most, self._now)
        self.order.append(batch[0].envelope.path)
        for _ in range(5):
            await asyncio.sleep(0)
        self._now -= 1
        if batch[0].envelope.path == "broken":
            raise ConnectionError
        return [], None


@pytest.fixture
def writing(monkeypatch: pytest.MonkeyPatch) -> Writing:
    stand_in = Writing()

    async def write(
        store: Store, batch: Sequence[Prepared], leader: Fulfilment | None
    ) -> tuple[list[Recorded], None]:
        return await stand_in(store, batch, leader)

    monkeypatch.setattr(Store, "_write", write)
    return stand_in


def store() -> Store:
    return Store(cast(Pool, None), interpreter(), 10, 1.0, Inline(0))


def batch(label: str) -> list[Prepared]:
    return [interpreter().prepare(envelope(capture("py-1"), path=label))]


async def test_a_backlog_takes_turns_with_the_other_partitions(writing: Writing) -> None:
    shared = store()

    async def partition(label: str, batches: int) -> None:
        for _ in range(batches):
            await shared.store(batch(label))

    await asyncio.gather(partition("backlog", 6), partition("b", 2), partition("c", 2))
    assert writing.most == 1, "never more than one transaction, and one connection, at once"
    assert writing.order == ["backlog", "b", "c", "backlog", "b", "c", *["backlog"] * 4]


async def test_what_fails_or_is_cancelled_gives_its_turn_away(writing: Writing) -> None:
    shared = store()
    failing = asyncio.create_task(shared.store(batch("broken")))
    waiting = asyncio.create_task(shared.store(batch("gone")))
    last = asyncio.create_task(shared.store(batch("last")))
    await asyncio.sleep(0)
    waiting.cancel()
    outcomes = await asyncio.gather(failing, waiting, last, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ConnectionError, asyncio.CancelledError, list]
    assert writing.order == ["broken", "last"]
