"""The kernel ends connections to services whose peer vanished, within ten seconds."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from runtime import sockets
from runtime.amqp import transport
from runtime.amqp.broker import Broker
from runtime.database import connect, open_pool
from runtime.settings import Settings

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


def test_sockets_that_cannot_be_half_open_are_left_alone() -> None:
    one, other = socket.socketpair()
    with one, other:
        sockets.notice_dead_peer(one)
        assert not one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
