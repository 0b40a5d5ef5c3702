"""Whoever asks to be left alone: nothing else is sent meanwhile, and one message is tried first."""

from __future__ import annotations

import uuid

import pytest

from notify import dispatching
from notify.dispatching import Dispatcher
from notify.endpoints import Endpoint
from notify.metrics import NotifyMetrics
from notify.outcome import Outcome, of_status
from notify.webhooks import ToSend
from runtime.database import Pool
from runtime.ids import utc_now
from runtime.metrics import new_registry
from tests.integration.notify.sending import Make, answering, dispatcher, due, endpoint, states, work


class Asking:
    """Answers the first with 429 and `Retry-After`, or with what it is told, and takes everything else."""

    def __init__(self, status: int = 429, said: str = "3600") -> None:
        self.asked: list[str] = []
        self._status, self._said = status, said

    async def send(self, _message: ToSend, to: Endpoint) -> Outcome:
        self.asked.append(to.endpoint_id)
        first = self.asked.count(to.endpoint_id) == 1 and to.endpoint_id == "ep_busy"
        return of_status(self._status, self._said, utc_now()) if first else of_status(204, None, utc_now())


@pytest.mark.parametrize("status", [429, 503])
async def test_whoever_asks_to_be_left_alone_is_sent_no_other_message_meanwhile(
    pool: Pool, settings: Make, status: int
) -> None:
    """Of a message alone it was held: the next one was sent at once to whoever had said that they are over their limit."""
    receiver = Asking(status)
    one = dispatcher(settings, receiver.send, notify_concurrency=1)
    async with pool.acquire() as connection:
        for name, count in (("ep_busy", 20), ("ep_other", 4)):
            await endpoint(connection, name)
            await due(connection, name, count)
        await work(one, connection, 4)
        await due(connection, "ep_busy")
        # Whoever takes over knows it too.
        other = dispatcher(settings, receiver.send, notify_concurrency=1)
        await work(other, connection, 4)
        assert receiver.asked.count("ep_busy") == 1
        assert receiver.asked.count("ep_other") == 4
        assert [state[:2] for state in await states(connection, "ep_busy")] == [("waiting", 0)] * 20 + [
            ("waiting", 1)
        ]
        asked = await connection.fetchval(
            "SELECT extract(epoch FROM quiet_until - clock_timestamp()) FROM endpoints WHERE endpoint_id = 'ep_busy'"
        )
        assert 3500 < asked <= 3600

        await connection.execute("UPDATE endpoints SET quiet_until = clock_timestamp()")
        await connection.execute("UPDATE notifications SET due_at = clock_timestamp()")
        await work(dispatcher(settings, receiver.send), connection, 25)
        assert {state[0] for state in await states(connection, "ep_busy")} == {"delivered"}


@pytest.mark.parametrize(("status", "said"), [(500, "3600"), (429, "soon"), (413, "3600")])
async def test_what_says_nothing_of_the_receiver_holds_up_no_other_message(
    pool: Pool, settings: Make, status: int, said: str
) -> None:
    receiver = Asking(status, said)
    one = dispatcher(settings, receiver.send)
    async with pool.acquire() as connection:
        await endpoint(connection, "ep_busy")
        await due(connection, "ep_busy", 3)
        await work(one, connection, 4)
        assert [state[0] for state in await states(connection, "ep_busy")] == [
            "delivered",
            "delivered",
            "waiting",
        ]


async def test_nobody_is_left_alone_for_longer_than_is_obeyed(pool: Pool, settings: Make) -> None:
    one = dispatcher(settings, answering(429, "999999"), notify_retry_after_max_seconds=600)
    async with pool.acquire() as connection:
        await endpoint(connection, "ep_1")
        await due(connection, "ep_1")
        await work(one, connection)
        asked = await connection.fetchval(
            "SELECT extract(epoch FROM quiet_until - clock_timestamp()) FROM endpoints"
        )
        assert 500 < asked <= 600


async def test_a_mail_service_that_asks_to_be_left_alone_is_sent_no_other_mail(
    pool: Pool, settings: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after the next look at which endpoints there are: mail is none of them."""
    monkeypatch.setattr(dispatching, "LOOK_SECONDS", 0.0)
    sent: list[uuid.UUID] = []

    async def mail(message: ToSend) -> Outcome:
        sent.append(message.event_id)
        return of_status(429, "3600", utc_now())

    given = settings(notify_concurrency=1)
    one = Dispatcher(given, answering(204), mail, NotifyMetrics(new_registry()))
    async with pool.acquire() as connection:
        await due(connection, "email", 5)
        await work(one, connection, 5)
        assert len(sent) == 1


async def test_what_waits_by_its_receivers_own_wish_raises_no_alarm(pool: Pool, settings: Make) -> None:
    registry = new_registry()
    one = Dispatcher(settings(notify_concurrency=1), answering(429, "3600"), None, NotifyMetrics(registry))
    async with pool.acquire() as connection:
        await endpoint(connection, "ep_1")
        await due(connection, "ep_1", 5)
        await work(one, connection, 2)
        await one.waiting(connection)
        assert registry.get_sample_value("lunas_notify_waiting") == 0
