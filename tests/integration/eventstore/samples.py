"""Small events for tests of the log."""

from __future__ import annotations

from collections.abc import Mapping

from eventstore.append import AppendResult, ExpectedVersion, NewEvent, append, lock_log
from runtime.database import Connection
from schemas.facts import SuspenseWrittenOff


def written_off(stream: str, reason: str = "test") -> NewEvent:
    """An event whose `reason` tells tests which one it is."""
    event = SuspenseWrittenOff(suspense_id="s-1", case="xendit:1", actor="ani", reason=reason)
    return NewEvent(stream, event, {"correlation_id": "c-1", "causation_id": "c-1"})


async def append_now(
    connection: Connection, *events: NewEvent, expected: Mapping[str, ExpectedVersion] | None = None
) -> AppendResult:
    """Append in a transaction of its own."""
    async with connection.transaction():
        await lock_log(connection)
        return await append(connection, events, expected=expected)
