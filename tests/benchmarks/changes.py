"""From a change in the log to everybody who listens, beside a bare server that writes the same bytes; and what telling costs the pipeline."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import aio_pika
import aiohttp
import asyncpg
import uvloop

from deploy.local.services.private import ServiceUrls
from eventstore.append import NewEvent, append, log_transaction
from schemas.decision_model import Posting
from schemas.decisions import CreditGranted
from schemas.topology import CHANGES
from tests.benchmarks import visible_balance as visible
from tests.benchmarks.figures import Figure, interleaved
from tests.benchmarks.pipeline import API_KEY, Addresses, pipeline

LISTENERS = (1, 100, 1000)
CHANGES_TOLD = 40
PER_SECOND = 5.0
FLOOD = 15_000
ROUNDS = 3
LISTENING = 10
"""Streams that hear everything while the pipeline is flooded."""
PATIENCE_SECONDS = 60.0

_POSITION = re.compile(rb"^id: (\d+)", re.MULTILINE)
_accounts, _databases = itertools.count(), itertools.count()


class Ear(asyncio.Protocol):
    """One listener that reads as cheaply as Python can, so that a thousand of them fit beside the server."""

    def __init__(self, request: bytes, heard: dict[int, list[float]]) -> None:
        self._request = request
        self._heard = heard
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(self._request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        if not self.begun.done() and b"retry:" in data:
            self.begun.set_result(None)
        if b"event:" in data:
            for place in _POSITION.findall(data[data.index(b"event:") :]):
                self._heard.setdefault(int(place), []).append(now)


async def listen(stack: AsyncExitStack, address: str, count: int, heard: dict[int, list[float]]) -> None:
    parts = urlsplit(address)
    request = f"GET /v1/changes HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {API_KEY}\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    for _ in range(count):
        transport, ear = await loop.create_connection(lambda: Ear(request, heard), parts.hostname, parts.port)
        stack.callback(transport.abort)
        await asyncio.wait_for(ear.begun, PATIENCE_SECONDS)


def figures(urls: ServiceUrls) -> list[Figure]:
    """Change to listener by number of listeners; memory of a thousand; the sustained rate with feed and exchange and without."""
    found: list[Figure] = []
    with pipeline(urls, ("projections", "api")) as addresses, bare_server() as bare:
        for count in LISTENERS:
            ours, megabytes, files = uvloop.run(_ours(urls.database_url, addresses.api, count))
            theirs = uvloop.run(_bare(bare, count))
            for share in (0.50, 0.99):
                found.append(
                    Figure(
                        f"14 change to {count:,} listeners, p{share * 100:.0f}",
                        visible.percentile(ours, share), visible.percentile(theirs, share), "ms",
                        "the same bytes from a bare aiohttp server", "recorded", None,
                    )
                )  # fmt: skip
        found.append(Figure(f"14 memory of the API with {count:,} listeners", megabytes, None, "MB", f"{files} files open", "recorded"))  # fmt: skip
    without, with_them = _sustained(urls)
    found.append(
        Figure(
            f"14 sustained rate with the exchange and {LISTENING} listeners", with_them, without, "webhooks/s",
            "without them", "≥ 0.95", with_them >= 0.95 * without,
        )
    )  # fmt: skip
    return found


async def _ours(dsn: str, api: str, count: int) -> tuple[list[float], float, int]:
    """Milliseconds from the commit to each listener, ordered; what the API's process takes meanwhile."""
    heard: dict[int, list[float]] = {}
    written: dict[int, float] = {}
    async with AsyncExitStack() as stack:
        connection = await asyncpg.connect(dsn, server_settings={"search_path": "lunas"})
        stack.push_async_callback(connection.close)
        await listen(stack, api, count, heard)
        for _ in range(CHANGES_TOLD):
            position = await _credit(connection)
            written[position] = time.perf_counter()
            await asyncio.sleep(1 / PER_SECOND)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while any(len(heard.get(position, ())) < count for position in written):
                await asyncio.sleep(0.05)
        megabytes, files = _taken_by_api()
    waits = sorted(1000 * (at - written[position]) for position in written for at in heard[position])
    return waits, megabytes, files


