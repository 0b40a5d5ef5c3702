"""From the log to balances: the live way in batches, and a first build, against one SQL aggregation and against `eventsourcing`."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import uvloop

from deploy.local.services.private import ServiceUrls
from eventstore.append import NewEvent, append, log_transaction
from eventstore.migrations import migrate
from projections import build
from projections.feeder import Feeder
from projections.garbage import collected_rarely
from projections.registry import BY_NAME
from projections.versions import ensure_at
from runtime.database import Connection
from schemas.decision_model import Posting
from schemas.decisions import CreditGranted, PaymentAssessed
from tests.benchmarks.figures import Figure, median

GRANTS = 60_000
CUSTOMERS = 20_000
LIBRARY_EVENTS = 3_000
ROUNDS = 5
AT_ONCE = 2_500
BATCH = 2_000  # the default of LUNAS_PROJECTION_BATCH_MAX

# The same work in one statement: what the table of balances holds of top-ups, from the same rows, with the server's own work_mem.
_AGGREGATE = """
INSERT INTO bench_aggregate
SELECT data ->> 'customer_id', sum((data ->> 'tokens')::bigint), sum((data ->> 'amount_idr')::bigint), max((data ->> 'at')::timestamptz)
FROM events WHERE type = 'credit.granted' GROUP BY 1
"""
_TABLE = "CREATE TABLE bench_aggregate (customer_id text PRIMARY KEY, tokens bigint, topped_up_idr bigint, last_at timestamptz)"
_CONTEXT: dict[str, object] = {
    "correlation_id": "0193d1a5-0000-7000-8000-000000000000",
    "causation_id": "0193d1a5-0000-7000-8000-000000000000",
}


def figures(urls: ServiceUrls) -> list[Figure]:
    """Targets 7 and 8."""
    return uvloop.run(_figures(urls.database_url))


async def _figures(dsn: str) -> list[Figure]:
    await migrate(dsn)
    await ensure_at(dsn)
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "lunas"})
    try:
        await _fill(connection)
        await connection.execute(_TABLE)
        ways: dict[str, Callable[[Connection], Awaitable[None]]] = {
            "live": _live,
            "build": _build,
            "sql": _sql,
        }
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                rates[name].append(await _rate(connection, way))
    finally:
        await connection.close()
    live, built, sql = (median(rates[name]) for name in ("live", "build", "sql"))
    slower = sql / built
    return [
        *_library(dsn, live),
        *_emmett(dsn, live),
        Figure("7 log to balances, live batches", live, sql, "events/s", "one SQL aggregation", "recorded"),
        Figure("8 rebuild", built, sql, "events/s", "one SQL aggregation", "≥ 0.5 (time ≤ 2×)", slower <= 2),
    ]


async def _rate(connection: Connection, way: Callable[[Connection], Awaitable[None]]) -> float:
    await connection.execute("TRUNCATE balances_v1, bench_aggregate")
    await connection.execute("UPDATE checkpoints SET position = 0 WHERE consumer = 'projection.balances'")
    started = time.perf_counter()
    await way(connection)
    return GRANTS / (time.perf_counter() - started)


async def _live(connection: Connection) -> None:
    with collected_rarely():
        await Feeder(connection, batch_max=BATCH, only={("balances", 1)}).catch_up()


async def _build(connection: Connection) -> None:
    built = await build.fold_log(connection, BY_NAME["balances"])
    async with connection.transaction():
        await build.keep(connection, BY_NAME["balances"], 1, built)


async def _sql(connection: Connection) -> None:
    await connection.execute(_AGGREGATE)


async def _fill(connection: Connection) -> None:
    """Every grant with the assessment that comes before it, as fulfilment appends them."""
    for start in range(0, GRANTS, AT_ONCE):
        async with log_transaction(connection):
            events = [event for n in range(start, min(start + AT_ONCE, GRANTS)) for event in _payment(n)]
            await append(connection, events)
    await connection.execute("ANALYZE events")


def _payment(number: int) -> tuple[NewEvent, NewEvent]:
    customer = f"customer-{number * 7919 % CUSTOMERS:06}"
    case, payment_id = f"payment:xendit:py-{number:08}", f"py-{number:08}"
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    granted = _grant(payment_id, customer, at)
    assessed = PaymentAssessed(
        case=case, record=case, provider="xendit", payment_id=payment_id, aliases=(f"pr-{number:08}",), status="succeeded",
        amount=50_000, requested_amount=50_000, method="QR_CODE", channel="QRIS", customer_id=customer, paid_at=at, facts=(number + 1,),
    )  # fmt: skip
    return NewEvent(f"case-{case}", assessed, _CONTEXT), NewEvent(f"customer-{customer}", granted, _CONTEXT)


def _grant(payment_id: str, customer: str, at: datetime) -> CreditGranted:
    return CreditGranted(
        case=f"payment:xendit:{payment_id}", customer_id=customer, provider="xendit", payment_id=payment_id, amount_idr=50_000, tokens=500_000, at=at,
        postings=(
            Posting(account="clearing:xendit", unit="IDR", amount=50_000),
            Posting(account=f"credit:{customer}", unit="IDR", amount=-50_000),
            Posting(account="issued:credit_tokens", unit="TOKEN", amount=500_000),
            Posting(account=f"tokens:{customer}", unit="TOKEN", amount=-500_000),
        ),
    )  # fmt: skip


def _library(dsn: str, live: float) -> list[Figure]:
    from tests.benchmarks.library_runner import projection_rate

    rate = projection_rate(dsn, LIBRARY_EVENTS)
    name = "eventsourcing, projection runner"
    return [Figure("7 log to balances", live, rate, "events/s", name, "≥ 50", live / rate >= 50)]


def _emmett(dsn: str, live: float) -> list[Figure]:
    from tests.benchmarks.emmett_peer import balances_rate

    best = balances_rate(dsn, _grant("py-{key}", "{customer}", datetime(2026, 1, 1, tzinfo=UTC)), GRANTS)
    if best is None:
        return []
    way, rate = best
    return [Figure("7 log to balances", live, rate, "events/s", f"emmett, {way}", "≥ 40", live / rate >= 40)]
