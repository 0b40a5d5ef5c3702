"""PostgreSQL: is it up to date, does it keep what it confirms, can nobody change the log, is its clock right."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from console.checks.finding import Finding, note, ok, problem
from console.messages import text
from eventstore.migrations import pending
from eventstore.queries import load
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

DURABLE = {
    "fsync": ("on",),
    "full_page_writes": ("on",),
    "synchronous_commit": ("on", "local", "remote_write", "remote_apply"),
}
"""Settings and the values with which a confirmed commit survives a crash of the server."""

OLDEST_VERSION = 150000
CLOCK_TOLERANCE_SECONDS = 2.0


async def check_database(connection: Connection, settings: Settings) -> AsyncIterator[Finding]:
    """Everything that one connection of an operator can see."""
    sql = load("doctor.sql", "console")
    yield await _schema(settings)
    yield await _version(connection, sql["version"])
    for name, safe in DURABLE.items():
        value = await connection.fetchval(sql["setting"], name)
        detail = text("doctor.setting", name=name, value=value)
        yield (
            ok(name, detail)
            if value in safe
            else problem(name, detail, text("doctor.setting.fix", name=name))
        )
    yield await _append_only(connection, sql)
    yield await _memberships(connection, sql["memberships"])
    yield await _clock(connection, sql["clock"])


async def _schema(settings: Settings) -> Finding:
    try:
        waiting = await pending(settings.require_database_url())
    except ConfigurationError as error:
        return problem("schema", str(error), text("doctor.schema.fix"))
    if waiting:
        return problem(
            "schema", text("doctor.schema_behind", names=", ".join(waiting)), text("doctor.schema.fix")
        )
    return ok("schema", text("doctor.schema"))


async def _version(connection: Connection, sql: str) -> Finding:
    number, words = await connection.fetchrow(sql) or (0, "?")
    detail = text("doctor.version", version=re.sub(r" .*", "", words))
    return (
        ok("version", detail)
        if number >= OLDEST_VERSION
        else problem("version", detail, text("doctor.version.fix"))
    )


async def _append_only(connection: Connection, sql: dict[str, str]) -> Finding:
    """Guarded twice: no role of ours may change events, and triggers refuse it for everybody."""
    strong = [f"{row['role']} {row['privilege']}" for row in await connection.fetch(sql["too_strong"])]
    disabled = [row["name"] for row in await connection.fetch(sql["disabled_triggers"])]
    if strong or disabled:
        return problem(
            "append_only",
            text("doctor.append_only_broken", what=", ".join([*strong, *disabled])),
            text("doctor.append_only.fix"),
        )
    return ok("append_only", text("doctor.append_only"))


async def _memberships(connection: Connection, sql: str) -> Finding:
    missing = [row["role"] for row in await connection.fetch(sql)]
    if missing:
        return problem(
            "roles",
            text("doctor.roles_missing", roles=", ".join(missing)),
            text("doctor.roles.fix", roles=", ".join(missing)),
        )
    return ok("roles", text("doctor.roles"))


async def _clock(connection: Connection, sql: str) -> Finding:
    before = datetime.now(UTC)
    theirs = await connection.fetchval(sql)
    middle = before + (datetime.now(UTC) - before) / 2
    seconds = abs((theirs - middle).total_seconds())
    detail = text("doctor.clock", seconds=f"{seconds:.1f}")
    return (
        ok("clock", detail)
        if seconds <= CLOCK_TOLERANCE_SECONDS
        else note("clock", detail, text("doctor.clock.fix"))
    )
