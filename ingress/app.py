"""Composition root of the ingress process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry

from ingress.door import Door, Durable
from ingress.guard import Guard
from ingress.journal.opening import open_journal
from ingress.limits import Limits
from ingress.metrics import Metrics
from ingress.publisher import GroupingPublisher, bounds_of
from ingress.quarantine import Quarantine
from ingress.remote import trusted_networks
from ingress.routes import webhook_paths
from ingress.routing import Routing
from ingress.server import Listener, listen
from ingress.tracing import TracedDurable
from providers.known_secrets import KnownSecrets
from providers.registry import PROVIDERS
from runtime.amqp.broker import Broker, open_broker
from runtime.amqp.own_queues import OwnQueues
from runtime.amqp.traced import TracedPublisher
from runtime.faults import arm
from runtime.health import Health
from runtime.logs import get_logger
from runtime.metrics import metrics_server, new_registry
from runtime.settings import Settings
from runtime.tracing import tracer
from schemas.topology import work_queues

log = get_logger(__name__)

FLUSH_SECONDS = 1.0
LEAST_DRAIN_SECONDS = 5.0  # a request in flight needs at most the publish deadline

Started = Callable[[tuple[str, int]], None]


async def run(settings: Settings, stop: asyncio.Event, *, started: Started | None = None) -> None:
    """Serves until `stop`, then drains. `started` is told the public address (port 0 means any free one).

    The broker may be away at start and at any time: the journal takes what comes, or without one requests are answered 503 until it is
    back. Raises TopologyMismatch when its queues are not ours, ConfigurationError when the journal has no folder.
    """
    arm(settings.env)
    registry, health, own = new_registry(), Health("ingress"), OwnQueues(settings.broker_partitions)
    async with (
        open_broker(settings, "ingress", own) as broker,
        metrics_server(
            registry, health, host=settings.metrics_host, port=settings.ingress_metrics_port
        ) as internal,
        _serving(settings, broker, own, health, registry) as (listener, background),
    ):
        log.info(
            "ingress listens", action="ingress.started", address=listener.address, metrics_address=internal
        )
        _say_secrets(settings)
        if started is not None:
            started(listener.address)
        await _until(stop, background)
        health.draining = True
        await asyncio.sleep(settings.ingress_prestop_seconds)
        await listener.close()
        left = max(LEAST_DRAIN_SECONDS, settings.shutdown_budget_seconds - settings.ingress_prestop_seconds)
        await listener.drain(idle_seconds=settings.ingress_drain_idle_seconds, budget_seconds=left)
        log.info("ingress drained", action="ingress.drained")


def _say_secrets(settings: Settings) -> None:
    """A line for each provider whose secrets begin or end: which, by their ids, and when. The log is where a rotation can be followed."""
    for provider in PROVIDERS.values():
        known = KnownSecrets.of(settings, provider.name)
        for secret, times in known.times.items():
            log.info(
                "a webhook secret has times",
                action="ingress.secret_times",
                provider=provider.name,
                secret_id=secret,
                not_before=times.not_before and times.not_before.isoformat(),
                not_after=times.not_after and times.not_after.isoformat(),
            )


async def _until(stop: asyncio.Event, background: Sequence[asyncio.Task[None]]) -> None:
    """Waits for `stop`. Raises what ended one of the background tasks: none of them ends by itself."""
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({stopping, *background}, return_when=asyncio.FIRST_COMPLETED)
        for task in background:
            if task.done():
                task.result()
    finally:
        stopping.cancel()


@asynccontextmanager
async def _serving(
    settings: Settings, broker: Broker, own: OwnQueues, health: Health, registry: CollectorRegistry
) -> AsyncIterator[tuple[Listener, Sequence[asyncio.Task[None]]]]:
    """The door with its background work, which ends after the last request."""
    paths = webhook_paths()
    metrics = Metrics(registry)
    quarantine = Quarantine(settings, metrics)
    told_to = tracer()
    publishing = broker.publisher if told_to is None else TracedPublisher(broker.publisher, told_to)
    partitions = settings.broker_partitions
    routing = Routing(partitions, own.offsets)
    publisher = GroupingPublisher(publishing, work_queues(partitions), bounds_of(settings), metrics)
    async with _durable(settings, broker, publisher, routing, health, metrics) as (durable, tasks):
        door = Door(
            settings,
            paths=paths,
            durable=durable if told_to is None else TracedDurable(durable, told_to),
            quarantine=quarantine,
            limits=Limits(settings, {provider.name for provider in paths.values()}),
            health=health,
            metrics=metrics,
            trusted=trusted_networks(settings.ingress_trusted_proxies),
            routing=routing,
        )
        guard = Guard(door, settings, metrics)
        listener = listen(guard, settings)
        background = [
            asyncio.create_task(broker.failure(), name="ingress broker"),
            asyncio.create_task(own.run(), name="ingress own queues"),
            asyncio.create_task(guard.sweep(), name="ingress sweep"),
            asyncio.create_task(quarantine.run(await broker.publisher_aside()), name="ingress quarantine"),
        ]
        try:
            yield listener, [*background, *tasks]
        finally:
            await listener.close()
            # What was refused last gets a moment; it is counted in any case.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_SECONDS):
                    await quarantine.drained()
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)


@asynccontextmanager
async def _durable(
    settings: Settings,
    broker: Broker,
    publisher: GroupingPublisher,
    routing: Routing,
    health: Health,
    metrics: Metrics,
) -> AsyncIterator[tuple[Durable, Sequence[asyncio.Task[None]]]]:
    """What must have a delivery before it is answered 200, with its background work."""
    if settings.ingress_durability == "journal":
        async with open_journal(settings, publisher, broker.publisher, routing, health, metrics) as opened:
            yield opened
        return
    health.add("broker", lambda: broker.is_ready(stalled_seconds=settings.ingress_publish_deadline_seconds))
    yield publisher, ()
