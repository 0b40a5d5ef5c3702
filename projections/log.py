"""Reading the log for projections: only the columns that folds need, with the head they were read at."""

from __future__ import annotations

from collections.abc import Collection
from operator import itemgetter
from typing import NamedTuple

from eventstore.read import lean_after
from projections.decoding import Rows
from runtime.database import Connection

POSITION, TYPE = 0, 1  # columns


class Batch(NamedTuple):
    """Events in order. Everything the readers asked for up to `through` is in it, or was before it."""

    events: Rows
    through: int
    head: int


async def read(connection: Connection, position: int, types: Collection[str], limit: int) -> Batch:
    """Events of `types` behind `position`.

    Head and events come from one snapshot, and positions are commit-ordered: nothing below the head can appear later.
    """
    records = await lean_after(connection, position, types, limit)
    head: int = next(record[POSITION] for record in reversed(records) if record[TYPE] is None)
    # UNION ALL promises no order; sorting what is sorted costs next to nothing.
    events = sorted((record for record in records if record[TYPE] is not None), key=itemgetter(POSITION))
    if not events:
        return Batch([], max(head, position), head)
    return Batch(events, events[-1][POSITION] if len(events) == limit else head, head)
