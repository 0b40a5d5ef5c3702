"""By itself, every so often, and never two at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from processor.reconciliation import keeping
from processor.reconciliation.keeping import Reconciliation
from processor.reconciliation.metrics import ReconciliationMetrics
from providers.reconciling import ListPage
from runtime.database import Pool
from runtime.settings import Settings
from tests.integration.processor.reconciliation.scripted import (
    ScriptedProvider,
    captured,
    till_of,
    webhook_of,
)
from tests.waiting import turns, until

MOMENT = 0.00005  # minutes


class CountedProvider(ScriptedProvider):
    """Counts how many read it at the same time."""

    at_once = 0
    most = 0

    async def page(self, listing: str, since: datetime, cursor: str | None) -> ListPage:
        type(self).at_once += 1
        type(self).most = max(self.most, self.at_once)
        await turns(20)
        type(self).at_once -= 1
        return await super().page(listing, since, cursor)


async def test_providers_are_compared_on_schedule_by_one_runner_at_a_time(
    pool: Pool, settings: Callable[..., Settings], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "LOOK_SECONDS", 0.01)
    till = await till_of(pool)
    await till.hear(webhook_of(captured("py-1", 50_000)))
    given = settings(
        database_url=database_url, reconcile_interval_minutes=MOMENT, reconcile_first_seconds=0, leadership_retry_seconds=0.01
    )  # fmt: skip
    provider, registry, stop = CountedProvider(), CollectorRegistry(), asyncio.Event()
    broker: Any = SimpleNamespace(publisher=None)
    each = [
        Reconciliation(
            given, pool, broker, till.store.interpreter, {"xendit": provider}, ReconciliationMetrics(registry if number else CollectorRegistry())
        )
        for number in range(2)
    ]  # fmt: skip
    keepers = [asyncio.create_task(one.keep(stop)) for one in each]

    async def several() -> bool:
        return bool(await pool.fetchval("SELECT count(*) FROM reconcile_runs WHERE status = 'done'") >= 3)

    await until(several)
    difference = {"provider": "xendit", "kind": "missing_there"}
    await until(lambda: registry.get_sample_value("lunas_reconcile_open_differences", difference) == 1.0)
    stop.set()
    await asyncio.gather(*keepers)
    assert provider.most == 1
    assert registry.get_sample_value("lunas_reconcile_last_complete_seconds", {"provider": "xendit"})


async def test_nothing_runs_by_itself_when_nobody_wants_it_to(
    pool: Pool, settings: Callable[..., Settings], database_url: str
) -> None:
    given = settings(database_url=database_url, reconcile_interval_minutes=0)
    broker: Any = SimpleNamespace(publisher=None)
    interpreter: Any = None
    await Reconciliation(given, pool, broker, interpreter, {"xendit": ScriptedProvider()}).keep(
        asyncio.Event()
    )
    assert await pool.fetchval("SELECT count(*) FROM reconcile_runs") == 0
