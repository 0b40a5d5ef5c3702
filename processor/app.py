"""The processor: intake of every partition, parking lot, quarantine and fulfilment in one process."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from prometheus_client import CollectorRegistry

from eventstore.personal_start import take_key
from processor.fulfilment.catalog_source import read_catalog
from processor.fulfilment.inline import Inline
from processor.fulfilment.runner import run_fulfilment
from processor.intake.drainer import Drainer
from processor.intake.hands import Hands
from processor.intake.instruments import Instruments
from processor.intake.interpreter import Interpreter
from processor.intake.leftovers import drain_leftovers
from processor.intake.parker import Parker
from processor.intake.patience import Patience
from processor.intake.pipeline import Pipeline
from processor.intake.quarantine import Cap, QuarantineKeeper
from processor.intake.retry import Detours
from processor.intake.stopping import until_stopped
from processor.intake.store import Store
from processor.intake.tracing import TracedStore
from processor.reconciliation.feeding import way_in
from processor.reconciliation.keeping import Reconciliation
from processor.reconciliation.metrics import ReconciliationMetrics
from processor.watch.listening import listen_for_silence
from processor.watch.parts import keep_log_parts
from processor.watch.retention import keep_retention
from processor.watch.sealing import seal_the_log
from processor.watch.strangers import watch_for_strangers
from providers.call_record import CallMetrics
from providers.listers import listers_of
from providers.registry import PROVIDERS
from runtime import faults
from runtime.amqp.broker import Broker, Consumer, open_broker
from runtime.amqp.traced import TracedPublisher
from runtime.database import Pool, open_pool
from runtime.health import Health
from runtime.lifecycle import run_until_stopped
from runtime.logs import get_logger
from runtime.metrics import metrics_server, new_registry
from runtime.settings import Settings
from runtime.tracing import tracer
from schemas.catalog import Catalog
from schemas.topology import OLD_QUARANTINE, PARKED, QUARANTINE, queue_name, staying, work_queues

ROLE = "lunas_processor"
SMALL_PREFETCH = 200  # parking lot
QUARANTINE_PREFETCH = (
    16  # a rejected request may have 1 MiB: so much memory and so large a transaction at most
)

log = get_logger(__name__)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Runs until `stop`; then finishes the batches in hand within the drain budget."""
    faults.arm(settings.env)
    catalog = read_catalog(settings)
    registry, health = new_registry(), Health("processor")
    async with (
        open_pool(settings, "processor", role=ROLE, by_index=True, plan_once=True) as pool,
        open_broker(settings, "processor") as broker,
        metrics_server(
            registry, health, host=settings.metrics_host, port=settings.processor_metrics_port
        ) as address,
    ):
        await take_key(pool, settings, begins=True)
        services = services_of(settings, stop, pool, broker, registry, health, catalog)
        log.info("processor started", action="processor.start", host=address[0], port=address[1])
        await run_until_stopped(stop, services, budget_seconds=settings.processor_drain_budget_seconds)


def services_of(
    settings: Settings,
    stop: asyncio.Event,
    pool: Pool,
    broker: Broker,
    registry: CollectorRegistry,
    health: Health,
    catalog: Catalog,
) -> list[Coroutine[Any, Any, None]]:
    """Everything this process does, each as one coroutine that ends after `stop`."""
    instruments = Instruments(registry, settings.processor_slow_seconds)
    inline = Inline(settings.fulfilment_inline_max)
    told_to = tracer()
    store = (Store if told_to is None else TracedStore)(
        pool,
        interpreter_of(settings),
        settings.quarantine_max_rows,
        settings.database_acquire_timeout_seconds,
        inline,
    )
    health.add("database", store.alive)
    health.add("broker", lambda: broker.is_ready(stalled_seconds=settings.broker_publish_deadline_seconds))

    def patience(consumer: Consumer) -> Patience:
        return Patience(
            consumer,
            stop,
            max_pause=settings.processor_backoff_max_seconds,
            alive=store.alive,
            waiting=lambda away: instruments.waiting.set(int(away)),
        )

    partitions, hands = settings.broker_partitions, Hands()

    def detours(number: int) -> Detours:
        return Detours(
            broker.publisher if told_to is None else TracedPublisher(broker.publisher, told_to),
            number,
            settings.broker_retry_delays_seconds,
            settings.processor_retry_attempts,
            settings.broker_publish_deadline_seconds,
        )

    def pipeline(number: int) -> Pipeline:
        # Careful at first: one message at a time until an unsuspicious one was seen (processor/intake/suspects.py).
        consumer = broker.consumer(queue_name(number), prefetch=1, may_vanish=number >= partitions)
        return Pipeline(
            consumer,
            store,
            detours(staying(number, partitions)),
            patience(consumer),
            instruments,
            batch_max=settings.processor_batch_max,
            fill_seconds=settings.processor_batch_wait_ms / 1000,
            prefetch=settings.processor_prefetch,
            pace_seconds=settings.round_pace_ms / 1000,
            hands=hands,
        )

    parked = broker.consumer(PARKED, prefetch=SMALL_PREFETCH)

    def keeper(queue: str, *, may_vanish: bool = False) -> QuarantineKeeper:
        rejected = broker.consumer(queue, prefetch=QUARANTINE_PREFETCH, may_vanish=may_vanish, aside=True)
        return QuarantineKeeper(
            rejected,
            pool,
            patience(rejected),
            instruments,
            cap=Cap(
                settings.quarantine_max_rows, settings.quarantine_max_bytes, settings.quarantine_max_days
            ),
            acquire_timeout=settings.database_acquire_timeout_seconds,
        )

    return [
        *(pipeline(number).run(stop) for number in range(work_queues(partitions))),
        drain_leftovers(broker, partitions, pipeline, stop),
        Parker(parked, store, patience(parked), instruments, detours(0), partitions).run(stop),
        keeper(QUARANTINE).run(stop),
        keeper(OLD_QUARANTINE, may_vanish=True).run(stop),
        Drainer(store, settings, instruments, registry).run(stop),
        run_fulfilment(pool, settings, stop, registry, inline, catalog),
        listen_for_silence(pool, settings, registry, stop),
        watch_for_strangers(pool, settings, registry, stop),
        seal_the_log(pool, settings, registry, stop),
        keep_retention(pool, settings, registry, stop),
        keep_log_parts(pool, settings, registry, stop),
        Reconciliation(
            settings,
            pool,
            broker,
            store.interpreter,
            listers_of(settings, CallMetrics(registry)),
            ReconciliationMetrics(registry),
            way_in(settings.broker_retry_delays_seconds),
        ).keep(stop),
        until_failure(broker, stop),
    ]


def interpreter_of(settings: Settings) -> Interpreter:
    """Translators with what the settings say about us."""
    ours = {
        name: getattr(settings, provider.account_setting)
        for name, provider in PROVIDERS.items()
        if provider.account_setting is not None
    }
    return Interpreter(
        providers=PROVIDERS,
        accounts={name: account for name, account in ours.items() if account},
        production=settings.env == "production",
        future_tolerance=timedelta(seconds=settings.future_tolerance_seconds),
        fees=settings.book_fees,
    )


async def until_failure(broker: Broker, stop: asyncio.Event) -> None:
    """Ends at `stop`, or raises what no reconnect to the broker can cure."""
    await until_stopped(stop, broker.failure())
