"""Appending to the log: against a bare batch insert of the same columns, against `eventsourcing`, and at ten million events."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
import uuid
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import asyncpg
import orjson

from deploy.local.services.private import ServiceUrls
from eventstore.append import NewEvent, append, log_transaction
from eventstore.migrations import migrate
from eventstore.read import read_page
from schemas.events import encode
from schemas.facts import WebhookReceived
from tests.benchmarks import append_beside_emmett
from tests.benchmarks.facts import top_up
from tests.benchmarks.figures import Figure, median

LARGE = 1_000  # events: the 500 deliveries that LUNAS_PROCESSOR_BATCH_MAX lets into a batch, a receipt and a fact each
SMALL = 200
EVENTS = 5_000  # in a round
ROUNDS = 9
PAGES = 101  # a page takes 3 ms; the median of a few swings by a third
DIGEST = "0" * 64

_blocks = itertools.count()
"""Numbers of batches, for stream keys that the bare insert has to make up."""
ROWS = int(os.environ.get("BENCH_ROWS", "10000000"))
"""Events already in the log for the figures of size."""

_BARE = """
INSERT INTO bare_events (stream_id, event_id, version, schema_version, stream, type, data, metadata)
SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::int[], $4::smallint[], $5::text[], $6::text[], $7::json[], $8::json[])
"""

_FILL_STREAMS = """
INSERT INTO streams (stream, category, version)
SELECT 'payment-fill-' || lpad(n::text, 12, '0'), 'payment', 1 FROM generate_series($1::bigint, $2::bigint) AS n
"""

_FILL_EVENTS = """
INSERT INTO events (stream_id, event_id, version, schema_version, stream, type, data, metadata)
SELECT n, ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 1, 1, 'payment-fill-' || lpad(n::text, 12, '0'),
       'payment.succeeded', '{}', '{}'