def _taken_by_api() -> tuple[float, int]:
    """Megabytes and open files of the API's process, which is a child of this one."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "status").read_text()
            mine = f"PPid:\t{os.getpid()}\n" in status
            if mine and (folder / "cmdline").read_bytes().endswith(b"run\0api\0"):
                kilobytes = int(status.partition("VmRSS:")[2].split()[0])
                return kilobytes / 1024, len(list((folder / "fd").iterdir()))
        except OSError:  # it ended meanwhile
            continue
    raise RuntimeError("the API does not run")


async def _credit(connection: asyncpg.Connection) -> int:
    name = f"listened{next(_accounts)}"
    granted = CreditGranted(
        case=name, customer_id=name, provider="manual", payment_id=name, amount_idr=1000, tokens=10_000, at=datetime.now(UTC),
        postings=(
            Posting(account="clearing:manual", unit="IDR", amount=1000), Posting(account=f"credit:{name}", unit="IDR", amount=-1000),
            Posting(account="issued:credit_tokens", unit="TOKEN", amount=10_000),
            Posting(account=f"tokens:{name}", unit="TOKEN", amount=-10_000),
        ),
    )  # fmt: skip
    async with log_transaction(connection):
        return (await append(connection, [NewEvent(f"customer-{name}", granted)])).last


async def _bare(address: str, count: int) -> list[float]:
    """The same from a server that knows nothing: told what to write, it writes it to all."""
    heard: dict[int, list[float]] = {}
    written: dict[int, float] = {}
    async with AsyncExitStack() as stack:
        await listen(stack, address, count, heard)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        for number in range(1, CHANGES_TOLD + 1):
            written[number] = time.perf_counter()
            async with session.post(f"{address}/tell", data=f"{number}"):
                pass
            await asyncio.sleep(1 / PER_SECOND)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while any(len(heard.get(number, ())) < count for number in written):
                await asyncio.sleep(0.05)
    return sorted(1000 * (at - written[number]) for number in written for at in heard[number])


@contextmanager
def bare_server() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.bare_stream"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()


def _sustained(urls: ServiceUrls) -> list[float]:
    """Webhooks per second without feed and exchange, and with them, in turn."""
    return interleaved(ROUNDS, lambda: _flooded(urls, told=False), lambda: _flooded(urls, told=True))


def _flooded(urls: ServiceUrls, *, told: bool) -> float:
    name = f"lunas_changes_{next(_databases)}"
    uvloop.run(new_database(urls.database_url, name))
    fresh = replace(urls, database_url=urlsplit(urls.database_url)._replace(path=f"/{name}").geturl())
    more = {} if told else {"api": {"LUNAS_BROKER_URL": ""}}
    with pipeline(fresh, ("ingress", "processor", "projections", "api"), more) as addresses:
        return uvloop.run(_flood(fresh, addresses, told=told))


async def new_database(dsn: str, name: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()


async def _flood(urls: ServiceUrls, addresses: Addresses, *, told: bool) -> float:
    visible._posted.count = 0
    await visible.register(urls.database_url)
    await visible.drained(urls.database_url)
    async with AsyncExitStack() as stack:
        if told:
            await bound_queue(stack, urls.broker_url)
            await listen(stack, addresses.api, LISTENING, {})
        doors = visible.Doors(addresses)
        await visible.flood(doors, visible.WARM_UP)
        await visible.drained(urls.database_url)
        started = time.perf_counter()
        await visible.flood(doors, FLOOD)
        await visible.drained(urls.database_url)
        return FLOOD / (time.perf_counter() - started)


async def bound_queue(stack: AsyncExitStack, url: str) -> None:
    """An application's queue that hears everything."""
    connection = await stack.enter_async_context(await aio_pika.connect(url))
    channel = await connection.channel()
    exchange = await channel.declare_exchange(CHANGES, "topic", durable=True)
    queue = await channel.declare_queue(
        "benchmark", durable=True, arguments={"x-queue-type": "quorum", "x-max-length": 100_000, "x-overflow": "drop-head"}
    )  # fmt: skip
    await queue.bind(exchange, "#")
