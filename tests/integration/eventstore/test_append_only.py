"""What was recorded stays as it was: for every role, and for owners and superusers by trigger."""

from __future__ import annotations

import asyncpg
import pytest

from runtime.database import Connection, Pool
from tests.integration.eventstore.samples import append_now, written_off

IMMUTABLE = {
    "events": "UPDATE events SET type = 'x'",
    "deliveries": "UPDATE deliveries SET status = 'test'",
    "operator_acts": "UPDATE operator_acts SET actor = 'x'",
}


async def _one_row_each(connection: Connection) -> None:
    await append_now(connection, written_off("a-1"))
    await connection.execute(
        "INSERT INTO deliveries (delivery_id, provider, received_at, processing_ms, path, headers, body, body_sha256, scheme, secret_id, "
        "status) VALUES (gen_random_uuid(), 'xendit', now(), 1, '/', '{}', 'x', 'x', 's', 'i', 'test')"
    )
    await connection.execute(
        "INSERT INTO operator_acts (act_id, actor, verb, target, reason) VALUES (gen_random_uuid(), 'a', 'v', 't', 'r')"
    )


@pytest.mark.parametrize("table", IMMUTABLE)
async def test_c146_update_delete_truncate_are_refused(pool: Pool, table: str) -> None:
    async with pool.acquire() as connection:
        await _one_row_each(connection)
        before = await connection.fetch(f"SELECT * FROM {table}")
        assert before
        for statement in (
            IMMUTABLE[table],
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
            f"TRUNCATE {table} CASCADE",
        ):
            with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="only ever added"):
                await connection.execute(statement)
        assert await connection.fetch(f"SELECT * FROM {table}") == before


async def test_update_delete_truncate_are_refused_on_parent_and_partition(pool: Pool) -> None:
    """The table can be partitioned one day without losing its guard: row triggers are cloned to partitions, and each gets its own for truncate."""
    async with pool.acquire() as connection:
        await connection.execute(
            """
            CREATE TABLE future (LIKE events) PARTITION BY RANGE (position);
            CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON future FOR EACH ROW EXECUTE FUNCTION refuse_change();
            CREATE TABLE future_p0 PARTITION OF future FOR VALUES FROM (0) TO (1000);
            CREATE TRIGGER not_truncated BEFORE TRUNCATE ON future_p0 FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
            """
        )
        await append_now(connection, written_off("a-1"))
        await connection.execute("INSERT INTO future SELECT * FROM events")
        for table in ("future", "future_p0"):
            for statement in (f"UPDATE {table} SET type = 'x'", f"DELETE FROM {table}", f"TRUNCATE {table}"):
                with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="only ever added"):
                    await connection.execute(statement)
        assert await connection.fetchval("SELECT count(*) FROM future") == 1


async def test_insert_with_an_update_in_it_is_refused_too(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await append_now(connection, written_off("a-1"))
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="only ever added"):
            await connection.execute(
                "INSERT INTO events (position, stream_id, event_id, version, schema_version, stream, type, data, metadata) "
                "OVERRIDING SYSTEM VALUE SELECT position, stream_id, event_id, version, schema_version, stream, type, data, metadata "
                "FROM events ON CONFLICT (position) DO UPDATE SET type = 'x'"
            )


async def test_nobody_chooses_a_position(pool: Pool) -> None:
    async with pool.acquire() as connection:
        with pytest.raises(asyncpg.GeneratedAlwaysError):
            await connection.execute(
                "INSERT INTO events (position, stream_id, event_id, version, schema_version, stream, type, data, metadata) "
                "VALUES (7, 1, gen_random_uuid(), 1, 1, 'x-1', 't', '{}', '{}')"
            )
