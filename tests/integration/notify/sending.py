"""Endpoints, what is due to them, and a dispatcher that sends it as a test says."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from notify.dispatching import Dispatcher
from notify.endpoints import Endpoint
from notify.metrics import NotifyMetrics
from notify.outcome import Outcome, of_status
from notify.webhooks import ToSend
from runtime.database import Connection
from runtime.ids import utc_now
from runtime.metrics import new_registry
from runtime.settings import Settings

Make = Callable[..., Settings]
Send = Callable[[ToSend, Endpoint], Awaitable[Outcome]]


async def endpoint(connection: Connection, name: str) -> None:
    await connection.execute(
        "INSERT INTO endpoints (endpoint_id, application, url, events, key_id, created_by) "
        "VALUES ($1, '', 'https://x.example/', '{payment.received}', 'k', 's')",
        name,
    )


async def due(connection: Connection, receiver: str, count: int = 1) -> None:
    for _ in range(count):
        event_id = uuid.uuid4()
        await connection.execute(
            "INSERT INTO notifications (event_id, receiver, position, kind, subject, occurred_at, data) "
            "VALUES ($1, $2, 1, 'payment.received', $3, clock_timestamp(), '{}')",
            event_id, receiver, str(event_id),
        )  # fmt: skip


async def states(connection: Connection, receiver: str) -> list[tuple[str, int, str | None]]:
    rows = await connection.fetch(
        "SELECT status, attempts, trouble FROM notifications WHERE receiver = $1 ORDER BY status, attempts",
        receiver,
    )
    return [(row["status"], row["attempts"], row["trouble"]) for row in rows]


def dispatcher(settings: Make, send: Send, **fields: Any) -> Dispatcher:
    return Dispatcher(settings(**fields), send, None, NotifyMetrics(new_registry()))


async def work(one: Dispatcher, connection: Connection, turns: int = 1) -> None:
    """So many turns, each with what it began ended and written down."""
    for _ in range(turns):
        await one.turn(connection)
        await one.drain(connection, 10.0)


def answering(status: int, retry_after: str | None = None) -> Send:
    async def send(_message: ToSend, _endpoint: Endpoint) -> Outcome:
        return of_status(status, retry_after, utc_now())

    return send
