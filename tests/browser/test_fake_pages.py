"""The pages of the fakes in a browser: whoever pays, links or breaks something there stumbles over nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from providers.fakes.app import serving
from providers.fakes.provider import FakeAccount
from providers.fakes.registry import FAKES
from providers.fakes.world import FakeWorld
from tests.browser.accessibility import stumbles
from tests.browser.conftest import Browser
from tests.browser.tab import DESKTOP, PHONE, Sight
from tests.unit.providers.fakes import test_mayar, test_scalev_orders, test_xendit_plans
from tests.unit.providers.fakes import test_xendit_requests as xendit
from tests.unit.providers.fakes.stand import GOODS, KEYS, SECRET, START, Caller
from tests.unit.providers.fakes.test_xendit_sessions import open_session
from tests.unit.providers.fakes.test_xendit_tokens import stored


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    accounts = {name: FakeAccount(KEYS[name], SECRET, f"akun-{name}", None, GOODS) for name in FAKES}
    world = FakeWorld(wall=lambda: START, frozen=True)
    async with serving(accounts, world) as served, aiohttp.ClientSession() as session:
        yield Caller(session, served)


async def asked_for(caller: Caller) -> dict[str, str]:
    """One of everything, and its page beneath `/fake`."""
    await xendit.create(caller)
    await xendit.create(caller, reference_id="va", **xendit.VA)
    await xendit.create(caller, reference_id="ovo", **xendit.OVO)
    await xendit.create(caller, reference_id="paid")
    await caller.control("POST", "/payments/xendit/paid/pay", {})
    await test_xendit_plans.create(caller)
    await stored(caller)
    await open_session(caller)
    order = await test_scalev_orders.create(caller)
    bill, _ = await test_mayar.member(caller)
    named = ("topup-1", "va", "ovo", "paid", "sub-pro-1", "dompet-1", "sesi-1", "none")
    pages = {name: f"/pay/xendit/{name}" for name in named}
    further = {"scalev": f"/pay/scalev/{order['order_id']}", "mayar": f"/pay/mayar/{bill['key']}", "list": ""}
    return pages | further


@pytest.mark.parametrize(("sight", "language"), [(PHONE, "id"), (DESKTOP, "en")])
async def test_nobody_stumbles_over_any_page_of_the_fakes(
    browser: Browser, caller: Caller, sight: Sight, language: str
) -> None:
    pages = await asked_for(caller)
    tab = await browser.tab(sight)
    for name, path in pages.items():
        await tab.open(f"{caller.served.address}/fake{path}?lang={language}")
        assert await stumbles(tab) == [], name
        assert await tab.value("document.documentElement.scrollWidth <= innerWidth"), name
