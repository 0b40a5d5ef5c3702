"""The change feed in a browser's own EventSource: it connects with a ticket, hears, and goes on behind the last id after the server was away."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from api.app import ROLE, application, routes
from api.changes.handlers import ChangeStreams
from api.keys import KeyRing
from api.reads.positions import PositionWatch
from projections.versions import ensure
from runtime.database import Pool, open_pool
from runtime.failed_keys import Keyhole
from runtime.health import Health
from runtime.metrics import new_registry
from runtime.settings import Settings
from tests.browser.conftest import Browser
from tests.browser.tab import DESKTOP, Tab
from tests.contract.api.conftest import KEY, Api
from tests.contract.api.test_answers import enrolled
from tests.integration.projections.decisions import registered
from tests.ports import held_ports

PAGE = (Path(__file__).parents[2] / "docs/changes.md").read_text()
(SCRIPT,) = re.findall(r"```js\n(.*?)```", PAGE, re.DOTALL)
"""As the documentation gives it to whoever makes a page."""


class Instance:
    """The API at one address, that can go and come back; the application whose page listens is elsewhere."""

    def __init__(self, pool: Pool, given: Settings, port: int) -> None:
        self._pool, self._given, self._port = pool, given, port
        self.asked: list[str | None] = []
        """`Last-Event-ID` of each stream that was opened."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[TestServer]:
        watch, streams = PositionWatch(self._pool), ChangeStreams(self._pool, self._given)
        app = application(
            self._given,
            routes(self._given, self._pool, watch, streams=streams),
            Health("api"),
            Keyhole(self._given.require_api_key(), self._given, new_registry(), door="api"),
            lambda _app: watch.close(),
            KeyRing(self._pool, acquire_seconds=30),
            streams=streams,
        )
        app.on_response_prepare.append(self._note)
        async with TestServer(app, port=self._port) as server:
            yield server

    async def _note(self, request: web.Request, _response: web.StreamResponse) -> None:
        if request.path == "/v1/changes":
            self.asked.append(request.headers.get("Last-Event-ID"))


@asynccontextmanager
async def shop(api_port: int, gate: asyncio.Event | None = None) -> AsyncIterator[str]:
    """The application: a page, and a call of its own that asks the API for a ticket with the key. Tickets wait for the gate."""
    import aiohttp

    async def page(_request: web.Request) -> web.Response:
        text = f'<!doctype html><title>shop</title><link rel="icon" href="data:,"><body><script>{SCRIPT}</script></body>'
        return web.Response(text=text, content_type="text/html")

    async def ticket(_request: web.Request) -> web.Response:
        base = f"http://127.0.0.1:{api_port}"
        if gate is not None:
            await gate.wait()
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{base}/v1/changes/tickets", json={"customer_id": "budi"}, headers=KEY) as answer,
        ):
            return web.json_response({"address": base + (await answer.json())["stream"]})

    app = web.Application()
    app.add_routes([web.get("/", page), web.get("/changes-ticket", ticket)])
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


async def heard(tab: Tab, *courses: str) -> None:
    await tab.until(f"JSON.stringify(heard.map((one) => one.key)) === JSON.stringify({list(courses)!r})")


@pytest.fixture
async def database(
    database_url: str, settings: Callable[..., Settings]
) -> AsyncIterator[tuple[Pool, Pool, Settings]]:
    given = settings(database_url=database_url)
    async with open_pool(given, "test") as pool, open_pool(given, "api", role=ROLE) as narrow:
        async with pool.acquire() as connection:
            await ensure(connection)
        yield pool, narrow, given


async def test_an_event_source_hears_and_goes_on_after_the_server_was_away(
    browser: Browser, database: tuple[Pool, Pool, Settings]
) -> None:
    pool, narrow, given = database
    book = Api(None, pool, [], new_registry())  # type: ignore[arg-type]
    await book.show(registered("budi"), registered("wati"))
    with held_ports(1) as (port,):
        async with shop(port) as address:
            origin = address.rstrip("/")
            instance = Instance(narrow, given.model_copy(update={"api_browser_origins": origin}), port)
            tab = await browser.tab(DESKTOP)
            async with instance.running():
                await tab.open(address)
                await tab.until("source && source.readyState === 1")
                await book.show(enrolled("wati", "not-mine"), enrolled("budi", "a"))
                await heard(tab, "a")
            await tab.until("source.readyState === 0")
            await book.show(enrolled("budi", "b"), enrolled("wati", "still-not-mine"), enrolled("budi", "c"))
            async with instance.running():
                await heard(tab, "a", "b", "c")
                await book.show(enrolled("budi", "d"))
                await heard(tab, "a", "b", "c", "d")
                places = await tab.value("heard.map((one) => one.position)")
                assert places == sorted(set(places))
            assert instance.asked[0] is None
            assert int(instance.asked[1] or 0) >= places[0]


async def test_a_page_gets_another_ticket_when_its_own_is_over_and_misses_nothing(
    browser: Browser, database: tuple[Pool, Pool, Settings]
) -> None:
    pool, narrow, given = database
    book = Api(None, pool, [], new_registry())  # type: ignore[arg-type]
    await book.show(registered("budi"))
    with held_ports(1) as (port,):
        async with shop(port) as address:
            more = {"api_browser_origins": address.rstrip("/"), "changes_ticket_seconds": 2}
            instance = Instance(narrow, given.model_copy(update=more), port)
            tab = await browser.tab(DESKTOP)
            async with instance.running():
                await tab.open(address)
                await tab.until("source && source.readyState === 1")
                await book.show(enrolled("budi", "a"))
                await heard(tab, "a")
                await tab.until("tickets > 1")
                await book.show(enrolled("budi", "b"))
                await heard(tab, "a", "b")


async def test_a_page_misses_nothing_between_two_tickets_though_it_had_heard_nothing(
    browser: Browser, database: tuple[Pool, Pool, Settings]
) -> None:
    pool, narrow, given = database
    book = Api(None, pool, [], new_registry())  # type: ignore[arg-type]
    await book.show(registered("budi"))
    gate = asyncio.Event()
    gate.set()
    with held_ports(1) as (port,):
        async with shop(port, gate) as address:
            more = {"api_browser_origins": address.rstrip("/"), "changes_ticket_seconds": 2}
            tab = await browser.tab(DESKTOP)
            async with Instance(narrow, given.model_copy(update=more), port).running():
                await tab.open(address)
                await tab.until("place !== undefined")
                gate.clear()
                await tab.until("source.readyState === 2")
                await book.show(enrolled("budi", "a"))
                gate.set()
                await heard(tab, "a")


async def test_a_page_of_an_origin_that_is_not_named_hears_nothing(
    browser: Browser, database: tuple[Pool, Pool, Settings]
) -> None:
    pool, narrow, given = database
    book = Api(None, pool, [], new_registry())  # type: ignore[arg-type]
    await book.show(registered("budi"))
    with held_ports(1) as (port,):
        async with shop(port) as address, Instance(narrow, given, port).running():
            tab = await browser.tab(DESKTOP)
            await tab.open(address)
            await tab.until("source && source.readyState === 2")
            assert any("CORS" in line for line in tab.said)
            assert await tab.value("heard.length") == 0
