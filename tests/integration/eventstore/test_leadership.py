"""One leader per job; the next one takes over when its session ends, and the old one notices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from eventstore import leadership
from eventstore.leadership import Leadership, lock_key
from runtime.database import connect
from runtime.settings import Settings
from tests.waiting import turns, until


async def test_one_leads_and_the_next_takes_over_when_it_lets_go(
    database_url: str, settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings(database_url=database_url, leadership_retry_seconds=0.05)
    stop = asyncio.Event()
    async with (
        Leadership(chosen, "test", "balances") as first,
        Leadership(chosen, "test", "balances") as second,
    ):
        assert await first.wait(stop)
        tries: list[bool] = []
        attempt = second._try

        async def counted() -> bool:
            tries.append(await attempt())
            return tries[-1]

        monkeypatch.setattr(second, "_try", counted)
        waiting = asyncio.create_task(second.wait(stop))
        await until(lambda: len(tries) >= 3)
        assert not waiting.done()
        await first.release()
        assert await asyncio.wait_for(waiting, 60)
        assert not first.is_leader


async def test_other_jobs_have_other_leaders(database_url: str, settings: Callable[..., Settings]) -> None:
    chosen = settings(database_url=database_url)
    stop = asyncio.Event()
    async with Leadership(chosen, "test", "balances") as one, Leadership(chosen, "test", "payments") as other:
        assert await one.wait(stop)
        assert await other.wait(stop)
    assert lock_key("balances") != lock_key("payments")


async def test_a_leader_whose_session_was_ended_is_told_and_replaced(
    database_url: str, settings: Callable[..., Settings]
) -> None:
    chosen = settings(database_url=database_url, leadership_retry_seconds=0.05)
    stop = asyncio.Event()
    async with (
        Leadership(chosen, "test", "balances") as first,
        Leadership(chosen, "test", "balances") as second,
    ):
        assert await first.wait(stop)
        killer = await asyncpg.connect(database_url)
        await killer.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'lunas-test-leader' AND datname = current_database()"
        )
        await killer.close()
        await asyncio.wait_for(first.lost.wait(), 60)
        assert not first.is_leader
        assert await asyncio.wait_for(second.wait(stop), 60)


async def test_stopping_ends_the_wait(database_url: str, settings: Callable[..., Settings]) -> None:
    chosen = settings(database_url=database_url)
    stop = asyncio.Event()
    async with (
        Leadership(chosen, "test", "balances") as first,
        Leadership(chosen, "test", "balances") as second,
    ):
        assert await first.wait(stop)
        waiting = asyncio.create_task(second.wait(stop))
        stop.set()
        assert not await asyncio.wait_for(waiting, 60)


async def test_a_leader_that_stands_still_is_replaced_and_told_when_it_wakes(
    database_url: str, settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process is frozen: the session stays, nothing is said over it."""
    monkeypatch.setattr(leadership, "LEASE_SECONDS", 0.5)
    monkeypatch.setattr(leadership, "PING_SECONDS", 0.05)
    chosen = settings(database_url=database_url, leadership_retry_seconds=0.05)
    stop = asyncio.Event()
    async with (
        Leadership(chosen, "test", "balances") as first,
        Leadership(chosen, "test", "balances") as second,
    ):
        assert await first.wait(stop)
        pinging = first._pinging
        assert pinging is not None
        pinging.cancel()
        assert await asyncio.wait_for(second.wait(stop), 60)
        await asyncio.wait_for(first.lost.wait(), 60)
        assert not first.is_leader
        assert second.is_leader


async def test_who_ended_a_leader_does_not_wait_for_its_next_turn(
    database_url: str, settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour between tries: whoever waits for the second one does not see the end of this test."""
    monkeypatch.setattr(leadership, "LEASE_SECONDS", 0.0)
    stop = asyncio.Event()
    async with (
        Leadership(settings(database_url=database_url), "test", "balances") as first,
        Leadership(
            settings(database_url=database_url, leadership_retry_seconds=3600.0), "test", "balances"
        ) as second,
    ):
        assert await first.wait(stop)
        pinging = first._pinging
        assert pinging is not None
        pinging.cancel()
        assert await asyncio.wait_for(second.wait(stop), 600)


async def test_a_leader_that_speaks_is_never_replaced(
    database_url: str, settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leadership, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(leadership, "PING_SECONDS", 0.05)
    chosen = settings(database_url=database_url, leadership_retry_seconds=0.02)
    stop = asyncio.Event()
    async with (
        Leadership(chosen, "test", "balances") as first,
        Leadership(chosen, "test", "balances") as second,
    ):
        assert await first.wait(stop)
        tries: list[bool] = []
        attempt = second._try

        async def counted() -> bool:
            tries.append(await attempt())
            return tries[-1]

        monkeypatch.setattr(second, "_try", counted)
        waiting = asyncio.create_task(second.wait(stop))
        await until(lambda: len(tries) >= 20)
        assert first.is_leader
        assert not any(tries)
        stop.set()
        assert not await waiting


def test_a_frozen_leader_is_replaced_within_five_seconds() -> None:
    """A lease, the try that finds it over, and the end of its session. Both waits can be half as long again."""
    retry = Settings.model_fields["leadership_retry_seconds"].default
    assert leadership.PING_SECONDS + leadership.PING_TIMEOUT_SECONDS < leadership.LEASE_SECONDS
    assert leadership.LEASE_SECONDS + 1.5 * (retry + leadership.ENDED_SECONDS) <= 5


class Opened:
    """Sessions that a leadership opened, each of which is to be closed again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sessions: list[asyncpg.Connection[asyncpg.Record]] = []
        monkeypatch.setattr(leadership, "connect", self._connect)

    async def _connect(self, dsn: str, **options: Any) -> asyncpg.Connection[asyncpg.Record]:
        self.sessions.append(await connect(dsn, **options))
        return self.sessions[-1]


async def test_who_is_cancelled_while_it_asks_for_the_lock_leaves_no_session(
    database_url: str, settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stayed open until the garbage collector met it, and the job was led by nobody meanwhile."""
    opened, asked = Opened(monkeypatch), asyncio.Event()

    async def ask(*_: object) -> bool:
        asked.set()
        await asyncio.Event().wait()
        return True

    monkeypatch.setattr(Leadership, "_lock", ask)
    async with Leadership(settings(database_url=database_url), "test", "balances") as one:
        waiting = asyncio.create_task(one.wait(asyncio.Event()))
        await asked.wait()
        waiting.cancel()
        await asyncio.wait({waiting})
    assert [session.is_closed() for session in opened.sessions] == [True]


async def test_who_is_cancelled_while_it_lets_go_leaves_no_session(
    database_url: str, settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, ending, over = Opened(monkeypatch), asyncio.Event(), asyncio.Event()

    async def ping(*_: object) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ending.set()
            await over.wait()

    monkeypatch.setattr(Leadership, "_ping", ping)
    one = Leadership(settings(database_url=database_url), "test", "balances")
    assert await one.wait(asyncio.Event())
    await turns(3)  # it pings
    letting_go = asyncio.create_task(one.release())
    await ending.wait()
    letting_go.cancel()
    over.set()
    await asyncio.wait({letting_go})
    assert [session.is_closed() for session in opened.sessions] == [True]
