"""A store on a test's database, and looking into what it wrote, and into a queue."""

from __future__ import annotations

import uuid
from typing import Any

import aio_pika
from msgspec.structs import replace

from processor.fulfilment.inline import Inline
from processor.intake.interpreter import Interpreter, Prepared
from processor.intake.store import Store
from runtime.database import Pool
from schemas.envelope import Envelope
from schemas.facts import FACTS
from tests.unit.processor.intake.envelopes import interpreter
from tests.waiting import until


def store_of(pool: Pool, chosen: Interpreter | None = None, quarantine_rows: int = 100) -> Store:
    return Store(pool, chosen or interpreter(), quarantine_rows, 60.0, Inline(0))


async def take_in(store: Store, *envelopes: Envelope) -> list[str]:
    """Store one batch; the statuses of what was new."""
    prepared: list[Prepared] = [store.interpreter.prepare(envelope) for envelope in envelopes]
    return [one.verdict.status for one in await store.store(prepared)]


async def rows(pool: Pool, statement: str, *arguments: object) -> list[dict[str, Any]]:
    return [dict(row) for row in await pool.fetch(statement, *arguments)]


async def counts(pool: Pool) -> dict[str, int]:
    """Rows of every table that intake writes."""
    tables = ("events", "streams", "inbox", "deliveries", "dead_letters", "quarantine")
    return {table: await pool.fetchval(f"SELECT count(*) FROM {table}") for table in tables}


async def facts(pool: Pool) -> list[str]:
    """Types of what providers said, in order; receipts and decisions are left out."""
    types = [fact.TYPE for fact in FACTS if not fact.TYPE.startswith(("webhook.", "catalog."))]
    found = await pool.fetch("SELECT type FROM events WHERE type = ANY($1::text[]) ORDER BY position", types)
    return [row["type"] for row in found]


def unstorable(envelope: Envelope) -> Prepared:
    """A delivery that PostgreSQL refuses whatever we do: its key is too long for an index, and random, so that it does not compress."""
    prepared = interpreter().prepare(envelope)
    if prepared.translation is None:
        raise ValueError("the delivery must be understood")
    key = "".join(uuid.uuid4().hex for _ in range(300))
    return replace(prepared, translation=replace(prepared.translation, dedupe_key=key))


async def statuses(pool: Pool) -> dict[str, int]:
    found = await pool.fetch("SELECT status, count(*) AS n FROM deliveries GROUP BY status")
    return {row["status"]: row["n"] for row in found}


async def stored(pool: Pool, number: int, table: str = "deliveries") -> None:
    async def look() -> bool:
        return bool(await pool.fetchval(f"SELECT count(*) FROM {table}") >= number)

    await until(look)


async def waiting(broker_url: str, queue: str) -> int:
    """Messages in a queue that nobody consumes."""
    async with await aio_pika.connect(broker_url) as connection:
        channel = await connection.channel()
        declared = await channel.declare_queue(queue, passive=True)
        return declared.declaration_result.message_count or 0
