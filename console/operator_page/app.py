"""Composition root of the console process: health, and one read-only page behind the operator key."""

from __future__ import annotations

import asyncio
import base64
import hmac
from typing import TYPE_CHECKING

from aiohttp import web

from console.language import LANGUAGES, speaking
from console.messages import text
from console.operator_page.page import render
from console.operator_page.style import POLICY
from console.overview import look
from console.store import open_store
from runtime.doors import PublicRunner
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
    runner = PublicRunner(application(settings, health, key), shutdown_timeout=2.0)
    async with metrics_server(
        new_registry(), health, host=settings.metrics_host, port=settings.console_metrics_port
    ):
        await runner.setup()
        try:
            await web.TCPSite(runner, settings.console_host, settings.console_port).start()
            host, port = bound_address(runner)
            log.info("console serves", action="console.serve", host=host, port=port)
            await stop.wait()
            health.draining = True
        finally:
            await within(settings.shutdown_budget_seconds, runner.cleanup(), name="console")


def application(settings: Settings, health: Health, key: str) -> web.Application:
    """The HTTP application; separate from `run` for tests."""

    async def page(request: web.Request) -> web.Response:
        with speaking(_language(request)):
            return await answer(request)

    async def answer(request: web.Request) -> web.Response:
        if not authorised(request.headers.get("Authorization", ""), key):
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


def authorised(header: str, key: str) -> bool:
    """HTTP Basic with any name and the operator key as password, or a bearer token; compared in constant time."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        given = value.strip()
    elif scheme.lower() == "basic":
        try:
            given = base64.b64decode(value.strip(), validate=True).decode().partition(":")[2]
        except ValueError:  # no base64, no ASCII, no UTF-8
            return False
    else:
        return False
    # aiohttp keeps bytes that are no UTF-8 as lone surrogates: they are part of a wrong key, not an error of ours.
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), key.encode())


async def _database_answers(settings: Settings) -> bool:
    try:
        async with open_store(settings) as connection:
            return bool(await connection.fetchval("SELECT true"))
    except LunasError:
        return False
