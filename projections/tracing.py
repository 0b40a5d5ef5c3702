"""Tells when what a trace led to is in the read models: put beside the feeder where traces are on, and nowhere else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from eventstore.read import traced_at
from projections.decoding import Rows
from runtime.database import Connection
from runtime.tracing import Tracer, tell_batch

Told = Callable[[Connection, Rows, int], Awaitable[None]]
"""Told of a batch once it is committed: over which connection, its events, and when it was begun (epoch nanoseconds)."""

BATCH_MAX = 1000
"""A larger batch is of a backlog, or of a new generation: nobody waits for it, and its traces ended long ago."""


def telling(by: Tracer) -> Told:
    """A span in the trace of every decision of a batch, from reading to commit."""

    async def told(connection: Connection, events: Rows, began: int) -> None:
        if not events or len(events) > BATCH_MAX:
            return
        contexts = await traced_at(connection, [event[0] for event in events])
        tell_batch(by, "project", sorted(set(contexts.values())), began, {"lunas.event_count": len(events)})

    return told
