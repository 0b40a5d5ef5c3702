"""Sending what is due: each receiver at its own cost, what came of it written down, and endpoints that are gone or fail disabled."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from notify.dispatching import Dispatcher
from notify.endpoints import Endpoint
from notify.metrics import NotifyMetrics
from notify.outcome import Outcome, of_status
from notify.webhooks import ToSend
from runtime.database import Connection, Pool
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
        return of_status(status, retry_after)

    return send


async def test_f70_an_endpoint_that_hangs_holds_up_no_other(pool: Pool, settings: Make) -> None:
    hanging = asyncio.Event()

    async def send(_message: ToSend, to: Endpoint) -> Outcome:
        if to.endpoint_id == "ep_slow":
            await hanging.wait()
        return of_status(200, None)

    one = dispatcher(settings, send, notify_concurrency=2)
    async with pool.acquire() as connection:
        for name, count in (("ep_slow", 20), ("ep_quick", 10)):
            await endpoint(connection, name)
            await due(connection, name, count)
        while await states(connection, "ep_quick") != [("delivered", 1, None)] * 10:
            await one.turn(connection)
            await asyncio.sleep(0)
        assert [state for state in await states(connection, "ep_slow") if state[1]] == [
            ("waiting", 1, None)
        ] * 2
        hanging.set()
        await work(one, connection, 12)
        assert await states(connection, "ep_slow") == [("delivered", 1, None)] * 20


async def test_an_endpoint_that_answers_410_is_disabled_at_once_and_what_comes_waits(
    pool: Pool, settings: Make
) -> None:
    async with pool.acquire() as connection:
        await endpoint(connection, "ep_1")
        await due(connection, "ep_1")
        one = dispatcher(settings, answering(410))
        await work(one, connection)
        row = await connection.fetchrow("SELECT disabled_because FROM endpoints")
        assert row is not None
        assert row["disabled_because"] == "gone"
        await due(connection, "ep_1")
        assert await one.turn(connection) == 0
        assert [state[0] for state in await states(connection, "ep_1")] == ["waiting", "waiting"]


@pytest.mark.parametrize(("days", "disabled"), [(4, None), (6, "failing")])
async def test_an_endpoint_is_disabled_after_days_of_failure(
    pool: Pool, settings: Make, days: int, disabled: str | None
) -> None:
    async with pool.acquire() as connection:
        await endpoint(connection, "ep_1")
        await connection.execute(
            "UPDATE endpoints SET failing_since = clock_timestamp() - make_interval(days => $1)", days
        )
        await due(connection, "ep_1")
        await work(dispatcher(settings, answering(503)), connection)
        assert await connection.fetchval("SELECT disabled_because FROM endpoints") == disabled


async def test_one_success_ends_the_days_of_failure(pool: Pool, settings: Make) -> None:
    async with pool.acquire() as connection:
        await endpoint(connection, "ep_1")
        await due(connection, "ep_1")
        await work(dispatcher(settings, answering(500)), connection)
        assert await connection.fetchval("SELECT failing_since IS NOT NULL FROM endpoints")
        await connection.execute("UPDATE notifications SET due_at = clock_timestamp()")
        await work(dispatcher(settings, answering(200)), connection)
        assert await connection.fetchval("SELECT failing_since IS NULL FROM endpoints")
        assert await states(connection, "ep_1") == [("delivered", 2, None)]


async def test_the_schedule_and_retry_after_are_kept_by_the_databases_clock(
    pool: Pool, settings: Make
) -> None:
    async with pool.acquire() as connection:
        await endpoint(connection, "ep_1")
        await due(connection, "ep_1")
        one = dispatcher(settings, answering(503, "3600"), notify_retry_seconds="10,20")
        await work(one, connection, 3)
        assert await states(connection, "ep_1") == [("waiting", 1, "refused")]
        assert (
            await connection.fetchval(
                "SELECT extract(epoch FROM due_at - clock_timestamp()) FROM notifications"
            )
            > 3500
        )
        for _ in range(2):
            await connection.execute("UPDATE notifications SET due_at = clock_timestamp()")
            await work(one, connection)
        assert await states(connection, "ep_1") == [("failed", 3, "refused")]


async def test_an_endpoint_that_fails_again_and_again_is_left_alone_and_uses_up_no_attempts(
    pool: Pool, settings: Make
) -> None:
    async with pool.acquire() as connection:
        await endpoint(connection, "ep_1")
        await due(connection, "ep_1", 10)
        one = dispatcher(settings, answering(500), notify_concurrency=2, notify_breaker_failures=4)
        await work(one, connection, 8)
        assert sum(attempts for _, attempts, _ in await states(connection, "ep_1")) == 4


async def test_two_notifiers_do_not_send_the_same_at_once(pool: Pool, settings: Make) -> None:
    sent: list[uuid.UUID] = []

    async def send(message: ToSend, _to: Endpoint) -> Outcome:
        sent.append(message.event_id)
        return of_status(200, None)

    async with pool.acquire() as first, pool.acquire() as second:
        await endpoint(first, "ep_1")
        await due(first, "ep_1", 40)
        pair = [dispatcher(settings, send, notify_concurrency=5) for _ in range(2)]
        await asyncio.gather(work(pair[0], first, 10), work(pair[1], second, 10))
        assert len(sent) == len(set(sent)) == 40
