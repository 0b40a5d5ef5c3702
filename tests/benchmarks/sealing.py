"""Sealing the log, beside appending to it: the same events, on the same server; and comparing all of it with its seals."""

from __future__ import annotations

import asyncio
import time

import asyncpg

from deploy.local.services.private import ServiceUrls
from eventstore.append import NewEvent, append, log_transaction
from eventstore.migrations import migrate
from eventstore.sealing import seal_next, verify_log
from runtime.settings import Settings
from schemas.streams import StreamName
from tests.benchmarks.facts import top_up
from tests.benchmarks.figures import Figure, median

BATCH = 1_000
EVENTS = 20_000  # in a round
ROUNDS = 6  # the first warms up


def figures(urls: ServiceUrls) -> list[Figure]:
    """Events per second; a sealer that is quicker than one who does nothing but append keeps up with any load."""
    return asyncio.run(_figures(urls.database_url))


async def _figures(dsn: str) -> list[Figure]:
    await migrate(dsn)
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "lunas"})
    under = Settings(env="development").seal_events_max
    appended, sealed, used = [], [], []
    try:
        for number in range(ROUNDS):
            batches = [_batch(f"s{number}-{each}") for each in range(EVENTS // BATCH)]
            appended.append(await _appended(connection, batches))
            seconds, cpu = await _sealed(connection, under)
            sealed.append(EVENTS / seconds)
            used.append(1e6 * cpu / EVENTS)
        started, compared = time.perf_counter(), 0
        async for so_far in verify_log(connection, {}, bodies=False):
            compared = so_far.events
            if so_far.findings:
                raise RuntimeError(f"the log is not as it was sealed: {so_far.findings[0]}")
        verified = compared / (time.perf_counter() - started)
    finally:
        await connection.close()
    ours, theirs = median(sealed[1:]), median(appended[1:])
    return [
        Figure(
            "sealing the log", ours, theirs, "events/s", "appending the same events", "≥ 1", ours >= theirs
        ),
        Figure("– CPU of the processor for it", median(used[1:]), None, "µs/event", "–", "recorded"),
        Figure(
            "comparing the log with its seals",
            verified,
            theirs,
            "events/s",
            "appending the same events",
            "recorded",
        ),
    ]


async def _appended(connection: asyncpg.Connection[asyncpg.Record], batches: list[list[NewEvent]]) -> float:
    started = time.perf_counter()
    for batch in batches:
        async with log_transaction(connection):
            await append(connection, batch)
    return EVENTS / (time.perf_counter() - started)


async def _sealed(connection: asyncpg.Connection[asyncpg.Record], under: int) -> tuple[float, float]:
    """Seconds, and seconds of CPU in this process."""
    started, cpu = time.perf_counter(), time.process_time()
    while await seal_next(connection, under) is not None:
        pass
    return time.perf_counter() - started, time.process_time() - cpu


def _batch(prefix: str) -> list[NewEvent]:
    return [_event(f"{prefix}-{number:06d}") for number in range(BATCH)]


def _event(key: str) -> NewEvent:
    return NewEvent(
        StreamName(f"payment-xendit-{key}"), top_up(key), {"correlation_id": key, "delivery_id": key}
    )
