"""What the database's log (WAL) consists of between two places in it: by table or index and by kind of record.

Needs the extension pg_walinspect (PostgreSQL 15's contrib) and a superuser, as the private server's owner is one.
"""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

MAKE = "CREATE EXTENSION IF NOT EXISTS pg_walinspect SCHEMA public"
PLACE = "SELECT pg_current_wal_flush_lsn()::text"
DISTANCE = "SELECT ($2::text::pg_lsn - $1::text::pg_lsn)::float8"
RECORDS = r"""
WITH records AS (
    SELECT resource_manager || ' ' || split_part(record_type, '+', 1) AS kind, record_length, fpi_length,
        (regexp_match(block_ref, 'rel \d+/\d+/(\d+)'))[1]::oid AS file
    FROM public.pg_get_wal_records_info($1::text::pg_lsn, $2::text::pg_lsn)
), names AS (
    SELECT relfilenode AS file, CASE WHEN relname ~ '^pg_' THEN 'catalogue of the database' ELSE relname END AS name
    FROM pg_class WHERE relfilenode <> 0
)
SELECT coalesce(n.name, '–') AS name, r.kind, count(*) AS records, sum(r.record_length)::bigint AS bytes, sum(r.fpi_length)::bigint AS pages
FROM records r LEFT JOIN names n USING (file) GROUP BY 1, 2 ORDER BY 4 DESC
"""


@dataclass(frozen=True, slots=True)
class Records:
    """`bytes` of WAL of one kind about one table or index; of it `pages` are images of whole pages."""

    name: str
    kind: str
    records: int
    bytes: int
    pages: int


async def prepare(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Make the extension. Before what is measured."""
    await connection.execute(MAKE)


async def place(connection: asyncpg.Connection[asyncpg.Record]) -> str:
    """How far the log is on disk: what is behind that cannot be read yet."""
    return str(await connection.fetchval(PLACE))


async def distance(connection: asyncpg.Connection[asyncpg.Record], first: str, last: str) -> float:
    """Bytes between two places. `pg_stat_wal` is no measure of them: a session tells it what it wrote only now and then."""
    return float(await connection.fetchval(DISTANCE, first, last))


async def between(connection: asyncpg.Connection[asyncpg.Record], first: str, last: str) -> list[Records]:
    """What was written, the most first."""
    rows = await connection.fetch(RECORDS, first, last)
    return [Records(*row.values()) for row in rows]
