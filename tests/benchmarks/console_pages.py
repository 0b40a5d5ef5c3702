"""How long pages of the web console take with a million events, and how large they are: the middle of several looks, after one to warm up.

`BENCH_CONSOLE_PAYMENTS` names another number of payments than 200,000; each has five events.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from urllib.parse import urlsplit

import asyncpg

from console.web.assets import ADDRESS as SCRIPT
from deploy.local.services.private import ServiceUrls
from eventstore.migrations import migrate
from runtime.look.served import ADDRESS as STYLE
from runtime.settings import Settings
from tests.benchmarks.figures import Figure
from tests.console_visits import PASSWORD, Visitor, employ, opened_console
from tests.filled import EVENTS_PER_PAYMENT, fill

PAYMENTS = int(os.environ.get("BENCH_CONSOLE_PAYMENTS", "200000"))
ROUNDS = 5
LIMIT_MS, LIMIT_KB = 300, 150
PAGES = {
    "now": "/",
    "find: id of a payment": "/find?stay&q=py-7",
    "find: amount": "/find?stay&q=50000",
    "find: amount and day": "/find?stay&q=50000+2026-01-10",
    "find: e-mail": "/find?stay&q=c150@example.com",
    "find: number of a virtual account": "/find?stay&q=10766000000003",
    "find: QR code": f"/find?stay&q=000201{PAYMENTS // 2 - 2}",
    "find: phone (bodies are read)": "/find?stay&q=0812+3456+7890",
    "find: unknown (bodies are read)": "/find?stay&q=nobody-is-called-so",
    "payment": "/payments/xendit/py-7",
    "explain": "/customers/c150/explain/balance",
    "problems": "/problems",
    "parked streams": "/streams",
    "corrections": "/corrections",
    "verify again": "/quarantine/reverify/xendit?look=1",
    "daily close: list": "/close",
    "letters": "/letters",
    "suspense": "/suspense",
    "quarantine": "/quarantine",
    "deliveries": "/deliveries",
    "deliveries: parked": "/deliveries?status=parked",
    "customer": "/customers/c150",
    "replay": "/replay",
    "reconcile": "/reconcile",
    "projections": "/projections",
    "providers": "/providers",
    "provider": "/providers/xendit",
    "audit": "/audit",
}


def figures(urls: ServiceUrls) -> list[Figure]:
    """Each page's time, and what a first look at the largest of them loads."""
    return asyncio.run(_measured(urls.database_url))


async def _measured(dsn: str) -> list[Figure]:
    address = await _filled(dsn)
    await employ(address, "sari", "operator")
    given = Settings(env="development", database_url=address, broker_url="amqp://nobody@127.0.0.1:9/")
    events = f"{PAYMENTS * EVENTS_PER_PAYMENT:,} events"
    found, largest = [], 0
    async with opened_console(given) as doors:
        visitor = await doors.visitor()
        await visitor.sign_in("sari", PASSWORD)
        for name, path in PAGES.items():
            milliseconds, size = await _opened(visitor, path)
            largest = max(largest, size)
            goal, reached = f"≤ {LIMIT_MS} ms", milliseconds <= LIMIT_MS
            found.append(Figure(f"console: {name}, {events}", milliseconds, None, "ms", "–", goal, reached))
        shared = [len((await visitor.open(path)).encode()) for path in (STYLE, SCRIPT)]
    first = (largest + sum(shared)) / 1000
    goal, reached = f"≤ {LIMIT_KB} KB", first <= LIMIT_KB
    found.append(Figure("console: first look at its largest page", first, None, "KB", "–", goal, reached))
    return found


async def _opened(visitor: Visitor, path: str) -> tuple[float, int]:
    """The middle of its times in milliseconds, and its bytes."""
    size, taken = 0, []
    for _ in range(ROUNDS + 1):
        begun = time.perf_counter()
        size = len((await visitor.open(path)).encode())
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken[1:]), size


async def _filled(dsn: str) -> str:
    """A database beside the private one."""
    admin = await asyncpg.connect(dsn)
    try:
        await admin.execute("CREATE DATABASE console_pages")
    finally:
        await admin.close()
    parts = urlsplit(dsn)
    address = parts._replace(path="/console_pages").geturl()
    await migrate(address)
    await fill(address, PAYMENTS)
    return address
