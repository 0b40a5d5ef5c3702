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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import orjson

from eventstore.queries import load
from runtime.database import Connection
from schemas.errors import StoreUnavailable, WrongExpectedVersion
from schemas.event_model import EventModel
from schemas.events import encode

LOG_LOCK = 7821440271
"""Advisory lock of the log, one per database. The same number is in the trigger `events_in_commit_order`."""

CHANNEL = "lunas_events"
"""Notified once per append, without payload; a hint to look, never the truth."""

ExpectedVersion = int | Literal["any", "no_stream", "stream_exists"]
ANY: Literal["any"] = "any"
NO_STREAM: Literal["no_stream"] = "no_stream"
STREAM_EXISTS: Literal["stream_exists"] = "stream_exists"

_NAMED: Mapping[str, int] = {NO_STREAM: 0, STREAM_EXISTS: 1}
"""The version to name in an error when a word was expected."""

_SQL = load("append.sql")


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One event to append. `metadata` is JSON-ready: correlation_id, causation_id, delivery_id, actor, catalog_version."""

    stream: str
    event: EventModel
    metadata: Mapping[str, object] = field(default_factory=dict)
    event_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class AppendResult:
    """Where the events went. Positions are contiguous: event i of the batch has position `first` + i.

    `first` and `last` are 0 when nothing was appended; `versions` holds the new head of every touched stream.
    """

    first: int
    last: int
    versions: Mapping[str, int]
    event_ids: Sequence[uuid.UUID]

    @property
    def positions(self) -> range:
        """Positions of the events, in the order they were given."""
        return range(self.first, self.last + 1) if self.first else range(0)


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
) -> AppendResult:
    """Append in the given order. The caller has called `lock_log` in the same transaction and commits it.

    `expected` names what must be true of a stream before; streams it does not name accept anything. Raises
    WrongExpectedVersion before anything is written, StoreUnavailable when another transaction holds the log's lock.
    """
    if not events:
        return AppendResult(0, 0, {}, ())
    if expected:
        await _check_expected(connection, expected)
    counts = Counter(event.stream for event in events)
    advancing = asyncio.create_task(_advance(connection, counts))
    try:
        await asyncio.sleep(
            0
        )  # the statement is on its way: the server moves the heads while we write the JSON
        ids = [event.event_id or fresh for event, fresh in zip(events, _fresh_ids(len(events)), strict=True)]
        written = _written(events)
    finally:
        keys, versions = await advancing
    before = {stream: versions[stream] - count for stream, count in counts.items()}
    placed = _placed(events, keys, before)
    added = await connection.fetchrow(_SQL["insert"], placed[0], ids, placed[1], *written)
    if added is None or added["last"] - added["first"] + 1 != len(events):
        raise RuntimeError("somebody drew positions of the log outside an append")
    return AppendResult(added["first"], added["last"], versions, ids)


def category(stream: str) -> str:
    """Part of a stream's name before the first dash."""
    return stream.partition("-")[0]


async def _check_expected(connection: Connection, expected: Mapping[str, ExpectedVersion]) -> None:
    rows = await connection.fetch(_SQL["versions"], list(expected))
    actual: dict[str, int] = {row["stream"]: row["version"] for row in rows}
    for stream, wanted in expected.items():
        found = actual.get(stream, 0)
        if not _holds(wanted, found):
            raise WrongExpectedVersion(stream, _NAMED[wanted] if isinstance(wanted, str) else wanted, found)


def _holds(wanted: ExpectedVersion, found: int) -> bool:
    if wanted == ANY:
        return True
    if wanted == STREAM_EXISTS:
        return found > 0
    return found == (0 if wanted == NO_STREAM else wanted)


async def _advance(
    connection: Connection, counts: Mapping[str, int]
) -> tuple[dict[str, int], dict[str, int]]:
    """Move the heads of the streams; their keys and their new versions."""
    categories = [category(stream) for stream in counts]
    row = await connection.fetchrow(
        _SQL["advance"], list(counts), categories, list(counts.values()), LOG_LOCK
    )
    if row is None or len(row["streams"]) != len(counts):
        raise StoreUnavailable("another transaction holds the log's lock; call lock_log first")
    keys = dict(zip(row["streams"], row["keys"], strict=True))
    return keys, dict(zip(row["streams"], row["versions"], strict=True))


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
    events: Sequence[NewEvent], keys: Mapping[str, int], before: Mapping[str, int]
) -> tuple[list[int], list[int]]:
    """Columns that depend on the heads of the streams: stream_id, version."""
    last = dict(before)
    versions: list[int] = []
    for event in events:
        last[event.stream] += 1
        versions.append(last[event.stream])
    return [keys[event.stream] for event in events], versions


def _fresh_ids(count: int) -> Iterator[uuid.UUID]:
    """UUIDs of version 7 (RFC 9562) from one read of the system's randomness; a call for each costs more than the rest of an event."""
    random = os.urandom(10 * count)
    milliseconds = (time.time_ns() // 1_000_000).to_bytes(6, "big")
    for at in range(0, 10 * count, 10):
        versioned = bytes((0x70 | random[at] & 0x0F, random[at + 1], 0x80 | random[at + 2] & 0x3F))
        yield uuid.UUID(bytes=milliseconds + versioned + random[at + 3 : at + 10])
