"""Schema migrations: plain SQL files in dbmate's layout, applied in order, each once, each in a transaction of its own.

A file named `NNNN_what.sql` has a part `-- migrate:up` and a part `-- migrate:down`; only the first one is run here.
An applied file is frozen: its checksum is kept, and a changed file is refused instead of being half true.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

import asyncpg

from schemas.errors import ConfigurationError

# Any fixed number; a second runner waits here until the first one is done.
MIGRATION_LOCK = 7821440270
# A migration must not queue behind a long transaction and stop everybody behind itself.
LOCK_TIMEOUT_MS = 10_000
STATEMENT_TIMEOUT_SECONDS = 600.0  # an index on a large table takes minutes
CONNECT_TIMEOUT_SECONDS = 10.0

_NAME = re.compile(r"\d{4}_[a-z0-9_]+\.sql\Z")
_UP = re.compile(r"^-- migrate:up[^\n]*$", re.MULTILINE)
_DOWN = re.compile(r"^-- migrate:down[^\n]*$", re.MULTILINE)

_BOOKKEEPING = """
CREATE SCHEMA IF NOT EXISTS lunas;
CREATE TABLE IF NOT EXISTS lunas.schema_migrations (
    name       text        NOT NULL PRIMARY KEY,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE  lunas.schema_migrations IS 'Migrations that were applied.';
COMMENT ON COLUMN lunas.schema_migrations.name IS 'Name of the file.';
COMMENT ON COLUMN lunas.schema_migrations.checksum IS 'SHA-256 of the file when it was applied.';
COMMENT ON COLUMN lunas.schema_migrations.applied_at IS 'When.';
"""


class MigrationError(ConfigurationError):
    """The migration files and the database do not fit together."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its name, the SQL of its `up` part, the SHA-256 of the whole, and the SQL of its `down` part (never run by us)."""

    name: str
    up: str
    checksum: str
    down: str = ""


def files() -> list[Migration]:
    """All migrations shipped with the program, in order. Raises MigrationError on a misnamed or shapeless file."""
    folder = resources.files("eventstore").joinpath("sql", "migrations")
    found = [parse(entry.name, _text(entry)) for entry in folder.iterdir() if entry.name.endswith(".sql")]
    return sorted(found, key=lambda migration: migration.name)


def parse(name: str, text: str) -> Migration:
    """The migration in one file."""
    if not _NAME.match(name):
        raise MigrationError(f"migration {name} is not named NNNN_what.sql")
    up, down = _UP.search(text), _DOWN.search(text)
    if up is None or down is None or down.start() < up.end():
        raise MigrationError(f"migration {name} needs `-- migrate:up` and then `-- migrate:down`")
    checksum = hashlib.sha256(text.encode()).hexdigest()
    return Migration(name, text[up.end() : down.start()], checksum, text[down.end() :])


async def migrate(dsn: str, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Apply what is missing and return the names. Safe to run from several places at once.

    Raises MigrationError when an applied file was edited or is gone, and the database's own error when a file fails;
    the files before it stay applied.
    """
    wanted = files() if migrations is None else migrations
    connection = await asyncpg.connect(
        dsn,
        timeout=CONNECT_TIMEOUT_SECONDS,
        command_timeout=STATEMENT_TIMEOUT_SECONDS,
        server_settings={"application_name": "lunas-migrate", "search_path": "lunas,pg_catalog"},
    )
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        await connection.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
        await connection.execute(_BOOKKEEPING)
        return await _apply(connection, wanted)
    finally:
        await connection.close()


async def pending(dsn: str) -> list[str]:
    """Names of the migrations that `migrate` would apply. Reads only."""
    connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_SECONDS)
    try:
        if await connection.fetchval("SELECT to_regclass('lunas.schema_migrations')") is None:
            return [migration.name for migration in files()]
        applied = await _applied(connection)
        return [migration.name for migration in files() if migration.name not in applied]
    finally:
        await connection.close()


async def _apply(
    connection: asyncpg.Connection[asyncpg.Record], migrations: Sequence[Migration]
) -> list[str]:
    applied = await _applied(connection)
    _check_unchanged(applied, migrations)
    done: list[str] = []
    for migration in migrations:
        if migration.name in applied:
            continue
        async with connection.transaction():
            await connection.execute(migration.up)
            await connection.execute(
                "INSERT INTO lunas.schema_migrations (name, checksum) VALUES ($1, $2)",
                migration.name,
                migration.checksum,
            )
        done.append(migration.name)
    return done


async def _applied(connection: asyncpg.Connection[asyncpg.Record]) -> dict[str, str]:
    rows = await connection.fetch("SELECT name, checksum FROM lunas.schema_migrations")
    return {row["name"]: row["checksum"] for row in rows}


def _check_unchanged(applied: dict[str, str], migrations: Sequence[Migration]) -> None:
    by_name = {migration.name: migration for migration in migrations}
    for name, checksum in applied.items():
        if name not in by_name:
            raise MigrationError(f"the database has migration {name}, which this program does not know")
        if by_name[name].checksum != checksum:
            raise MigrationError(f"migration {name} was edited after it was applied; write a new one instead")


def _text(entry: Traversable) -> str:
    return entry.read_text(encoding="utf-8")
