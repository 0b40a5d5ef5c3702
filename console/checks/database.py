"""PostgreSQL: is it up to date, does it keep what it confirms, does it take writes, is its clock right."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING

from console.causes import SCHEMA, Subject
from console.checks.finding import Finding, note, ok, problem
from console.messages import text
from console.output import decimal
from eventstore.migrations import files, pending
from eventstore.queries import load
from runtime.ids import utc_now
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

NOTICING = {"data_checksums": ("on",)}
"""Settings with which a disk that gives back other bytes than it got is noticed. They can only be had when a cluster is made, or while it is stopped."""

OLDEST_VERSION = 150000
CLOCK_TOLERANCE_SECONDS = 2.0
FUTURE_SECONDS = 60.0
"""A receipt further ahead of the database's clock comes from a machine whose clock is wrong."""


async def check_schema(connection: Connection, settings: Settings) -> AsyncIterator[Finding]:
    """Migrations that wait, and those of a newer program."""
    try:
        async with asyncio.timeout(settings.probe_timeout_seconds):
            waiting = await pending(settings.require_database_url())
    except ConfigurationError as error:
        yield problem("schema", str(error), text("doctor.schema.fix"), Subject(SCHEMA))
        return
    if waiting:
        detail = text("doctor.schema_behind", names=", ".join(waiting))
        yield problem("schema", detail, text("doctor.schema.fix"), Subject(SCHEMA))
        return
    sql = load("doctor.sql", "console")["unknown_migrations"]
    unknown = [row["name"] for row in await connection.fetch(sql, [each.name for each in files()])]
    if unknown:
        detail = text("doctor.schema_ahead", names=", ".join(unknown))
        yield problem("schema", detail, text("doctor.schema_ahead.fix"), Subject(SCHEMA))
    else:
        yield ok("schema", text("doctor.schema"))


async def check_server(connection: Connection) -> AsyncIterator[Finding]:
    """What the server promises."""
    sql = load("doctor.sql", "console")
    yield await _version(connection, sql["version"])
    stored = [f"{row['setting']} ({row['place']})" for row in await connection.fetch(sql["stored"])]
    for name, safe in DURABLE.items():
        value = await connection.fetchval(sql["setting"], name)
        elsewhere = [each for each in stored if each.startswith(f"{name}=")]
        if value in safe and not elsewhere:
            yield ok(name, text("doctor.setting", name=name, value=value))
        else:
            detail = text("doctor.setting", name=name, value=", ".join(elsewhere) or value)
            yield problem(name, detail, text("doctor.setting.fix", name=name))
    for name, wanted in NOTICING.items():
        value = await connection.fetchval(sql["setting"], name)
        if value not in wanted:
            yield note(name, text("doctor.setting", name=name, value=value), text("doctor.checksums.fix"))
    read_only = [each for each in stored if each.startswith("default_transaction_read_only")]
    row = await connection.fetchrow(sql["writable"])
    if row and row["standby"]:
        yield problem("writable", text("doctor.standby"), text("doctor.standby.fix"))
    elif (row and row["read_only"] == "on") or read_only:
        detail = text("doctor.read_only", where=", ".join(read_only) or "default_transaction_read_only=on")
        yield problem("writable", detail, text("doctor.read_only.fix"))
    else:
        yield ok("writable", text("doctor.writable"))
    if row and row["encoding"] != "UTF8":
        detail = text("doctor.encoding", encoding=row["encoding"])
        yield problem("encoding", detail, text("doctor.encoding.fix"))


async def check_clock(connection: Connection) -> AsyncIterator[Finding]:
    """The database's clock against this machine's, and against those that stamped what was received."""
    sql = load("doctor.sql", "console")
    before = utc_now()
    theirs = await connection.fetchval(sql["clock"])
    middle = before + (utc_now() - before) / 2
    seconds = abs((theirs - middle).total_seconds())
    detail = text("doctor.clock", seconds=decimal(seconds))
    if seconds > CLOCK_TOLERANCE_SECONDS:
        yield problem("clock", detail, text("doctor.clock.fix"))
    else:
        yield ok("clock", detail)
    ahead: timedelta | None = await connection.fetchval(sql["future"], FUTURE_SECONDS)
    if ahead is not None:
        detail = text("doctor.clock_ahead", seconds=int(ahead.total_seconds()))
        yield note("clock", detail, text("doctor.clock_ahead.fix"))


async def _version(connection: Connection, sql: str) -> Finding:
    number, words = await connection.fetchrow(sql) or (0, "?")
    detail = text("doctor.version", version=re.sub(r" .*", "", words))
    return (
        ok("version", detail)
        if number >= OLDEST_VERSION
        else problem("version", detail, text("doctor.version.fix"))
    )
