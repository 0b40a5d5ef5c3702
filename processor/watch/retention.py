"""Bytes of webhooks are emptied when they are older than LUNAS_RAW_BODY_DAYS: one leader among the processors, a little at a time.

With LUNAS_RAW_BODY_ARCHIVE=first only what a file of `lunas webhooks archive` holds (docs/adr/0091). What came, when, how it was verified and what its bytes hash to stays, so duplicates are still known and the log still verifies. What waits for a
person (an open letter, a line) keeps its bytes, however old.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, NamedTuple

import asyncpg
from prometheus_client import CollectorRegistry, Counter

from eventstore.leadership import Leadership
from eventstore.queries import load
from runtime.database import CONNECTION_ERRORS, Connection, Pool
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from runtime.outage import DATABASE

if TYPE_CHECKING:
    from runtime.settings import Settings

JOB = "raw bodies"
LOOK_SECONDS = 600.0  # a body that is 180 days old may be ten minutes older
TURNS_PER_PASS = 144  # a day
_FIRST = uuid.UUID(int=0)

_SQL = load("retention.sql", "processor")

log = get_logger(__name__)


class Emptied(NamedTuple):
    """How many bodies, and up to which delivery all were looked at."""

    bodies: int
    place: uuid.UUID


async def empty_old_bodies(
    connection: Connection, days: int, batch: int, place: uuid.UUID = _FIRST, *, archived: bool = False
) -> Emptied:
    """Empties every body behind `place` that is older than so many days, `batch` in a transaction; `archived`: only those that a file holds."""
    cutoff, count = await connection.fetchval(_SQL["cutoff"], days), 0
    while rows := await connection.fetch(_SQL["old_bodies"], place, cutoff, batch, archived):
        place = rows[-1]["delivery_id"]
        old = [row["delivery_id"] for row in rows if not row["needed"]]
        count += await connection.fetchval(_SQL["redact"], old)
        await asyncio.sleep(0)
    return Emptied(count, place)


async def keep_retention(
    pool: Pool, settings: Settings, registry: CollectorRegistry, stop: asyncio.Event
) -> None:
    """The service of the processor. Until `stop`."""
    counted = Counter(
        "lunas_raw_bodies_emptied",
        "Webhooks whose bytes this process emptied because they were older than LUNAS_RAW_BODY_DAYS.",
        registry=registry,
    )
    if settings.raw_body_days == 0:
        return
    done, turn = Emptied(0, _FIRST), 0
    async with Leadership(settings, "processor", JOB) as leadership:
        while await leadership.wait(stop):
            try:
                async with pool.acquire(timeout=settings.database_acquire_timeout_seconds) as connection:
                    # What waited for somebody is behind us, and looked at again now and then.
                    place = done.place if turn % TURNS_PER_PASS else _FIRST
                    done = await empty_old_bodies(
                        connection,
                        settings.raw_body_days,
                        settings.raw_body_batch,
                        place,
                        archived=settings.raw_body_archive == "first",
                    )
                turn += 1
                counted.inc(done.bodies)
                if done.bodies:
                    log.info("old bodies emptied", action="retention.emptied", count=done.bodies)
            except (asyncpg.PostgresError, *CONNECTION_ERRORS) as error:
                if not DATABASE.explains(error):
                    log.warning(
                        "bodies are emptied later", action="retention.later", error=type(error).__name__
                    )
            await sleep_until(stop, LOOK_SECONDS)
