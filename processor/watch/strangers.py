"""Fields and events that bodies of webhooks begin to carry and this program does not know: counted, with one example of each.

Behind the pipeline and apart from it: bodies are read from the log of deliveries a minute later, a bounded number at a time. Of a flood the rest
is left out; what it carries shows in the bodies that were looked at. Only names and types are kept.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import asyncpg
from prometheus_client import CollectorRegistry, Gauge

from eventstore.queries import load
from providers.fields import Field, known_fields, strangers_of
from providers.registry import PROVIDERS
from runtime.database import CONNECTION_ERRORS, Connection, Pool
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from runtime.outage import DATABASE
from schemas import strict_json
from schemas.errors import UnparsableError

if TYPE_CHECKING:
    from runtime.settings import Settings

UNKNOWN_EVENT = "unknown_event"
"""Why intake found nothing to do with a delivery (`processor/intake/verdicts.py`)."""
SETTLED = timedelta(seconds=60)
"""By then what was received is stored, but for what waits in a retry."""
AT_ONCE = 100  # bodies; then others get their turn
_EVENT = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,47}")

_SQL = load("strangers.sql", "processor")

log = get_logger(__name__)


@dataclass(slots=True)
class Stranger:
    """One field or event that nobody here knows; `delivery_id` is the first body that carried it."""

    provider: str
    kind: str
    path: str
    shape: str
    seen: int
    first_seen: datetime
    last_seen: datetime
    delivery_id: uuid.UUID


def strangers_in(rows: Iterable[asyncpg.Record]) -> list[Stranger]:
    """What these deliveries carry that is not known, once each. Pure."""
    found: dict[tuple[str, str, Field], Stranger] = {}
    for row in rows:
        for kind, field in _unknown(row):
            key = (row["provider"], kind, field)
            if key in found:
                found[key].seen += 1
                found[key].last_seen = max(found[key].last_seen, row["received_at"])
            else:
                at = row["received_at"]
                found[key] = Stranger(row["provider"], kind, *field, 1, at, at, row["delivery_id"])
    return list(found.values())


def _unknown(row: asyncpg.Record) -> Iterable[tuple[str, Field]]:
    if row["reason"] == UNKNOWN_EVENT:
        name = row["event_name"] or "*"
        # Its fields are strangers too, and say nothing more.
        yield "event", (name if _EVENT.fullmatch(name) else "*", "")
        return
    if not known_fields(row["provider"]):
        return
    try:
        body = strict_json.loads(row["body"])
    except UnparsableError:
        return
    for field in sorted(strangers_of(row["provider"], body)):
        yield "field", field


async def look_at_bodies(connection: Connection, now: datetime, most: int) -> int:
    """Looks at what came since the last time; how many bodies. Two processes that look at once count once."""
    place, until, looked = await connection.fetchval(_SQL["place"]), now - SETTLED, 0
    while looked < most:
        rows = await connection.fetch(_SQL["bodies"], place, until, AT_ONCE)
        if not rows or not await _count(connection, place, rows[-1]["delivery_id"], strangers_in(rows)):
            return looked
        place, looked = rows[-1]["delivery_id"], looked + len(rows)
        await asyncio.sleep(0)
    newest = await connection.fetchval(_SQL["newest"], until)
    if newest is not None and newest > place:
        await connection.fetchval(_SQL["move"], place, newest)
    return looked


async def _count(connection: Connection, place: uuid.UUID, new: uuid.UUID, found: list[Stranger]) -> bool:
    async with connection.transaction():
        if await connection.fetchval(_SQL["move"], place, new) is None:
            return False
        if found:
            columns = zip(
                *([getattr(one, name) for name in Stranger.__slots__] for one in found), strict=True
            )
            await connection.execute(_SQL["count"], *(list(column) for column in columns))
    return True


async def watch_for_strangers(
    pool: Pool, settings: Settings, registry: CollectorRegistry, stop: asyncio.Event
) -> None:
    """Until `stop`."""
    gauge = Gauge(
        "lunas_unknown_in_bodies",
        "Fields and events of webhooks that are not known and that nobody has acknowledged.",
        ["provider"],
        registry=registry,
    )
    while not stop.is_set():
        try:
            async with pool.acquire(timeout=settings.database_acquire_timeout_seconds) as connection:
                now = await connection.fetchval(_SQL["now"])
                await look_at_bodies(connection, now, settings.strangers_bodies_max)
                numbers = {row["provider"]: row["number"] for row in await connection.fetch(_SQL["open"])}
            for provider in PROVIDERS:
                gauge.labels(provider).set(numbers.get(provider, 0))
        except (asyncpg.PostgresError, *CONNECTION_ERRORS) as error:
            if not DATABASE.explains(error):
                log.warning(
                    "bodies are looked at later", action="strangers.later", error=type(error).__name__
                )
        await sleep_until(stop, settings.silence_look_seconds)
