"""Reconciliation of 100,000 payments of which nothing is missing: rows a second beside a bare client that only pages, and memory from the first pages on.

The list is served by a process of its own. Our side compares every row with its case, notes what it has seen, writes each step down, and walks
through the log's assessments of that time at the end.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing.queues import Queue
from pathlib import Path

import aiohttp
import asyncpg
import orjson
import uvloop
from aiohttp import web

from deploy.local.services.private import ServiceUrls
from eventstore.append import NewEvent, append, log_transaction
from eventstore.migrations import migrate
from processor.cases.case import PaymentCase
from processor.intake.interpreter import Interpreter
from processor.reconciliation.feeding import QueueFeeder
from processor.reconciliation.run import ProviderRun, RunLimits, RunProgress
from providers.outgoing import CallLimits
from providers.registry import PROVIDERS
from providers.xendit.client import XenditClient
from providers.xendit.lists import XenditLists
from runtime.amqp.publisher import Publisher
from runtime.breaker import Breaker
from runtime.logs import configure_logging
from schemas import streams
from schemas.decisions import PaymentAssessed
from schemas.facts import PaymentSucceeded
from tests.benchmarks.figures import Figure

COUNT = int(os.environ.get("LUNAS_BENCH_PAYMENTS", "100000"))
PAGE = 50
FILLED_AT_ONCE = 1_000
WARM = 0.1  # of all rows: caches and pools are full by then
AT = datetime(2026, 11, 1, tzinfo=UTC)
LIMITS = CallLimits(connect=5.0, call=30.0, budget=60.0, attempts=3, calls=10_000_000, period=1.0)


def figures(urls: ServiceUrls) -> list[Figure]:
    """Rows a second, and growth of memory from a tenth of the rows to all of them."""
    asyncio.run(migrate(urls.database_url))
    configure_logging("bench", level="error", form="json")
    port: Queue[int] = multiprocessing.Queue()
    serving = multiprocessing.Process(target=_serve, args=(port,), daemon=True)
    serving.start()
    try:
        base = f"http://127.0.0.1:{port.get(timeout=30)}"
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_fill(urls.database_url))
            bare = runner.run(_bare(base))
        # In a process of its own, whose memory nothing before has filled.
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as fresh:
            ours, grown = fresh.submit(_measured, urls.database_url, base).result()
    finally:
        serving.terminate()
    return [
        Figure(f"reconciliation of {COUNT:,} payments", ours, bare, "rows/s", "aiohttp client that only pages", "recorded", None),
        Figure("memory of it, from a tenth of the rows to the end", grown, None, "MiB more", "–", "≤ 8", grown <= 8),
    ]  # fmt: skip


def _row(number: int) -> dict[str, object]:
    return {
        "id": f"txn_{number}", "product_id": f"py-{number}", "type": "PAYMENT", "status": "SUCCESS", "channel_category": "QR_CODE",
        "channel_code": "QRIS", "reference_id": f"topup-{number}", "amount": 50_000, "currency": "IDR", "cashflow": "MONEY_IN",
        "settlement_status": "PENDING", "created": "2026-11-01T00:00:00.000Z", "updated": "2026-11-01T00:00:00.000Z",
    }  # fmt: skip


def _serve(port: Queue[int]) -> None:
    async def transactions(request: web.Request) -> web.Response:
        start = int(request.query.get("after_id", "txn_-1").removeprefix("txn_")) + 1
        end = min(start + PAGE, COUNT)
        document = {"has_more": end < COUNT, "data": [_row(number) for number in range(start, end)]}
        return web.Response(body=orjson.dumps(document), content_type="application/json")

    async def main() -> None:
        app = web.Application()
        app.add_routes([web.get("/transactions", transactions)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port.put(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(main())


async def _fill(url: str) -> None:
    """A case, its names and its assessment for every payment, as fulfilment would have left them."""
    connection = await asyncpg.connect(url, server_settings={"search_path": "lunas"})
    try:
        for start in range(0, COUNT, FILLED_AT_ONCE):
            numbers = range(start, start + FILLED_AT_ONCE)
            cases = list(_cases(numbers))
            await connection.copy_records_to_table(
                "fulfilment_cases", records=cases, columns=["case_key", "kind", "customer_id", "state", "position"]
            )  # fmt: skip
            names = [(f"xendit:{kind}-{number}", f"xendit:py-{number}") for number in numbers for kind in ("py", "pr")]  # fmt: skip
            await connection.copy_records_to_table("fulfilment_aliases", records=names)
            async with log_transaction(connection):
                await append(connection, [_assessed(number) for number in numbers])
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


def _cases(numbers: range) -> Iterator[tuple[str, str, str, str, int]]:
    for number in numbers:
        case = PaymentCase.new(f"xendit:py-{number}", "xendit", f"py-{number}")
        fact = PaymentSucceeded(
            provider="xendit", payment_key=f"py-{number}", attempt_id=f"py-{number}", group_id=f"pr-{number}", amount=50_000,
            token_only=True, occurred_at=AT, paid_at=AT,
        )  # fmt: skip
        case.observe(fact, number)
        yield case.key, "payment", f"c-{number}", case.to_json(), number


def _assessed(number: int) -> NewEvent:
    key = f"xendit:py-{number}"
    said = PaymentAssessed(record=key, case=key, provider="xendit", payment_id=f"py-{number}", status="succeeded", amount=50_000)  # fmt: skip
    return NewEvent(streams.case(key), said, {"correlation_id": "bench"})


async def _bare(base: str) -> float:
    began, rows, cursor = time.perf_counter(), 0, None
    async with aiohttp.ClientSession() as session:
        while True:
            query = {"limit": str(PAGE)} | ({"after_id": cursor} if cursor else {})
            async with session.get(f"{base}/transactions", params=query) as answer:
                document = orjson.loads(await answer.read())
            rows += len(document["data"])
            if not document["has_more"]:
                break
            cursor = document["data"][-1]["id"]
    return rows / (time.perf_counter() - began)


def _measured(url: str, base: str) -> tuple[float, float]:
    configure_logging("bench", level="error", form="json")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_ours(url, base))


async def _ours(url: str, base: str) -> tuple[float, float]:
    client = XenditLists(XenditClient(base, "key", LIMITS, Breaker(5, 20.0)).api)
    seen: list[float] = []

    def watch(progress: RunProgress) -> None:
        if progress.run.rows >= COUNT * WARM:
            seen.append(_resident())

    pool = await asyncpg.create_pool(url, min_size=2, max_size=4, server_settings={"search_path": "lunas"})
    assert pool is not None
    try:
        run = ProviderRun(
            pool, "xendit", client, QueueFeeder(Publisher(), PROVIDERS["xendit"], 1, 5.0),
            Interpreter(PROVIDERS, {}, production=False), RunLimits(60.0, 10**6, 10**6, timedelta(hours=1), 0.0), asyncio.Event(), watch,
        )  # fmt: skip
        began = time.perf_counter()
        done, code = await run.go(AT - timedelta(days=1), "bench")
        seconds = time.perf_counter() - began
    finally:
        await client.close()
        await pool.close()
    if (done.rows, done.fed, done.found, done.asked, code) != (COUNT, 0, 0, 0, None):
        raise AssertionError(f"it found what is not there: {done}, {code}")
    return done.rows / seconds, (seen[-1] - seen[0]) / 2**20


def _resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
