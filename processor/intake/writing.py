"""What is written of a batch once it is judged: its events, its deliveries and, where they were decided on already, what was decided.

With decisions it is one statement. Their positions were foretold when they were decided on (under the lock that we still hold), so nothing needs to be
asked in between; without, positions come from the append. Every round trip here is one during which nobody else may write to the log.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from eventstore.append import NewEvent, append, append_parts
from eventstore.queries import Piece, in_one_statement, load
from processor.fulfilment.fresh import Appended
from processor.fulfilment.rounds import InlineDecisions
from processor.intake.columns import delivery_columns, resolved_columns
from processor.intake.verdicts import Verdict
from runtime.database import Connection
from schemas.errors import StoreUnavailable

if TYPE_CHECKING:
    import asyncpg

_SQL = load("intake.sql", "processor")

Parts = Sequence[tuple[str, Piece]]


class Written(NamedTuple):
    """How long each delivery took, in ms, and where its events stand, when they are still to be decided on."""

    milliseconds: dict[uuid.UUID, int]
    appended: Appended | None


async def write(
    connection: Connection,
    verdicts: Sequence[Verdict],
    events: Sequence[Sequence[NewEvent]],
    decided: InlineDecisions | None,
) -> Written:
    """`events`: of each verdict; the first tells that it came.

    Raises StoreUnavailable when another worker decides, or the log did not go on where the decisions say it does.
    """
    every = [event for each in events for event in each]
    appended = None
    if decided is None:
        done = await append(connection, every)
        appended = Appended(done.before, done.first, every)
        rows = await _run(connection, _recorded(verdicts, events, done.first), _SQL["recorded"])
    else:
        # No expected versions: they were read under the lock that we still hold.
        every += decided.events
        parts = [
            *_recorded(verdicts, events, decided.first),
            ("moved", decided.pieces[0]),
            *((f"piece_{number}", piece) for number, piece in enumerate(decided.pieces[1:], 1)),
            *append_parts(every),
        ]
        rows = await _run(connection, parts, _SQL["recorded_and_moved"])
        if not rows[0]["moved"]:
            raise StoreUnavailable("another fulfilment worker is at work")
        if (rows[0]["first"], rows[0]["appended"]) != (decided.first, len(every)):
            raise StoreUnavailable("the log did not go on where the decisions say it does")
    return Written({row["delivery_id"]: row["processing_ms"] for row in rows}, appended)


def _recorded(
    verdicts: Sequence[Verdict], events: Sequence[Sequence[NewEvent]], first: int
) -> list[tuple[str, Piece]]:
    """The deliveries, each with the position of the event that tells that it came."""
    positions = list(accumulate((len(each) for each in events[:-1]), initial=first))
    return [
        ("recorded", (_SQL["record"], delivery_columns(verdicts, positions))),
        ("resolved", (_SQL["resolve"], resolved_columns(verdicts))),
    ]


async def _run(connection: Connection, parts: Parts, last: str) -> Sequence[asyncpg.Record]:
    statement = in_one_statement(tuple((name, text) for name, (text, _) in parts), last)
    return await connection.fetch(statement, *_arguments(piece for _, piece in parts))


def _arguments(pieces: Iterable[Piece]) -> list[object]:
    return [argument for _, given in pieces for argument in given]
