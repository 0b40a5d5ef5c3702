"""Reading the log for projections: only the columns that folds need, with the head they were read at."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from projections.decoding import Stored
from projections.statements import runner_sql
from runtime.database import Connection


class Batch(NamedTuple):
    """Events in order. Everything the readers asked for up to `through` is in it, or was before it."""

    events: list[Stored]
    through: int
    head: int


async def read(connection: Connection, position: int, types: Collection[str], limit: int) -> Batch:
    """Events of `types` behind `position`.

    Head and events come from one snapshot, and positions are commit-ordered: nothing below the head can appear later.
    """
    records = await connection.fetch(runner_sql()["after"], position, list(types), limit)
    head: int = records[0]["head"]
    if records[0]["position"] is None:
        return Batch([], max(head, position), head)
    events = [Stored(*record[1:]) for record in records]
    return Batch(events, events[-1].position if len(events) == limit else head, head)
