"""A rebuild goes on while facts are decided: most of it without the log's lock, and what came meanwhile at its end."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from processor.fulfilment import building
from processor.fulfilment.building import Building
from processor.fulfilment.catalog_source import publish_catalog
from processor.fulfilment.rounds import CONSUMER, Fulfilment
from runtime.database import Pool
from schemas.event_model import EventModel
from tests.integration.processor.fulfilment.test_rebuild import busy, log, rebuilt, verified
from tests.integration.processor.fulfilment.test_rounds import decided, ratna, settle, write
from tests.unit.processor.cases.facts import order, paid
from tests.unit.processor.policies.test_memberships import renamed

__all__ = ["log"]

Waits = tuple[list[tuple[str, str]], list[tuple[str, Any]]]


async def waits(pool: Pool) -> Waits:
    """What cases wait for, and when they are due."""
    waiting = await pool.fetch("SELECT wait_key, case_key FROM fulfilment_waits ORDER BY 1, 2")
    due = await pool.fetch("SELECT case_key, due_at FROM fulfilment_cases ORDER BY 1")
    return [tuple(row) for row in waiting], [tuple(row) for row in due]


def come_meanwhile(
    monkeypatch: pytest.MonkeyPatch, pool: Pool, facts: Sequence[EventModel], *, settled: bool = True
) -> None:
    """Once most is built, these are written one by one, and decided."""
    most = Building.most

    async def and_then(self: Building, position: int) -> None:
        await most(self, position)
        monkeypatch.setattr(Building, "most", most)
        for fact in facts:
            await write(pool, fact)
            if settled:
                await settle(pool, limit=1)

    monkeypatch.setattr(Building, "most", and_then)


async def cut_in_two(monkeypatch: pytest.MonkeyPatch, pool: Pool, seed: int) -> None:
    """A history in some order: the beginning of it is decided, the rest comes meanwhile."""
    history, chance = busy(), random.Random(seed)
    chance.shuffle(history)
    cut = chance.randrange(1, len(history))
    for fact in history[:cut]:
        await write(pool, fact)
        await settle(pool, limit=1)
    come_meanwhile(monkeypatch, pool, history[cut:])


@pytest.mark.parametrize("seed", range(8))
async def test_c142_what_came_meanwhile_is_built_as_if_it_had_been_there(
    log: Pool, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    await cut_in_two(monkeypatch, log, seed)
    found = await verified(log)
    assert (found.differences, found.undecided, found.unsaid) == ([], [], [])


@pytest.mark.parametrize("seed", range(8))
async def test_what_cases_wait_for_is_what_it_is_when_nothing_comes_meanwhile(
    log: Pool, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    await cut_in_two(monkeypatch, log, 100 + seed)
    assert (await rebuilt(log)).undecided == []
    meanwhile = await waits(log)
    await rebuilt(log)
    assert meanwhile == await waits(log)
    before = (await decided(log)).end_state()
    await settle(log)
    assert (await decided(log)).end_state() == before
    assert (await verified(log)).differences == []


async def test_facts_that_nobody_has_decided_on_yet_are_decided_after_a_rebuild(
    log: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = busy()
    await write(log, *history[:6])
    await settle(log)
    come_meanwhile(monkeypatch, log, history[6:], settled=False)
    await rebuilt(log)
    await settle(log)
    found = await verified(log)
    assert (found.differences, found.undecided) == ([], [])


async def test_a_log_that_grows_is_gone_after_before_the_lock(
    log: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came while most was built is folded and asked about before everybody has to wait; at the end there is only what came in the last moment."""
    monkeypatch.setattr(building, "CLOSE", 0)
    history = busy()
    await write(log, *history[:10])
    await settle(log)
    more = history[10:]
    finish_all, finish = Building._finish_all, Building._finish
    asked: list[str] = []

    async def grown(self: Building) -> None:
        await finish_all(self)
        await write(log, *more)
        await settle(log)

    async def counted(self: Building, keys: Sequence[str]) -> None:
        asked.extend(keys)
        await finish(self, keys)

    async def at_the_end(self: Building, position: int) -> building.BuiltCases:
        asked.clear()
        return await rest(self, position)

    rest = Building.rest
    monkeypatch.setattr(Building, "_finish_all", grown)
    monkeypatch.setattr(Building, "_finish", counted)
    monkeypatch.setattr(Building, "rest", at_the_end)
    assert (await rebuilt(log)).undecided == []
    assert asked == []
    assert (await verified(log)).differences == []


async def test_rows_that_are_as_they_should_be_are_not_written_anew(log: Pool) -> None:
    """Under the log's lock everybody waits: only what differs is exchanged."""
    await write(log, *busy())
    await settle(log)
    await rebuilt(log)  # what a round stored and what a rebuild stores may lie in other words
    tables = ("fulfilment_cases", "fulfilment_aliases", "fulfilment_waits", "fulfilment_customers")
    rows = {name: f"SELECT ctid::text, t::text FROM {name} AS t ORDER BY 2" for name in tables}
    before = {name: await log.fetch(rows[name]) for name in tables}
    assert all(before.values())
    await rebuilt(log)
    assert {name: await log.fetch(rows[name]) for name in tables} == before


async def test_a_checkpoint_that_is_taken_back_meanwhile_takes_nothing_out_of_the_tables(
    log: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(log, *busy())
    await settle(log)
    most = Building.most

    async def taken_back(self: Building, position: int) -> None:
        await most(self, position)
        await log.execute("UPDATE checkpoints SET position = position - 3 WHERE consumer = $1", CONSUMER)

    monkeypatch.setattr(Building, "most", taken_back)
    assert (await verified(log)).differences == []
    leader = Fulfilment(log, limit=100)
    while (await leader.round()).more:
        pass
    assert (await verified(log)).differences == []


async def test_who_waited_for_what_came_meanwhile_is_asked_again(
    log: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it leads to no decision: a catalogue that does not have the product either."""
    await write(log, ratna(), order([("variant_of_nobody", 1, 5)], key="o-1"), paid(key="o-1"))
    await settle(log)
    assert ("catalog", "scalev:o-1") in (await waits(log))[0]
    asked: list[str] = []
    most, finish = Building.most, Building._finish

    async def published(self: Building, position: int) -> None:
        await most(self, position)
        await publish_catalog(log, renamed(tier_names=("klub-x",)))
        await settle(log)
        monkeypatch.setattr(Building, "_finish", counted)

    async def counted(self: Building, keys: Sequence[str]) -> None:
        asked.extend(keys)
        await finish(self, keys)

    monkeypatch.setattr(Building, "most", published)
    decisions = len((await decided(log)).decisions)
    await rebuilt(log)
    assert asked == ["scalev:o-1"]
    assert len((await decided(log)).decisions) == decisions
