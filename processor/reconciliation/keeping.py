"""Who reconciles, and when: one runner per provider at a time, on a schedule in the processor, or now by an operator's command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from eventstore.leadership import Leadership
from processor.intake.interpreter import Interpreter
from processor.reconciliation.book import SQL, RunState
from processor.reconciliation.feeding import QueueFeeder
from processor.reconciliation.metrics import ReconciliationMetrics
from processor.reconciliation.run import ProviderRun, RunLimits, Watch
from providers.reconciling import ListClient
from providers.registry import PROVIDERS
from runtime.amqp.broker import Broker
from runtime.database import CONNECTION_ERRORS, Pool
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from runtime.outage import DATABASE
from schemas.errors import Transient
from schemas.topology import WEBHOOKS

if TYPE_CHECKING:
    from runtime.settings import Settings

LOOK_SECONDS = 15.0  # between looks whether a run is due

log = get_logger(__name__)


def job_of(provider: str) -> str:
    """Name of the leadership that keeps a second runner away."""
    return f"reconcile.{provider}"


class Reconciliation:
    """What runs need, whoever asks for them."""

    def __init__(
        self,
        settings: Settings,
        pool: Pool,
        broker: Broker,
        interpreter: Interpreter,
        clients: Mapping[str, ListClient],
        metrics: ReconciliationMetrics | None = None,
        exchange: str = WEBHOOKS,
    ) -> None:
        """`exchange`: by which what is found is given to the queue."""
        self._settings, self._pool, self._broker = settings, pool, broker
        self._interpreter, self.clients, self._metrics = interpreter, clients, metrics
        self._exchange = exchange

    async def run(
        self,
        provider: str,
        since: datetime | None,
        asked_by: str,
        stop: asyncio.Event,
        watch: Watch = lambda _: None,
    ) -> tuple[RunState, str | None]:
        """One run, or the rest of one. The caller has the provider's leadership."""
        settings = self._settings
        feeder = QueueFeeder(
            self._broker.publisher,
            PROVIDERS[provider],
            settings.broker_partitions,
            settings.broker_publish_deadline_seconds,
            self._exchange,
        )
        limits = RunLimits(
            patience=settings.reconcile_patience_minutes * 60,
            pages=settings.reconcile_pages_max,
            asks=settings.reconcile_asks_max,
            open_for=timedelta(minutes=settings.reconcile_open_minutes),
            settle=settings.reconcile_settle_seconds,
        )
        client = self.clients[provider]
        one = ProviderRun(self._pool, provider, client, feeder, self._interpreter, limits, stop, watch)
        if since is None:
            now: datetime = await self._pool.fetchval(SQL["now"])
            since = now - timedelta(hours=settings.reconcile_window_hours)
        return await one.go(since, asked_by)

    async def keep(self, stop: asyncio.Event) -> None:
        """On schedule, until `stop`; every provider by itself, so that a slow one holds up no other."""
        try:
            if self._settings.reconcile_interval_minutes:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._show(stop), name="reconciliation shown")
                    for provider in self.clients:
                        group.create_task(self._keep(provider, stop), name=job_of(provider))
        finally:
            for client in self.clients.values():
                await client.close()

    async def _keep(self, provider: str, stop: asyncio.Event) -> None:
        settings = self._settings
        every = timedelta(minutes=settings.reconcile_interval_minutes)
        # Not at once: what was sent while we were away is in the queue, and would be taken for missing.
        if await sleep_until(stop, min(every.total_seconds(), settings.reconcile_first_seconds)):
            return
        async with Leadership(settings, "reconcile", job_of(provider)) as leadership:
            while await leadership.wait(stop):
                try:
                    if await self._is_due(provider, every):
                        await self._led(provider, leadership, stop)
                except (*CONNECTION_ERRORS, Transient) as error:
                    if not DATABASE.explains(error):
                        log.warning("reconciliation waits", action="reconcile.wait", provider=provider, error=type(error).__name__)  # fmt: skip
                await leadership.release()
                if await sleep_until(stop, LOOK_SECONDS):
                    return

    async def _show(self, stop: asyncio.Event) -> None:
        while self._metrics is not None and not await sleep_until(stop, LOOK_SECONDS):
            try:
                await self._metrics.look(self._pool)
            except CONNECTION_ERRORS as error:
                if not DATABASE.explains(error):
                    log.warning("reconciliation waits", action="reconcile.wait", error=type(error).__name__)

    async def _led(self, provider: str, leadership: Leadership, stop: asyncio.Event) -> None:
        async with until_lost(leadership, stop) as ends:
            await self.run(provider, None, "schedule", ends)

    async def _is_due(self, provider: str, every: timedelta) -> bool:
        due: bool = await self._pool.fetchval(SQL["is_due"], provider, every)
        return due


@asynccontextmanager
async def until_lost(leadership: Leadership, stop: asyncio.Event) -> AsyncIterator[asyncio.Event]:
    """An event that is set when we are stopped, or are not the runner any more."""
    ends = asyncio.Event()

    async def watch() -> None:
        waits = [asyncio.create_task(one.wait()) for one in (stop, leadership.lost)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            ends.set()
        finally:
            for one in waits:
                one.cancel()

    watching = asyncio.create_task(watch(), name="reconciliation ends")
    try:
        yield ends
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
