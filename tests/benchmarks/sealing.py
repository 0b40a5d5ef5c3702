"""Sealing the log, beside appending to it: the same events, on the same server, in turn and both at once; and comparing all of it with its seals."""

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
        beside = [await _at_once(dsn, connection, number, under) for number in range(ROUNDS)][1:]
        started, compared = time.perf_counter(), 0
        async for so_far in verify_log(connection, {}, bodies=False):
            compared = so_far.events
            if so_far.findings:
                raise RuntimeError(f"the log is not as it was sealed: {so_far.findings[0]}")
        verified = compared / (time.perf_counter() - started)
    finally:
        await connection.close()
    ours, theirs = median(sealed[1:]), median(appended[1:])
    sealed_beside, appended_beside = (
        median([each[0] for each in beside]),
        median([each[1] for each in beside]),
    )
    return [
        Figure(
            "sealing the log", ours, theirs, "events/s", "appending the same events", "≥ 1", ours >= theirs
        ),
        Figure("– CPU of the processor for it", median(used[1:]), None, "µs/event", "–", "recorded"),
        Figure(
            "– both at once, as fast as they go: sealed until all was appended and sealed",
            sealed_beside,
            appended_beside,
            "events/s",
            "appended meanwhile",
            "≥ 0.9",
            sealed_beside >= 0.9 * appended_beside,
        ),
        Figure(
            "comparing the log with its seals",
            verified,
            theirs,
            "events/s",
            "appending the same events",
            "recorded",
        ),
    ]


async def _at_once(
    dsn: str, connection: asyncpg.Connection[asyncpg.Record], number: int, under: int
) -> tuple[float, float]:
    """Events per second: sealed by somebody who does nothing else, from the first append until everything is sealed; and appended, until all was."""
    batches = [_batch(f"b{number}-{each}") for each in range(EVENTS // BATCH)]
    sealer = await asyncpg.connect(dsn, server_settings={"search_path": "lunas"})
    started = time.perf_counter()
    appending = asyncio.create_task(_appended(connection, batches))
    try:
        while not appending.done():
            if await seal_next(sealer, under) is None:
                await asyncio.sleep(0.001)
        per_second = await appending
        while await seal_next(sealer, under) is not None:
            pass
    finally:
        await sealer.close()
    return EVENTS / (time.perf_counter() - started), per_second


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
