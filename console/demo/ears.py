"""An application that is told: it listens to the stream of changes, and takes signed webhooks at an address of its own."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import aiohttp
from aiohttp import web

from console.commands.endpoints import make_endpoint
from console.demo.till import PATIENCE_SECONDS
from console.exits import CommandError
from console.messages import text
from notify.signing import PREFIX, signed
from runtime.doors import PublicRunner
from runtime.settings.urls import reachable

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

KINDS = ("payment.received",)
PATH = "/hooks"

Right = Callable[[dict[str, Any]], object]
Heard = tuple[float, dict[str, Any]]
"""When, by the monotonic clock, and what."""


class Ears:
    """`changes` and `webhooks`: what was heard so far. Raises CommandError when what is waited for does not come."""

    def __init__(self, connection: Connection, settings: Settings, customer_id: str) -> None:
        self._connection, self._settings, self._customer_id = connection, settings, customer_id
        self._api = f"http://{reachable(settings.api_host)}:{settings.api_port}"
        self._secret = b""
        self._stack = AsyncExitStack()
        self._news = asyncio.Condition()
        self.changes: list[Heard] = []
        self.webhooks: list[Heard] = []
        self.forged = 0

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            runner = PublicRunner(self._application())
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"
            made = await make_endpoint(self._connection, self._settings, url, list(KINDS), "demo", "demo")
            self._secret = base64.b64decode(made.secret.removeprefix(PREFIX))
            await self._listen(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def _application(self) -> web.Application:
        app = web.Application()
        app.add_routes([web.post(PATH, self._take)])
        return app

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not _is_ours(self._secret, request.headers, body):
            self.forged += 1
            return web.Response(status=401)
        await self._heard(self.webhooks, json.loads(body))
        return web.Response(status=204)

    async def _listen(self, stack: AsyncExitStack) -> None:
        headers = {"Authorization": f"Bearer {self._settings.require_api_key()}"}
        session = await stack.enter_async_context(aiohttp.ClientSession(self._api, headers=headers))
        stream = await stack.enter_async_context(
            session.get(
                "/v1/changes", params={"customer_id": self._customer_id}, timeout=aiohttp.ClientTimeout()
            )
        )
        if stream.status != 200:
            raise CommandError(text("demo.api_refused", status=stream.status, path="/v1/changes"))
        reading = asyncio.create_task(self._read(stream))

        async def end() -> None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

        stack.push_async_callback(end)

    async def _read(self, stream: aiohttp.ClientResponse) -> None:
        async for line in stream.content:
            if line.startswith(b"data: "):
                await self._heard(self.changes, json.loads(line[len(b"data: ") :]))

    async def _heard(self, among: list[Heard], document: dict[str, Any]) -> None:
        async with self._news:
            among.append((time.monotonic(), document))
            self._news.notify_all()

    async def change(self, kind: str, right: Right) -> float:
        """When the stream told a row that is right, by the monotonic clock."""
        return await self._when(self.changes, lambda told: told["kind"] == kind and right(told["data"]))

    async def webhook(self, right: Right) -> float:
        """When such a webhook came."""
        return await self._when(self.webhooks, lambda told: right(told["data"]))

    async def _when(self, among: list[Heard], right: Right) -> float:
        def found() -> list[float]:
            return [at for at, document in among if right(document)]

        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._news:
                await self._news.wait_for(found)
        except TimeoutError as error:
            raise CommandError(text("demo.not_settled", seconds=int(PATIENCE_SECONDS))) from error
        return found()[0]


def _is_ours(secret: bytes, headers: Mapping[str, str], body: bytes) -> bool:
    """Signed again, as any receiver of Standard Webhooks does."""
    at = datetime.fromtimestamp(int(headers.get("webhook-timestamp", "0")), UTC)
    ours = signed([secret], headers.get("webhook-id", ""), at, body)["webhook-signature"]
    said = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(ours, one) for one in said)
