"""The web console over a test's database, and somebody who signs in to it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from aiohttp import ClientResponse, CookieJar
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

from console.overview import Overview, look
from console.web.app import application
from console.web.connections import Connections
from console.web.live import Lookout
from console.web.operators import Role, hashed
from runtime.failed_keys import Keyhole
from runtime.health import Health
from runtime.settings import Settings

KEY = "dev-operator-key"
PASSWORD = "correct horse battery"
_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@dataclass
class Visitor:
    """A browser without eyes: it keeps cookies, and reads the token out of the page it is on."""

    client: TestClient[Any, Any]

    async def open(self, path: str, status: int = 200, **options: Any) -> str:
        async with self.client.get(path, headers={"Accept": "text/html"}, **options) as answer:
            text = await answer.text()
            assert answer.status == status, text
            return text

    async def sign_in(
        self, name: str = "sari", secret: str = KEY, status: int = 303, to: str = "/"
    ) -> ClientResponse:
        sent = {"name": name, "secret": secret, "to": to}
        async with self.client.post("/sign-in", data=sent, allow_redirects=False) as answer:
            await answer.read()
            assert answer.status == status, await answer.text()
            return answer

    async def send(self, page: str, path: str, status: int = 303, **fields: str) -> ClientResponse:
        """What a form of `page` sends."""
        found = _CSRF.search(await self.open(page))
        assert found is not None, f"{page} has no form"
        async with self.client.post(path, data={"csrf": found[1], **fields}, allow_redirects=False) as answer:
            await answer.read()
            assert answer.status == status, await answer.text()
            return answer


class Doors:
    """Browsers for one console, each with cookies of its own."""

    def __init__(self, server: TestServer) -> None:
        self._server = server
        self._clients: list[TestClient[Any, Any]] = []

    @property
    def origin(self) -> str:
        return str(self._server.make_url("")).rstrip("/")

    async def visitor(self) -> Visitor:
        client = TestClient(self._server, cookie_jar=CookieJar(unsafe=True))
        self._clients.append(client)
        return Visitor(client)

    async def close(self) -> None:
        for client in self._clients:
            await client.session.close()


async def nothing(_settings: Settings) -> Overview:
    return Overview()


@asynccontextmanager
async def opened_console(given: Settings, looking: Any = look) -> AsyncIterator[Doors]:
    """The console's pages; `looking` finds what Now shows."""
    connections, watch = Connections(given), Lookout(given, looking)
    keyhole = Keyhole(KEY, given, CollectorRegistry(), door="console")
    app = application(given, Health("console"), keyhole, KEY, connections, watch)
    async with TestServer(app) as server:
        doors = Doors(server)
        try:
            yield doors
        finally:
            await watch.close()
            await doors.close()
            keyhole.close()
    await connections.close()


async def employ(url: str, name: str, role: Role) -> None:
    """A named operator with PASSWORD."""
    connection = await asyncpg.connect(url, server_settings={"search_path": "lunas"})
    try:
        await connection.execute(
            "INSERT INTO operators (name, role, password_hash, created_by) VALUES ($1, $2, $3, 'test')",
            name,
            role,
            await hashed(PASSWORD),
        )
    finally:
        await connection.close()
