"""Migrations: each file once, in order, frozen when applied, safe to start from several places."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from eventstore.migrations import (
    LockPatience,
    Migration,
    MigrationError,
    files,
    migrate,
    parse,
    pending,
)
from tests.waiting import until

ONE = parse(
    "0001_one.sql", "-- migrate:up\nCREATE TABLE lunas.one (x int);\n-- migrate:down\nDROP TABLE lunas.one;\n"
)
TWO = parse(
    "0002_two.sql", "-- migrate:up\nCREATE TABLE lunas.two (x int);\n-- migrate:down\nDROP TABLE lunas.two;\n"
)
BROKEN = parse(
    "0002_two.sql",
    "-- migrate:up\nCREATE TABLE lunas.half (x int);\nSELECT 1 / 0;\n-- migrate:down\nSELECT 1;\n",
)


async def _tables(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'lunas'")
        return {row["tablename"] for row in rows}
    finally:
        await connection.close()


async def test_each_file_is_applied_once_and_in_order(empty_database_url: str) -> None:
    assert await migrate(empty_database_url, [ONE]) == ["0001_one.sql"]
    assert await migrate(empty_database_url, [ONE, TWO]) == ["0002_two.sql"]
    assert await migrate(empty_database_url, [ONE, TWO]) == []
    assert await _tables(empty_database_url) == {"schema_migrations", "one", "two"}


async def test_runners_at_the_same_time_apply_each_file_once(empty_database_url: str) -> None:
    outcomes = await asyncio.gather(*(migrate(empty_database_url) for _ in range(4)))
    assert sorted(name for names in outcomes for name in names) == [migration.name for migration in files()]
    assert await pending(empty_database_url) == []


async def test_an_edited_file_is_refused(empty_database_url: str) -> None:
    await migrate(empty_database_url, [ONE])
    edited = Migration(ONE.name, "CREATE TABLE lunas.other (x int)", "0" * 64)
    with pytest.raises(MigrationError, match=r"0001_one\.sql was edited"):
        await migrate(empty_database_url, [edited, TWO])
    assert await _tables(empty_database_url) == {"schema_migrations", "one"}


async def test_a_database_of_a_newer_program_is_refused(empty_database_url: str) -> None:
    await migrate(empty_database_url, [ONE, TWO])
    with pytest.raises(MigrationError, match="does not know"):
        await migrate(empty_database_url, [ONE])


async def test_a_failing_file_leaves_nothing_of_itself_and_keeps_those_before(
    empty_database_url: str,
) -> None:
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty_database_url, [ONE, BROKEN])
    assert await _tables(empty_database_url) == {"schema_migrations", "one"}
    assert await migrate(empty_database_url, [ONE, TWO]) == ["0002_two.sql"]


APART = parse(
    "0003_apart.sql",
    "-- migrate:up transaction:false\n-- Written to all the time; in two steps.\nDROP INDEX CONCURRENTLY IF EXISTS lunas.one_x_idx;\n"
    "CREATE INDEX CONCURRENTLY one_x_idx ON lunas.one (x);\n-- migrate:down\nDROP INDEX lunas.one_x_idx;\n",
)
WIDER = parse(
    "0004_wider.sql", "-- migrate:up\nALTER TABLE lunas.one ADD COLUMN y int;\n-- migrate:down\nSELECT 1;\n"
)
QUICK = LockPatience(each_ms=100, seconds=20.0)


async def test_an_index_is_built_beside_writers_and_runners_that_wait_do_not_hold_it_up(
    empty_database_url: str,
) -> None:
    """A statement that waits for the runners' lock is a transaction that CONCURRENTLY would wait for: both would stand still."""
    await migrate(empty_database_url, [ONE])
    outcomes = await asyncio.gather(*(migrate(empty_database_url, [ONE, APART]) for _ in range(3)))
    assert sorted(outcomes) == [[], [], ["0003_apart.sql"]]
    connection = await asyncpg.connect(empty_database_url)
    try:
        assert await connection.fetchval(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = 'lunas.one_x_idx'::regclass"
        )
    finally:
        await connection.close()


