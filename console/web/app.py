"""Composition root of the console process: health, and the pages behind the sign-in."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from aiohttp import web

from console.backups.watching import BackupMetrics, watch_backups
from console.exits import CommandError
from console.web import (
    assets,
    audit,
    closes,
    compared,
    corrections,
    customers,
    deliveries,
    explained,
    finding,
    manual_orders,
    now,
    payment,
    problems,
    programs,
    provider_pages,
    read_models,
    refused,
    replays,
    reverified,
    streams,
    suspense,
)
from console.web.connections import Connections
from console.web.federation import FederatedSignIn, configured
from console.web.gatekeeper import Gatekeeper
from console.web.live import Lookout
from console.web.sessions import Sessions
from console.web.signing_in import SessionOpener, SignIn
from runtime.doors import PublicRunner
from runtime.failed_keys import Keyhole
from runtime.health import Health
from runtime.lifecycle import within
from runtime.logs import get_logger
from runtime.metrics import bound_address, metrics_server, new_registry
from schemas.errors import LunasError

if TYPE_CHECKING:
    from console.web.visit import Way
    from runtime.settings import Settings

FORM_BYTES = 65_536
"""A reason, a correction; nobody uploads anything."""

WAYS: tuple[Way, ...] = tuple(
    way
    for pages in (
        now,
        finding,
        payment,
        deliveries,
        problems,
        streams,
        suspense,
        manual_orders,
        refused,
        reverified,
        replays,
        corrections,
        customers,
        explained,
        read_models,
        provider_pages,
        compared,
        closes,
        audit,
        programs,
    )
    for way in pages.WAYS
)

log = get_logger(__name__)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Serves until `stop`. Raises ConfigurationError when the operator key or an address is missing."""
    key = settings.require_operator_key()
    settings.require_database_url()
    health, connections = Health("console"), Connections(settings)
    health.add("database", lambda: _database_answers(connections))
    registry = new_registry()
    keyhole = Keyhole(key, settings, registry, door="console")
    watch = Lookout(settings)
    backups = BackupMetrics(registry)
    runner = PublicRunner(
        application(settings, health, keyhole, key, connections, watch), shutdown_timeout=2.0
    )
    async with metrics_server(
        registry, health, host=settings.metrics_host, port=settings.console_metrics_port
    ):
        await runner.setup()
        watching = asyncio.create_task(watch_backups(settings, connections, backups), name="backups")
        try:
            await web.TCPSite(runner, settings.console_host, settings.console_port).start()
            host, port = bound_address(runner)
            log.info("console serves", action="console.serve", host=host, port=port)
            await stop.wait()
            health.draining = True
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            keyhole.close()
            await watch.close()
            await within(settings.shutdown_budget_seconds, runner.cleanup(), name="console")
            await connections.close()


def application(
    settings: Settings, health: Health, keyhole: Keyhole, key: str, connections: Connections, lookout: Lookout
) -> web.Application:
    """The HTTP application; separate from `run` for tests."""
    sessions = Sessions(settings, key)
    door = Gatekeeper(settings, keyhole, sessions, connections, lookout)
    app = web.Application(client_max_size=FORM_BYTES)
    opener = SessionOpener(settings, door, sessions, connections)
    elsewhere = settings.console_oidc_name if configured(settings) else None
    sign_in = SignIn(settings, door, keyhole, sessions, opener, elsewhere)
    if elsewhere is not None:
        app.add_routes(FederatedSignIn(settings, opener, key).routes())
    app.add_routes([*health.routes(), *assets.routes(), *sign_in.routes()])
    app.add_routes([web.route(way.method, _any_name(way.path), door.guarded(way)) for way in WAYS])
    return app


def _any_name(path: str) -> str:
    """A part of a path may be any name that a provider gave; without this, aiohttp takes none with a brace in it."""
    return re.sub(r"{(\w+)}", r"{\1:[^/]+}", path)


async def _database_answers(connections: Connections) -> bool:
    try:
        async with connections.one() as connection:
            return bool(await connection.fetchval("SELECT true"))
    except (CommandError, LunasError):
        return False
