"""One leader per job; the next one takes over when its session ends, and the old one notices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import asyncpg
import pytest

from eventstore import leadership
from eventstore.leadership import Leadership, lock_key
from runtime.settings import Settings
from tests.waiting import until


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
        assert await asyncio.wait_for(waiting, 5)
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
        await asyncio.wait_for(first.lost.wait(), 5)
        assert not first.is_leader
        assert await asyncio.wait_for(second.wait(stop), 5)


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
        assert not await asyncio.wait_for(waiting, 5)


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
        assert await asyncio.wait_for(second.wait(stop), 10)
        await asyncio.wait_for(first.lost.wait(), 5)
        assert not first.is_leader
        assert second.is_leader


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


def test_a_frozen_leader_is_replaced_within_ten_seconds() -> None:
    """A lease, one more try, and the end of its session."""
    retry = Settings.model_fields["leadership_retry_seconds"].default
    assert leadership.PING_SECONDS + leadership.PING_TIMEOUT_SECONDS < leadership.LEASE_SECONDS
    assert leadership.LEASE_SECONDS + 1.5 * retry <= 10
