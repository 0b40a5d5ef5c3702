"""Reading the log: by position for consumers, by stream for decisions and for people. Nobody else names its table.

Who needs events beside rows of their own, and in one round trip, joins a part of ours with theirs (`eventstore.queries.in_one_statement`):
`STANDING`, `AT_STEPS`, `AGES_BEHIND_STEPS`, `NEWEST_OF`, `BEHIND_VERSIONS`.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from eventstore.personal import opened
from eventstore.queries import load
from runtime.database import Connection, Pool
from schemas.event_model import EventModel
from schemas.events import decode
from schemas.streams import StreamName

if TYPE_CHECKING:
    import asyncpg

MAX_STREAM_EVENTS = 10_000  # streams are short by design; a longer one is read in pages

NEWEST = 2**63 - 1  # a position that no log reaches
NEWEST_VERSION = 2**31 - 1  # a version that no stream reaches
FACTS_BEHIND = 5000  # positions; a batch of intake is smaller

_SQL, _PERSONS = load("read.sql"), load("persons.sql")

STANDING = _SQL["standing"]
"""`head`: position of the newest event; `next`: the one that the next event gets. Exact only under the log's lock."""
AT_STEPS = _SQL["at_steps"]
"""position, event_id, stream, type, recorded_at, data, metadata of events at `steps.position`, where `steps` is a part before it."""
AGES_BEHIND_STEPS = _SQL["ages_behind_steps"]
"""For each `steps.position`: the log's `head`, and in `seconds` the age of the oldest event behind it (null: nothing is behind it)."""

NEWEST_OF = _SQL["newest_of"]
"""type, schema_version, data of the newest event of type `$2` in stream `$1`; no row when there is none, or its person was forgotten since."""

BEHIND_VERSIONS = _SQL["behind_versions"]
"""stream, head and, of events of the types `$1` behind `wanted.version` of `wanted.stream`, position, type, schema_version, data."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event as stored: `data` and `metadata` are the exact JSON texts that were appended."""

    position: int
    event_id: uuid.UUID
    stream: StreamName
    version: int
    type: str
    schema_version: int
    data: str
    metadata: str
    recorded_at: datetime

    def decoded(self) -> EventModel:
        """The newest model. Raises KeyError for a type and UnknownEventVersion for a version this program does not know."""
        return decode(self.type, self.schema_version, self.data)

    def context(self) -> dict[str, object]:
        """`metadata` parsed: correlation_id (where it is not the delivery's), causation_id, delivery_id, actor, catalog_version."""
        context: dict[str, object] = orjson.loads(self.metadata)
        return context


@dataclass(frozen=True, slots=True)
class LogPage:
    """Events behind a position. `through`: nothing the reader asked for is left up to here, whether it came or not.

    A consumer moves its checkpoint to `through`, so that ranges without anything for it are read once only.
    """

    events: Sequence[StoredEvent]
    through: int


async def read_after(
    connection: Connection, position: int, types: Sequence[str] | None = None, limit: int = 1000
) -> list[StoredEvent]:
    """Up to `limit` events behind `position` in order, of all types or of some."""
    return list((await read_page(connection, position, types, limit)).events)


async def read_page(
    connection: Connection, position: int, types: Sequence[str] | None = None, limit: int = 1000
) -> LogPage:
    """Like `read_after`, and tells how far the reader has seen.

    Events and head come from one snapshot, and what commits later has a higher position (docs/adr/0001): the reader has seen
    everything up to that head.
    """
    if types is None:
        rows = await connection.fetch(_SQL["after"], position, limit)
        return LogPage(_events(rows), rows[-1]["position"] if rows else position)
    *rows, newest = await connection.fetch(_SQL["after_of_types"], position, list(types), limit)
    if not rows:
        return LogPage((), max(position, newest["position"]))
    return LogPage(_events(rows), rows[-1]["position"] if len(rows) == limit else newest["position"])


async def read_stream(
    connection: Connection, stream: StreamName, from_version: int = 1, limit: int = MAX_STREAM_EVENTS
) -> list[StoredEvent]:
    """Events of one stream from a version on, in order; empty when there is no such stream. What is sealed in them is opened."""
    return await _shown(connection, await connection.fetch(_SQL["stream"], stream, from_version, limit))


async def read_at(connection: Connection, positions: Sequence[int]) -> list[StoredEvent]:
    """The events at these positions, in no promised order. What is sealed in them is opened."""
    return await _shown(connection, await connection.fetch(_SQL["at"], list(positions)))


async def traced_at(connection: Connection | Pool, positions: Collection[int]) -> dict[int, str]:
    """The trace contexts in the metadata of the events at these positions, of those that have one."""
    rows = await connection.fetch(_SQL["traced_at"], list(positions))
    return {row["position"]: row["traceparent"] for row in rows}


async def stream_version(connection: Connection, stream: StreamName) -> int:
    """Version of the stream's newest event; 0 = no stream."""
    return await connection.fetchval(_SQL["version"], stream) or 0


async def head(connection: Connection) -> int:
    """Position of the newest committed event; 0 = empty log."""
    newest: int = await connection.fetchval(_SQL["head"])
    return newest


