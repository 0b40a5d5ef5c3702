"""Where applications want to be told, as the database has it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from eventstore.queries import load
from runtime.database import Connection

_SQL = load("notify.sql", "notify")


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

    def secrets(self, at: datetime) -> Iterator[tuple[str, int]]:
        """Key and generation of each secret that signs at this time, the newest first."""
        yield self.key_id, self.generation
        if self.earlier_key_id and self.earlier_generation and self.earlier_until and at < self.earlier_until:
            yield self.earlier_key_id, self.earlier_generation


async def endpoints(connection: Connection) -> dict[str, Endpoint]:
    """By id."""
    rows = await connection.fetch(_SQL["endpoints"])
    found = [Endpoint(*row) for row in rows]
    return {one.endpoint_id: one._replace(events=frozenset(one.events)) for one in found}
