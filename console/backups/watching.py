"""What the archive shows to Prometheus, from the console: it is there all day, and has the archive's folder."""

from __future__ import annotations

import asyncio
from math import nan
from typing import TYPE_CHECKING

import asyncpg
from prometheus_client import CollectorRegistry, Gauge

from console.backups.looking import BackupView, look_at_backups
from console.exits import CommandError
from runtime.logs import get_logger
from schemas.errors import LunasError

if TYPE_CHECKING:
    from console.web.connections import Connections
    from runtime.settings import Settings

log = get_logger(__name__)


class BackupMetrics:
    """Each is no number (`NaN`) while nobody can say: then no alert about it speaks."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.behind = Gauge(
            "lunas_archive_behind_seconds",
            "How long finished files of PostgreSQL's log have waited for the archive; 0 when none does.",
            registry=registry,
        )
        self.failing = Gauge(
            "lunas_archive_failing",
            "1 while the newest try to archive a file was in vain.",
            registry=registry,
        )
        self.missing = Gauge(
            "lunas_archive_missing_files",
            "Files of the log that are missing between the oldest whole copy and the end of the archive.",
            registry=registry,
        )
        self.base_age = Gauge(
            "lunas_backup_base_age_seconds",
            "Age of the newest whole copy of the database; infinite when LUNAS_BACKUP_DIR holds none.",
            registry=registry,
        )
        self.forget()

    def forget(self) -> None:
        """Nobody can say any more."""
        for gauge in (self.behind, self.failing, self.missing, self.base_age):
            gauge.set(nan)

    def show(self, view: BackupView) -> None:
        self.forget()
        if view.server.on:
            self.behind.set(view.behind_seconds)
            self.failing.set(view.server.failing)
        age = view.base_age()
        if view.archive is not None:
            self.missing.set(len(view.missing) if view.untold is None else 1)
            self.base_age.set(float("inf") if age is None else age.total_seconds())
        elif view.unreadable:
            self.base_age.set(float("inf"))


async def watch_backups(settings: Settings, connections: Connections, metrics: BackupMetrics) -> None:
    """Until it is cancelled. What cannot be looked at is shown as not known."""
    while True:
        try:
            async with connections.one() as connection:
                metrics.show(await look_at_backups(connection, settings))
        except (CommandError, LunasError, OSError, asyncpg.PostgresError) as error:
            metrics.forget()
            log.info("backups cannot be looked at", action="backups.unseen", error=str(error))
        await asyncio.sleep(settings.backup_look_seconds)
