"""SIGTERM under load: every request is answered, nothing that was answered 200 is lost, and the process is soon gone."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from ast import literal_eval
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.integration.ingress.conftest import Outbox
from tests.integration.ingress.requests import XENDIT, post
from tests.waiting import until

ROOT = Path(__file__).parents[3]
PROCESS = "tests.integration.ingress.process"


@asynccontextmanager
async def ingress_process(
    broker_url: str, **overrides: object
) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """A process with a home of its own, unless it is given one."""
    home = tempfile.mkdtemp(prefix="lunas-test-")
    settings = {
        "env": "development",
        "home": home,
        "broker_url": broker_url,
        "ingress_port": 0,
        "ingress_metrics_port": 0,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        PROCESS,
        json.dumps(settings | overrides),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            address = literal_eval((await process.stdout.readline()).decode())
        yield process, address[1]
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()
        shutil.rmtree(home)


class Client:
    """Sends webhooks one after the other; notes what was answered 200 and everything that went wrong."""

    def __init__(self, port: int, name: str, *, keep_alive: bool) -> None:
        self._port = port
        self._name = name
        self._keep_alive = keep_alive
        self.accepted: list[bytes] = []
        self.errors: list[str] = []

    async def run(self) -> None:
        """Until no new connection can be made any more: then the process is gone, and a balancer would know."""
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except (ConnectionRefusedError, ConnectionResetError):  # reset: it was not accepted any more
                return
            await self._converse(reader, writer)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            body = f"{self._name}-{len(self.accepted)}".encode()
            extra = {} if self._keep_alive else {"Connection": "close"}
            try:
                writer.write(post("/webhooks/xendit", body, XENDIT | extra))
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(17 if b" 200 " in head else 1)
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                self.errors.append(f"{type(error).__name__} after {len(self.accepted)}")
                return
            status = head.split(b" ", 2)[1]
            if status != b"200":
                self.errors.append(f"status {status!r}")
                return
            self.accepted.append(body)
            if b"connection: close" in head.lower():
                return


@pytest.mark.parametrize("keep_alive", [True, False], ids=["keep-alive", "a connection each"])
async def test_sigterm_loses_nothing(broker_url: str, outbox: Outbox, keep_alive: bool) -> None:
    async with ingress_process(broker_url, ingress_rate_burst=10**6) as (process, port):
        await _ready(port)
        clients = [Client(port, f"c{number}", keep_alive=keep_alive) for number in range(16)]
        running = asyncio.gather(*(client.run() for client in clients))
        await until(lambda: sum(len(client.accepted) for client in clients) > 200)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            assert await process.wait() == 0
        await running
    assert [error for client in clients for error in client.errors] == []
    accepted = [body for client in clients for body in client.accepted]
    assert len(accepted) > 100
    stored = [envelope.body for envelope in await outbox.envelopes(len(accepted))]
    assert sorted(stored) == sorted(accepted)


async def test_a_request_in_flight_is_answered_during_the_drain(broker_url: str) -> None:
    async with ingress_process(broker_url) as (process, port):
        await _ready(port)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        request = post("/webhooks/xendit", b"slowly", XENDIT)
        writer.write(request[:-3])
        await _get(port, "/livez")  # came later and is answered: the beginning of the other one was read
        process.send_signal(signal.SIGTERM)
        await until(lambda: _closing(port))
        writer.write(request[-3:])
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"Connection: close" in answer
        writer.close()
        async with asyncio.timeout(60):
            assert await process.wait() == 0


async def test_readiness_turns_before_the_door_closes(broker_url: str) -> None:
    async with ingress_process(broker_url, ingress_prestop_seconds=1.5) as (process, port):
        await _ready(port)
        process.send_signal(signal.SIGTERM)
        await until(lambda: _closing(port))
        assert b" 503 " in await _get(port, "/readyz")
        assert b" 200 " in await _get(port, "/livez")
        async with asyncio.timeout(60):
            assert await process.wait() == 0


async def test_idle_keep_alive_connections_do_not_hold_up_the_exit(broker_url: str) -> None:
    async with ingress_process(broker_url, ingress_drain_idle_seconds=0.5) as (process, port):
        await _ready(port)
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            assert await process.wait() == 0
        for _, writer in idle:
            writer.close()


async def test_two_processes_share_a_port(broker_url: str, outbox: Outbox) -> None:
    async with ingress_process(broker_url, ingress_reuse_port=True) as (_, port):
        async with ingress_process(broker_url, ingress_reuse_port=True, ingress_port=port) as (second, same):
            assert same == port
            await _ready(port)
            second.send_signal(signal.SIGTERM)
            async with asyncio.timeout(60):
                assert await second.wait() == 0
        await _ready(port)
    assert os.getpid() != second.pid


async def _get(port: int, path: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer


async def _closing(port: int) -> bool:
    """The signal was heard: not ready any more, or gone."""
    try:
        return b" 200 " not in await _get(port, "/readyz")
    except ConnectionError:
        return True


async def _ready(port: int) -> None:
    async with asyncio.timeout(60):
        while b" 200 " not in await _get(port, "/readyz"):
            await asyncio.sleep(0.02)
