from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from projections import commit, rows
from projections.feeder import Feeder
from projections.metrics import ProjectionMetrics
from runtime.database import Connection, Pool
from schemas.events import EVENT_TYPES
from tests.integration.projections.conftest import Append
from tests.integration.projections.decisions import assessed, broken, credit, registered

CatchUp = Callable[..., Awaitable[int]]

BALANCE = "SELECT credit_tokens FROM balances WHERE customer_id = $1"
POSITION = "SELECT position FROM checkpoints WHERE consumer = 'projection.balances'"


async def test_decisions_become_rows_of_every_projection(
    projected: Pool, append_events: Append, catch_up: CatchUp
) -> None:
    last = await append_events([registered("c1"), assessed("k", customer_id="c1", amount=5), credit("c1", 5)])
    assert await catch_up() == last
    assert await projected.fetchval(BALANCE, "c1") == 50
    assert await projected.fetchval("SELECT email_normalized FROM customers") == "c1@contoh.id"
    assert await projected.fetchval("SELECT status FROM payments") == "succeeded"
    assert await projected.fetchval("SELECT sum(balance) FROM ledger") == 0


async def test_checkpoints_reach_the_head_when_nothing_matched(
    projected: Pool, append_events: Append, catch_up: CatchUp
) -> None:
    last = await append_events([registered("c1")])
    await catch_up()
    positions = await projected.fetch("SELECT position FROM projection_positions")
    assert [row["position"] for row in positions] == [last] * 7


@pytest.mark.parametrize("batch_max", [1, 2, 3, 1000])
async def test_the_size_of_batches_does_not_show(
    projected: Pool, append_events: Append, catch_up: CatchUp, batch_max: int
) -> None:
    await append_events([credit("c1", n % 3 + 1, at=credit("c1").event.at) for n in range(10)])  # type: ignore[attr-defined]
    await catch_up(batch_max)
    assert await projected.fetchval(BALANCE, "c1") == 190


async def test_two_projection_workers_never_double_count(projected: Pool, append_events: Append) -> None:
    """Both believe they lead, as after a lost connection that only the server noticed."""
    done = asyncio.Event()

    async def work() -> None:
        async with projected.acquire() as connection:
            feeder = Feeder(connection, batch_max=3)
            await feeder.refresh()
            while True:
                finished = done.is_set()
                if not await feeder.round():
                    if finished:
                        return
                    await asyncio.sleep(0)

    workers = [asyncio.create_task(work()) for _ in range(3)]
    for _ in range(40):
        await append_events([credit("c1"), credit("c2", 2), assessed("k")])
    done.set()
    await asyncio.gather(*workers)
    assert await projected.fetchval(BALANCE, "c1") == 400
    assert await projected.fetchval(BALANCE, "c2") == 800
    assert await projected.fetchval("SELECT balance FROM ledger WHERE account = 'clearing:xendit'") == 120


async def test_c141_rows_and_checkpoint_are_written_together_or_not_at_all(
    projected: Pool, append_events: Append, catch_up: CatchUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    await append_events([credit("c1")])
    written = rows.write

    async def write_and_die(connection: Connection, *more: Any) -> None:
        await written(connection, *more)
        raise ConnectionError("the process dies here")

    monkeypatch.setattr(commit.rows, "write", write_and_die)
    with pytest.raises(ConnectionError):
        await catch_up()
    assert await projected.fetchval(POSITION) == 0
    assert await projected.fetchval("SELECT count(*) FROM balances") == 0
    monkeypatch.undo()
    await catch_up()
    assert await projected.fetchval(BALANCE, "c1") == 10


async def test_c145_a_poison_event_parks_its_stream_and_the_others_go_on(
    projected: Pool, append_events: Append, catch_up: CatchUp
) -> None:
    last = await append_events(
        [credit("c1"), credit("c2"), broken("c1"), credit("c1"), credit("c2"), assessed("k")]
    )
    assert await catch_up() == last
    found = {
        row["customer_id"]: (row["credit_tokens"], row["stale"])
        for row in await projected.fetch("SELECT * FROM balances")
    }
    assert found == {"c1": (10, True), "c2": (20, False)}
    parked = await projected.fetch(
        "SELECT position, stream, error <> '' AS cause FROM projection_parked WHERE name = 'balances' ORDER BY position"
    )
    assert [tuple(row) for row in parked] == [(3, "customer-c1", True), (4, "customer-c1", False)]
    assert await projected.fetchval("SELECT status FROM payments") == "succeeded"


async def test_c145_later_events_wait_behind_the_parked_one_also_after_a_restart(
    projected: Pool, append_events: Append, catch_up: CatchUp
) -> None:
    await append_events([broken("c1")])
    await catch_up()
    await append_events([credit("c1"), credit("c2")])
    await catch_up()
    assert await projected.fetchval("SELECT count(*) FROM projection_parked WHERE name = 'balances'") == 2
    assert await projected.fetchval("SELECT count(*) FROM balances") == 1


async def test_a_newer_version_stops_only_those_who_subscribe_to_it(
    projected: Pool, append_events: Append, monkeypatch: pytest.MonkeyPatch
) -> None:
    await append_events([credit("c1")])
    monkeypatch.setattr(EVENT_TYPES["credit.granted"], "VERSION", 2)
    await append_events([credit("c1")])
    monkeypatch.undo()
    last = await append_events([registered("c1"), credit("c1")])
    registry = CollectorRegistry()
    async with projected.acquire() as connection:
        await Feeder(connection, batch_max=100, metrics=ProjectionMetrics(registry)).catch_up()
    at = {
        row["name"]: row["position"]
        for row in await projected.fetch("SELECT name, position FROM projection_positions")
    }
    assert at["balances"] == at["ledger"] == at["payments"] == 1  # everything before it was folded
    assert at["customers"] == at["subscriptions"] == last
    assert (
        registry.get_sample_value("lunas_projection_halted", {"projection": "balances", "version": "1"}) == 1
    )
    assert (
        registry.get_sample_value(
            "lunas_projection_lag_positions", {"projection": "balances", "version": "1"}
        )
        == 3
    )


async def test_a_halted_projection_goes_on_with_code_that_knows_the_version(
    projected: Pool, append_events: Append, catch_up: CatchUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EVENT_TYPES["credit.granted"], "VERSION", 2)
    await append_events([credit("c1")])
    monkeypatch.undo()
    await catch_up()
    assert await projected.fetchval("SELECT count(*) FROM balances") == 0
    monkeypatch.setattr(EVENT_TYPES["credit.granted"], "VERSION", 2)
    await catch_up()
    assert await projected.fetchval(BALANCE, "c1") == 10
