"""Fakes on a free port, and a door that takes their webhooks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from providers.fakes.app import ServedFakes, serving
from providers.fakes.provider import FakeAccount
from providers.fakes.registry import FAKES
from providers.fakes.world import FakeWorld
from tests.unit.providers.fakes.stand import GOODS, KEYS, SECRET, START, Caller, WebhookDoor


@pytest.fixture
async def door() -> AsyncIterator[WebhookDoor]:
    door = WebhookDoor()
    app = web.Application()
    app.router.add_post("/webhooks/{provider}", door.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    door.address = f"http://{host}:{port}"
    yield door
    await runner.cleanup()


@pytest.fixture
async def fakes(door: WebhookDoor) -> AsyncIterator[ServedFakes]:
    """All of them, with a clock that stands still until it is moved."""
    accounts = {
        name: FakeAccount(KEYS[name], SECRET, f"akun-{name}", f"{door.address}/webhooks/{name}", GOODS)
        for name in FAKES
    }
    async with serving(accounts, FakeWorld(wall=lambda: START, frozen=True)) as served:
        yield served


@pytest.fixture
async def caller(fakes: ServedFakes) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        yield Caller(session, fakes)
