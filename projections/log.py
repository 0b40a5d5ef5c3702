"""Reading the log for projections: only the columns that folds need, with the head they were read at."""

from __future__ import annotations

from collections.abc import Collection
from operator import itemgetter
from typing import NamedTuple

from eventstore.personal import opened
from eventstore.read import NEWEST, lean_after
from projections.decoding import LogRow, Rows
from runtime.database import Connection

POSITION, TYPE, DATA = 0, 1, 4  # columns


class Batch(NamedTuple):
    """Events in order. Everything the readers asked for up to `through` is in it, or was before it."""

    events: Rows
    through: int
    head: int


async def read(
    connection: Connection, position: int, types: Collection[str], limit: int, through: int = NEWEST
) -> Batch:
    """Events of `types` behind `position`, up to `through`.

    What is sealed in them is opened, for as long as its key is there. Head and events come from one snapshot, and positions are commit-ordered: nothing below the head can appear later.
    """
    records = await lean_after(connection, position, types, limit, through)
    head: int = next(record[POSITION] for record in reversed(records) if record[TYPE] is None)
    # UNION ALL promises no order; sorting what is sorted costs next to nothing.
    events = sorted((record for record in records if record[TYPE] is not None), key=itemgetter(POSITION))
    seen = max(min(head, through), position)
    texts = await opened(connection, [record[DATA] for record in events])
    shown = [
        record if record[DATA] is text else LogRow._make((*record[:DATA], text))
        for record, text in zip(events, texts, strict=True)
    ]
    return Batch(shown, events[-1][POSITION] if len(events) == limit else seen, head)
