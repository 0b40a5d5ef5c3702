"""Schema migrations: plain SQL files in dbmate's layout, applied in order, each once, each in a transaction of its own.

A file named `NNNN_what.sql` has a part `-- migrate:up` and a part `-- migrate:down`; only the first one is run here.
An applied file is frozen: its checksum is kept, and a changed file is refused instead of being half true.

What PostgreSQL does in no transaction (`CREATE INDEX CONCURRENTLY`) stands in a file that begins `-- migrate:up transaction:false`: statement by
statement, and from the first one again after a failure, so each must be one that may be repeated.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

import asyncpg

from runtime.database_hosts import open_connection
from runtime.faults import fault_point
from schemas.errors import ConfigurationError

# Any fixed number; a second runner waits here until the first one is done.
MIGRATION_LOCK = 7821440270
TURN_SECONDS = 0.2
RETRY_SECONDS = 1.0
STATEMENT_TIMEOUT_SECONDS = 600.0  # an index on a large table takes minutes
CONNECT_TIMEOUT_SECONDS = 10.0

_NAME = re.compile(r"\d{4}_[a-z0-9_]+\.sql\Z")
_UP = re.compile(r"^-- migrate:up(?P<apart> transaction:false)?[^\n]*$", re.MULTILINE)
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
    """One file: its name, the SQL of its `up` part, the SHA-256 of the whole, and the SQL of its `down` part (never run by us).

    `apart`: not in a transaction, but statement by statement.
    """

    name: str
    up: str
    checksum: str
    down: str = ""
    apart: bool = False

    def statements(self) -> list[str]:
        """Those of a file that is run statement by statement: each ends with a semicolon at the end of a line."""
        plain = re.sub(r"--[^\n]*", "", self.up)
        return [each.strip() for each in re.split(r";[ \t]*$", plain, flags=re.MULTILINE) if each.strip()]


@dataclass(frozen=True, slots=True)
class LockPatience:
    """A lock is waited for `each_ms`, again and again for `seconds`: who waits for a table stops everybody behind himself."""

    each_ms: int = 2_000
    seconds: float = 300.0


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
    apart = up["apart"] is not None
    if apart and "$$" in text[up.end() : down.start()]:
        raise MigrationError(f"migration {name} is run statement by statement, and holds a body with $$")
    return Migration(name, text[up.end() : down.start()], checksum, text[down.end() :], apart)


async def migrate(
    dsn: str, migrations: Sequence[Migration] | None = None, patience: LockPatience | None = None
) -> list[str]:
    """Apply what is missing and return the names. Safe to run from several places at once.

    Raises MigrationError when an applied file was edited or is gone, and the database's own error when a file fails;
    the files before it stay applied.
    """
    patience = patience or LockPatience()
    wanted = files() if migrations is None else migrations
    connection = await open_connection(
        dsn,
        timeout=CONNECT_TIMEOUT_SECONDS,
        command_timeout=STATEMENT_TIMEOUT_SECONDS,
        server_settings={"application_name": "lunas-migrate", "search_path": "lunas,pg_catalog"},
    )
    try:
        await _take_turn(connection)
        await connection.execute(f"SET lock_timeout = {patience.each_ms}")
        await connection.execute(_BOOKKEEPING)
        return await _apply(connection, wanted, patience)
    finally:
        await connection.close()


async def pending(dsn: str) -> list[str]:
    """Names of the migrations that `migrate` would apply. Reads only."""
    connection = await open_connection(dsn, timeout=CONNECT_TIMEOUT_SECONDS)
    try:
        if await connection.fetchval("SELECT to_regclass('lunas.schema_migrations')") is None:
            return [migration.name for migration in files()]
        applied = await _applied(connection)
        return [migration.name for migration in files() if migration.name not in applied]
    finally:
        await connection.close()


async def _take_turn(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """One runner at a time. Asked for again and again: whoever waits inside a statement is in a transaction, and an index that another builds
    CONCURRENTLY would wait for that one to end."""
    deadline = time.monotonic() + STATEMENT_TIMEOUT_SECONDS
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", MIGRATION_LOCK):
        if time.monotonic() > deadline:
            raise MigrationError(
                "another runner has been applying migrations all this time; look what it waits for"
            )
        await asyncio.sleep(TURN_SECONDS)


async def _apply(
    connection: asyncpg.Connection[asyncpg.Record], migrations: Sequence[Migration], patience: LockPatience
) -> list[str]:
    applied = await _applied(connection)
    _check_unchanged(applied, migrations)
    done: list[str] = []
    for migration in migrations:
        if migration.name in applied:
            continue
        await _patiently(connection, migration, patience)
        fault_point("migrate.recorded")
        done.append(migration.name)
    return done


async def _patiently(
    connection: asyncpg.Connection[asyncpg.Record], migration: Migration, patience: LockPatience
) -> None:
    """Lets go of everything between two tries: those who waited behind us go first."""
    deadline = time.monotonic() + patience.seconds
    while True:
        try:
            return await (_run_apart if migration.apart else _run_whole)(connection, migration)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(RETRY_SECONDS)


async def _run_whole(connection: asyncpg.Connection[asyncpg.Record], migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute(migration.up)
        fault_point("migrate.applied")
        await _remember(connection, migration)


async def _run_apart(connection: asyncpg.Connection[asyncpg.Record], migration: Migration) -> None:
    # What is built CONCURRENTLY waits for older transactions and lets everybody pass meanwhile.
    before = await connection.fetchval("SELECT current_setting('lock_timeout')")
    await connection.execute("SET lock_timeout = 0")
    for statement in migration.statements():
        await connection.execute(statement)
        fault_point("migrate.statement")
    await connection.execute("SELECT set_config('lock_timeout', $1, false)", before)
    await _remember(connection, migration)


async def _remember(connection: asyncpg.Connection[asyncpg.Record], migration: Migration) -> None:
    await connection.execute(
        "INSERT INTO lunas.schema_migrations (name, checksum) VALUES ($1, $2)",
        migration.name,
        migration.checksum,
    )


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
