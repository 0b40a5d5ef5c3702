"""What a webhook of about 500 bytes becomes: bytes of the database's log (WAL), and at rest by table with its indexes.

Top-ups of many customers from queue to read models. A checkpoint comes first, as one does every few minutes; `BENCH_BYTES_WEBHOOKS` names another number.
CPU seconds beside it: bytes may be saved by working for it. `BENCH_BYTES_DETAILS=1` prints by table, index and kind of record what the bytes are.

A new database has no old pages. `BENCH_BYTES_BEFORE` names how many webhooks are there before, all with ids in no order: then the first change of a page after
the checkpoint logs the page whole. `BENCH_BYTES_COMPRESSION` names how the server compresses those (`wal_compression`).
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from random import Random

import asyncpg

from deploy.local.services.private import ServiceUrls
from eventstore.append import NewEvent, append, log_transaction
from schemas.envelope import pack
from schemas.facts import CustomerRegistered
from schemas.topology import routing_key
from tests.benchmarks import wal
from tests.benchmarks.cpu import Accounts
from tests.benchmarks.figures import Figure
from tests.benchmarks.pipeline import pipeline
from tests.benchmarks.queue_to_log import envelope_of, publish_all
from tests.system.pipeline import top_up

WEBHOOKS = int(os.environ.get("BENCH_BYTES_WEBHOOKS", "10000"))
BEFORE = int(os.environ.get("BENCH_BYTES_BEFORE", "0"))
COMPRESSION = os.environ.get("BENCH_BYTES_COMPRESSION", "")
CUSTOMERS = 1000
GROUP = 10
LEAST = 50.0
"""Bytes per webhook; smaller tables are shown together."""
DETAILS = os.environ.get("BENCH_BYTES_DETAILS") == "1"
DETAIL = 5.0
"""Bytes per webhook; what is less is not worth a line."""

SIZES = """SELECT relname AS name, pg_total_relation_size(oid) AS bytes FROM pg_class
WHERE relkind IN ('r', 'm') AND relnamespace = 'lunas'::regnamespace"""
FILES = """SELECT relname AS name, pg_relation_size(oid) AS bytes FROM pg_class
WHERE relkind IN ('r', 'i', 't') AND relnamespace IN ('lunas'::regnamespace, 'pg_toast'::regnamespace)"""


def figures(urls: ServiceUrls) -> list[Figure]:
    """Bytes per webhook."""
    if COMPRESSION:
        asyncio.run(_compress(urls))
    with pipeline(urls, ("processor", "projections")):
        return asyncio.run(_figures(urls))


async def _compress(urls: ServiceUrls) -> None:
    """For sessions from now on; what the server was started with stands behind it."""
    connection = await asyncpg.connect(urls.database_url)
    try:
        name = urls.database_url.rpartition("/")[2].partition("?")[0]
        await connection.execute(f"ALTER DATABASE {name} SET wal_compression = '{COMPRESSION}'")
    finally:
        await connection.close()


async def _figures(urls: ServiceUrls) -> list[Figure]:
    connection = await asyncpg.connect(urls.database_url, server_settings={"search_path": "lunas"})
    try:
        async with log_transaction(connection):
            people = [
                CustomerRegistered(customer_id=f"c{n}", email=f"c{n}@contoh.id") for n in range(CUSTOMERS)
            ]
            await append(connection, [NewEvent(f"customer-{one.customer_id}", one) for one in people])
        await _until_read(connection)
        await wal.prepare(connection)
        numbers = range(WEBHOOKS) if BEFORE == 0 else Random(7).sample(range(2**40), BEFORE + WEBHOOKS)
        await _send(connection, urls, numbers[:BEFORE], BEFORE)
        accounts = await Accounts.of(urls.database_url, urls.broker_url)
        await connection.execute("CHECKPOINT")
        before, files, place = (
            await _counted(connection),
            await _files(connection),
            await wal.place(connection),
        )
        cpu = accounts.read()
        size = await _send(connection, urls, numbers[BEFORE:], BEFORE + WEBHOOKS)
        spent = {name: seconds - cpu[name] for name, seconds in accounts.read().items()}
        after, end = await _counted(connection), await wal.place(connection)
        written = await wal.distance(connection, place, end)
        records = await wal.between(connection, place, end)
        if DETAILS:
            await _show(connection, files, records)
    finally:
        await connection.close()
    tables = {name: (after[name] - before.get(name, 0)) / WEBHOOKS for name in after}
    return [
        _figure("19 body of a webhook", size, "bytes"),
        _figure("19 log of the database (WAL) per webhook", written / WEBHOOKS, "bytes"),
        _figure("– records in it", sum(one.records for one in records) / WEBHOOKS, ""),
        _figure("– whole pages in it", sum(one.pages for one in records) / WEBHOOKS, "bytes"),
        _figure("19 at rest per webhook, with indexes", sum(tables.values()), "bytes"),
        *(
            _figure(f"– {name}", size, "bytes")
            for name, size in sorted(tables.items(), key=lambda table: -table[1])
            if size >= LEAST
        ),
        _figure("– all others together", sum(size for size in tables.values() if size < LEAST), "bytes"),
        *(
            _figure(f"– CPU per webhook: {name}", spent[name] / WEBHOOKS * 1e6, "µs")
            for name in ("processor", "projections", "postgres")
        ),
    ]


async def _send(
    connection: asyncpg.Connection[asyncpg.Record], urls: ServiceUrls, numbers: Sequence[int], stored: int
) -> float:
    """Top-ups of these numbers, until so many are stored and visible. Returns the mean size of their bodies."""
    envelopes = [envelope_of(top_up(one, f"c{one % CUSTOMERS}", 50_000).body) for one in numbers]
    bodies = [pack(envelopes[first : first + GROUP]) for first in range(0, len(envelopes), GROUP)]
    await publish_all(urls.broker_url, "lunas.webhooks", routing_key(0), bodies)
    while await connection.fetchval("SELECT count(*) FROM deliveries") < stored:
        await asyncio.sleep(0.05)
    await _until_read(connection)
    return sum(len(one.body) for one in envelopes) / max(len(envelopes), 1)


async def _show(
    connection: asyncpg.Connection[asyncpg.Record], files: dict[str, int], records: Sequence[wal.Records]
) -> None:
    """What the bytes are: of the log by what was written to, at rest by file."""
    for one in records:
        if one.bytes / WEBHOOKS >= DETAIL:
            counted = f"{one.records / WEBHOOKS:6.2f} records, {one.pages / WEBHOOKS:6.0f} of whole pages"
            print(
                f"WAL  {one.bytes / WEBHOOKS:7.1f} bytes, {counted}: {one.name} {one.kind}", file=sys.stderr
            )
    grown = {name: size - files.get(name, 0) for name, size in (await _files(connection)).items()}
    for name, size in sorted(grown.items(), key=lambda file: -file[1]):
        if size / WEBHOOKS >= DETAIL:
            print(f"rest {size / WEBHOOKS:7.1f} bytes: {name}", file=sys.stderr)


async def _files(connection: asyncpg.Connection[asyncpg.Record]) -> dict[str, int]:
    return {row["name"]: row["bytes"] for row in await connection.fetch(FILES)}


async def _until_read(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Until everything is decided on, and the read models show it."""
    while not await connection.fetchval(
        "SELECT (SELECT min(position) FROM checkpoints) = (SELECT max(position) FROM events)"
    ):
        await asyncio.sleep(0.05)


async def _counted(connection: asyncpg.Connection[asyncpg.Record]) -> dict[str, float]:
    return {row["name"]: float(row["bytes"]) for row in await connection.fetch(SIZES)}


def _figure(name: str, value: float, unit: str) -> Figure:
    return Figure(name, value, None, unit, "–", "recorded", None)
