"""Least privilege: every role, every table, every verb, tried for real."""

from __future__ import annotations

import re
from pathlib import Path

import asyncpg
import pytest
import yaml

from eventstore.append import LOG_LOCK
from runtime.database import Connection, Pool, server_settings
from runtime.settings import Settings

ROLES = (
    "lunas_processor",
    "lunas_projector",
    "lunas_api",
    "lunas_notifier",
    "lunas_operator",
    "lunas_reader",
)
MATRIX: dict[str, dict[str, str]] = yaml.safe_load((Path(__file__).parent / "roles.yaml").read_text())
VERBS = {
    "S": "SELECT * FROM {table} LIMIT 0",
    "I": "INSERT INTO {table} ({columns}) SELECT {columns} FROM {table} LIMIT 0",
    "U": "UPDATE {table} SET {column} = {column} WHERE false",
    "D": "DELETE FROM {table} WHERE false",
    "T": "TRUNCATE {table}",
}


class _Undo(Exception):
    pass


async def _allowed(connection: Connection, role: str, statement: str) -> bool:
    """Whether the role may run the statement; nothing of it stays."""
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL ROLE {role}")
            await connection.execute(statement)
            raise _Undo
    except asyncpg.InsufficientPrivilegeError:
        return False
    except _Undo:
        return True


async def _columns(connection: Connection, table: str) -> list[str]:
    rows = await connection.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped "
        "AND attidentity = '' ORDER BY attnum",
        table,
    )
    return [row["attname"] for row in rows]


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_may_do_what_the_matrix_says_and_nothing_else(pool: Pool, role: str) -> None:
    found: dict[str, str] = {}
    async with pool.acquire() as connection:
        for table in MATRIX:
            columns = await _columns(connection, table)
            every = ", ".join(columns)
            rights = ""
            for verb, pattern in VERBS.items():
                allowed = [
                    await _allowed(
                        connection, role, pattern.format(table=table, column=column, columns=every)
                    )
                    for column in (columns if verb == "U" else columns[:1])
                ]
                if any(allowed):
                    rights += verb if all(allowed) else verb.lower()
            found[table] = rights
    assert found == {table: rights.get(role, "") for table, rights in MATRIX.items()}


async def test_every_table_of_the_log_and_of_intake_is_in_the_matrix(pool: Pool) -> None:
    async with pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'lunas' AND tablename NOT SIMILAR TO '%_v[0-9]+' "
            "AND tablename NOT SIMILAR TO 'events_p[0-9]+'"
        )
    others = {"projection_parked", "outbox", "registered_addresses"}
    assert {row["tablename"] for row in rows} - others == set(MATRIX)


async def test_every_table_and_its_columns_are_in_the_page_of_the_architecture(pool: Pool) -> None:
    """A row of the page names every column of its first table, or says with `…` that there are more."""
    page = (Path(__file__).parents[3] / "docs/architecture.md").read_text(encoding="utf-8")
    tables = page.split("\n## Tables", 1)[1].split("\n## ", 1)[0]
    rows = {}
    for names, columns in re.findall(r"^\| (`[^|]+) \| [^|]+ \| (.+) \|$", tables, re.MULTILINE):
        named = re.findall(r"`(\w+)`", names)
        rows |= {name: columns if name == named[0] else "…" for name in named}
    async with pool.acquire() as connection:
        found = await connection.fetch(
            "SELECT c.table_name, array_agg(c.column_name::text) AS columns FROM information_schema.columns c JOIN pg_tables t "
            "ON t.schemaname = c.table_schema AND t.tablename = c.table_name "
            "WHERE c.table_schema = 'lunas' AND c.table_name NOT SIMILAR TO '%\\_v[0-9]+' "
            "AND c.table_name NOT SIMILAR TO 'events_p[0-9]+' GROUP BY 1"
        )
    assert {row["table_name"] for row in found} - rows.keys() == set()
    unsaid = {
        row["table_name"]: missing
        for row in found
        if "…" not in (said := rows[row["table_name"]])
        and (missing := [name for name in row["columns"] if not re.search(rf"\b{name}\b", said)])
    }
    assert unsaid == {}


async def test_c146_no_role_may_change_the_log_whatever_else_was_granted(pool: Pool) -> None:
    async with pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'lunas\\_%' AND ("
            "has_any_column_privilege(oid, 'events', 'UPDATE') OR has_table_privilege(oid, 'events', 'DELETE') "
            "OR has_table_privilege(oid, 'events', 'TRUNCATE') OR has_table_privilege(oid, 'events', 'TRIGGER'))"
        )
    assert [row["rolname"] for row in rows if row["rolname"] in ROLES] == []


FORBIDDEN = (
    "CREATE TABLE public.mine (x int)",
    "ALTER TABLE events DISABLE TRIGGER ALL",
    "DROP TRIGGER events_are_immutable ON events",
    "DROP TABLE events",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('/etc/passwd')",
    "CREATE ROLE lunas_intruder",
    "SELECT nextval(pg_get_serial_sequence('events', 'position'))",
    "SET session_replication_role = replica",
)


@pytest.mark.parametrize("role", ROLES)
async def test_c146_no_role_gets_around_the_rules(pool: Pool, role: str) -> None:
    async with pool.acquire() as connection:
        got_through = [statement for statement in FORBIDDEN if await _allowed(connection, role, statement)]
    assert got_through == []


async def test_a_role_is_nobody_to_log_in_as_and_no_superuser(pool: Pool) -> None:
    async with pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY($1::text[]) AND NOT (rolcanlogin OR rolsuper OR rolcreaterole "
            "OR rolcreatedb OR rolreplication OR rolbypassrls)",
            list(ROLES),
        )
    assert {row["rolname"] for row in rows} == set(ROLES)


async def test_a_process_works_as_its_role_with_our_search_path(database_url: str, settings: object) -> None:
    chosen: Settings = settings(database_url=database_url)  # type: ignore[operator]
    connection = await asyncpg.connect(
        database_url, server_settings=server_settings(chosen, "test", "lunas_processor")
    )
    try:
        assert await connection.fetchval("SELECT current_user") == "lunas_processor"
        assert await connection.fetchval("SHOW search_path") == "lunas"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM events")
    finally:
        await connection.close()


ADVISORY_LOCKS = [
    f"pg_{attempt}advisory_{until}lock{kind}"
    for attempt in ("", "try_")
    for until in ("", "xact_")
    for kind in ("", "_shared")
]


@pytest.mark.parametrize("function", ADVISORY_LOCKS)
async def test_who_may_only_read_cannot_hold_up_those_who_write(pool: Pool, function: str) -> None:
    async with pool.acquire() as connection:
        assert not await _allowed(connection, "lunas_reader", f"SELECT {function}({LOG_LOCK})")
        assert not await _allowed(connection, "lunas_reader", f"SELECT {function}(1, 2)")
        assert await _allowed(connection, "lunas_processor", f"SELECT {function}(1, 2)")
