"""Who reconciles, and when: one runner per provider at a time, on a schedule in the processor, or now by an operator's command."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from eventstore.leadership import Leadership
from processor.intake.interpreter import Interpreter
from processor.reconciliation.book import SQL, RunBook, RunState
from processor.reconciliation.confirming import MoneyConfirming
from processor.reconciliation.feeding import QueueFeeder
from processor.reconciliation.leading import until_lost
from processor.reconciliation.metrics import ReconciliationMetrics
from processor.reconciliation.run import ProviderRun, RunLimits, Watch
from providers.reconciling import ListClient
from providers.registry import PROVIDERS
from runtime.amqp.broker import Broker
from runtime.database import OUTAGE_ERRORS, Pool
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from runtime.outage import DATABASE
from schemas.errors import Transient
from schemas.topology import WEBHOOKS

if TYPE_CHECKING:
    from runtime.settings import Settings

LOOK_SECONDS = 15.0  # between looks whether a run is due
SCHEDULE = "schedule"  # who asked for a run that nobody asked for

log = get_logger(__name__)


def job_of(provider: str) -> str:
    """Name of the leadership that keeps a second runner away."""
    return f"reconcile.{provider}"


def limits_of(settings: Settings) -> RunLimits:
    """How long and how far a run may go."""
    return RunLimits(
        patience=settings.reconcile_patience_minutes * 60,
        pages=settings.reconcile_pages_max,
        asks=settings.reconcile_asks_max,
        open_for=timedelta(minutes=settings.reconcile_open_minutes),
        settle=settings.reconcile_settle_seconds,
        again=tuple(timedelta(days=days) for days in settings.reconcile_refund_days),
    )


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
        limits = limits_of(settings)
        if asked_by == SCHEDULE:
            # Else a first try of ours would be a problem two minutes later. A person who asks is told all the same.
            limits = replace(limits, strangers=settings.stood_in_for(provider))
        client = self.clients[provider]
        feeder = self._feeder(provider)
        one = ProviderRun(self._pool, provider, client, feeder, self._interpreter, limits, stop, watch)
        if since is None:
            since = await self._since(provider)
        return await one.go(since, asked_by)

    async def _since(self, provider: str) -> datetime:
        """The window before now, or before the moment up to which everything was compared: however long nobody did, no time is left out.

        A run that was cut off is gone on with as long as this moment stays, which it does until a run is complete.
        """
        now: datetime = await self._pool.fetchval(SQL["now"])
        covered = await RunBook(self._pool, provider).covered()
        return min(now, covered or now) - timedelta(hours=self._settings.reconcile_window_hours)

    async def keep(self, stop: asyncio.Event) -> None:
        """On schedule, until `stop`; every provider by itself, so that a slow one holds up no other."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._confirming().keep(stop), name="money confirmed")
                if self._settings.reconcile_interval_minutes:
                    group.create_task(self._show(stop), name="reconciliation shown")
                    for provider in self.clients:
                        group.create_task(self._keep(provider, stop), name=job_of(provider))
        finally:
            for client in self.clients.values():
                await client.close()

    def _feeder(self, provider: str) -> QueueFeeder:
        settings = self._settings
        return QueueFeeder(
            self._broker.publisher,
            PROVIDERS[provider],
            settings.broker_partitions,
            settings.broker_publish_deadline_seconds,
            self._exchange,
        )

    def _confirming(self) -> MoneyConfirming:
        feeders = {provider: self._feeder(provider) for provider in self.clients}
        return MoneyConfirming(self._settings, self._pool, self.clients, feeders, self._metrics)

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
                except (*OUTAGE_ERRORS, Transient) as error:
                    if not DATABASE.explains(error):
                        log.warning("reconciliation waits", action="reconcile.wait", provider=provider, error=type(error).__name__)  # fmt: skip
                await leadership.release()
                if await sleep_until(stop, LOOK_SECONDS):
                    return

    async def _show(self, stop: asyncio.Event) -> None:
        while self._metrics is not None and not await sleep_until(stop, LOOK_SECONDS):
            try:
                await self._metrics.look(self._pool)
            except OUTAGE_ERRORS as error:
                if not DATABASE.explains(error):
                    log.warning("reconciliation waits", action="reconcile.wait", error=type(error).__name__)

    async def _led(self, provider: str, leadership: Leadership, stop: asyncio.Event) -> None:
        async with until_lost(leadership, stop) as ends:
            await self.run(provider, None, SCHEDULE, ends)

    async def _is_due(self, provider: str, every: timedelta) -> bool:
        due: bool = await self._pool.fetchval(SQL["is_due"], provider, every)
        return due
