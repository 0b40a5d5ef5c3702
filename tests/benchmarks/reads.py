"""Every read call over HTTP on databases of growing size, in turn: how long it takes may not depend on how much there is.

`BENCH_READ_SIZES` names other numbers of payments than 10,000, 100,000 and 1,000,000: the last one takes some minutes to fill.
"""

from __future__ import annotations

import os
import statistics
import time
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import asyncpg
import uvloop
from aiohttp.test_utils import TestClient, TestServer

from api.app import application, pool_of, routes
from api.reads.positions import PositionWatch
from deploy.local.services.private import ServiceUrls
from eventstore.migrations import migrate
from runtime.failed_keys import Keyhole
from runtime.health import Health
from runtime.metrics import new_registry
from runtime.settings import Settings
from tests.benchmarks.figures import Figure
from tests.filled import fill

SIZES = tuple(int(size) for size in os.environ.get("BENCH_READ_SIZES", "10000,100000,1000000").split(","))
ROUNDS = 5
CALLS = 120  # of each read call, in each round and size
FLAT = 1.5

Client = TestClient[object, object]  # type: ignore[type-arg]

# `{c}` is a customer and `{p}` a payment, another one in every call.
READS = {
    "customer": "/v1/customers/c{c}",
    "customer by e-mail": "/v1/customers?email=c{c}@contoh.id",
    "balance": "/v1/customers/c{c}/balance",
    "subscriptions": "/v1/customers/c{s}/subscriptions",
    "enrollments": "/v1/customers/c{s}/enrollments",
    "entitlements": "/v1/customers/c{c}/entitlements",
    "payments of a customer": "/v1/customers/c{c}/payments?limit=20",
    "payment with its timeline": "/v1/payments/xendit/py-{p}",
    "suspense": "/v1/suspense?limit=20",
    "ledger": "/v1/ledger",
}


def figures(urls: ServiceUrls) -> list[Figure]:
    """p50 and p99 of each call at the largest size, beside the smallest."""
    return uvloop.run(_measure(urls.database_url))


async def _measure(dsn: str) -> list[Figure]:
    async with AsyncExitStack() as stack:
        clients = {size: await _client(stack, dsn, size) for size in SIZES}
        taken: dict[tuple[str, int], list[float]] = {(name, size): [] for name in READS for size in SIZES}
        for number in range(ROUNDS + 1):
            for name, path in READS.items():
                for size, client in clients.items():
                    seconds = await _time(client, path, size, number * CALLS)
                    taken[name, size] += seconds if number else []  # the first round warms up
    return [figure for name in READS for figure in _figures(name, taken)]


def _figures(name: str, taken: dict[tuple[str, int], list[float]]) -> list[Figure]:
    small, large = SIZES[0], SIZES[-1]
    found = []
    for percent in (50, 99):
        ours, baseline = (_percentile(taken[name, size], percent) for size in (large, small))
        middle = ", ".join(
            f"{_percentile(taken[name, size], percent):.2f} ms at {size:,}" for size in SIZES[1:-1]
        )
        title = f"read {name}, p{percent} at {large:,} payments" + (f" ({middle})" if middle else "")
        # A p99 of a second's worth of calls is the machine's; the median says whether more is read.
        reached = ours <= FLAT * baseline if percent == 50 else None
        found.append(Figure(title, ours, baseline, "ms", f"at {small:,}", f"≤ {FLAT}", reached))
    return found


async def _client(stack: AsyncExitStack, dsn: str, size: int) -> Client:
    """The API, as its process connects, over a database of this size."""
    name = f"lunas_reads_{size}"
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
    address = urlsplit(dsn)._replace(path=f"/{name}").geturl()
    await migrate(address)
    await fill(address, size)
    settings = Settings(env="development", database_url=address, api_port=0)
    pool = await stack.enter_async_context(pool_of(settings))
    watch = PositionWatch(pool)
    keyhole = Keyhole(settings.require_api_key(), settings, new_registry(), door="api")
    app = application(
        settings, routes(settings, pool, watch), Health("api"), keyhole, lambda _app: watch.close()
    )
    return await stack.enter_async_context(TestClient(TestServer(app)))


async def _time(client: Client, path: str, size: int, first: int) -> list[float]:
    """Milliseconds of each call."""
    customers, seconds = size // 4, []
    headers = {"Authorization": "Bearer dev-api-key"}
    for number in range(first, first + CALLS):
        spread = number * 7919  # a prime: the calls lie all over the tables
        filled = path.format(
            c=1 + spread % customers, s=5 * (1 + spread % (customers // 5)), p=1 + spread % size
        )
        started = time.perf_counter()
        async with client.get(filled, headers=headers) as response:
            await response.read()
            seconds.append((time.perf_counter() - started) * 1000)
            if response.status != 200:
                raise RuntimeError(f"{filled} answered {response.status}")
    return seconds


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
