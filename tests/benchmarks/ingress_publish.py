"""Ingress with a confirmed publish beside the same handler without one, and the ways to publish beside each other.

    python -m tests.benchmarks.ingress_publish --broker amqp://guest:guest@localhost/bench [--seconds 2] [--rounds 5]

The server runs in a process of its own; CPU is that process's. Only figures of one run may be compared.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aio_pika
import uvloop
from prometheus_client import CollectorRegistry

from deploy.local.services.private import ServiceUrls
from ingress.door import Door
from ingress.guard import Guard
from ingress.limits import Limits
from ingress.metrics import Metrics
from ingress.publisher import GroupingPublisher, bounds_of
from ingress.quarantine import Quarantine
from ingress.routes import webhook_paths
from ingress.server import listen
from runtime.amqp.broker import Broker, Message
from runtime.health import Health
from runtime.logs import configure_logging
from runtime.settings import Settings
from schemas.envelope import ATTEMPT_HEADER, CONTENT_TYPE, PARTITION_HEADER
from schemas.topology import WEBHOOKS, queue_name, routing_key, topology
from tests.benchmarks.children import cpu_seconds
from tests.benchmarks.figures import Figure
from tests.benchmarks.publishers import Silent, plain, thin
from tests.benchmarks.wrk import TOKEN, Load, drive

BASELINE = "no publish"
# name → (publisher, envelopes in a message at most, messages in flight)
VARIANTS: dict[str, tuple[str, int, int]] = {
    BASELINE: ("silent", 1, 16),
    "aio-pika, one each": ("plain", 1, 512),
    "aio-pika, grouped": ("plain", 128, 1),
    "ours, one each": ("ours", 1, 512),
    "ours, grouped": ("ours", 128, 1),
    "ours, grouped, 2 in flight": ("ours", 128, 2),
    "thin, one each": ("thin", 1, 512),
    "thin, grouped": ("thin", 128, 1),
}
SAMPLE = Message(WEBHOOKS, routing_key(0), b"", CONTENT_TYPE, {ATTEMPT_HEADER: 0, PARTITION_HEADER: 0})
_seeds = itertools.count()


@dataclass
class Row:
    """Medians over the rounds. `cpu_us` is the server's CPU per request in microseconds."""

    name: str
    connections: int
    rate: float
    cpu_us: float
    p50_ms: float
    p99_ms: float
    failures: int


@dataclass
class _Samples:
    loads: list[Load] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)

    def row(self, name: str, connections: int) -> Row:
        return Row(
            name,
            connections,
            statistics.median(load.per_second for load in self.loads),
            statistics.median(self.cpu_us),
            statistics.median(load.p50_ms for load in self.loads),
            statistics.median(load.p99_ms for load in self.loads),
            sum(load.refused + load.errors for load in self.loads),
        )


async def measure(
    broker_url: str,
    *,
    variants: tuple[str, ...] = tuple(VARIANTS),
    connections: tuple[int, ...] = (64, 256),
    rounds: int = 5,
    seconds: float = 2.0,
) -> list[Row]:
    """All variants side by side, interleaved, medians of the rounds. `broker_url` should be a vhost of its own."""
    async with Broker(broker_url, name="bench", topology=topology()) as broker:
        await broker.ready(20.0)
    samples = {(name, count): _Samples() for count in connections for name in variants}
    for _ in range(rounds):
        for name in variants:
            async with _server(broker_url, name) as (process, port):
                for count in connections:
                    await _sample(samples[name, count], process.pid, port, count, seconds)
            await _purge(broker_url)
    return [sample.row(name, count) for (name, count), sample in samples.items()]


async def _sample(samples: _Samples, pid: int, port: int, connections: int, seconds: float) -> None:
    url = f"http://127.0.0.1:{port}/webhooks/xendit"
    run = partial(drive, url, connections=connections)
    await asyncio.to_thread(run, seconds=1, seed=f"warm{next(_seeds)}-")
    before = cpu_seconds(pid)
    load = await asyncio.to_thread(run, seconds=seconds, seed=f"run{next(_seeds)}-")
    samples.loads.append(load)
    samples.cpu_us.append((cpu_seconds(pid) - before) / max(1.0, load.per_second * seconds) * 1e6)


