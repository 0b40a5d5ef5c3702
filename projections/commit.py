"""One batch into tables: rows and checkpoints in one statement, which is one transaction.

It holds a compare-and-set of the checkpoints, and fails as a whole unless all of them moved. That is the fence: a worker that lost its
leadership without noticing writes nothing. It also makes folds exact that are not repeatable, such as adding an amount, and lets rows be
read before: a checkpoint that still stands where it stood means that nobody has changed them since.
"""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from eventstore.queries import Piece
from projections import rows
from projections.decoding import Rows, decode_all
from projections.fold import Parked, fold_all, fold_each, readable_keys, touched
from projections.members import Member
from projections.projection import Event
from projections.statements import as_one_statement, runner_sql
from runtime.database import Connection
from runtime.faults import fault_point
from schemas.errors import Transient


class Overtaken(Transient):
    """Somebody else moved a checkpoint, so nothing of this batch was written."""


async def commit_together(
    connection: Connection, members: Sequence[Member], batch: Rows, through: int
) -> None:
    """Folds a batch into generations that stand at the same position and moves them to `through`, all or nothing.

    Raises Overtaken, and whatever a fold or the database says about a broken event; nothing is written then.
    """
    pieces: list[Piece] = []
    if batch:
        events = decode_all(batch)
        for member in members:
            pieces += await _fold(connection, member, events)
        fault_point("projections.folded")
    await _commit(connection, members, through, pieces)
    fault_point("projections.committed")


async def commit_carefully(connection: Connection, member: Member, batch: Rows, through: int) -> list[Parked]:
    """Like `commit_together` for one generation, but parks what cannot be folded, with its stream. Returns what was parked."""
    projection = member.projection
    waiting = set(member.waiting)
    state = await rows.load(connection, projection, member.version, readable_keys(projection, batch))
    parked = fold_each(projection, state, batch, waiting)
    pieces = rows.upserts(projection, member.version, state) + parking(member, parked)
    await _commit(connection, [member], through, pieces)
    member.waiting = waiting
    return parked


def parking(member: Member, parked: Sequence[Parked]) -> list[Piece]:
    """What keeps events that wait."""
    if not parked:
        return []
    columns = ([one.position for one in parked], [one.stream for one in parked],
               [one.type for one in parked], [one.error for one in parked])  # fmt: skip
    return [(runner_sql()["park"], (member.projection.name, member.version, *columns))]


async def _fold(connection: Connection, member: Member, events: Sequence[Event]) -> list[Piece]:
    projection = member.projection
    mine = [event for event in events if event.type in projection.handlers]
    queued: list[Parked] = []
    if member.waiting:
        queued = [
            Parked(event.position, event.stream, event.type, "")
            for event in mine
            if event.stream in member.waiting
        ]
        mine = [event for event in mine if event.stream not in member.waiting]
    if not mine:
        return parking(member, queued)
    state = await rows.load(connection, projection, member.version, touched(projection, mine))
    fold_all(projection, state, mine)
    return rows.upserts(projection, member.version, state) + parking(member, queued)


async def _commit(
    connection: Connection, members: Sequence[Member], through: int, pieces: Sequence[Piece]
) -> None:
    statement = as_one_statement(tuple(text for text, _ in pieces))
    consumers = [member.projection.consumer for member in members]
    versions = [member.version for member in members]
    arguments = [argument for _, given in pieces for argument in given]
    try:
        await connection.fetchval(statement, consumers, versions, members[0].position, through, *arguments)
    except asyncpg.DivisionByZeroError:
        raise Overtaken from None
    for member in members:
        member.position = through
