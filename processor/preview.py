"""What deliveries would lead to if they came now: the very code that takes in and decides, without a write.

The caller's transaction is a snapshot that may only read (`reading`), so nothing is locked and nothing stays; what would have been written is
carried in memory. What waits for a decision already is decided first and apart, so that it is not taken for an effect of the preview.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from eventstore import checkpoints
from eventstore.append import NewEvent
from eventstore.read import head, read_page
from processor.fulfilment.desk import SQL, Desk
from processor.fulfilment.rounds import CONSUMER, catalog_at
from processor.fulfilment.work import (
    FACT_TYPES,
    PolicyFailed,
    Work,
    about_to_come,
    decide_all,
    prepare,
    reported,
)
from processor.intake.interpreter import EnvelopeInvalid, Interpreter, Prepared
from processor.intake.naming import under_names
from processor.intake.store import events_of, held_before
from processor.intake.verdicts import Verdict, judge
from runtime.database import Connection, is_there
from schemas.envelope import Envelope
from schemas.errors import Transient
from schemas.streams import category

WAITING_MAX = 2000
"""Facts that may wait for fulfilment before a preview: more means that it is behind, and a preview of yesterday's world helps nobody."""

Alarm = tuple[str, str, str]
"""provider, reason and what it is about: a letter that a person would get."""


class Behind(Transient):
    """Fulfilment has too much to decide before; look again when it has caught up."""


@dataclass(slots=True)
class Previewed:
    """`verdicts` in the order of what was asked for, None for an envelope that nobody of ours wrote. `waiting`: decisions that come anyway.

    `events`: everything that would be appended, facts before decisions; `versions`: of their streams as they are; `position`: the log's head.
    """

    position: int
    verdicts: Sequence[Verdict | None] = ()
    waiting: Sequence[NewEvent] = ()
    events: Sequence[NewEvent] = ()
    alarms: Sequence[Alarm] = ()
    versions: dict[str, int] = field(default_factory=dict)


@asynccontextmanager
async def reading(connection: Connection) -> AsyncIterator[None]:
    """One snapshot for everything; PostgreSQL refuses any write in it, and it is rolled back."""
    transaction = connection.transaction(isolation="repeatable_read", readonly=True)
    await transaction.start()
    try:
        yield
    finally:
        if is_there(connection):
            await transaction.rollback()


async def preview(
    connection: Connection,
    interpreter: Interpreter,
    envelopes: Sequence[Envelope],
    *,
    create_unknown: bool = False,
) -> Previewed:
    """Run them, inside `reading`. Raises Behind."""
    undecidable: dict[str, PolicyFailed] = {}
    while True:
        try:
            return await _run(connection, interpreter, envelopes, undecidable, create_unknown=create_unknown)
        except PolicyFailed as failure:
            # As a round does: that case is left to a person, and everything else is decided.
            undecidable[failure.case] = failure


async def _run(
    connection: Connection,
    interpreter: Interpreter,
    envelopes: Sequence[Envelope],
    undecidable: dict[str, PolicyFailed],
    *,
    create_unknown: bool,
) -> Previewed:
    position = await checkpoints.read(connection, CONSUMER)
    catalog = await catalog_at(connection, position)
    work = Work(Desk(), await connection.fetchval(SQL["now"]), catalog, create_unknown, undecidable)
    waiting = await _decide_what_waits(connection, work, position)
    verdicts = await _judged(connection, interpreter, envelopes)
    events = [event for verdict in verdicts if verdict is not None for event in events_of(verdict)]
    facts = [event for event in events if event.event.TYPE in FACT_TYPES]
    standing = await work.desk.look(connection, [event.event for event in facts])
    await prepare(connection, work, about_to_come(events, standing.next))
    work.turns = Counter()
    await decide_all(connection, work)
    everything = [*facts, *work.new]
    return Previewed(
        position=await head(connection),
        verdicts=verdicts,
        waiting=waiting,
        events=everything,
        alarms=[(alarm.provider, alarm.reason, alarm.about) for alarm in work.parked],
        versions=await versions_of(connection, {event.stream for event in everything}),
    )


async def _decide_what_waits(connection: Connection, work: Work, position: int) -> list[NewEvent]:
    page = await read_page(connection, position, sorted(FACT_TYPES), WAITING_MAX + 1)
    if len(page.events) > WAITING_MAX:
        raise Behind(f"more than {WAITING_MAX} facts wait for a decision")
    waiting = reported(page.events)
    if not waiting:
        return []
    await work.desk.look(connection, [one.fact for one in waiting])
    await prepare(connection, work, waiting)
    await decide_all(connection, work)
    decided, work.new, work.parked = work.new, [], []
    return decided


async def _judged(
    connection: Connection, interpreter: Interpreter, envelopes: Sequence[Envelope]
) -> list[Verdict | None]:
    each: list[Prepared | None] = []
    for envelope in envelopes:
        try:
            each.append(interpreter.prepare(envelope))
        except EnvelopeInvalid:
            each.append(None)
    fresh = [prepared for prepared in each if prepared is not None]
    new: set[uuid.UUID] = set()
    fresh = await under_names(connection, fresh, make=False)
    verdicts = iter(judge(fresh, await held_before(connection, interpreter, fresh, new)))
    return [None if prepared is None else next(verdicts) for prepared in each]


async def versions_of(connection: Connection, names: set[str]) -> dict[str, int]:
    """Versions of these streams, 0 for one that does not exist; the daily streams of receipts, which everything moves, are left out."""
    wanted = sorted(name for name in names if category(name) != "webhook")
    rows = await connection.fetch(SQL["stream_versions"], wanted)
    return dict.fromkeys(wanted, 0) | {row["stream"]: row["version"] for row in rows}
