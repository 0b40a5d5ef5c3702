"""The kernel ends connections to services whose peer vanished, within ten seconds."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from runtime import sockets
from runtime.amqp import transport
from runtime.amqp.broker import Broker, LinkOptions, Message
from runtime.database import connect, open_pool
from runtime.settings import Settings
from schemas.topology import WEBHOOKS, routing_key
from tests.integration.broker.conftest import TOPOLOGY
from tests.integration.broker.proxy import proxied
from tests.waiting import until

LIMITS = {
    "TCP_USER_TIMEOUT": sockets.DEAD_PEER_SECONDS * 1000,
    "TCP_KEEPIDLE": 2,
    "TCP_KEEPINTVL": 2,
    "TCP_KEEPCNT": 3,
}


def limits(sock: Any) -> dict[str, int]:
    return {name: sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in LIMITS}


@pytest.fixture
def tuned(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, int]]:
    """Limits of every socket that was given them, in order."""
    seen: list[dict[str, int]] = []

    def noted(sock: Any) -> None:
        sockets.notice_dead_peer(sock)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        seen.append(limits(sock))

    for module in ("runtime.database", transport.__name__):
        monkeypatch.setattr(f"{module}.notice_dead_peer", noted)
    return seen


async def test_connections_to_the_database_notice_a_dead_peer(
    tuned: list[dict[str, int]], settings: Callable[..., Settings], database_url: str
) -> None:
    connection: asyncpg.Connection[asyncpg.Record] = await connect(database_url)
    await connection.close()
    async with open_pool(settings(database_url=database_url, database_pool_min=2), "test") as pool:
        assert await pool.fetchval("SELECT 1") == 1
    assert tuned == [LIMITS] * 3


async def test_connections_to_the_broker_notice_a_dead_peer(
    tuned: list[dict[str, int]], broker_url: str
) -> None:
    async with Broker(broker_url, name="test") as broker:
        await broker.ready(60.0)
    assert tuned == [LIMITS]


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "DEAD_PEER_SECONDS", 4)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("sent", [True, False], ids=["something was sent", "nothing was sent"])
async def test_a_database_that_is_gone_without_a_word_is_noticed(database_url: str, sent: bool) -> None:
    """By the kernel: no limit of ours is on the statement."""
    async with proxied(database_url) as (proxy, url):
        connection: asyncpg.Connection[asyncpg.Record] = await connect(url)
        assert await connection.fetchval("SELECT 1") == 1
        gone = asyncio.Event()
        connection.add_termination_listener(lambda _: gone.set())
        await proxy.vanish()
        if sent:
            with pytest.raises((OSError, asyncpg.PostgresConnectionError)):
                await connection.fetchval("SELECT 1")
        await gone.wait()


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("sent", [True, False], ids=["something was sent", "nothing was sent"])
async def test_a_broker_that_is_gone_without_a_word_is_noticed(broker_url: str, sent: bool) -> None:
    """Its heartbeats would tell after ten minutes."""
    patient = LinkOptions(heartbeat=600, connect_timeout=30.0, reconnect_pause=0.1)
    async with (
        proxied(broker_url) as (proxy, url),
        Broker(url, name="test", topology=TOPOLOGY, options=patient) as broker,
    ):
        await broker.ready(60.0)
        message = Message(WEBHOOKS, routing_key(0), b"x")
        await broker.publisher.publish(message, deadline=60.0)
        known = proxy.accepted
        await proxy.vanish()
        if sent:
            # What was sent to nobody is sent again on the next connection.
            await broker.publisher.publish(message, deadline=3600.0)
        await until(lambda: proxy.accepted > known)


def test_sockets_that_cannot_be_half_open_are_left_alone() -> None:
    one, other = socket.socketpair()
    with one, other:
        sockets.notice_dead_peer(one)
        assert not one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
