"""By itself, every so often, and never two at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from prometheus_client import CollectorRegistry

from processor.reconciliation import keeping
from processor.reconciliation.keeping import Reconciliation
from processor.reconciliation.metrics import ReconciliationMetrics
from providers.outgoing import CallFailed
from providers.reconciling import ListedPayment, ListPage
from runtime.amqp.broker import Message
from runtime.database import Pool
from runtime.settings import Settings
from tests.integration.processor.reconciliation.scripted import (
    ScriptedProvider,
    captured,
    listed,
    said,
    till_of,
    webhook_of,
)
from tests.waiting import turns, until

MOMENT = 0.00005  # minutes


class TakingPublisher:
    """The broker has whatever it is given; here nobody reads it."""

    def __init__(self) -> None:
        self.taken: list[Message] = []

    async def publish(self, message: Message, *, deadline: float) -> None:
        assert deadline > 0, message
        self.taken.append(message)


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
    broker: Any = SimpleNamespace(publisher=TakingPublisher())
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


@pytest.mark.parametrize(
    ("elsewhere", "asked_by", "told"),
    [({}, "schedule", 0), ({}, "sari", 1), ({"xendit_base_url": "https://xendit.test"}, "schedule", 1)],
    ids=["a fake by itself", "a fake and a person asks", "somebody's own address"],
)
async def test_what_a_fake_that_stands_in_does_not_know_is_no_alarm_of_the_schedule(
    pool: Pool, settings: Callable[..., Settings], database_url: str, elsewhere: dict[str, str], asked_by: str, told: int
) -> None:  # fmt: skip
    """Who tries us with a webhook of their own had a problem two minutes later. It is listed as before, and an alarm where someone asks."""
    till = await till_of(pool)
    await till.hear(webhook_of(captured("py-1", 50_000)))
    given = settings(
        database_url=database_url, fakes="on", reconcile_open_minutes=0, reconcile_settle_seconds=0, **elsewhere
    )  # fmt: skip
    broker: Any = SimpleNamespace(publisher=TakingPublisher())
    one = Reconciliation(given, pool, broker, till.store.interpreter, {"xendit": ScriptedProvider()})
    await one.run("xendit", None, asked_by, asyncio.Event())
    assert await till.found() == {("missing_there", "py-1"): ""}
    assert len(broker.publisher.taken) == told


async def test_nothing_runs_by_itself_when_nobody_wants_it_to(
    pool: Pool, settings: Callable[..., Settings], database_url: str
) -> None:
    given = settings(database_url=database_url, reconcile_interval_minutes=0, confirm_look_seconds=0)
    broker: Any = SimpleNamespace(publisher=None)
    interpreter: Any = None
    await Reconciliation(given, pool, broker, interpreter, {"xendit": ScriptedProvider()}).keep(
        asyncio.Event()
    )
    assert await pool.fetchval("SELECT count(*) FROM reconcile_runs") == 0


@dataclass
class TimedProvider(ScriptedProvider):
    """Shows what was paid since then, as a provider does. `looked`: how far back it was asked."""

    looked: list[datetime] = field(default_factory=list)

    async def page(self, listing: str, since: datetime, cursor: str | None) -> ListPage:
        self.looked.append(since)
        page = await super().page(listing, since, cursor)
        within = tuple(
            one
            for one in page.rows
            if isinstance(one, ListedPayment) and one.at is not None and one.at >= since
        )
        return ListPage(rows=within, following=page.following)


async def runner_of(pool: Pool, given: Settings, provider: ScriptedProvider) -> Callable[..., Any]:
    """Runs as the schedule makes them, or as a person does."""
    till, broker = await till_of(pool), SimpleNamespace(publisher=TakingPublisher())
    one = Reconciliation(given, pool, broker, till.store.interpreter, {"xendit": provider})  # type: ignore[arg-type]

    async def run(since: datetime | None = None, asked_by: str = "schedule") -> tuple[int, str | None]:
        state, code = await one.run("xendit", since, asked_by, asyncio.Event())
        return state.fed, code

    return run


async def aged(pool: Pool, days: int) -> None:
    """So long nobody compares: everything of before is that much older."""
    await pool.execute(
        "UPDATE reconcile_runs SET since = since - $1::interval, started_at = started_at - $1::interval, updated_at = updated_at - $1::interval,"
        " ended_at = ended_at - $1::interval",
        timedelta(days=days),
    )  # fmt: skip


def paid_ago(now: datetime, days: int, name: str = "py-1") -> dict[str, Any]:
    """What a provider shows and answers of a payment of so many days ago."""
    payment = captured(name, 50_000)
    return {"rows": [listed(name, 50_000, at=now - timedelta(days=days))], "answers": {name: said(payment)}}


class Unlisted(NamedTuple):
    """A provider that does not show a payment of four days before `now` yet: `later` are its rows."""

    now: datetime
    provider: TimedProvider
    later: Any
    run: Callable[..., Any]


@pytest.fixture
async def unlisted(pool: Pool, settings: Callable[..., Settings], database_url: str) -> Unlisted:
    given = settings(database_url=database_url, reconcile_settle_seconds=0, reconcile_window_hours=48)
    now: datetime = await pool.fetchval("SELECT clock_timestamp()")
    provider = TimedProvider(**paid_ago(now, days=4))
    provider.rows, later = (), provider.rows
    return Unlisted(now, provider, later, await runner_of(pool, given, provider))


async def test_c130_c134_what_came_while_nobody_compared_for_days_is_found_by_the_next_run(
    pool: Pool, unlisted: Unlisted
) -> None:
    now, provider, later, run = unlisted
    assert await run() == (0, None)
    assert abs(provider.looked[0] - now + timedelta(hours=48)) < timedelta(hours=1)  # the first one ever
    await aged(pool, 5)
    provider.rows = later
    assert await run() == (1, None)
    # What lists show late is still found: two days before the last complete one began.
    begun = await pool.fetchval("SELECT min(started_at) FROM reconcile_runs")
    assert provider.looked[-1] == begun - timedelta(hours=48)
    # The gap is closed: the next one looks no further back than its window behind the run that closed it.
    await run()
    newest = await pool.fetchval("SELECT since FROM reconcile_runs ORDER BY started_at DESC LIMIT 1")
    assert newest == await pool.fetchval(
        "SELECT started_at - interval '48 hours' FROM reconcile_runs ORDER BY started_at DESC OFFSET 1 LIMIT 1"
    )


async def test_c134_a_persons_short_look_closes_no_gap(pool: Pool, unlisted: Unlisted) -> None:
    now, provider, later, run = unlisted
    await run()
    await aged(pool, 5)
    provider.rows = later
    assert await run(now - timedelta(hours=1), "sari") == (0, None)
    assert await run() == (1, None)


async def test_c134_a_run_that_stopped_for_days_is_gone_on_with_and_what_came_since_is_looked_at(
    pool: Pool, unlisted: Unlisted
) -> None:
    _, provider, later, run = unlisted
    await run()
    provider.troubles = [CallFailed("refused", "provider_credentials")]
    assert await run() == (0, "provider_credentials")
    await aged(pool, 5)
    # As if the pages that hold it had been read before it stopped.
    assert await run() == (0, None)
    assert await pool.fetchval("SELECT count(*) FROM reconcile_runs") == 2
    provider.rows = later
    assert await run() == (1, None)


async def test_c134_a_run_that_did_not_see_all_closes_no_gap(pool: Pool, unlisted: Unlisted) -> None:
    _, provider, later, run = unlisted
    await run()
    await aged(pool, 5)
    provider.troubles = [CallFailed("refused", "provider_refused")]
    assert await run() == (0, "list_refused")
    provider.rows = later
    assert await run() == (1, None)
