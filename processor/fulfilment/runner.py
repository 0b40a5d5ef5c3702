"""Runs fulfilment: one leader, woken by appends, with the poll as the truth and a timer for what ends without an event."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from tenacity import AsyncRetrying, retry_if_exception_type, wait_random_exponential

from eventstore.append import TO_DECIDE
from eventstore.leadership import Leadership
from processor.fulfilment.inline import Inline
from processor.fulfilment.rounds import DatabaseAway, Fulfilment, InlineDecisions, Round
from processor.fulfilment.work import PolicyFailed
from runtime.database import Pool
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from runtime.notifications import Notifications
from runtime.outage import DATABASE
from runtime.pace import Pace
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
        self.seconds = Histogram("lunas_fulfilment_round_seconds", "Duration of a round.", registry=registry)
        self.stuck = Gauge(
            "lunas_fulfilment_stuck", "1 while the same round keeps failing.", registry=registry
        )

    def decided(self, done: Round | InlineDecisions) -> None:
        """Counts what is committed."""
        self.facts.inc(done.facts)
        self.decisions.inc(done.decisions)
        for reason in done.letters:
            self.letters.labels(reason).inc()


async def run_fulfilment(
    pool: Pool, settings: Settings, stop: asyncio.Event, registry: CollectorRegistry, inline: Inline
) -> None:
    """Work while leading, until `stop`. Errors of the database are waited out; nothing is skipped."""
    metrics = FulfilmentMetrics(registry)
    async with (
        Leadership(settings, "processor", JOB) as leadership,
        Notifications(settings, "fulfilment", TO_DECIDE) as wakeups,
    ):
        waking = asyncio.create_task(_wake_on_stop(stop, wakeups), name="fulfilment stop")
        try:
            while await leadership.wait(stop):
                await _lead(pool, settings, stop, leadership, wakeups, metrics, inline)
        finally:
            waking.cancel()
            await asyncio.gather(waking, return_exceptions=True)


async def _lead(
    pool: Pool,
    settings: Settings,
    stop: asyncio.Event,
    leadership: Leadership,
    wakeups: Notifications,
    metrics: FulfilmentMetrics,
    inline: Inline,
) -> None:
    fulfilment = Fulfilment(
        pool,
        limit=settings.fulfilment_batch_max,
        create_unknown=settings.unknown_customer == "create",
        held_limit=settings.fulfilment_held_max,
    )
    inline.lead(fulfilment, metrics.decided)
    try:
        await _rounds(fulfilment, settings, stop, leadership, wakeups, metrics)
    finally:
        inline.follow()


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

    async def pause(seconds: float) -> None:
        await sleep_until(stop, seconds)

    retrying = AsyncRetrying(
        retry=retry_if_exception_type((Transient, Permanent)),
        wait=wait_random_exponential(multiplier=0.02, max=settings.processor_backoff_max_seconds),
        sleep=pause,
        stop=lambda _: stop.is_set(),
        reraise=True,
    )
    try:
        async for attempt in retrying:
            with attempt:
                started = time.monotonic()
                done = await _observed(fulfilment, metrics, timers=timers)
                metrics.seconds.observe(time.monotonic() - started)
                metrics.stuck.set(0)
                metrics.decided(done)
                return done
    except (Transient, Permanent):
        return None
    return None


async def _observed(fulfilment: Fulfilment, metrics: FulfilmentMetrics, *, timers: bool) -> Round:
    try:
        return await fulfilment.round(timers=timers)
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


async def _wake_on_stop(stop: asyncio.Event, wakeups: Notifications) -> None:
    await stop.wait()
    wakeups.wake()
