"""Has the log's next parts made before they are needed: each processor looks once a minute, and the database lets one at a time do it.

A log without a part for the next position refuses every append, and webhooks wait in the queue until there is one. So two are kept ahead, and the alert
says when there is less than one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
from prometheus_client import CollectorRegistry, Gauge

from eventstore.parts import make_parts, room
from runtime.database import CONNECTION_ERRORS, Connection, Pool
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from runtime.outage import DATABASE

if TYPE_CHECKING:
    from runtime.settings import Settings

LOOK_SECONDS = 60.0  # a part lasts for hours at the highest rate that was measured

log = get_logger(__name__)


async def turn(connection: Connection, step: int) -> int:
    """Makes what is missing; how many parts are ahead then."""
    for name in await make_parts(connection, step):
        log.info("part of the log made", action="log.part_made", part=name)
    return (await room(connection)).parts


async def keep_log_parts(
    pool: Pool, settings: Settings, registry: CollectorRegistry, stop: asyncio.Event
) -> None:
    """The service of the processor. Until `stop`."""
    ahead = Gauge(
        "lunas_log_parts_ahead",
        "Empty parts of the log behind its last position; without one, appends are refused when the last part is full. Not a number until looked at.",
        registry=registry,
    )
    ahead.set(float("nan"))
    while not stop.is_set():
        try:
            async with pool.acquire(timeout=settings.database_acquire_timeout_seconds) as connection:
                ahead.set(await turn(connection, settings.log_part_events))
        except (asyncpg.PostgresError, *CONNECTION_ERRORS) as error:
            if not DATABASE.explains(error):
                log.warning(
                    "parts of the log are made later", action="log.part_later", error=type(error).__name__
                )
        await sleep_until(stop, LOOK_SECONDS)
