"""Migrations that are run statement by statement: whoever dies between two of them leaves a half, and the next one makes it whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg

from eventstore.migrations import files
from tests.crashpoints.sealing import fresh_database

if TYPE_CHECKING:
    from tests.crashpoints.office import Office

APART = [migration for migration in files() if migration.apart]
STATEMENTS = sum(len(migration.statements()) for migration in APART)
"""After each of them is a step."""
NEVER_APPLIED = "DELETE FROM lunas.schema_migrations WHERE name = ANY($1::text[])"
INDEXES = """
SELECT pg_get_indexdef(indexrelid) || ' ' || indisvalid FROM pg_index
  JOIN pg_class ON pg_class.oid = indrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = 'lunas'
"""


async def migrate_apart(office: Office, faults: str) -> bool:
    """A database in which everything but these was migrated: what a death leaves of them, the next `lunas migrate` ends, and every index is there and valid."""
    if not office.apart:
        office.apart = await fresh_database(office.leading.stage.database_url, "crashes_apart")
        await office.goes_on("migrate", LUNAS_DATABASE_URL=office.apart)
    whole = await _indexes(office.apart)
    await _forgotten(office.apart)
    died = await office.dies("migrate", faults=faults, LUNAS_DATABASE_URL=office.apart)
    await office.goes_on("migrate", LUNAS_DATABASE_URL=office.apart)
    left = await office.goes_on("migrate", LUNAS_DATABASE_URL=office.apart)
    now = await _indexes(office.apart)
    if left != {"applied": []} or now != whole or any(one.endswith("false") for one in now):
        office.wrong.append(f"after a death between two statements: {left}, indexes {sorted(now ^ whole)}")
    return died


async def _forgotten(url: str) -> None:
    """Each of their statements may be repeated."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(NEVER_APPLIED, [migration.name for migration in APART])
    finally:
        await connection.close()


async def _indexes(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        return {row[0] for row in await connection.fetch(INDEXES)}
    finally:
        await connection.close()