async def receipts(connection: Connection, positions: Collection[int]) -> dict[int, tuple[str, str]]:
    """Delivery and SHA-256 (hexadecimal) of its bytes by the position of its receipt; of other events nothing."""
    rows = await connection.fetch(_SQL["receipts"], list(positions))
    return {row["position"]: (row["delivery_id"], row["sha256"]) for row in rows}


async def recorded_at(connection: Connection, position: int) -> datetime | None:
    """When the event at `position` was written; None when there is none."""
    moment: datetime | None = await connection.fetchval(_SQL["recorded_at"], position)
    return moment


async def before(connection: Connection, moment: datetime) -> int:
    """A position behind which everything lies that was written from that moment on, found by halves: times have no index of their own.

    Transactions that were open side by side may have stamped their events a little out of order: leave some room.
    """
    low, high = 0, await head(connection)
    while low < high:
        middle = (low + high) // 2
        row = await connection.fetchrow(_SQL["reaching"], middle + 1)
        if row is None or row["recorded_at"] >= moment:
            high = middle
        else:
            low = row["position"]
    return low


async def lean_after(
    connection: Connection, position: int, types: Collection[str], limit: int, through: int = NEWEST
) -> list[asyncpg.Record]:
    """Like `read_page`, up to `through`, for those who read millions: rows of position, type, schema_version, stream, data, in no promised order.

    One more row, with a null type, holds the head at which they were read.
    """
    return await connection.fetch(_SQL["lean_after"], position, list(types), limit, through)


async def newest_data(connection: Connection | Pool, event_type: str, through: int = NEWEST) -> str | None:
    """The JSON of the newest event of a type, of those up to `through`."""
    data: str | None = await connection.fetchval(_SQL["newest_data"], event_type, through)
    return data


@dataclass(frozen=True, slots=True)
class Sought:
    """An event of one stream below a version, in which a field has this value."""

    stream: StreamName
    below: int
    value: str


async def told_before(
    connection: Connection, wanted: Sequence[Sought], event_type: str, field: str
) -> dict[int, EventModel]:
    """By the number of what is wanted, the newest event of a type that says `value` in `field`; of those that exist."""
    found = await told_and_where(connection, wanted, event_type, field)
    return {number: model for number, (model, _) in found.items()}


async def told_and_where(
    connection: Connection, wanted: Sequence[Sought], event_type: str, field: str
) -> dict[int, tuple[EventModel, int]]:
    """The same, each with its version in its stream."""
    rows = await connection.fetch(
        _SQL["told_before"],
        range(len(wanted)),
        [one.stream for one in wanted],
        [one.below for one in wanted],
        [one.value for one in wanted],
        event_type,
        field,
    )
    return {
        row["number"]: (decode(row["type"], row["schema_version"], row["data"]), row["version"])
        for row in rows
    }


async def newest_of(connection: Connection, stream: StreamName, event_type: str) -> EventModel | None:
    """The newest event of a type in a stream, unless the person was forgotten since. What is sealed in it is opened."""
    row = await connection.fetchrow(_SQL["newest_of"], stream, event_type)
    if row is None:
        return None
    return decode(row["type"], row["schema_version"], (await opened(connection, [row["data"]]))[0])


async def of_delivery(connection: Connection, delivery_id: str, position: int) -> list[asyncpg.Record]:
    """position, stream, type and recorded_at of what was derived from a delivery that stands at `position`."""
    return await connection.fetch(_SQL["of_delivery"], delivery_id, position, FACTS_BEHIND)


async def with_phone(connection: Connection, digits: str) -> list[str]:
    """Customers who registered with a phone number; `digits` without the country or the leading zero."""
    rows = await connection.fetch(_SQL["with_phone"], digits)
    return sorted(
        {row["customer_id"] for row in rows + await connection.fetch(_PERSONS["with_kept_phone"], digits)}
    )


async def age_behind(connection: Connection, position: int) -> float:
    """Seconds since the oldest event behind a position was written; 0 when nothing is behind it."""
    return await connection.fetchval(_SQL["age_behind"], position) or 0.0


async def is_empty(connection: Connection) -> bool:
    """Whether nothing was ever written, or there is no log yet."""
    return not await connection.fetchval(_SQL["exists"]) or await head(connection) == 0


async def shown(connection: Connection, rows: Sequence[asyncpg.Record]) -> list[dict[str, Any]]:
    """Rows with `data` of events among their columns, as they are shown to people: what is sealed in it is opened."""
    texts = await opened(connection, [row["data"] or "" for row in rows])
    return [dict(row) | {"data": text or None} for row, text in zip(rows, texts, strict=True)]


async def _shown(connection: Connection, rows: Sequence[asyncpg.Record]) -> list[StoredEvent]:
    texts = await opened(connection, [row["data"] for row in rows])
    return [
        event if event.data == text else replace(event, data=text)
        for event, text in zip(_events(rows), texts, strict=True)
    ]


def _events(rows: Sequence[asyncpg.Record]) -> list[StoredEvent]:
    return [StoredEvent(*row) for row in rows]
