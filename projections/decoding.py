"""From stored rows to the events that folds see.

Folds read a few fields of millions of events, so no model is built here; the registry stays the authority on which types and
versions exist and how an older shape becomes the newest. What an append accepted was validated by the model once already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from projections.projection import Event
from schemas.errors import UnknownEventVersion
from schemas.events import EVENT_TYPES, UPCASTERS


class LogRow(NamedTuple):
    """One event as read: `data` is the stored JSON text. Database records with the same columns in the same order serve as well."""

    position: int
    type: str
    schema_version: int
    stream: str
    data: str


Rows = Sequence[Any]
"""Database records, or `LogRow`: read by index where it is hot."""


def decode(row: Any) -> Event:
    """Raises UnknownEventVersion for a version written by newer code, ValueError for text that is not clean JSON."""
    stored = LogRow(*row)
    newest = EVENT_TYPES[stored.type].VERSION
    if stored.schema_version > newest:
        raise UnknownEventVersion(stored.type, stored.schema_version)
    document: dict[str, Any] = orjson.loads(stored.data)
    for version in range(stored.schema_version, newest):
        document = UPCASTERS[stored.type, version](document)
    return Event(stored.position, stored.type, stored.stream, document)


def decode_all(batch: Rows) -> list[Event]:
    """All events of a batch; raises what `decode` raises for the first that cannot be."""
    loads = orjson.loads
    newest = {event_type: EVENT_TYPES[event_type].VERSION for event_type in {row[1] for row in batch}}
    return [
        Event(row[0], row[1], row[3], loads(row[4])) if row[2] == newest[row[1]] else decode(row)
        for row in batch
    ]


def known_part(batch: Rows) -> tuple[Rows, LogRow | None]:
    """The part of a batch before the first event of a version we do not know, and that event."""
    newest = {event_type: EVENT_TYPES[event_type].VERSION for event_type in {row[1] for row in batch}}
    for index, row in enumerate(batch):
        if row[2] > newest[row[1]]:
            return batch[:index], LogRow(*row)
    return batch, None
