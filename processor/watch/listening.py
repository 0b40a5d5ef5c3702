"""Listens for silence: what `silence` needs from the log of deliveries, and the metric that the alert reads."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import asyncpg
from prometheus_client import CollectorRegistry, Gauge

from eventstore.queries import load
from processor.watch.silence import DAY, WEEK, History, Silence, is_quiet, silences
from providers.registry import PROVIDERS
from runtime.database import CONNECTION_ERRORS, Connection, Pool
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from runtime.outage import DATABASE

if TYPE_CHECKING:
    from runtime.settings import Settings

_SQL = load("silence.sql", "processor")

log = get_logger(__name__)


async def who_is_silent(connection: Connection, settings: Settings, now: datetime) -> list[Silence]:
    """Providers that should have sent something by `now`."""
    least = settings.silence_expected_min
    heard = await _heard(connection, settings, now, list(PROVIDERS), DAY)
    quiet = [one.provider for one in heard if is_quiet(one, now, least)]
    if quiet:
        heard = [one for one in heard if one.provider not in quiet]
        heard += await _heard(connection, settings, now, quiet, WEEK)
    return silences(heard, weeks_min=settings.silence_weeks_min, expected_min=least)


async def _heard(
    connection: Connection, settings: Settings, now: datetime, providers: list[str], longest: timedelta
) -> list[History]:
    rows = await connection.fetch(_SQL["heard"], providers, now, longest, settings.silence_weeks)
    return [History(row["provider"], row["last_at"], row["since"], row["weeks"]) for row in rows]


async def listen_for_silence(
    pool: Pool, settings: Settings, registry: CollectorRegistry, stop: asyncio.Event
) -> None:
    """Until `stop`. Every process of the processor looks for itself: it costs a few index reads a minute."""
    silent = Gauge(
        "lunas_provider_silent",
        "1 while nothing comes from a provider in hours in which something usually does.",
        ["provider"],
        registry=registry,
    )
    told: frozenset[str] = frozenset()
    while not stop.is_set():
        try:
            async with pool.acquire(timeout=settings.database_acquire_timeout_seconds) as connection:
                now = await connection.fetchval(_SQL["now"])
                found = await who_is_silent(connection, settings, now)
        except (asyncpg.PostgresError, *CONNECTION_ERRORS) as error:
            if not DATABASE.explains(error):
                log.warning("silence is looked for later", action="silence.later", error=type(error).__name__)
        else:
            names = frozenset(one.provider for one in found)
            for provider in PROVIDERS:
                silent.labels(provider).set(int(provider in names))
            for one in found:
                if one.provider not in told:
                    log.warning(
                        "a provider that should send does not",
                        action="silence.heard",
                        provider=one.provider,
                        last_at=one.last_at.isoformat(),
                        expected=one.expected,
                        weeks=one.weeks,
                    )
            told = names
        await sleep_until(stop, settings.silence_look_seconds)
