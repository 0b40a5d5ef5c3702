"""Parts of the log: ranges of positions, each a table of its own, made before they are needed (docs/adr/0078)."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from eventstore.queries import load
from runtime.database import Connection

_SQL = load("parts.sql")

AHEAD = 2
"""Empty parts that are kept behind the last position. The database makes no more, whoever asks."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many empty parts there are, where the last one ends, and the last position that was drawn."""

    parts: int
    behind: int
    head: int


async def make_parts(connection: Connection, step: int) -> list[str]:
    """Has parts of `step` positions made until enough are ahead; their names. By whoever may append as the processor does, or owns the tables."""
    made: list[str] = []
    while (name := await connection.fetchval(_SQL["make"], step)) is not None:
        made.append(name)
    return made


async def room(connection: Connection) -> Room:
    """What is left before an append would be refused."""
    row = await connection.fetchrow(_SQL["ahead"])
    return Room(row["parts"], row["behind"], row["head"]) if row else Room(0, 0, 0)


async def parts(connection: Connection) -> list[asyncpg.Record]:
    """part, first, before, since, until, bytes of each, in order; no times where nothing was written yet."""
    rows: list[asyncpg.Record] = await connection.fetch(_SQL["listed"])
    return rows
