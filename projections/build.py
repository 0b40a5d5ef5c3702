"""First build of a generation: the whole log in memory, then COPY, indexes and checkpoint in one transaction.

Nothing of it is visible before that transaction, so a build that is cut off leaves nothing to repair: it starts again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from projections import log as event_log
from projections import rows
from projections.decoding import Rows, decode_all, known_part
from projections.fold import FOLD_ERRORS, Unfolded, describe, fold_all, fold_each
from projections.garbage import collected_rarely
from projections.projection import Projection, State
from projections.statements import runner_sql
from runtime.database import Connection
from runtime.logs import get_logger
from schemas.errors import UnknownEventVersion

BATCH_EVENTS = 10_000  # beyond this a larger batch reads no faster
ROWS_IN_MEMORY = 200_000  # at most about 150 MB; what is behind is then fed in batches like any other event

log = get_logger(__name__)


@dataclass(slots=True)
class Built:
    """The rows of a generation at `position`, and the events that could not be folded into them."""

    state: State
    position: int
    parked: list[Unfolded] = field(default_factory=list)


async def fold_log(
    connection: Connection,
    projection: Projection,
    *,
    until: int | None = None,
    rows_max: int = ROWS_IN_MEMORY,
    batch_max: int = BATCH_EVENTS,
) -> Built:
    """Folds the log from its beginning up to `until` (None = its end), or until `rows_max` rows are in memory.

    Raises UnknownEventVersion: what this program does not understand, it does not build from.
    """
    with collected_rarely():
        try:
            return await _fold_log(connection, projection, until, rows_max, batch_max, careful=False)
        except FOLD_ERRORS as error:
            # The rows in memory are of no use after a failed fold, so begin again, event by event.
            log.warning("the log holds a broken event", action="projection.isolate", error=describe(error))
        return await _fold_log(connection, projection, until, rows_max, batch_max, careful=True)


async def _fold_log(
    connection: Connection,
    projection: Projection,
    until: int | None,
    rows_max: int,
    batch_max: int,
    *,
    careful: bool,
) -> Built:
    built = Built(projection.new_state(), 0)
    waiting: set[str] = set()
    reading = asyncio.create_task(event_log.read(connection, 0, projection.types, batch_max))
    try:
        while True:
            batch = await reading
            done = len(batch.events) < batch_max or (until is not None and batch.through >= until)
            if not done:
                # The server reads the next batch while this one is folded.
                reading = asyncio.create_task(
                    event_log.read(connection, batch.through, projection.types, batch_max)
                )
                await asyncio.sleep(0)
            events = _within(batch.events, until)
            if careful:
                built.parked += fold_each(projection, built.state, events, waiting)
            else:
                fold_all(projection, built.state, decode_all(events))
            built.position = batch.through if until is None else min(batch.through, until)
            if done or rows.size(projection, built.state) > rows_max:
                return built
    except asyncio.CancelledError:
        reading.cancel()
        raise
    finally:
        # What was read ahead and nobody needs is read to its end: a statement that is cut off would end the caller's transaction with it.
        await asyncio.gather(reading, return_exceptions=True)


def _within(events: Rows, until: int | None) -> Rows:
    known, unknown = known_part(events)
    if unknown is not None and (until is None or unknown.position <= until):
        raise UnknownEventVersion(unknown.type, unknown.schema_version)
    if until is None or not known or known[-1][event_log.POSITION] <= until:
        return known
    return [row for row in known if row[event_log.POSITION] <= until]


async def keep(connection: Connection, projection: Projection, version: int, built: Built) -> None:
    """Writes a build into the empty tables of a generation. Runs inside the caller's transaction."""
    await rows.copy(connection, projection, version, built.state)
    if built.parked:
        await connection.execute(
            runner_sql()["park"],
            projection.name,
            version,
            [one.position for one in built.parked],
            [one.stream for one in built.parked],
            [one.type for one in built.parked],
            [one.error for one in built.parked],
        )