async def test_what_failed_apart_is_done_again_from_its_first_statement(empty_database_url: str) -> None:
    """A unique index over what is not unique leaves an invalid one behind."""
    unique = parse(
        "0003_apart.sql",
        "-- migrate:up transaction:false"
        + APART.up.replace("CREATE INDEX", "CREATE UNIQUE INDEX")
        + "-- migrate:down\nSELECT 1;\n",
    )
    await migrate(empty_database_url, [ONE])
    connection = await asyncpg.connect(empty_database_url)
    try:
        await connection.execute("INSERT INTO lunas.one VALUES (1), (1)")
        with pytest.raises(asyncpg.UniqueViolationError):
            await migrate(empty_database_url, [ONE, unique])
        assert await connection.fetchval(
            "SELECT NOT indisvalid FROM pg_index WHERE indexrelid = 'lunas.one_x_idx'::regclass"
        )
        await connection.execute("DELETE FROM lunas.one WHERE ctid = (SELECT min(ctid) FROM lunas.one)")
        assert await migrate(empty_database_url, [ONE, unique]) == ["0003_apart.sql"]
        assert await connection.fetchval(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = 'lunas.one_x_idx'::regclass"
        )
    finally:
        await connection.close()


async def test_a_migration_that_waits_for_a_table_lets_those_behind_it_pass_and_tries_again(
    empty_database_url: str,
) -> None:
    await migrate(empty_database_url, [ONE])
    holder, writer = [await asyncpg.connect(empty_database_url) for _ in range(2)]
    try:
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute("SELECT * FROM lunas.one")
        waiting = asyncio.create_task(migrate(empty_database_url, [ONE, WIDER], QUICK))
        await until(
            lambda: writer.fetchval(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock')"
            )
        )
        # Behind the migration in the queue for the table: it is let pass although the reader goes on.
        await writer.execute("INSERT INTO lunas.one VALUES (7)", timeout=10)
        assert not waiting.done()
        await transaction.rollback()
        assert await waiting == ["0004_wider.sql"]
    finally:
        await holder.close()
        await writer.close()


async def test_one_that_never_gets_its_lock_ends_and_changed_nothing(empty_database_url: str) -> None:
    await migrate(empty_database_url, [ONE])
    holder = await asyncpg.connect(empty_database_url)
    try:
        async with holder.transaction():
            await holder.execute("SELECT * FROM lunas.one")
            with pytest.raises(asyncpg.LockNotAvailableError):
                await migrate(empty_database_url, [ONE, WIDER], LockPatience(each_ms=50, seconds=0.0))
    finally:
        await holder.close()
    assert await migrate(empty_database_url, [ONE, WIDER]) == ["0004_wider.sql"]


async def test_every_file_can_be_taken_back(empty_database_url: str) -> None:
    """Newest first: nothing of ours is left but the runner's own table."""
    await migrate(empty_database_url)
    connection = await asyncpg.connect(empty_database_url)
    try:
        for migration in reversed(files()):
            await connection.execute(migration.down)
    finally:
        await connection.close()
    assert await _tables(empty_database_url) == {"schema_migrations"}


async def test_every_table_view_and_column_says_what_it_is(empty_database_url: str) -> None:
    await migrate(empty_database_url)
    connection = await asyncpg.connect(empty_database_url)
    try:
        rows = await connection.fetch(
            """
            SELECT c.relname || coalesce('.' || a.attname, '') AS name
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'lunas'
            LEFT JOIN LATERAL (
                SELECT 0::smallint AS attnum, NULL::name AS attname
                UNION ALL SELECT attnum, attname FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
            ) a ON true
            WHERE c.relkind IN ('r', 'v', 'p') AND coalesce(col_description(c.oid, a.attnum), obj_description(c.oid, 'pg_class')) IS NULL
               OR c.relkind IN ('r', 'v', 'p') AND a.attnum > 0 AND col_description(c.oid, a.attnum) IS NULL
            ORDER BY 1
            """
        )
    finally:
        await connection.close()
    assert [row["name"] for row in rows] == []
