"""Sending what is due: each receiver at its own cost, what came of it written down, and endpoints that are gone or fail disabled."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from notify.dispatching import Dispatcher
from notify.endpoints import Endpoint
from notify.metrics import NotifyMetrics
from notify.outcome import Outcome, of_status
from notify.webhooks import ToSend
from runtime.database import Connection, Pool
from runtime.ids import utc_now
from runtime.metrics import new_registry
from tests.integration.notify.sending import Make, answering, dispatcher, due, endpoint, states, work


async def test_f70_an_endpoint_that_hangs_holds_up_no_other(pool: Pool, settings: Make) -> None:
    hanging = asyncio.Event()

    async def send(_message: ToSend, to: Endpoint) -> Outcome:
        if to.endpoint_id == "ep_slow":
            await hanging.wait()
        return of_status(200, None, utc_now())

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
            await connection.execute("UPDATE endpoints SET quiet_until = clock_timestamp()")
            await work(dispatcher(settings, answering(503), notify_retry_seconds="10,20"), connection)
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


async def test_an_attempt_that_breaks_is_written_down_and_tried_again_by_the_schedule(
    pool: Pool, settings: Make
) -> None:
    """What nobody has foreseen must not be sent again and again outside of the schedule, and be held against nobody."""

    async def send(_message: ToSend, _to: Endpoint) -> Outcome:
        raise OverflowError("nobody has foreseen this")

    async with pool.acquire() as connection:
        await endpoint(connection, "ep_1")
        await due(connection, "ep_1")
        one = dispatcher(settings, send, notify_retry_seconds="7")
        await work(one, connection)
        assert await states(connection, "ep_1") == [("waiting", 1, "broke")]
        row = await connection.fetchrow(
            "SELECT failing_since IS NOT NULL AS failing, due_at < clock_timestamp() + interval '8 s' AS soon"
            " FROM endpoints, notifications"
        )
        assert dict(row or {}) == {"failing": True, "soon": True}


async def test_what_waits_for_whoever_is_sent_nothing_raises_no_alarm(pool: Pool, settings: Make) -> None:
    """An endpoint that is disabled kept the alarm of late notifications on until it was enabled, whatever else was late."""
    registry = new_registry()
    one = Dispatcher(settings(), answering(200), None, NotifyMetrics(registry))

    async def shown(connection: Connection) -> float | None:
        await work(one, connection)
        await one.waiting(connection)
        assert (registry.get_sample_value("lunas_notify_waiting_seconds") or 0) >= 0
        return registry.get_sample_value("lunas_notify_waiting")

    async with pool.acquire() as connection:
        for name in ("ep_off", "ep_gone"):
            await endpoint(connection, name)
        await connection.execute(
            "UPDATE endpoints SET disabled_at = clock_timestamp(), disabled_because = 'operator' WHERE endpoint_id = 'ep_off'"
        )
        await connection.execute(
            "UPDATE endpoints SET removed_at = clock_timestamp() WHERE endpoint_id = 'ep_gone'"
        )
        for name in ("ep_off", "ep_gone", "email"):
            await due(connection, name, 2)
        assert await shown(connection) == 0
        await endpoint(connection, "ep_on")
        await due(connection, "ep_on", 3)
        await one.waiting(connection)
        assert registry.get_sample_value("lunas_notify_waiting") == 0, "it has not looked yet"
        one._look_at = float("-inf")
        one._send = answering(500)
        await one.turn(connection)
        await connection.execute("UPDATE notifications SET due_at = clock_timestamp() - interval '1 h'")
        await one.waiting(connection)
        assert registry.get_sample_value("lunas_notify_waiting") == 3
        assert (registry.get_sample_value("lunas_notify_waiting_seconds") or 0) >= 3600
        await one.drain(connection, 10.0)


async def test_two_notifiers_do_not_send_the_same_at_once(pool: Pool, settings: Make) -> None:
    sent: list[uuid.UUID] = []

    async def send(message: ToSend, _to: Endpoint) -> Outcome:
        sent.append(message.event_id)
        return of_status(200, None, utc_now())

    async with pool.acquire() as first, pool.acquire() as second:
        await endpoint(first, "ep_1")
        await due(first, "ep_1", 40)
        pair = [dispatcher(settings, send, notify_concurrency=5) for _ in range(2)]
        await asyncio.gather(work(pair[0], first, 10), work(pair[1], second, 10))
        assert len(sent) == len(set(sent)) == 40


async def test_a_quick_endpoint_is_sent_all_of_it_with_few_looks_at_the_database(
    pool: Pool, settings: Make
) -> None:
    one = dispatcher(settings, answering(200), notify_concurrency=4)
    async with pool.acquire() as connection:
        await endpoint(connection, "ep_1")
        await due(connection, "ep_1", 200)
        turns = 0
        while await one.turn(connection) or one.busy:
            turns += 1
            await one.woken.wait()
        assert await states(connection, "ep_1") == [("delivered", 1, None)] * 200
        assert turns < 200 / 4


async def test_nothing_begins_while_the_notifier_rests_and_what_is_in_reserve_is_sent_after_it(
    pool: Pool, settings: Make
) -> None:
    sent: list[uuid.UUID] = []

    async def send(message: ToSend, _to: Endpoint) -> Outcome:
        sent.append(message.event_id)
        return of_status(200, None, utc_now())

    one = dispatcher(settings, send, notify_concurrency=2)
    async with pool.acquire() as connection:
        await endpoint(connection, "ep_1")
        await due(connection, "ep_1", 40)
        await one.turn(connection)
        await one.woken.wait()
        with one.resting():
            await one.turn(connection)  # begins as many as there is room for
            begun = len(sent) + 2
            await asyncio.sleep(0)
            while one._running:
                await asyncio.wait(one._running)
            assert len(sent) <= begun
        while await one.turn(connection) or one.busy:
            await one.woken.wait()
        assert len(sent) == len(set(sent)) == 40


async def test_what_was_in_reserve_for_an_endpoint_that_fails_was_not_tried_and_is_due(
    pool: Pool, settings: Make
) -> None:
    answers = iter([200] * 20)

    async def send(_message: ToSend, _to: Endpoint) -> Outcome:
        return of_status(next(answers, 500), None, utc_now())

    one = dispatcher(settings, send, notify_concurrency=2, notify_breaker_failures=3)
    async with pool.acquire() as connection:
        await endpoint(connection, "ep_1")
        await due(connection, "ep_1", 100)
        while await one.turn(connection) or one.busy:
            await one.woken.wait()
        await one.drain(connection, 5.0)
        found = await states(connection, "ep_1")
        assert sum(state == "delivered" for state, _, _ in found) == 20
        assert all(
            attempts == (trouble is not None) for state, attempts, trouble in found if state == "waiting"
        )
        waiting = "SELECT count(*) FROM notifications WHERE trouble IS NULL AND status = 'waiting' AND due_at > clock_timestamp()"
        assert await connection.fetchval(waiting) == 0
