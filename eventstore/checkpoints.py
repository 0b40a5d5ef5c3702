"""How far a consumer of the log has committed. Moved by compare-and-set in the transaction that holds its effects.

The compare-and-set is the fence: whoever lost leadership without noticing gets another outcome than STORED and must roll back.
"""

from __future__ import annotations

from enum import StrEnum

from eventstore.queries import load
from runtime.database import Connection

_SQL = load("checkpoints.sql")


class Advance(StrEnum):
    """Outcome of `advance`; only STORED allows the caller to commit."""

    STORED = "stored"
    ALREADY_THERE = "already_there"  # somebody stored exactly this step: our work was done by another worker
    AHEAD = "ahead"  # somebody is further than this step
    MISMATCH = "mismatch"  # the checkpoint is before or inside this step: reset, or we skipped something


async def read(connection: Connection, consumer: str, version: int = 1, partition: int = 0) -> int:
    """Last committed position; 0 when the consumer never ran."""
    return await connection.fetchval(_SQL["read"], consumer, version, partition) or 0


async def start(connection: Connection, consumer: str, version: int = 1, partition: int = 0) -> int:
    """Make the checkpoint if missing and return its position. `advance` needs it to exist."""
    await connection.execute(_SQL["start"], consumer, version, partition)
    return await read(connection, consumer, version, partition)


async def advance(
    connection: Connection, consumer: str, version: int, partition: int, old: int, new: int
) -> Advance:
    """Move the checkpoint from `old` to `new`. Raises ValueError when that is not forward."""
    if new < old:
        raise ValueError(f"checkpoint of {consumer} would go back from {old} to {new}")
    if await connection.fetchval(_SQL["advance"], consumer, version, partition, old, new) is not None:
        return Advance.STORED
    actual = await read(connection, consumer, version, partition)
    if actual == new:
        return Advance.ALREADY_THERE
    return Advance.AHEAD if actual > new else Advance.MISMATCH
