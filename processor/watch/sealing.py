"""Seals the log as it grows, and publishes each seal: one leader among the processors, beside the path of webhooks."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
from prometheus_client import CollectorRegistry, Counter, Gauge

from eventstore.leadership import Leadership
from eventstore.published_seals import append_seals, newest_published
from eventstore.sealing import seal_next, seals_behind, unsealed
from eventstore.seals import Seal
from runtime.database import CONNECTION_ERRORS, Connection, Pool
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from runtime.outage import DATABASE

if TYPE_CHECKING:
    from runtime.settings import Settings

JOB = "seals"
PUBLISHED_AT_ONCE = 500  # lines per write and sync, when a file is filled that was empty

log = get_logger(__name__)


class SealMetrics:
    """What the alert on the log's seals reads."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.made = Counter("lunas_seals", "Seals of the log made by this process.", registry=registry)
        self.waiting = Gauge(
            "lunas_unsealed_seconds",
            "Age of the oldest event that no seal covers yet; 0 where this process does not seal.",
            registry=registry,
        )
        self.unpublished = Gauge(
            "lunas_seals_unpublished",
            "1 while seals cannot be written to LUNAS_SEALS_PATH.",
            registry=registry,
        )


class Sealer:
    """Seals and publishes for as long as it leads."""

    def __init__(self, pool: Pool, settings: Settings, metrics: SealMetrics) -> None:
        self._pool, self._settings, self._metrics = pool, settings, metrics

    async def keep(self, stop: asyncio.Event) -> None:
        """Until `stop`; others wait as standbys."""
        async with Leadership(self._settings, "processor", JOB) as leadership:
            while await leadership.wait(stop):
                try:
                    await self.turn()
                except (asyncpg.PostgresError, *CONNECTION_ERRORS) as error:
                    if not DATABASE.explains(error):
                        log.warning("sealed later", action="seal.later", error=type(error).__name__)
                await sleep_until(stop, self._settings.seal_every_seconds)
        self._metrics.waiting.set(0)

    async def turn(self) -> int:
        """Seals everything that is there and publishes what is not published; the number of seals made."""
        made = 0
        timeout = self._settings.database_acquire_timeout_seconds
        async with self._pool.acquire(timeout=timeout) as connection:
            self._metrics.waiting.set((await unsealed(connection))[1])
            while (seal := await seal_next(connection, self._settings.seal_events_max)) is not None:
                made += 1
                self._tell(seal)
                if seal.events < self._settings.seal_events_max:
                    break
            self._metrics.waiting.set((await unsealed(connection))[1])
            if self._settings.seals_path is not None:
                await self._publish(connection, self._settings.seals_path)
        return made

    def _tell(self, seal: Seal) -> None:
        self._metrics.made.inc()
        log.info(
            "log sealed",
            action="seal.made",
            number=seal.number,
            through=seal.through,
            events=seal.events,
            hash=seal.hash.hex(),
        )

    async def _publish(self, connection: Connection, file: Path) -> None:
        """What the file does not have yet, from wherever it stands: a file that was away is filled when it is back."""
        try:
            number = await asyncio.to_thread(newest_published, file)
            while seals := await seals_behind(connection, number, PUBLISHED_AT_ONCE):
                await asyncio.to_thread(append_seals, file, seals)
                number = seals[-1].number
        except OSError as error:
            self._metrics.unpublished.set(1)
            log.warning("seals not published", action="seal.unpublished", error=type(error).__name__)
        else:
            self._metrics.unpublished.set(0)


async def seal_the_log(
    pool: Pool, settings: Settings, registry: CollectorRegistry, stop: asyncio.Event
) -> None:
    """The service of the processor. Until `stop`."""
    await Sealer(pool, settings, SealMetrics(registry)).keep(stop)
