"""One batch into tables: rows and checkpoints in one statement, which is one transaction.

It holds a compare-and-set of the checkpoints, and fails as a whole unless all of them moved. That is the fence: a worker that lost its
leadership without noticing writes nothing. It also makes folds exact that are not repeatable, such as adding an amount, and lets rows be
read before: a checkpoint that still stands where it stood means that nobody has changed them since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from eventstore.queries import Piece
from projections import rows
from projections.decoding import Rows, decode_all
from projections.fold import Unfolded, fold_all, fold_each, readable_keys, touched
from projections.members import Member
from projections.projection import Event, Projection
from projections.statements import as_one_statement, runner_sql
from runtime.database import Connection
from runtime.faults import fault_point
from schemas.errors import Transient


class Overtaken(Transient):
    """Somebody else moved a checkpoint, so nothing of this batch was written."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a batch changes, as far as that can be said without reading a row: its events, and pieces by label of a member."""

    events: list[Event]
    pieces: dict[str, list[Piece]]


def draft(members: Sequence[Member], batch: Rows) -> Draft:
    """Folds a batch into members that need no rows for it. Touches no database; raises whatever a fold says about a broken event."""
    events = decode_all(batch)
    unread = [member for member in members if _needs_no_rows(member.projection, events)]
    return Draft(events, {member.label: _fold_unread(member, events) for member in unread})


def _needs_no_rows(projection: Projection, events: Sequence[Event]) -> bool:
    if not projection.loaded or not projection.merged:
        return not projection.loaded
    types = {event.type for event in events}
    if not projection.unmerged.isdisjoint(types):
        return False
    doubtful = projection.doubtful & types
    return not doubtful or not any(event.type in doubtful and projection.states(event) for event in events)


async def commit_together(
    connection: Connection, members: Sequence[Member], batch: Rows, through: int, drafted: Draft | None = None
) -> None:
    """Folds a batch into generations that stand at the same position and moves them to `through`, all or nothing.

    `drafted` is the batch's draft when it was made before. Raises Overtaken, and whatever a fold or the database says about a broken
    event; nothing is written then.
    """
    pieces: list[Piece] = []
    if batch:
        known = drafted or draft(members, batch)
        for member in members:
            fault_point("projections.folding")
            unread = known.pieces.get(member.label)
            pieces += await _fold(connection, member, known.events) if unread is None else unread
        fault_point("projections.folded")
    await _commit(connection, members, through, pieces)
    fault_point("projections.committed")


async def commit_carefully(
    connection: Connection, member: Member, batch: Rows, through: int
) -> list[Unfolded]:
    """Like `commit_together` for one generation, but parks what cannot be folded, with its stream. Returns what was parked."""
    projection = member.projection
    waiting = set(member.waiting)
    state = await rows.load(connection, projection, member.version, readable_keys(projection, batch))
    loaded = rows.values_of(projection, state)
    parked = fold_each(projection, state, batch, waiting)
    pieces = rows.upserts(projection, member.version, state, loaded) + parking(member, parked)
    await _commit(connection, [member], through, pieces)
    member.waiting = waiting
    return parked


def parking(member: Member, parked: Sequence[Unfolded]) -> list[Piece]:
    """What keeps events that wait."""
    if not parked:
        return []
    columns = ([one.position for one in parked], [one.stream for one in parked],
               [one.type for one in parked], [one.error for one in parked])  # fmt: skip
    return [(runner_sql()["park"], (member.projection.name, member.version, *columns))]


async def _fold(connection: Connection, member: Member, events: Sequence[Event]) -> list[Piece]:
    projection = member.projection
    mine, queued = _mine(member, events)
    if not mine:
        return parking(member, queued)
    state = await rows.load(connection, projection, member.version, touched(projection, mine))
    loaded = rows.values_of(projection, state)
    fold_all(projection, state, mine)
    return rows.upserts(projection, member.version, state, loaded) + parking(member, queued)


def _fold_unread(member: Member, events: Sequence[Event]) -> list[Piece]:
    projection = member.projection
    mine, queued = _mine(member, events)
    state = projection.new_state()
    fold_all(projection, state, mine)
    write = rows.merges if projection.merged else rows.upserts
    return write(projection, member.version, state) + parking(member, queued)


def _mine(member: Member, events: Sequence[Event]) -> tuple[list[Event], list[Unfolded]]:
    """The events a member folds, and those that wait behind a parked one of their stream."""
    mine = [event for event in events if event.type in member.projection.handlers]
    if not member.waiting:
        return mine, []
    queued = [
        Unfolded(event.position, event.stream, event.type, "")
        for event in mine
        if event.stream in member.waiting
    ]
    return [event for event in mine if event.stream not in member.waiting], queued


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
