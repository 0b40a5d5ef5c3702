"""Genuine webhooks at a fixed pace while one client floods ingress, beside the same pace without a flood in the same run."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local.services.private import ServiceUrls
from tests.benchmarks.attackers import SHAPES
from tests.benchmarks.children import server
from tests.benchmarks.figures import Figure
from tests.benchmarks.wrk import BODY, TOKEN

RATE = 100  # genuine webhooks per second
SECONDS = 8.0
WARM_SECONDS = 1.5  # the flood is at its height
PATIENCE_SECONDS = 5.0  # a provider's
CONNECTIONS = 4
P99_MS = {
    "large forged by token": 50
}  # refused by the head, so no byte of the body need be waited for; 100 for every other shape
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Seen:
    """What the genuine client saw; `memory_mb` is the most that ingress had resident."""

    accepted: int
    seconds: float
    p99_ms: float
    memory_mb: float
    attack: str

    @property
    def per_second(self) -> float:
        return self.accepted / self.seconds


class Genuine:
    """Posts at a pace over kept connections; every tenth request opens a new one."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.waited: list[float] = []
        self.accepted = 0

    async def run(self, seconds: float) -> None:
        started = time.monotonic()
        async with asyncio.TaskGroup() as posts:
            for number in range(int(RATE * seconds)):
                await asyncio.sleep(max(0.0, started + number / RATE - time.monotonic()))
                posts.create_task(self._post(number))
        for _, writer in self._idle:
            writer.transport.abort()

    async def _post(self, number: int) -> None:
        started = time.monotonic()
        status = b""
        with contextlib.suppress(OSError, EOFError, TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                status = await self._exchange(number)
        self.waited.append(time.monotonic() - started)
        self.accepted += status == b"200"

    async def _exchange(self, number: int) -> bytes:
        kept = number % 10 and self._idle
        reader, writer = self._idle.pop() if kept else await asyncio.open_connection("127.0.0.1", self._port)
        try:
            body = BODY.replace("UNIQUE", f"{time.monotonic_ns()}").encode()
            head = f"POST /webhooks/xendit HTTP/1.1\r\nHost: x\r\nx-callback-token: {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            said = await reader.readuntil(b"}")
        except BaseException:
            writer.transport.abort()
            raise
        if len(self._idle) < CONNECTIONS:
            self._idle.append((reader, writer))
        else:
            writer.transport.abort()
        return said.split(b" ", 2)[1]


def measure(port: int, pid: int, shape: str | None, seconds: float = SECONDS) -> Seen:
    """One pace, with a flood of this shape or without any."""
    with _attack(shape, port, seconds + WARM_SECONDS + 1.0) as attacker:
        time.sleep(WARM_SECONDS)
        client, peak = Genuine(port), Peak(pid)
        asyncio.run(_together(client.run(seconds), peak))
        said = "" if attacker is None else (attacker.communicate()[0] or "").strip()
    waited = sorted(client.waited)
    return Seen(client.accepted, seconds, waited[int(len(waited) * 0.99)] * 1000, peak.most, said)


class Peak:
    """The most memory a process had, in MB."""

    def __init__(self, pid: int) -> None:
        self._path = Path(f"/proc/{pid}/statm")
        self.most = 0.0

    async def watch(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(0.05)

    def look(self) -> float:
        now = int(self._path.read_text(encoding="utf-8").split()[1]) * _PAGE / 1e6
        self.most = max(self.most, now)
        return now


async def _together(work: object, peak: Peak) -> None:
    watching = asyncio.create_task(peak.watch())
    await work  # type: ignore[misc]
    watching.cancel()


@contextlib.contextmanager
def _attack(shape: str | None, port: int, seconds: float) -> Iterator[subprocess.Popen[str] | None]:
    if shape is None:
        yield None
        return
    attacker = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.attackers", shape, str(port), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield attacker
    finally:
        attacker.kill()
        attacker.wait()


def figures(urls: ServiceUrls, shapes: Sequence[str] = tuple(SHAPES)) -> list[Figure]:
    """Each shape between two quiet measurements; the baseline is the worse of them."""
    environment = {"BENCH_BROKER_URL": urls.broker_url, "BENCH_DATABASE_URL": urls.database_url}
    rows: list[Figure] = []
    with server("ours", environment) as (url, pid):
        port = urlsplit(url).port or 0
        measure(port, pid, None, 2.0)
        quiet = measure(port, pid, None)
        for shape in shapes:
            seen = measure(port, pid, shape)
            print(f"flood of {shape}: {seen.attack}", file=sys.stderr, flush=True)
            rows += _rows(shape, seen, quiet)
            quiet = measure(port, pid, None, 3.0)
    return rows


def _rows(shape: str, seen: Seen, quiet: Seen) -> list[Figure]:
    aim = P99_MS.get(shape, 100)
    return [
        Figure(f"flood of {shape}", seen.per_second, quiet.per_second, "genuine/s", "before it", f"{RATE}", seen.per_second >= 0.99 * RATE),
        Figure("– p99", seen.p99_ms, quiet.p99_ms, "ms", "before it", f"≤ {aim} ms", seen.p99_ms <= aim),
        Figure("– memory of ingress", seen.memory_mb, quiet.memory_mb, "MB", "before it", "–"),
    ]  # fmt: skip
