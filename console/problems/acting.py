"""What people say of a problem: each with a reason and an audit record, and of two at once one is heard."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from console.acts import Act, already, record
from console.exits import Refused
from console.messages import text, value
from console.options import actor
from console.problems.problem import Status
from console.problems.reading import SQL, one_problem
from runtime.ids import uuid7

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

VERBS: dict[str, Status] = {"ack": "acknowledged", "fix": "fixed", "ignore": "ignored", "reopen": "open"}


async def say(
    connection: Connection,
    settings: Settings,
    fingerprint: str,
    verb: str,
    reason: str,
    *,
    owner: str | None = None,
    by: str = "",
) -> uuid.UUID:
    """Give a problem a state; the audit record's id. Raises Refused with by whom and when, where somebody was faster."""
    by = by or actor()
    found = await one_problem(connection, settings, fingerprint)
    status, name = VERBS[verb], found.fingerprint
    owner = owner or (by if verb == "ack" else None)
    async with connection.transaction():
        if await connection.fetchval(SQL["change"], name, status, owner, by, found.last_seen) is None:
            others = [f"problems.{other}" for other in VERBS if other != verb]
            otherwise = Refused(text("problems.said", id=name, status=value(status)))
            raise await already(connection, f"problems.{verb}", name, otherwise, undone_by=others)
        undo = f"lunas problems {'ack' if verb == 'reopen' else 'reopen'} {name} --reason …"
        before = {"status": found.said.status, "owner": found.said.owner}
        act = Act(
            f"problems.{verb}",
            name,
            reason,
            undo,
            before=before,
            after={"status": status, "owner": owner},
            by=by,
        )
        return await record(connection, act)


async def note(
    connection: Connection, settings: Settings, fingerprint: str, words: str, *, by: str = ""
) -> uuid.UUID:
    """Note something; the audit record's id."""
    by = by or actor()
    name = (await one_problem(connection, settings, fingerprint)).fingerprint
    async with connection.transaction():
        await connection.execute(SQL["note"], uuid7(), name, by, words)
        return await record(connection, Act("problems.note", name, words, text("problems.note_undo"), by=by))
