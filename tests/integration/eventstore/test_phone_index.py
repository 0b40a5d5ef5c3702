"""Customers are found by phone through an index, for whichever role reads the log."""

from __future__ import annotations

import pytest

from eventstore.queries import load
from runtime.database import Pool


async def _parts(pool: Pool) -> list[str]:
    return [row["part"] for row in await pool.fetch("SELECT part FROM log_parts()")]


@pytest.mark.parametrize("role", ["lunas_operator", "lunas_api", "lunas_processor", "lunas_projector"])
@pytest.mark.parametrize("plan", ["force_generic_plan", "force_custom_plan"])
async def test_a_phone_number_is_looked_up_by_its_index(pool: Pool, role: str, plan: str) -> None:
    statement = load("read.sql", "eventstore")["with_phone"]
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(f"SET LOCAL ROLE {role}")
        await connection.execute(f"SET LOCAL plan_cache_mode = {plan}")
        await connection.execute("SET LOCAL enable_seqscan = off")
        await connection.execute(f"PREPARE looked (text) AS {statement.rstrip().rstrip(';')}")
        rows = await connection.fetch("EXPLAIN EXECUTE looked('81290011223')")
        await connection.execute("DEALLOCATE looked")
    shown = "\n".join(row[0] for row in rows)
    assert "events_p0_phone_idx" in shown
    assert shown.count("Index Cond") == len(await _parts(pool))
    assert "Seq Scan" not in shown
