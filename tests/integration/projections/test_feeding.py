from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from projections import commit
from projections.feeder import Feeder
from projections.folds.balances import BALANCES
from projections.log import read
from projections.metrics import ProjectionMetrics
from projections.registry import BY_NAME
from runtime.database import Pool
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
    assert [row["position"] for row in positions] == [last] * len(BY_NAME)


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
    projected: Pool, append_events: Append, catch_up: CatchUp
) -> None:
    """The last table of all refuses to be written: nothing of the batch stays, in no table and no checkpoint."""
    await append_events([credit("c1"), assessed("k")])
    await projected.execute(
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'it dies here'; END $$;"
        "CREATE TRIGGER die BEFORE INSERT ON ledger_v1 EXECUTE FUNCTION die()"
    )
    with pytest.raises(asyncpg.RaiseError):
        await catch_up()
    assert await projected.fetchval(POSITION) == 0
    for table in ("balances_v1", "payments_v1", "payment_aliases_v1", "payment_timeline_v1", "ledger_v1"):
        assert await projected.fetchval(f"SELECT count(*) FROM {table}") == 0
    await projected.execute("DROP TRIGGER die ON ledger_v1")
    await catch_up()
    assert await projected.fetchval(BALANCE, "c1") == 10


async def test_a_worker_that_was_overtaken_writes_nothing(projected: Pool, append_events: Append) -> None:
    await append_events([credit("c1")])
    async with projected.acquire() as connection, projected.acquire() as other:
        zombie = Feeder(connection, batch_max=100)
        await zombie.refresh()
        await Feeder(other, batch_max=100).catch_up()
        batch = await read(connection, 0, BALANCES.types, 100)
        with pytest.raises(commit.Overtaken):
            await commit.commit_together(connection, zombie.members, batch.events, batch.through)
        with pytest.raises(commit.Overtaken):
            await commit.commit_carefully(connection, zombie.members[0], batch.events, batch.through)
    assert await projected.fetchval(BALANCE, "c1") == 10
    assert await projected.fetchval("SELECT balance FROM ledger WHERE account = 'clearing:xendit'") == 1


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


async def test_c164_a_newer_version_stops_only_those_who_subscribe_to_it(
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
