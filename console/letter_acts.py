"""Acting on dead letters: finding them, claiming one for replay, saying who was faster."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from console.acts import Act, Done, already, record
from console.exits import CommandError, NotFound, Refused
from console.messages import text
from console.options import actor
from console.replay import Replayer, envelopes_of_letter
from console.times import moment
from eventstore.queries import load
from schemas.envelope import EnvelopeError
from schemas.errors import Transient

if TYPE_CHECKING:
    from runtime.database import Connection

STALE_CLAIM = timedelta(minutes=10)
"""A replay that was claimed and never came back, because the command died, may be claimed again after this."""


async def replay_letter(connection: Connection, replayer: Replayer, row: Any, reason: str) -> Done:
    """Claims, records, publishes. A publish that was not confirmed gives the letter back."""
    letter, by, sql = row["dead_letter_id"], actor(), load("letters.sql", "console")
    try:
        envelopes = envelopes_of_letter(bytes(row["message"]), letter, by)
    except EnvelopeError as error:
        raise Refused(text("dlq.unreadable", id=letter, detail=error.detail)) from error
    undo = text("replay.undo")
    async with connection.transaction():
        if await connection.fetchval(sql["claim"], letter, by, STALE_CLAIM) is None:
            raise Refused(await state_in_words(connection, letter))
        act_id = await record(connection, letter_act("dlq.replay", row, reason, undo, after="replaying"))
    try:
        for envelope in envelopes:
            await replayer.publish(envelope)
    except Transient as error:
        await connection.execute(sql["release"], letter, by)
        raise CommandError(text("dlq.not_sent", id=letter, detail=str(error))) from error
    return Done(text("dlq.sent", id=letter), act_id, undo)


async def discard_letter(connection: Connection, row: Any, reason: str) -> Done:
    """Closes it; its bytes stay. Raises Refused with who was faster."""
    letter = row["dead_letter_id"]
    undo = f"lunas dlq reopen {letter} --reason …"
    async with connection.transaction():
        if await connection.fetchval(load("letters.sql", "console")["discard"], letter, actor()) is None:
            state = Refused(await state_in_words(connection, letter))
            raise await already(connection, "dlq.discard", str(letter), state, undone_by=["dlq.reopen"])
        act_id = await record(connection, letter_act("dlq.discard", row, reason, undo, after="discarded"))
    return Done(text("dlq.discarded", id=letter), act_id, undo)


async def reopen_letter(connection: Connection, row: Any, reason: str) -> Done:
    """Takes a discard back. Raises Refused with who was faster."""
    letter = row["dead_letter_id"]
    undo = f"lunas dlq discard {letter} --reason …"
    async with connection.transaction():
        if await connection.fetchval(load("letters.sql", "console")["reopen"], letter) is None:
            state = Refused(await state_in_words(connection, letter))
            undone_by = ["dlq.discard", "dlq.replay", "dlq.settle"]
            raise await already(connection, "dlq.reopen", str(letter), state, undone_by=undone_by)
        act_id = await record(connection, letter_act("dlq.reopen", row, reason, undo, after="open"))
    return Done(text("dlq.reopened", id=letter), act_id, undo)


def letter_act(verb: str, row: Any, reason: str, undo: str, *, after: str) -> Act:
    return Act(
        verb,
        str(row["dead_letter_id"]),
        reason,
        undo,
        before={"status": row["status"]},
        after={"status": after},
    )


async def find_letters(
    connection: Connection,
    provider: str | None,
    cause: str | None,
    event: str | None,
    statuses: list[str] | None,
    since: datetime | None,
    limit: int,
) -> list[Any]:
    sql = load("letters.sql", "console")["list"]
    return list(await connection.fetch(sql, provider, cause, event, statuses, since, limit))


async def one_letter(connection: Connection, letter: uuid.UUID) -> Any:
    row = await connection.fetchrow(load("letters.sql", "console")["one"], letter)
    if row is None:
        raise NotFound(text("dlq.unknown", id=letter))
    return row


async def state_in_words(connection: Connection, letter: uuid.UUID) -> str:
    """Why a change was refused: somebody else was faster."""
    row = await one_letter(connection, letter)
    if row["resolved_at"] is None:
        return text("dlq.still", id=letter, status=row["status"])
    return text(
        "dlq.state",
        id=letter,
        status=row["status"],
        by=row["resolved_by"] or "-",
        at=moment(row["resolved_at"]),
    )