FROM generate_series($1::bigint, $2::bigint) AS n
"""

Subject = Callable[[int], Awaitable[float]]


def figures(urls: ServiceUrls) -> list[Figure]:
    """Targets 4, 5 and 9."""
    return asyncio.run(_figures(urls.database_url))


async def _figures(dsn: str) -> list[Figure]:
    await migrate(dsn)
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "lunas"})
    try:
        await connection.execute(
            "CREATE TABLE bare_events (LIKE events INCLUDING ALL, UNIQUE (stream_id, version))"
        )
        rates: dict[str, list[float]] = {}
        for number in range(ROUNDS):
            for size in (LARGE, SMALL):
                batches = _batches(_as_intake_does, f"i{number}", size)
                rates.setdefault(f"intake {size}", []).append(await _ours(connection, batches))
                batches = _batches(_as_intake_does, f"b{number}", size)
                rates.setdefault(f"bare {size}", []).append(await _bare(connection, batches))
            batches = _batches(_new_streams, f"k{number}", SMALL)
            rates.setdefault("new", []).append(await _ours(connection, batches))
        rate = {name: median(measured[1:]) for name, measured in rates.items()}
        large, small, ours = rate[f"intake {LARGE}"], rate[f"intake {SMALL}"], rate["new"]
        bare, bare_small = rate[f"bare {LARGE}"], rate[f"bare {SMALL}"]
        found = [
            Figure("4 append, full batches of intake (1,000 events)", large, bare, "events/s", "bare unnest insert of the same columns", "≥ 0.9", large / bare >= 0.9),
            Figure("– batches of 200", small, bare_small, "events/s", "bare unnest insert of the same columns", "recorded"),
            Figure("– batches of 200, each event the first of a new stream", ours, bare_small, "events/s", "bare unnest insert of the same columns", "recorded"),
        ]  # fmt: skip
        found += _library(dsn, ours)
        found += await append_beside_emmett.figures(connection, dsn, top_up)
        return found + await _at_size(connection, dsn)
    finally:
        await connection.close()


Kind = Callable[[str, int], list[NewEvent]]


def _batches(kind: Kind, prefix: str, size: int) -> list[list[NewEvent]]:
    return [kind(f"{prefix}-{size}-{number:06d}", size) for number in range(EVENTS // size)]


def _new_streams(prefix: str, size: int) -> list[NewEvent]:
    """Every event begins a stream. Names grow with time, as ids that begin with a time do (k-ordered)."""
    keys = [f"{prefix}{one:06d}" for one in range(size)]
    return [
        NewEvent(f"payment-xendit-{key}", top_up(key), {"correlation_id": key, "delivery_id": key})
        for key in keys
    ]


def _as_intake_does(prefix: str, size: int) -> list[NewEvent]:
    """The usual: a receipt for each delivery, on the stream of its day, and the fact it states, on a new stream."""
    events: list[NewEvent] = []
    for fact in _new_streams(prefix, size // 2):
        key = str(fact.metadata["delivery_id"])
        receipt = WebhookReceived(
            provider="xendit", delivery_id=key, event_name="payment.capture", body_sha256=DIGEST, dedupe_key=f"xendit:capture:{key}",
            scheme="static_token", secret_id="0123456789ab", status="processed",
        )  # fmt: skip
        events += [NewEvent("webhook-xendit-2026-07-01", receipt, fact.metadata), fact]
    return events


async def _ours(connection: asyncpg.Connection, batches: list[list[NewEvent]]) -> float:
    started = time.perf_counter()
    for batch in batches:
        async with log_transaction(connection):
            await append(connection, batch)
    return EVENTS / (time.perf_counter() - started)


async def _bare(connection: asyncpg.Connection, batches: list[list[NewEvent]]) -> float:
    statement = await connection.prepare(_BARE)
    started = time.perf_counter()
    for batch in batches:
        first, size = next(_blocks) * LARGE, len(batch)
        async with connection.transaction():
            await statement.fetch(
                [first + one for one in range(size)],
                [uuid.uuid4() for _ in batch],
                [1] * size,
                [1] * size,
                [event.stream for event in batch],
                [event.event.TYPE for event in batch],
                [encode(event.event) for event in batch],
                [orjson.dumps(event.metadata).decode() for event in batch],
            )
    return EVENTS / (time.perf_counter() - started)


async def _at_size(connection: asyncpg.Connection, dsn: str) -> list[Figure]:
    small_page = 0.0
    step, filled = min(ROWS, 1_000_000), 0
    start = await connection.fetchval("SELECT coalesce(max(stream_id), 0) FROM streams") + 1
    while filled < ROWS:
        await connection.execute(_FILL_STREAMS, start + filled, start + filled + step - 1)
        await connection.execute(_FILL_EVENTS, start + filled, start + filled + step - 1)
        filled += step
        if filled == step:
            small_page = await _page(connection)
    await connection.execute("CHECKPOINT")
    large_page = await _page(connection)
    large, empty = await _beside_an_empty_log(connection, dsn)
    rows = f"{ROWS // 1_000_000} M" if ROWS >= 1_000_000 else f"{ROWS:,}"
    return [
        Figure(f"9 append with {rows} events", large, empty, "events/s", "empty log", "≥ 0.95", large / empty >= 0.95),
        Figure(f"9 page of 1,000 at {rows}", large_page, small_page, "ms", f"at {step:,}", "≤ 1.2", large_page / small_page <= 1.2),
    ]  # fmt: skip


async def _beside_an_empty_log(connection: asyncpg.Connection, dsn: str) -> tuple[float, float]:
    """Events a second on the full log and on an empty one of the same server, turn by turn: vacuum after the fill slows both."""
    await connection.execute("CREATE DATABASE bench_empty")
    other = urlsplit(dsn)._replace(path="/bench_empty").geturl()
    await migrate(other)
    empty = await asyncpg.connect(other, server_settings={"search_path": "lunas"})
    try:
        full_rates, empty_rates = [], []
        for number in range(2 * ROUNDS):
            batches = _batches(_new_streams, f"z{number}", SMALL)
            full_rates.append(await _ours(connection, batches))
            empty_rates.append(await _ours(empty, batches))
        return median(full_rates[1:]), median(empty_rates[1:])
    finally:
        await empty.close()


async def _page(connection: asyncpg.Connection) -> float:
    """Milliseconds for a page in the newest part of the log, warm."""
    middle = await connection.fetchval("SELECT max(position) FROM events") - 50_000
    times = []
    for _ in range(PAGES):
        started = time.perf_counter()
        await read_page(connection, middle, None, 1000)
        times.append((time.perf_counter() - started) * 1000)
    return median(times[1:])


def _library(dsn: str, ours: float) -> list[Figure]:
    """`eventsourcing` on the same server; left out, with a note, when the benchmark extras are not installed."""
    from tests.benchmarks.library_peer import append_rates

    batched, single = append_rates(dsn)
    return [
        Figure(
            "5 append", ours, batched, "events/s", "eventsourcing, best batch", "≥ 5", ours / batched >= 5
        ),
        Figure(
            "5 append", ours, single, "events/s", "eventsourcing, single saves", "≥ 50", ours / single >= 50
        ),
    ]
