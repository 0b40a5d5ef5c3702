"""The projections process: one leader feeds every generation, woken by the log and polling behind that."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import asyncpg

from eventstore.append import CHANNEL
from eventstore.leadership import Leadership
from eventstore.personal_start import take_key
from projections.feeder import Feeder
from projections.garbage import collected_rarely
from projections.held_money import HeldMoneyMetrics, ageing, reasons
from projections.metrics import ProjectionMetrics
from projections.projection import Projection
from projections.registry import BY_NAME
from projections.tracing import telling
from projections.versions import ensure
from runtime.database import OUTAGE_ERRORS, Pool, open_pool
from runtime.faults import arm
from runtime.health import Health
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from runtime.metrics import metrics_server, new_registry
from runtime.notifications import Notifications
from runtime.outage import DATABASE
from runtime.pace import Pace
from runtime.settings import Settings
from runtime.tracing import tracer

PROCESS = "projections"
ROLE = "lunas_projector"
JOB = "projections"
REFRESH_SECONDS = 1.0  # a generation that was built meanwhile is found within this time
RETRY_SECONDS = 1.0  # pause after the database went away

log = get_logger(__name__)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Feeds the projections until `stop`. A second process waits as a standby and takes over within seconds."""
    arm(settings.env)
    registry = new_registry()
    metrics, held = ProjectionMetrics(registry), HeldMoneyMetrics(registry)
    health = Health(PROCESS)
    async with (
        open_pool(settings, PROCESS, max_size=2, by_index=True, plan_once=True) as pool,
        metrics_server(
            registry, health, host=settings.metrics_host, port=settings.projections_metrics_port
        ) as address,
        Notifications(settings, PROCESS, CHANNEL) as wakeups,
        Leadership(settings, PROCESS, JOB) as leadership,
    ):
        await prepare(pool)
        await take_key(pool, settings)
        health.add("database", lambda: answers(pool))
        log.info("started", action="process.started", metrics_port=address[1])
        stopper = asyncio.create_task(_wake_on(stop, wakeups))
        try:
            while await leadership.wait(stop):
                metrics.leader.set(1)
                looking = asyncio.create_task(_count_held(settings, pool, held), name="held money")
                try:
                    with collected_rarely():
                        await _lead(settings, stop, pool, wakeups, leadership, metrics)
                finally:
                    looking.cancel()
                    await asyncio.gather(looking, return_exceptions=True)
                held.show([])
                metrics.leader.set(0)
        finally:
            health.draining = True
            stopper.cancel()
    log.info("stopped", action="process.stopped")


async def prepare(pool: Pool) -> None:
    """Tables and views of every projection, when `lunas migrate` has not made them; then the role of this process."""
    async with pool.acquire() as connection:
        made = await ensure(connection)
    if made:
        log.info("projections created", action="projection.created", projections=made)


async def answers(pool: Pool) -> bool:
    """Readiness: the database answers."""
    async with pool.acquire() as connection:
        return bool(await connection.fetchval("SELECT true"))


async def _lead(
    settings: Settings,
    stop: asyncio.Event,
    pool: Pool,
    wakeups: Notifications,
    leadership: Leadership,
    metrics: ProjectionMetrics,
    projections: Mapping[str, Projection] = BY_NAME,
) -> None:
    try:
        async with pool.acquire() as connection:
            await connection.execute("SELECT set_config('role', $1, false)", ROLE)
            by = tracer()
            feeder = Feeder(
                connection,
                batch_max=settings.projection_batch_max,
                metrics=metrics,
                projections=projections,
                told=None if by is None else telling(by),
            )
            pace = Pace(settings.round_pace_ms / 1000)
            await _feed(feeder, stop, wakeups, leadership, settings.poll_interval_seconds, pace)
    except OUTAGE_ERRORS as error:
        if not DATABASE.explains(error):
            log.warning("database busy, trying again", action="projection.retry", error=type(error).__name__)
        await sleep_until(stop, RETRY_SECONDS)


async def _count_held(settings: Settings, pool: Pool, held: HeldMoneyMetrics) -> None:
    """By whoever leads: several processes would each tell the same money."""
    while True:
        try:
            async with pool.acquire() as connection:
                held.show(await ageing(connection, settings.suspense_ageing_hours), await reasons(connection))
        except (*OUTAGE_ERRORS, asyncpg.PostgresError) as error:
            if not DATABASE.explains(error):
                log.warning("held money not counted", action="suspense.uncounted", error=type(error).__name__)
        await asyncio.sleep(settings.suspense_look_seconds)


async def _feed(
    feeder: Feeder,
    stop: asyncio.Event,
    wakeups: Notifications,
    leadership: Leadership,
    poll_seconds: float,
    pace: Pace,
) -> None:
    clock = asyncio.get_running_loop().time
    refresh_at = 0.0
    while leadership.is_leader and not stop.is_set():
        if clock() >= refresh_at:
            await feeder.refresh()
            await feeder.show_age()
            refresh_at = clock() + REFRESH_SECONDS
        await pace.turn()
        if await feeder.round():
            pace.end()
        else:
            await wakeups.wait(poll_seconds)


async def _wake_on(stop: asyncio.Event, wakeups: Notifications) -> None:
    await stop.wait()
    wakeups.wake()
