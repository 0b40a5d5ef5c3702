"""The only write to the log: a batch of events, inside the caller's transaction.

Order of locks, the same for every writer: the log's lock (`lock_log`), inbox, streams, events. Positions are drawn while the log's lock
is held and it is released by the commit, so a reader that has seen position n has seen everything before n (docs/adr/0001).
"""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

import msgspec
import orjson
from asyncpg.pgproto.pgproto import UUID  # a uuid.UUID as asyncpg reads it: made in an eighth of the time

from eventstore.personal import protected
from eventstore.queries import Piece, in_one_statement, load
from runtime.database import Connection, is_there
from schemas.errors import StoreUnavailable, WrongExpectedVersion
from schemas.event_model import EventModel
from schemas.events import encode
from schemas.streams import StreamName, category

LOG_LOCK = 7821440271
"""Advisory lock of the log, one per database. The same number is in the trigger `events_in_commit_order`."""

CHANNEL = "lunas_events"
"""Notified once per append, without payload; a hint to look, never the truth."""

TO_DECIDE = "lunas_facts"
"""Notified as well when there is something for fulfilment to look at. Its own decisions need not wake it."""

ExpectedVersion = int | Literal["any", "no_stream", "stream_exists"]
ANY: Literal["any"] = "any"
NO_STREAM: Literal["no_stream"] = "no_stream"
STREAM_EXISTS: Literal["stream_exists"] = "stream_exists"

_NAMED: Mapping[str, int] = {NO_STREAM: 0, STREAM_EXISTS: 1}
"""The version to name in an error when a word was expected."""

_SQL = load("append.sql")

_MOVED = tuple((name, _SQL[name]) for name in ("moved_heads", "made_heads"))
ADVANCE = in_one_statement((("wanted_heads", _SQL["wanted_heads"]), *_MOVED), _SQL["heads"])
ADVANCE_EXPECTED = in_one_statement(
    (
        ("asked_heads", _SQL["wanted_heads"]),
        ("wrong_heads", _SQL["wrong_heads"]),
        ("wanted_heads", _SQL["allowed_heads"]),
        *_MOVED,
    ),
    _SQL["heads_or_wrong"],
)


class NewEvent(msgspec.Struct, frozen=True):
    """One event to append. `metadata` is JSON-ready: correlation_id (where it is not the delivery's), causation_id, delivery_id, actor, catalog_version."""

    stream: StreamName
    event: EventModel
    metadata: Mapping[str, object] = msgspec.field(default_factory=dict)
    event_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class AppendResult:
    """Where the events went. Positions are contiguous: event i of the batch has position `first` + i.

    `first` and `last` are 0 when nothing was appended; `versions` holds the new head of every touched stream; `before` is the head of
    the log that the events were put behind.
    """

    first: int
    last: int
    versions: Mapping[StreamName, int]
    event_ids: Sequence[uuid.UUID]
    before: int = 0

    @property
    def positions(self) -> range:
        """Positions of the events, in the order they were given."""
        return range(self.first, self.last + 1) if self.first else range(0)


@asynccontextmanager
async def log_transaction(connection: Connection) -> AsyncIterator[None]:
    """A transaction that holds the log's lock from its first statement on: begun and locked in one round trip.

    Commits at the end, rolls back on any error. Not for a connection that is in a transaction already: see `lock_log`.
    """
    if connection.is_in_transaction():
        raise RuntimeError("a transaction is open already; lock the log inside it")
    try:
        await connection.execute(_SQL["begin"])
        yield
    except BaseException:
        if is_there(connection) and connection.is_in_transaction():
            await connection.execute("ROLLBACK")
        raise
    await connection.execute("COMMIT")


async def follow(connection: Connection) -> None:
    """For a transaction that only confirms what an earlier one wrote: its end then waits as the earlier one's should have, at a synchronous
    standby too. A commit whose confirmation was given up is seen by everybody, while only one server may have it."""
    await connection.execute(_SQL["follow"])


async def lock_log(connection: Connection) -> None:
    """Take the log's lock until the transaction ends; the first statement of every transaction that appends.

    Raises RuntimeError outside a READ COMMITTED transaction: a snapshot taken before the lock would not show what was
    appended while we waited for it.
    """
    if not connection.is_in_transaction():
        raise RuntimeError("the log is locked for a transaction, and none is open")
    isolation = await connection.fetchval(_SQL["lock"], LOG_LOCK)
    if isolation != "read committed":
        raise RuntimeError(f"appending needs READ COMMITTED, not {isolation}")


async def append(
    connection: Connection,
    events: Sequence[NewEvent],
    *,
    expected: Mapping[str, ExpectedVersion] | None = None,
    to_decide: bool = True,
) -> AppendResult:
    """Append in the given order, inside `log_transaction`, or after `lock_log` in a transaction of the caller's.

    `expected` names what must be true of a stream before; streams it does not name accept anything. `to_decide`: wake fulfilment. Raises
    WrongExpectedVersion before anything is written, StoreUnavailable when another transaction holds the log's lock.
    """
    if not events:
        return AppendResult(0, 0, {}, ())
    events = await _protected(connection, events)
    counts = Counter([event.stream for event in events])  # a list: counted in C
    advancing = asyncio.create_task(_advance(connection, counts, expected or {}))
    try:
        # The statement is on its way: the server moves the heads while we write the JSON.
        await asyncio.sleep(0)
        ids = _ids(events)
        written = _written(events)
    finally:
        heads = await advancing
    placed = _placed(events, heads, counts)
    added = await connection.fetchrow(_SQL["insert"], placed[0], ids, placed[1], *written, to_decide)
    if added is None or added["last"] - added["first"] + 1 != len(events):
        raise RuntimeError("somebody drew positions of the log outside an append")
    versions = {stream: version for stream, (_, version) in heads.items()}
    return AppendResult(added["first"], added["last"], versions, ids, added["before"])


