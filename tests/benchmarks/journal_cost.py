"""What the journal costs at the door: ingress with it and without, in turn, as fast as it goes and at a pace."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from contextlib import ExitStack
from urllib.parse import urlsplit

from deploy.local.services.private import ServiceUrls
from tests.benchmarks.children import cpu_seconds, server
from tests.benchmarks.figures import Figure, median
from tests.benchmarks.flood import Genuine
from tests.benchmarks.ingress_requests import purge
from tests.benchmarks.wrk import drive

CONNECTIONS = 256
SECONDS = 3.0
PACED_SECONDS = 4.0
ROUNDS = 5
THROUGHPUT_MIN = 0.85  # of ingress without it
CPU_MAX = (
    1 / THROUGHPUT_MIN
)  # what a door that is as busy as its core allows may take more; on a busy machine it stays what it is, where rates do not
P50_MAX_MS = 2.0

_seeds = itertools.count()


def figures(urls: ServiceUrls) -> list[Figure]:
    """Both sides are whole doors of the same program; the broker and the disk are the same."""
    rates: dict[str, list[float]] = {"journal": [], "broker": []}
    waits: dict[str, list[float]] = {"journal": [], "broker": []}
    costs: dict[str, list[float]] = {"journal": [], "broker": []}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="lunas-journal-"))
        doors = {}
        for durability in rates:
            environment = {
                "BENCH_BROKER_URL": urls.broker_url,
                "BENCH_DURABILITY": durability,
                "BENCH_JOURNAL_DIR": folder,
            }
            doors[durability] = stack.enter_context(server("ours", environment))
        for _ in range(ROUNDS):
            for durability, (url, pid) in doors.items():
                seed, before = f"{durability}{next(_seeds)}-", cpu_seconds(pid)
                load = drive(url, connections=CONNECTIONS, seconds=SECONDS, seed=seed)
                if load.refused or load.errors:
                    raise RuntimeError(f"{durability} refused {load.refused}, {load.errors} socket errors")
                rates[durability].append(load.per_second)
                costs[durability].append((cpu_seconds(pid) - before) / (load.per_second * SECONDS) * 1e6)
            asyncio.run(purge(urls.broker_url))
            for durability, (url, _) in doors.items():
                client = Genuine(urlsplit(url).port or 0)
                asyncio.run(client.run(PACED_SECONDS))
                waits[durability].append(median(client.waited) * 1000)
    return _rows(
        *(median(rates[one]) for one in ("journal", "broker")),
        *(median(waits[one]) for one in ("journal", "broker")),
        *(median(costs[one]) for one in ("journal", "broker")),
    )


def _rows(
    rate: float, bare_rate: float, wait: float, bare_wait: float, cost: float, bare_cost: float
) -> list[Figure]:
    return [
        Figure(f"15 ingress with its journal, {CONNECTIONS} connections", rate, bare_rate, "req/s", "without it", f"≥ {THROUGHPUT_MIN}", rate >= THROUGHPUT_MIN * bare_rate),
        Figure("15 p50 with its journal, 100 requests/s", wait, bare_wait, "ms", "without it", f"≤ {P50_MAX_MS:g} ms more", wait <= bare_wait + P50_MAX_MS),
        Figure(f"15 CPU of ingress for a webhook with its journal, {CONNECTIONS} connections", cost, bare_cost, "µs", "without it", f"≤ {CPU_MAX:.2f} times", cost <= CPU_MAX * bare_cost),
    ]  # fmt: skip
