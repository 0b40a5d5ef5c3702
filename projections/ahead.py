"""The batch behind the one that is written: read before that write, folded while the server is busy with it.

Client and server would otherwise wait for each other all the time, and on two cores that is half of the time to catch up. It happens only
where a full batch has another full one behind it: who is nearly up to date wants the write, not the next read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from operator import is_

from projections import log as event_log
from projections.commit import Draft, commit_together, draft
from projections.decoding import Rows, known_part
from projections.fold import FOLD_ERRORS
from projections.members import Member
from runtime.database import Connection

SEND_TURNS = 2  # of the event loop: the first makes the statement, the second sends it


@dataclass(frozen=True, slots=True)
class Ahead:
    """A batch that `members` need when they stand at `position`, and what it changes."""

    members: Sequence[Member]
    position: int
    batch: event_log.Batch
    drafted: Draft

    def suits(self, group: Sequence[Member]) -> bool:
        """Whether it is what these members need next: the very same ones, where they were expected."""
        same = len(group) == len(self.members) and all(map(is_, group, self.members))
        return same and group[0].position == self.position


async def commit_and_look_ahead(
    connection: Connection,
    members: Sequence[Member],
    batch: Rows,
    through: int,
    drafted: Draft | None,
    types: Collection[str],
    batch_max: int,
) -> Ahead | None:
    """Like `commit_together`; returns the batch of `batch_max` events behind `through`, None when there are fewer or one is broken."""
    following = await event_log.read(connection, through, types, batch_max)
    if len(following.events) < batch_max:
        await commit_together(connection, members, batch, through, drafted)
        return None
    writing = asyncio.create_task(commit_together(connection, members, batch, through, drafted))
    try:
        for _ in range(SEND_TURNS):
            await asyncio.sleep(0)
        return _ahead(members, through, following)
    finally:
        await writing


def _ahead(members: Sequence[Member], position: int, batch: event_log.Batch) -> Ahead | None:
    _, unknown = known_part(batch.events)
    if unknown is not None:
        return None
    try:
        return Ahead(list(members), position, batch, draft(members, batch.events))
    except FOLD_ERRORS:
        return None  # its own round meets the event again, and says what is wrong with it