def append_parts(events: Sequence[NewEvent]) -> list[tuple[str, Piece]]:
    """An append as parts of a statement of the caller's, inside `log_transaction`: one round trip for everything that belongs together.

    `added` has the positions, in the order given, and `told` must be read: else nobody hears of them. Whoever decided on them already need not wake
    fulfilment. No stream's version is expected. The caller makes sure that as many were added as were given.
    """
    names, categories, counts, streams, behind, ids, schemas, types, data, metadata = for_one_call(events)
    return [
        ("wanted_heads", (_SQL["wanted_heads"], (names, categories, counts, LOG_LOCK))),
        *((name, (text, ())) for name, text in _MOVED),
        ("heads", (_SQL["heads"], ())),
        ("added", (_SQL["added"], (streams, behind, ids, schemas, types, data, metadata))),
        ("told", (_SQL["told"], ())),
    ]


async def _protected(connection: Connection, events: Sequence[NewEvent]) -> Sequence[NewEvent]:
    """What is personal in them sealed, where this installation has a key."""
    said = [event.event for event in events]
    sealed = await protected(connection, said)
    if sealed is said:
        return events
    return [
        event if text is event.event else msgspec.structs.replace(event, event=text)
        for event, text in zip(events, sealed, strict=True)
    ]


def for_one_call(events: Sequence[NewEvent]) -> tuple[list[object], ...]:
    """Columns for a function of the database that appends under the log's lock by itself.

    First of streams: name, category, how many events it gets. Then of events: stream, how many of that stream come after it, id, schema
    version, type, data, metadata. Nothing is sealed here: what is personal in them stands under its name already (`eventstore.personal.named`).
    """
    counts = Counter([event.stream for event in events])
    left, behind = dict(counts), []
    for event in events:
        left[event.stream] -= 1
        behind.append(left[event.stream])
    schemas, names, types, data, metadata = _written(events)
    ids = _ids(events)
    heads: tuple[list[object], ...] = (
        list(counts),
        [category(stream) for stream in counts],
        list(counts.values()),
    )
    return (*heads, names, list(behind), list(ids), schemas, types, data, metadata)


_ANY_VERSION = 2**31 - 1


def _bounds(expected: ExpectedVersion) -> tuple[int, int]:
    """Lowest and highest version that an expectation allows."""
    if expected == ANY:
        return 0, _ANY_VERSION
    if expected == STREAM_EXISTS:
        return 1, _ANY_VERSION
    exact = 0 if expected == NO_STREAM else expected
    return exact, exact


async def _advance(
    connection: Connection, counts: Mapping[StreamName, int], expected: Mapping[str, ExpectedVersion]
) -> dict[StreamName, tuple[int, int]]:
    """Move the heads of the streams, unless an expectation does not hold: stream → key and new version."""
    moved = (list(counts), [category(stream) for stream in counts], list(counts.values()), LOG_LOCK)
    if expected:
        bounds = [_bounds(wanted) for wanted in expected.values()]
        lowest, highest = [low for low, _ in bounds], [high for _, high in bounds]
        rows = await connection.fetch(ADVANCE_EXPECTED, *moved, list(expected), lowest, highest)
    else:
        rows = await connection.fetch(ADVANCE, *moved)
    for stream, key, found in rows:
        if key is None:
            raise _refused(stream, expected[stream], found)
    if len(rows) != len(counts):
        raise StoreUnavailable("another transaction holds the log's lock; call lock_log first")
    return {stream: (key, version) for stream, key, version in rows}


def _refused(stream: str, wanted: ExpectedVersion, found: int) -> WrongExpectedVersion:
    return WrongExpectedVersion(stream, _NAMED[wanted] if isinstance(wanted, str) else wanted, found)


def _written(events: Sequence[NewEvent]) -> tuple[list[object], ...]:
    """Columns that depend on the events alone: schema_version, stream, type, data, metadata."""
    return (
        [event.event.VERSION for event in events],
        [event.stream for event in events],
        [event.event.TYPE for event in events],
        [encode(event.event) for event in events],
        [orjson.dumps(event.metadata).decode() for event in events],
    )


def _placed(
    events: Sequence[NewEvent], heads: Mapping[StreamName, tuple[int, int]], counts: Mapping[StreamName, int]
) -> tuple[list[int], list[int]]:
    """Columns that depend on the heads of the streams: stream_id, version."""
    behind = {stream: version - counts[stream] for stream, (_, version) in heads.items()}
    keys: list[int] = []
    versions: list[int] = []
    for event in events:
        stream = event.stream
        keys.append(heads[stream][0])
        behind[stream] = version = behind[stream] + 1
        versions.append(version)
    return keys, versions


def _ids(events: Sequence[NewEvent]) -> list[uuid.UUID]:
    """Those that the events have already, and fresh ones for the others."""
    fresh = fresh_ids(sum(event.event_id is None for event in events))
    return [event.event_id or next(fresh) for event in events]


def fresh_ids(count: int) -> Iterator[uuid.UUID]:
    """UUIDs of version 7 (RFC 9562) from one read of the system's randomness; a call for each costs more than the rest of an event."""
    random = os.urandom(10 * count)
    milliseconds = (time.time_ns() // 1_000_000).to_bytes(6, "big")
    for at in range(0, 10 * count, 10):
        versioned = bytes((0x70 | random[at] & 0x0F, random[at + 1], 0x80 | random[at + 2] & 0x3F))
        yield UUID(milliseconds + versioned + random[at + 3 : at + 10])
