"""One batch into tables: rows and checkpoints in one transaction, the compare-and-set of the checkpoints first of all.

The compare-and-set is the fence: it locks the checkpoints, so a worker that lost its leadership without noticing waits here and
then moves nothing. It also makes folds exact that are not repeatable, such as adding an amount.
"""

from __future__ import annotations

from collections.abc import Sequence

from projections import rows
from projections.decoding import Rows, decode_all
from projections.fold import Parked, fold_all, fold_each, readable_keys, touched
from projections.members import Member
from projections.projection import Event
from projections.statements import runner_sql
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
    if not batch:
        await _advance(connection, members, through)
    else:
        events = decode_all(batch)
        async with connection.transaction():
            await _advance(connection, members, through)
            for member in members:
                await _fold(connection, member, events)
            fault_point("projections.written")
    for member in members:
        member.position = through


async def commit_carefully(connection: Connection, member: Member, batch: Rows, through: int) -> list[Parked]:
    """Like `commit_together` for one generation, but parks what cannot be folded, with its stream. Returns what was parked."""
    projection = member.projection
    waiting = set(member.waiting)
    async with connection.transaction():
        await _advance(connection, [member], through)
        state = await rows.load(connection, projection, member.version, readable_keys(projection, batch))
        parked = fold_each(projection, state, batch, waiting)
        await rows.write(connection, projection, member.version, state)
        await _park(connection, member, parked)
    member.position, member.waiting = through, waiting
    return parked


async def _fold(connection: Connection, member: Member, events: Sequence[Event]) -> None:
    projection = member.projection
    mine = [event for event in events if event.type in projection.handlers]
    if member.waiting:
        queued = [event for event in mine if event.stream in member.waiting]
        await _park(connection, member, [Parked(one.position, one.stream, one.type, "") for one in queued])
        mine = [event for event in mine if event.stream not in member.waiting]
    if not mine:
        return
    state = await rows.load(connection, projection, member.version, touched(projection, mine))
    fold_all(projection, state, mine)
    await rows.write(connection, projection, member.version, state)


async def _advance(connection: Connection, members: Sequence[Member], through: int) -> None:
    moved = await connection.fetchval(
        runner_sql()["advance"],
        [member.projection.consumer for member in members],
        [member.version for member in members],
        members[0].position,
        through,
    )
    if moved != len(members):
        raise Overtaken


async def _park(connection: Connection, member: Member, parked: Sequence[Parked]) -> None:
    if parked:
        await connection.execute(
            runner_sql()["park"],
            member.projection.name,
            member.version,
            [one.position for one in parked],
            [one.stream for one in parked],
            [one.type for one in parked],
            [one.error for one in parked],
        )
