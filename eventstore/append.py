"""The only write to the log: a batch of events, inside the caller's transaction.

Order of locks, the same for every writer: the log's lock (`lock_log`), inbox, streams, events. Positions are drawn while the log's lock
is held and it is released by the commit, so a reader that has seen position n has seen everything before n (docs/adr/0001).
"""

from __future__ import annotations

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
    heads = {
        row["stream"]: (row["stream_id"], row["version"])
        for row in await connection.fetch(
            _SQL["advance"],
            list(counts),
            [category(name) for name in counts],
            list(counts.values()),
            LOG_LOCK,
        )
    }
    if not heads:
        raise StoreUnavailable("another transaction holds the log's lock; call lock_log first")
    ids = [event.event_id or fresh for event, fresh in zip(events, _fresh_ids(len(events)), strict=True)]
    added = await connection.fetchrow(_SQL["insert"], *_columns(events, counts, heads, ids))
    if added is None or added["last"] - added["first"] + 1 != len(events):
        raise RuntimeError("somebody drew positions of the log outside an append")
    versions = {name: version for name, (_, version) in heads.items()}
    return AppendResult(added["first"], added["last"], versions, ids)


def category(stream: str) -> str:
    """Part of a stream's name before the first dash."""
    return stream.partition("-")[0]


async def _check_expected(connection: Connection, expected: Mapping[str, ExpectedVersion]) -> None:
    named = [stream for stream, version in expected.items() if version != ANY]
    rows = await connection.fetch(_SQL["versions"], named)
    actual: dict[str, int] = {row["stream"]: row["version"] for row in rows}
    for stream in named:
        wanted, found = expected[stream], actual.get(stream, 0)
        if wanted == NO_STREAM:
            wanted = 0
        if found == 0 if wanted == STREAM_EXISTS else found != wanted:
            raise WrongExpectedVersion(stream, 1 if isinstance(wanted, str) else wanted, found)


def _columns(
    events: Sequence[NewEvent],
    counts: Mapping[str, int],
    heads: Mapping[str, tuple[int, int]],
    ids: Sequence[uuid.UUID],
) -> tuple[list[object], ...]:
    """The batch as one list per column, in the order of the statement's parameters."""
    last = {name: heads[name][1] - count for name, count in counts.items()}
    versions: list[object] = []
    for event in events:
        last[event.stream] += 1
        versions.append(last[event.stream])
    return (
        [heads[event.stream][0] for event in events],
        list(ids),
        versions,
        [event.event.VERSION for event in events],
        [event.stream for event in events],
        [event.event.TYPE for event in events],
        [encode(event.event) for event in events],
        [orjson.dumps(event.metadata).decode() for event in events],
    )


def _fresh_ids(count: int) -> Iterator[uuid.UUID]:
    """UUIDs of version 7 (RFC 9562) from one read of the system's randomness; a call per event costs more than the rest."""
    random = os.urandom(10 * count)
    milliseconds = (time.time_ns() // 1_000_000 & (2**48 - 1)) << 80
    for start in range(0, 10 * count, 10):
        bits = int.from_bytes(random[start : start + 10], "big")
        value = milliseconds | 0x7 << 76 | (bits >> 68) << 64 | 0b10 << 62 | bits & (2**62 - 1)
        yield uuid.UUID(int=value)