@asynccontextmanager
async def _server(broker_url: str, variant: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __spec__.name, "--serve", variant, "--broker", broker_url,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield process, int(await process.stdout.readline())
    finally:
        process.terminate()
        await process.wait()


async def _purge(broker_url: str) -> None:
    connection = await aio_pika.connect(broker_url)
    async with connection:
        channel = await connection.channel()
        await (await channel.get_queue(queue_name(0), ensure=False)).purge()


async def _serve(broker_url: str, variant: str) -> None:
    configure_logging("benchmark", level="error", form="json")
    kind, envelopes, in_flight = VARIANTS[variant]
    settings = Settings(
        env="development",
        xendit_webhook_secret=TOKEN,
        ingress_port=0,
        ingress_rate_burst=10**9,
        ingress_rate_limit_per_second=1e9,
    )
    metrics, limit = Metrics(CollectorRegistry()), bounds_of(settings)
    bounds = type(limit)(
        **{name: getattr(limit, name) for name in limit.__slots__}
        | {"group_envelopes": envelopes, "in_flight": in_flight}
    )
    async with _publisher(kind, broker_url) as publisher:
        paths = webhook_paths()
        door = Door(
            settings,
            paths=paths,
            durable=GroupingPublisher(publisher, 1, bounds, metrics),
            quarantine=Quarantine(settings, metrics),
            limits=Limits(settings, {provider.name for provider in paths.values()}),
            health=Health("bench"),
            metrics=metrics,
            trusted=(),
        )
        listener = listen(Guard(door, settings, metrics), settings)
        print(listener.address[1], flush=True)
        await asyncio.Event().wait()


@asynccontextmanager
async def _publisher(kind: str, url: str) -> AsyncIterator[Any]:
    if kind == "silent":
        yield Silent()
    elif kind == "plain":
        async with plain(url) as publisher:
            yield publisher
    elif kind == "thin":
        async with thin(url, SAMPLE) as publisher:
            yield publisher
    else:
        async with Broker(url, name="bench") as broker:
            await broker.ready(20.0)
            yield broker.publisher


def figures(urls: ServiceUrls) -> list[Figure]:
    """D22's comparison as rows of the common table: each way to publish against one message per delivery by aio-pika."""
    rows = asyncio.run(measure(urls.broker_url, connections=(256,), rounds=3))
    plain_row = next(row for row in rows if row.name == "aio-pika, one each")
    return [
        Figure(f"publish: {row.name}", row.rate, plain_row.rate, "req/s", plain_row.name, "recorded")
        for row in rows
        if row is not plain_row
    ]


def table(rows: list[Row]) -> str:
    """Markdown; ratios are to the handler without publishing at the same number of connections."""
    base = {row.connections: row for row in rows if row.name == BASELINE}
    lines = [
        "| publishing | connections | req/s | ÷ no publish | CPU us/req | ÷ no publish | p50 ms | p99 ms | failures |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        of = base[row.connections]
        lines.append(
            f"| {row.name} | {row.connections} | {row.rate:.0f} | {row.rate / of.rate:.2f} | {row.cpu_us:.0f} |"
            f" {row.cpu_us / of.cpu_us:.2f} | {row.p50_ms:.1f} | {row.p99_ms:.1f} | {row.failures} |"
        )
    return "\n".join(lines)


async def main(arguments: list[str] | None = None) -> list[Row]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broker", required=True, help="address of a vhost that may be filled and emptied")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--only", nargs="*", default=tuple(VARIANTS), help="ways to publish, by name")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.serve:
        await _serve(given.broker, given.serve)
        return []
    variants = tuple(name for name in VARIANTS if name == BASELINE or name in given.only)
    rows = await measure(given.broker, variants=variants, rounds=given.rounds, seconds=given.seconds)
    print(table(rows))
    return rows


if __name__ == "__main__":
    uvloop.run(main())
