"""What one customer needs to pay for what was asked: our application, the pages of the fake providers, and their clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import aiohttp

from console.comparing import reconciled
from console.demo.door import Application
from console.exits import CommandError
from console.messages import text
from providers.listers import listers_of
from runtime.settings.urls import reachable

if TYPE_CHECKING:
    from runtime.settings import Settings

PATIENCE_SECONDS = 20.0
"""For money to become visible; it takes a fraction of a second on a machine that does little else."""
LOOK_SECONDS = 0.05

Told = dict[str, Any]


class Till:
    """Raises CommandError when anything answers otherwise than it must, or not in time."""

    def __init__(self, application: Application, settings: Settings, customer_id: str) -> None:
        self.customer_id = customer_id
        self._application, self._settings = application, settings
        self._fakes = f"http://{reachable(settings.fakes_host)}:{settings.fakes_port}"
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def ask(self, path: str, body: dict[str, object]) -> Told:
        """What the API answers to a POST that must be done."""
        status, told = await self._application.ask(path, body)
        if status not in (200, 201):
            raise CommandError(text("demo.api_refused", status=f"{status} {told.get('code', '')}", path=path))
        return told

    async def read(self, path: str, since: int | None = None) -> Told:
        """What the API answers to a GET, none older than position `since`."""
        return await self._application.read(path, since)

    async def reads(self, path: str, right: Callable[[Told], object]) -> Told:
        """The same, once it says what is waited for."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_SECONDS
        while loop.time() < deadline:
            told = await self.read(path)
            if right(told):
                return told
            await asyncio.sleep(LOOK_SECONDS)
        raise CommandError(text("demo.not_settled", seconds=int(PATIENCE_SECONDS)))

    async def press(self, provider: str, name: str, act: str) -> None:
        """Opens the provider's page of this payment and presses one of its buttons, as a person does."""
        page = f"{self._fakes}/fake/pay/{provider}/{name}"
        async with self._session.get(page) as shown:
            offered = shown.status == 200 and f'value="{act}"' in await shown.text()
        if not offered:
            raise CommandError(text("demo.no_button", page=page, act=act))
        async with self._session.post(page, data={"act": act}) as pressed:
            if pressed.status != 200:
                raise CommandError(text("demo.no_button", page=page, act=act))

    async def lose_webhooks_of(self, provider: str) -> None:
        """What the next payment brings about is told to nobody."""
        await self._switch(
            {"do": "no_webhooks", "provider": provider, "method": "ACT", "path": "/pay", "times": 1}
        )

    async def _switch(self, switch: dict[str, object]) -> None:
        async with self._session.post(f"{self._fakes}/fake/switches", json=switch) as answer:
            if answer.status not in (200, 201):
                raise CommandError(text("demo.api_refused", status=answer.status, path="/fake/switches"))

    async def reconcile(self, provider: str, since: datetime) -> int:
        """Reads the provider's lists as `lunas reconcile run` does; how many payments were missing here."""
        clients = listers_of(self._settings)
        try:
            run, _ = await reconciled(self._settings, provider, since, clients)
        finally:
            for client in clients.values():
                await client.close()
        return run.fed

    async def pass_time(self, span: str) -> None:
        """Moves the clock of the fakes: what is due meanwhile happens, and is told by webhooks."""
        async with self._session.post(f"{self._fakes}/fake/clock", json={"advance": span}) as answer:
            if answer.status != 200:
                raise CommandError(text("demo.api_refused", status=answer.status, path="/fake/clock"))
