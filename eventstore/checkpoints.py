"""How far a consumer of the log has committed. Moved by compare-and-set in the transaction that holds its effects.

The compare-and-set is the fence: when it moves nothing, somebody else is at work in our place, and the caller must roll back.
"""

from __future__ import annotations

from enum import StrEnum

from eventstore.queries import Piece, load
from runtime.database import Connection

_SQL = load("checkpoints.sql")


class Obstacle(StrEnum):
    """Why a step moved nothing."""

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


async def start_at_end(connection: Connection, consumer: str, version: int = 1, partition: int = 0) -> int:
    """Like `start`, for who is to see only what is still to come: what is in the log already is behind it."""
    await connection.execute(_SQL["start_at_end"], consumer, version, partition)
    return await read(connection, consumer, version, partition)


def advance(consumer: str, version: int, partition: int, old: int, new: int) -> Piece:
    """The step from `old` to `new` as a statement, or a part of one, that returns a row when it was made; commit only then.

    Raises ValueError when the step does not go forward.
    """
    if new < old:
        raise ValueError(f"checkpoint of {consumer} would go back from {old} to {new}")
    return _SQL["advance"], (consumer, version, partition, old, new)


async def obstacle(connection: Connection, consumer: str, version: int, partition: int, new: int) -> Obstacle:
    """Why the step to `new` was not made."""
    actual = await read(connection, consumer, version, partition)
    if actual == new:
        return Obstacle.ALREADY_THERE
    return Obstacle.AHEAD if actual > new else Obstacle.MISMATCH
