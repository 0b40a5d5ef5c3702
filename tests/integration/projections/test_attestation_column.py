"""A database of an earlier program gets the column beside its rows, and readers see it at once."""

from __future__ import annotations

import re

from eventstore.migrations import files
from projections.statements import table_sql
from projections.versions import ensure
from runtime.database import Pool

SHOWN = "SELECT pg_get_viewdef('payments'::regclass)"
PAYMENT = (
    "INSERT INTO payments_v1 (record, provider, payment_id, case_key, status, amount, refunded_amount, currency, paid_at, late, token_only, settled,"
    " first_position, position) VALUES ($1, 'xendit', $1, $1, 'succeeded', 1, 0, 'IDR', clock_timestamp(), false, $2, false, 1, 1)"
)


async def test_tables_and_view_of_an_earlier_program_become_what_they_are_now(pool: Pool) -> None:
    migration = next(one for one in files() if one.name == "0248_attestation.sql")
    async with pool.acquire() as connection:
        await ensure(connection)
        now = await connection.fetchval(SHOWN)
        earlier = table_sql("payments", 1)["view"].replace("COMMENT ON COLUMN payments.attestation", "-- ")
        earlier = re.sub(r",\n    -- What an earlier.*?AS attestation", "", earlier, flags=re.DOTALL)
        await connection.execute("DROP VIEW payments")
        await connection.execute("ALTER TABLE payments_v1 DROP COLUMN attestation")
        await connection.execute(earlier)
        await connection.execute(PAYMENT, "py-token", True)
        await connection.execute(PAYMENT, "py-signed", False)
        for _ in range(2):
            await connection.execute(migration.up)
            assert await connection.fetchval(SHOWN) == now
        rows = await connection.fetch("SELECT record, attestation FROM payments ORDER BY record")
        assert [tuple(row) for row in rows] == [("py-signed", None), ("py-token", "token_only")]
        assert await connection.fetchval("SELECT has_table_privilege('lunas_api', 'payments', 'SELECT')")
