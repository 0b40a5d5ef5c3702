"""Composition root of the API process: the calls of reads and of checkout behind one door, documentation and health."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from aiohttp import web

from api.asyncapi import SOME_BROKER
from api.changes.handlers import ChangeStreams
from api.changes.relay import tell_exchange
from api.changes.relay_metrics import RelayMetrics
from api.checkout.routes import Checkout
from api.checkout.watching import RequestWatch
from api.credit.keeper import keep
from api.credit.routes import routes as credit_routes
from api.credit.routes import teller_of
from api.credit.teller import Teller
from api.gate import answer_problems, is_open, require_key
from api.keys import KeyRing
from api.licences.routes import routes as licence_routes
from api.openapi import document_of
from api.page import Documentation
from api.pay.handlers import PaymentPages
from api.pay.requests import pages
from api.permits import scopes_of
from api.reads.books import show_books
from api.reads.handlers import Route
from api.reads.positions import PositionWatch
from api.reads.standby import Standby, read_routes, standby_of
from api.refunds.routes import Refunds
from api.suspense.handlers import SuspenseCalls
from api.timers import keep_time
from api.tracing import spans
from eventstore.personal_start import take_key
from projections.app import answers, prepare
from providers.call_record import CallMetrics
from runtime.breaker import Breaker
from runtime.database import Pool, open_pool
from runtime.doors import PublicRunner
from runtime.failed_keys import Keyhole
from runtime.faults import arm
from runtime.health import LEFT_ALONE, Health
from runtime.logs import get_logger
from runtime.look import served
from runtime.metrics import bound_address, metrics_server, new_registry
from runtime.settings.urls import broker_nodes
from runtime.tracing import tracer

if TYPE_CHECKING:
    from runtime.settings import Settings

PROCESS = "api"
ROLE = "lunas_api"

log = get_logger(__name__)


def routes(
    settings: Settings,
    pool: Pool,
    watch: PositionWatch,
    teller: Teller | None = None,
    checkout: Checkout | None = None,
    refunds: Refunds | None = None,
    streams: ChangeStreams | None = None,
    standby: Standby | None = None,
) -> list[Route]:
    """Every call with its handler. Reads and checkout do not know each other: they meet here."""
    teller = teller or teller_of(settings, pool, new_registry())
    checkout = checkout or Checkout(settings, pool, watch)
    refunds = refunds or Refunds(settings, pool, checkout.clients.payments, teller, new_registry())
    streams = streams or ChangeStreams(pool, settings)
    return [
        *read_routes(settings, pool, watch, standby),
        *streams.routes(),
        *checkout.routes(),
        *credit_routes(teller),
        *licence_routes(settings, pool, checkout.clients.licences),
        *refunds.routes(),
        *SuspenseCalls(pool, settings, watch, refunds.refunder).routes(),
    ]


def application(
    settings: Settings,
    mounted: Sequence[Route],
    health: Health,
    keyhole: Keyhole,
    lifespan: Callable[[web.Application], Awaitable[None]],
    ring: KeyRing | None = None,
    payment_pages: PaymentPages | None = None,
    streams: ChangeStreams | None = None,
) -> web.Application:
    """The whole HTTP application over these calls. `ring`: keys beside the environment's; `payment_pages`: what customers see without a key;
    `streams` end when the application does."""
    ticket_opens = streams.ticket_opens if streams is not None else lambda _: False
    by = tracer()
    app = web.Application(
        middlewares=[
            answer_problems,
            require_key(keyhole, ring, scopes_of(call for call, _ in mounted), ticket_opens),
            *(() if by is None else (spans(by, is_open),)),
        ],
        client_max_size=settings.api_body_limit_bytes,
    )
    app.add_routes([web.route(call.method, call.path, handler) for call, handler in mounted])
    described = [call for call, _ in mounted]
    indonesian = {call.operation: call.summary_id for call in described}
    document = document_of(described, most={"limit": settings.read_page_max})
    app.add_routes(Documentation(document, indonesian, settings.api_public_url, broker_of(settings)).routes())
    app.add_routes(health.routes())
    if payment_pages is not None:
        app.add_routes([*payment_pages.routes(), *served.routes()])
        app.on_shutdown.append(_end(payment_pages))
    if streams is not None:
        app.on_shutdown.append(_end_streams(streams))
    app.on_cleanup.extend((lifespan, _close(keyhole)))
    return app


def _end(payment_pages: PaymentPages) -> Callable[[web.Application], Awaitable[None]]:
    async def end(_app: web.Application) -> None:
        payment_pages.close()

    return end


def _end_streams(streams: ChangeStreams) -> Callable[[web.Application], Awaitable[None]]:
    async def end(_app: web.Application) -> None:
        await streams.feed.close()

    return end


def _close(keyhole: Keyhole) -> Callable[[web.Application], Awaitable[None]]:
    async def close(_app: web.Application) -> None:
        keyhole.close()

    return close


def _state_of(breaker: Breaker) -> Callable[[], str | None]:
    return lambda: None if breaker.state == "closed" else breaker.state


def pool_of(settings: Settings) -> AbstractAsyncContextManager[Pool]:
    """How the API reads and writes. Every statement is a look-up by index, so none is planned anew for its arguments: where more is held or
    owned, a plan for the arguments of the moment looks cheaper than one for all, and planning takes longer than reading a page.
    """
    return open_pool(settings, PROCESS, role=ROLE, by_index=True, plan_once=True)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Serves until `stop`, then drains."""
    arm(settings.env)
    settings.require_api_key()
    registry = new_registry()
    health = Health(PROCESS)
    async with open_pool(settings, f"{PROCESS}-setup", max_size=1) as pool:
        await prepare(pool)
    async with (
        pool_of(settings) as pool,
        standby_of(settings, pool, registry, stop) as standby,
        metrics_server(registry, health, host=settings.metrics_host, port=settings.api_metrics_port),
    ):
        await take_key(pool, settings, begins=True)
        health.add("database", lambda: answers(pool))
        if standby is not None:
            health.note("standby", standby.note)
        watch = PositionWatch(pool)
        checkout = Checkout(settings, pool, watch, CallMetrics(registry))
        for provider, breaker in checkout.clients.breakers.items():
            health.note(f"{LEFT_ALONE}{provider}", _state_of(breaker))
        keyhole = Keyhole(settings.require_api_key(), settings, registry, door=PROCESS)
        teller = teller_of(settings, pool, registry)
        refunds = Refunds(settings, pool, checkout.clients.payments, teller, registry)
        requests = RequestWatch(settings, pool, checkout.clients.payments, registry)
        streams = ChangeStreams(pool, settings)
        mounted = routes(settings, pool, watch, teller, checkout, refunds, streams, standby)
        ring = KeyRing(pool, acquire_seconds=settings.database_acquire_timeout_seconds)
        app = application(
            settings,
            mounted,
            health,
            keyhole,
            lambda _app: watch.close(),
            ring,
            pages(settings, pool, checkout.canceller),
            streams,
        )
        jobs = (
            checkout.opener.resolve,
            checkout.plans.resolve,
            refunds.refunder.resolve,
            requests.look,
        )
        timers = asyncio.create_task(keep_time(settings, PROCESS, jobs, stop), name="timers")
        relay = asyncio.create_task(
            tell_exchange(settings, PROCESS, pool, RelayMetrics(registry), stop, streams.feed.page),
            name="exchange",
        )
        behind = [
            asyncio.create_task(checkout.tell_accounts(), name="accounts"),
            timers,
            relay,
            asyncio.create_task(show_books(pool, settings, registry, stop), name="books"),
        ]
        runner = PublicRunner(app, shutdown_timeout=settings.shutdown_budget_seconds)
        await runner.setup()
        try:
            await web.TCPSite(runner, settings.api_host, settings.api_port).start()
            host, port = bound_address(runner)
            log.info("started", action="process.started", host=host, port=port)
            await _all(keep(pool, teller, stop, every_seconds=settings.credit_watch_seconds), timers, relay)
            health.draining = True
        finally:
            await runner.cleanup()
            for task in behind:
                task.cancel()
            await asyncio.gather(*behind, return_exceptions=True)
            await refunds.refunder.close()
            await checkout.close()
    log.info("stopped", action="process.stopped")


async def _all(keeping: Coroutine[Any, Any, None], *others: asyncio.Task[None]) -> None:
    """Until all have ended, which they do when the process is stopped; raises at once what ended one of them before."""
    tasks = {asyncio.create_task(keeping, name="accounts kept"), *others}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def broker_of(settings: Settings) -> str:
    """Where applications reach the broker, as far as anybody has said."""
    if settings.broker_public_url is not None:
        return settings.broker_public_url
    used = settings.broker_url
    return SOME_BROKER if used is None else broker_nodes(used.get_secret_value())[0]
