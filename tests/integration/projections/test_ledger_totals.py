"""The running totals of the ledger: also of generations that were there before they were kept, and of those built anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from projections import versions
from runtime.database import Pool
from tests.integration.projections.conftest import Append
from tests.integration.projections.decisions import credit

MIGRATION = Path(__file__).parents[3] / "eventstore/sql/migrations/0110_ledger_totals.sql"

TOTALS = "SELECT unit, accounts, debits, credits FROM ledger_totals ORDER BY unit"
SUMMED = """SELECT unit, count(*), coalesce(sum(balance) FILTER (WHERE balance > 0), 0)::bigint,
    coalesce(sum(balance) FILTER (WHERE balance < 0), 0)::bigint FROM ledger GROUP BY unit ORDER BY unit"""


async def same(pool: Pool) -> bool:
    totals = [tuple(row) for row in await pool.fetch(TOTALS)]
    return bool(totals) and totals == [tuple(row) for row in await pool.fetch(SUMMED)]


async def test_an_existing_ledger_gets_its_totals_with_the_migration(
    projected: Pool, append_events: Append, catch_up: Any
) -> None:
    await append_events([credit(f"c{n}", amount) for n, amount in enumerate((5, -7, 100))])
    await catch_up()
    up, down = MIGRATION.read_text(encoding="utf-8").split("-- migrate:down")
    await projected.execute(down)
    await projected.execute(up)
    assert await same(projected)
    await append_events([credit("c1", 9), credit("c9", -1)])
    await catch_up()
    assert await same(projected)


async def test_a_generation_that_is_built_anew_has_its_own_totals(
    projected: Pool, append_events: Append, catch_up: Any
) -> None:
    await append_events([credit(f"c{n}", n + 1) for n in range(5)])
    await catch_up()
    await versions.rebuild(projected, "ledger")
    await versions.switch(projected, "ledger")
    assert await same(projected)
    await append_events([credit("c1", -90)])
    await catch_up()
    assert await same(projected)
    await versions.drop(projected, "ledger")
    assert await same(projected)
