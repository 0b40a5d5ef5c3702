"""Ingress against the same handler without publishing, and against a handler that does everything in one transaction."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import ExitStack

import aio_pika

from deploy.local.services.private import ServiceUrls
from schemas.topology import queue_name, work_queues
from tests.benchmarks.children import cpu_seconds, server
from tests.benchmarks.figures import Figure, median
from tests.benchmarks.wrk import Load, drive

SECONDS = 3.0
ROUNDS = 5

_seeds = itertools.count()


def figures(urls: ServiceUrls) -> list[Figure]:
    """Targets 1, 2 and 3."""
    environment = {"BENCH_BROKER_URL": urls.broker_url, "BENCH_DATABASE_URL": urls.database_url}
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(server(name, environment))
            for name in ("ours", "silent", "bare", "naive")
        }
        wide = _measure(servers, ("ours", "silent", "bare"), connections=256)
        asyncio.run(purge(urls.broker_url))
        narrow = _measure(servers, ("ours", "naive"), connections=64)
        asyncio.run(purge(urls.broker_url))
    return [*_against_silence(wide), *_against_naive(narrow)]


Measured = dict[str, list[tuple[Load, float]]]


def _measure(servers: dict[str, tuple[str, int]], names: tuple[str, ...], *, connections: int) -> Measured:
    """Interleaved rounds: name → (load, CPU µs per request)."""
    measured: Measured = {name: [] for name in names}
    for _ in range(ROUNDS):
        for name in names:
            url, pid = servers[name]
            before = cpu_seconds(pid)
            load = drive(url, connections=connections, seconds=SECONDS, seed=f"{name}{next(_seeds)}-")
            if load.refused or load.errors:
                raise RuntimeError(f"{name} refused {load.refused} requests, {load.errors} socket errors")
            cpu = (cpu_seconds(pid) - before) / max(1.0, load.per_second * SECONDS) * 1e6
            measured[name].append((load, cpu))
    return measured


def _rate(measured: Measured, name: str) -> float:
    return median([load.per_second for load, _ in measured[name]])


def _cpu(measured: Measured, name: str) -> float:
    return median([cpu for _, cpu in measured[name]])


def _p99(measured: Measured, name: str) -> float:
    return median([load.p99_ms for load, _ in measured[name]])


def _against_silence(measured: Measured) -> list[Figure]:
    ours, silent, bare = (_rate(measured, name) for name in ("ours", "silent", "bare"))
    cpu, bare_cpu = _cpu(measured, "ours"), _cpu(measured, "bare")
    return [
        Figure("1 ingress, 256 connections", ours, silent, "req/s", "same door without publishing", "≥ 0.40 now, 0.80 later", ours / silent >= 0.40),
        Figure("1 ingress, 256 connections", ours, bare, "req/s", "bare aiohttp that verifies", "≥ 0.40 now, 0.80 later", ours / bare >= 0.40),
        Figure("2 CPU per webhook", cpu, bare_cpu, "µs", "bare aiohttp that verifies", "≤ 1.2 later", None),
    ]  # fmt: skip


def _against_naive(measured: Measured) -> list[Figure]:
    ours, naive = _rate(measured, "ours"), _rate(measured, "naive")
    slow, naive_slow = _p99(measured, "ours"), _p99(measured, "naive")
    return [
        Figure("3 ingress, 64 connections", ours, naive, "req/s", "one transaction per webhook", "≥ 5", ours / naive >= 5),
        Figure("3 ingress p99, 64 connections", slow, naive_slow, "ms", "one transaction per webhook", "≤ 0.33", slow / naive_slow <= 1 / 3),
    ]  # fmt: skip


async def purge(url: str) -> None:
    """Empty what nobody consumes here, so that the next rounds meet the same broker."""
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        for number in range(work_queues(1)):
            queue = await channel.declare_queue(queue_name(number), passive=True)
            await queue.purge()
