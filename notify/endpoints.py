"""Where applications want to be told, as the database has it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import orjson

from eventstore.queries import load
from runtime.database import Connection

_SQL = load("notify.sql", "notify")


class StillSigning(NamedTuple):
    """A secret before the earlier one, by its key and generation, that signs until a time."""

    key_id: str
    generation: int
    until: datetime


class Endpoint(NamedTuple):
    """An endpoint that is not removed."""

    endpoint_id: str
    url: str
    events: frozenset[str]
    key_id: str
    generation: int
    earlier_key_id: str | None
    earlier_generation: int | None
    earlier_until: datetime | None
    created_at: datetime
    failing_since: datetime | None
    disabled_at: datetime | None
    still_signing: tuple[StillSigning, ...] = ()
    quiet_seconds: float = 0.0
    """For how long from the look on it is to be left alone, as it asked."""

    def secrets(self, at: datetime) -> Iterator[tuple[str, int]]:
        """Key and generation of each secret that signs at this time, the newest first."""
        yield self.key_id, self.generation
        if self.earlier_key_id and self.earlier_generation and self.earlier_until and at < self.earlier_until:
            yield self.earlier_key_id, self.earlier_generation
        for one in self.still_signing[::-1]:
            if at < one.until:
                yield one.key_id, one.generation


async def endpoints(connection: Connection) -> dict[str, Endpoint]:
    """By id."""
    rows = await connection.fetch(_SQL["endpoints"])
    found = [Endpoint(*row) for row in rows]
    return {
        one.endpoint_id: one._replace(
            events=frozenset(one.events), still_signing=_still(row["still_signing"])
        )
        for one, row in zip(found, rows, strict=True)
    }


def _still(kept: str) -> tuple[StillSigning, ...]:
    """Of our own JSON."""
    read = (one | {"until": datetime.fromisoformat(one["until"])} for one in orjson.loads(kept))
    return tuple(StillSigning(**one) for one in read)
