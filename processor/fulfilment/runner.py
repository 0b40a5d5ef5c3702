"""Runs fulfilment: one leader, woken by appends, with the poll as the truth and a timer for what ends without an event."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from tenacity import AsyncRetrying, retry_if_exception_type, wait_random_exponential

from eventstore.append import TO_DECIDE
from eventstore.leadership import Leadership
from processor.fulfilment.catalog_source import publish_catalog
from processor.fulfilment.inline import Inline
from processor.fulfilment.rounds import DatabaseAway, Fulfilment, Round
from processor.fulfilment.work import PolicyFailed
from runtime.database import OUTAGE_ERRORS, Pool
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from runtime.notifications import Notifications
from runtime.outage import DATABASE
from runtime.pace import Pace
from schemas.catalog import Catalog
from schemas.errors import Permanent, Transient

if TYPE_CHECKING:
    from runtime.settings import Settings

JOB = "fulfilment"

log = get_logger(__name__)


class FulfilmentMetrics:
    """What fulfilment shows: rounds, facts, decisions, races, and whether it stands still on an error."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.facts = Counter("lunas_fulfilment_facts", "Facts decided on.", registry=registry)
        self.decisions = Counter("lunas_fulfilment_decisions", "Decisions appended.", registry=registry)
        self.races = Counter("lunas_fulfilment_races", "Rounds repeated because another writer was faster.", registry=registry)  # fmt: skip
        self.letters = Counter(
            "lunas_fulfilment_letters",
            "What a person must see of decisions, by reason.",
            ("reason",),
            registry=registry,
        )
        self.money = Counter(
            "lunas_money_rupiah",
            "Rupiah that decisions moved, by provider: credited to customers, sold, refunded, held, released, written off, a write-off reopened, "
            "withdrawn to be granted otherwise.",
            ("provider", "movement"),
            registry=registry,
        )
        self.seconds = Histogram("lunas_fulfilment_round_seconds", "Duration of a round.", registry=registry)
        self.stuck = Gauge(
            "lunas_fulfilment_stuck", "1 while the same round keeps failing.", registry=registry
        )

    def decided(self, done: Round) -> None:
        """Counts what is committed."""
        self.facts.inc(done.facts)
        self.decisions.inc(done.decisions)
        for reason in done.letters:
            self.letters.labels(reason).inc()
        for (provider, movement), rupiah in done.moved.items():
            self.money.labels(provider, movement).inc(rupiah)


async def run_fulfilment(
    pool: Pool,
    settings: Settings,
    stop: asyncio.Event,
    registry: CollectorRegistry,
    inline: Inline,
    catalog: Catalog,
) -> None:
    """Work while leading, until `stop`, by this catalogue, which is put in force with the lead. Errors of the database are waited out; nothing is skipped."""
    metrics = FulfilmentMetrics(registry)
    async with (
        Leadership(settings, "processor", JOB) as leadership,
        Notifications(settings, "fulfilment", TO_DECIDE) as wakeups,
    ):
        waking = asyncio.create_task(_wake_on_stop(stop, wakeups), name="fulfilment stop")
        try:
            while await leadership.wait(stop):
                if not await _put_in_force(pool, catalog, settings, stop, leadership):
                    continue
                leader = Fulfilment(
                    pool,
                    limit=settings.fulfilment_batch_max,
                    create_unknown=settings.unknown_customer == "create",
                    held_limit=settings.fulfilment_held_max,
                    pack=settings.pack_cases,
                )
                inline.lead(leader, metrics.decided)
                try:
                    await _rounds(leader, settings, stop, leadership, wakeups, metrics)
                finally:
                    inline.follow()
        finally:
            waking.cancel()
            await asyncio.gather(waking, return_exceptions=True)


async def _put_in_force(
    pool: Pool, catalog: Catalog, settings: Settings, stop: asyncio.Event, leadership: Leadership
) -> bool:
    """Publish our catalogue while we lead; again while the database is away. False when neither the lead nor time was left."""
    errors = (*OUTAGE_ERRORS, Transient)
    try:
        async for attempt in _patience(settings, stop, *errors):
            with attempt:
                if leadership.is_leader:
                    await publish_catalog(pool, catalog)
    except errors:
        return False
    return leadership.is_leader


async def _rounds(
    fulfilment: Fulfilment,
    settings: Settings,
    stop: asyncio.Event,
    leadership: Leadership,
    wakeups: Notifications,
    metrics: FulfilmentMetrics,
) -> None:
    timers_at = 0.0
    pace = Pace(settings.round_pace_ms / 1000)
    while not stop.is_set() and not leadership.lost.is_set():
        await pace.turn()
        timers = time.monotonic() >= timers_at
        done = await whole_round(fulfilment, settings, stop, metrics, timers=timers)
        if done is None:
            return
        if done.facts:
            pace.end()
        if timers:
            timers_at = time.monotonic() + settings.timer_interval_seconds
        if not (done.more or done.held):
            await wakeups.wait(settings.poll_interval_seconds)


async def whole_round(
    fulfilment: Fulfilment,
    settings: Settings,
    stop: asyncio.Event,
    metrics: FulfilmentMetrics,
    *,
    timers: bool,
) -> Round | None:
    """One round, repeated: what is transient passes, and what is permanent ends when somebody acts; nothing is skipped. None when stopping."""

    try:
        async for attempt in _patience(settings, stop, Transient, Permanent):
            with attempt:
                return await _observed(fulfilment, metrics, timers=timers)
    except (Transient, Permanent):
        pass
    return None


def _patience(settings: Settings, stop: asyncio.Event, *errors: type[BaseException]) -> AsyncRetrying:
    """Again and again while it is one of these errors; at `stop` the last of them is raised."""

    async def pause(seconds: float) -> None:
        await sleep_until(stop, seconds)

    return AsyncRetrying(
        retry=retry_if_exception_type(errors),
        wait=wait_random_exponential(multiplier=0.02, max=settings.processor_backoff_max_seconds),
        sleep=pause,
        stop=lambda _: stop.is_set(),
        reraise=True,
    )


async def _observed(fulfilment: Fulfilment, metrics: FulfilmentMetrics, *, timers: bool) -> Round:
    started = time.monotonic()
    try:
        done = await fulfilment.round(timers=timers)
    except DatabaseAway as away:
        metrics.stuck.set(1)
        if away.__cause__ and not DATABASE.explains(away.__cause__):
            cause = type(away.__cause__).__name__
            log.warning("database not reachable", action="fulfilment.wait", error=cause)
        raise
    except Transient:
        metrics.races.inc()
        raise
    except PolicyFailed as failure:
        log.error(
            "a policy failed; the case is left for an operator",
            action="fulfilment.policy_failed",
            case=failure.case,
            error=type(failure.error).__name__,
            exc_info=failure.error,
        )
        fulfilment.leave_out(failure)
        raise
    except Permanent as error:
        metrics.stuck.set(1)
        log.error(
            "fulfilment stands still until somebody acts",
            action="fulfilment.stuck",
            error=type(error).__name__,
            detail=str(error),
        )
        raise
    metrics.seconds.observe(time.monotonic() - started)
    metrics.stuck.set(0)
    metrics.decided(done)
    return done


async def _wake_on_stop(stop: asyncio.Event, wakeups: Notifications) -> None:
    await stop.wait()
    wakeups.wake()
