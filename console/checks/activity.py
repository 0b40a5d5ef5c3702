"""What goes on in the database now: connections, transactions that were forgotten, locks that hold others up, and who leads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from console.checks.finding import Finding, note, ok, problem, unseen
from console.messages import text
from console.overview import Overview, standing_still
from eventstore.leadership import lock_key
from eventstore.queries import load
from processor.fulfilment.runner import JOB as FULFILMENT
from projections.app import JOB as PROJECTIONS

if TYPE_CHECKING:
    from runtime.database import Connection

MOST_CONNECTIONS = 0.9
"""Share of the server's connections; beyond it the next process that starts is refused."""
FORGOTTEN_SECONDS = 60.0
"""Transactions of ours end within a second; one that idles for so long holds back vacuum, and maybe locks."""
WAITING_SECONDS = 3.0
"""Longer than any transaction of ours holds a lock."""
JOBS = {"processor": FULFILMENT, "projections": PROJECTIONS}


async def check_activity(connection: Connection, seen: Overview) -> AsyncIterator[Finding]:
    """What `seen` says of processes and readers is compared with the sessions of the database, with the login's own rights: a role
    sees no session but its own."""
    sql = load("doctor.sql", "console")
    await connection.execute(sql["put_off"])
    row = await connection.fetchrow(sql["sessions"])
    detail = text("doctor.sessions", used=row["used"], allowed=row["allowed"]) if row else ""
    if row and row["used"] > MOST_CONNECTIONS * row["allowed"]:
        yield problem("connections", detail, text("doctor.sessions.fix"))
    else:
        yield ok("connections", detail)
    async for finding in _held_up(connection, sql):
        yield finding
    async for finding in _leaders(connection, sql["leader"], seen):
        yield finding


async def _held_up(connection: Connection, sql: dict[str, str]) -> AsyncIterator[Finding]:
    if await connection.fetchval(sql["hidden"]):
        yield unseen("transactions", text("doctor.sessions_hidden"), text("doctor.sessions_hidden.fix"))
    forgotten = await connection.fetch(sql["open_transactions"], FORGOTTEN_SECONDS)
    for row in forgotten:
        detail = text("doctor.forgotten", pid=row["pid"], name=row["name"] or "?", seconds=row["seconds"])
        yield note("transactions", detail, text("doctor.session.fix", pid=row["pid"]))
    waiting = await connection.fetch(sql["waiting"], WAITING_SECONDS)
    for row in waiting:
        told = {name: row[name] or "?" for name in ("pid", "name", "holder", "holder_name")}
        yield problem("locks", text("doctor.held_up", **told), text("doctor.session.fix", pid=row["holder"]))
    if not forgotten and not waiting:
        yield ok("locks", text("doctor.locks"))


async def _leaders(connection: Connection, sql: str, seen: Overview) -> AsyncIterator[Finding]:
    """A job that stands still although somebody leads it: whoever holds the lock does not work. And one that nobody leads."""
    still = dict(standing_still(seen.readers or ()))
    good: Sequence[str] = ()
    for process, job in JOBS.items():
        leader = await connection.fetchrow(sql, lock_key(job))
        ready = process in seen.processes and seen.processes[process].state == "ready"
        if leader is not None and process in still:
            told = {
                "pid": leader["pid"],
                "name": leader["name"] or "?",
                "address": leader["address"] or "local",
            }
            fix = text("doctor.session.fix", pid=leader["pid"])
            yield problem("leader", text("doctor.leader_idle", process=process, **told), fix)
        elif leader is None and ready:
            yield note("leader", text("doctor.leader_none", process=process), text("doctor.leader_none.fix"))
        elif leader is not None:
            good = [*good, process]
    if good:
        yield ok("leader", text("doctor.leader", names=", ".join(good)))
