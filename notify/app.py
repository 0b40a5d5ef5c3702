"""Composition root of the notifier: one leader follows the log and sends what is due; a second process waits as a standby."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from eventstore.append import CHANNEL
from eventstore.leadership import Leadership
from eventstore.personal_start import take_key
from eventstore.queries import load
from notify.dispatching import Dispatcher
from notify.following import Follower
from notify.mail.mailing import Mailing
from notify.mail.senders import sender_of
from notify.metrics import NotifyMetrics
from notify.signing import signing_keys
from notify.webhooks import WebhookSender
from runtime.courtesy import Courtesy
from runtime.database import OUTAGE_ERRORS, Connection, Pool, open_pool
from runtime.faults import arm
from runtime.health import Health
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from runtime.metrics import metrics_server, new_registry
from runtime.notifications import Notifications
from runtime.outage import DATABASE
from runtime.pace import Pace

if TYPE_CHECKING:
    from runtime.settings import Settings

PROCESS = "notify"
ROLE = "lunas_notifier"
JOB = "notify"
RETRY_SECONDS = 1.0  # pause after the database went away
LOOK_SECONDS = 10.0  # between looks at what waits
FORGET_SECONDS = 600.0  # between deletions of what is old
REST_MAX_SECONDS = 2.0  # of a notifier that gives way to others
FORGET_MAX = 1000  # rows of one deletion

# Nobody waits for what is written here to be on disk: after a power cut a page is followed again, or a message sent again, under the same id.
UNHURRIED = "SELECT set_config('synchronous_commit', 'off', false)"

log = get_logger(__name__)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Notifies until `stop`, then lets attempts end."""
    arm(settings.env)
    registry = new_registry()
    metrics = NotifyMetrics(registry)
    health = Health(PROCESS)
    async with (
        open_pool(settings, PROCESS, role=ROLE, max_size=3, by_index=True) as pool,
        metrics_server(
            registry, health, host=settings.metrics_host, port=settings.notify_metrics_port
        ) as address,
        Leadership(settings, PROCESS, JOB) as leadership,
    ):
        await take_key(pool, settings)
        mailer = sender_of(settings)
        # Every text is tried here: a template that is wrong ends the start, not a mail of tomorrow.
        mailing = None if mailer is None else Mailing(settings, pool, mailer)
        health.add("database", lambda: _answers(pool))
        log.info("started", action="process.started", metrics_port=address[1])
        try:
            while await leadership.wait(stop):
                metrics.leader.set(1)
                await _lead(settings, stop, pool, leadership, metrics, mailing)
                metrics.leader.set(0)
        finally:
            health.draining = True
            if mailing is not None:
                await mailing.close()
    log.info("stopped", action="process.stopped")


async def _answers(pool: Pool) -> bool:
    async with pool.acquire() as connection:
        return bool(await connection.fetchval("SELECT true"))


async def _lead(
    settings: Settings,
    stop: asyncio.Event,
    pool: Pool,
    leadership: Leadership,
    metrics: NotifyMetrics,
    mailing: Mailing | None,
) -> None:
    """While this process leads. What the database refuses for now is tried again; what is no outage ends the process."""
    sender = WebhookSender(settings, signing_keys(settings))
    dispatcher = Dispatcher(settings, sender.send, mailing.send if mailing else None, metrics)
    try:
        await _both(
            _follow(settings, stop, pool, leadership, dispatcher, metrics),
            _dispatch(settings, stop, pool, leadership, dispatcher),
        )
    except OUTAGE_ERRORS as error:
        if not DATABASE.explains(error):
            log.warning("database busy, trying again", action="notify.retry", error=type(error).__name__)
        await sleep_until(stop, RETRY_SECONDS)
    finally:
        await dispatcher.close()
        await sender.close()


async def _both(*work: Coroutine[Any, Any, None]) -> None:
    """Until all have ended; the first error ends the others and is raised as it is."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _follow(
    settings: Settings,
    stop: asyncio.Event,
    pool: Pool,
    leadership: Leadership,
    dispatcher: Dispatcher,
    metrics: NotifyMetrics,
) -> None:
    follower = Follower(settings)
    async with pool.acquire() as connection, Notifications(settings, PROCESS, CHANNEL) as wakeups:
        stopper = asyncio.create_task(_wake_on(stop, wakeups.wake))
        pace = Pace(settings.notify_pace_ms / 1000)
        courtesy = Courtesy(settings.notify_busy_share, REST_MAX_SECONDS)
        try:
            await connection.execute(UNHURRIED)
            await follower.begin(connection)
            while leadership.is_leader and not stop.is_set():
                await pace.turn()
                with courtesy.working():
                    followed = await follower.page(connection)
                pace.end()
                if followed.added:
                    metrics.added.inc(followed.added)
                    dispatcher.woken.set()
                if followed.added:
                    await sleep_until(stop, courtesy.rest())
                if not followed.more:
                    await wakeups.wait()
        finally:
            stopper.cancel()


async def _dispatch(
    settings: Settings,
    stop: asyncio.Event,
    pool: Pool,
    leadership: Leadership,
    dispatcher: Dispatcher,
) -> None:
    clock = asyncio.get_running_loop().time
    look_at = forget_at = 0.0
    # Attempts run beside the turns: what they cost is told by the processor's time, not by the clock on the wall.
    courtesy = Courtesy(settings.notify_busy_share, REST_MAX_SECONDS, free=1.0, clock=time.process_time)
    async with pool.acquire() as connection:
        stopper = asyncio.create_task(_wake_on(stop, dispatcher.woken.set))
        try:
            await connection.execute(UNHURRIED)
            while leadership.is_leader and not stop.is_set():
                if clock() >= look_at:
                    await dispatcher.waiting(connection)
                    look_at = clock() + LOOK_SECONDS
                if clock() >= forget_at:
                    await _forget(connection, settings.notify_keep_days)
                    forget_at = clock() + FORGET_SECONDS
                with courtesy.working():
                    await dispatcher.turn(connection)
                    await _woken(dispatcher.woken, settings.poll_interval_seconds)
                with dispatcher.resting():
                    await sleep_until(stop, courtesy.rest())
            await dispatcher.drain(connection, settings.notify_timeout_seconds)
        finally:
            stopper.cancel()


async def _forget(connection: Connection, days: int) -> None:
    await connection.execute(load("notify.sql", "notify")["forget"], days, FORGET_MAX)


async def _woken(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def _wake_on(stop: asyncio.Event, wake: Callable[[], None]) -> None:
    await stop.wait()
    wake()
