"""Composition root of the console process: health, and one read-only page behind the operator key."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

from aiohttp import web

from console.language import LANGUAGES, speaking
from console.messages import text
from console.operator_page.page import render
from console.operator_page.style import POLICY
from console.overview import look
from console.store import open_store
from runtime.doors import PublicRunner
from runtime.failed_keys import Keyhole, TooManyKeys
from runtime.health import Health
from runtime.lifecycle import within
from runtime.logs import get_logger
from runtime.metrics import bound_address, metrics_server, new_registry
from schemas.errors import LunasError
from schemas.languages import Language, preferred

if TYPE_CHECKING:
    from runtime.settings import Settings

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

log = get_logger(__name__)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Serves until `stop`. Raises ConfigurationError when the operator key or an address is missing."""
    key = settings.require_operator_key()
    health = Health("console")
    health.add("database", lambda: _database_answers(settings))
    registry = new_registry()
    keyhole = Keyhole(key, settings, registry, door="console")
    runner = PublicRunner(application(settings, health, keyhole), shutdown_timeout=2.0)
    async with metrics_server(
        registry, health, host=settings.metrics_host, port=settings.console_metrics_port
    ):
        await runner.setup()
        try:
            await web.TCPSite(runner, settings.console_host, settings.console_port).start()
            host, port = bound_address(runner)
            log.info("console serves", action="console.serve", host=host, port=port)
            await stop.wait()
            health.draining = True
        finally:
            keyhole.close()
            await within(settings.shutdown_budget_seconds, runner.cleanup(), name="console")


def application(settings: Settings, health: Health, keyhole: Keyhole) -> web.Application:
    """The HTTP application; separate from `run` for tests."""

    async def page(request: web.Request) -> web.Response:
        with speaking(_language(request)):
            return await answer(request)

    async def answer(request: web.Request) -> web.Response:
        offered = offered_key(request.headers.get("Authorization", ""))
        try:
            opened = bool(offered) and keyhole.opens(request.remote, offered)
        except TooManyKeys as error:
            later = {"Retry-After": error.retry_after}
            return web.Response(status=429, text=text("page.too_many_keys") + "\n", headers=HEADERS | later)
        if not opened:
            challenge = {"WWW-Authenticate": 'Basic realm="lunas operators", charset="UTF-8"'}
            return web.Response(status=401, text=text("page.sign_in") + "\n", headers=HEADERS | challenge)
        seen = await look(settings)
        return web.Response(text=render(seen), content_type="text/html", headers=HEADERS)

    app = web.Application(client_max_size=1024)
    app.add_routes([web.get("/", page), *health.routes()])
    return app


def _language(request: web.Request) -> Language | None:
    """`?lang=` wins over what the browser prefers; None leaves it to the environment of the process."""
    wish = request.query.get("lang")
    asked = preferred(request.headers.get("Accept-Language", ""))
    return next((one for one in LANGUAGES if one == wish), asked)


def offered_key(header: str) -> str:
    """The key in it: HTTP Basic with any name and the key as password, or a bearer token; empty when there is none."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value.strip(), validate=True).decode().partition(":")[2]
        except ValueError:  # no base64, no ASCII, no UTF-8
            return f"\0{value}"  # a wrong key, which counts as one
    return ""


async def _database_answers(settings: Settings) -> bool:
    try:
        async with open_store(settings) as connection:
            return bool(await connection.fetchval("SELECT true"))
    except LunasError:
        return False
