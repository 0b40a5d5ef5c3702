"""The API's page in a browser: its contents stay, examples stand beside their text and can be copied, and nobody stumbles over it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

import api
from api.openapi import document_of
from api.page import Documentation
from schemas.calls import Call
from tests.browser.accessibility import stumbles
from tests.browser.conftest import Browser
from tests.browser.tab import DESKTOP, PHONE, Sight


def every_call() -> list[Call]:
    modules = [importlib.import_module(one.name) for one in pkgutil.walk_packages(api.__path__, "api.")]
    found = {
        one.operation: one for module in modules for one in vars(module).values() if isinstance(one, Call)
    }
    return sorted(found.values(), key=lambda call: call.path)


@asynccontextmanager
async def served(calls: Sequence[Call]) -> AsyncIterator[str]:
    app = web.Application()
    page = Documentation(document_of(calls), {call.operation: call.summary_id for call in calls})
    app.add_routes(page.routes())
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
async def origin() -> AsyncIterator[str]:
    async with served(every_call()) as address:
        yield address


async def test_nobody_stumbles_over_the_page_in_any_size_colour_or_language(browser: Browser) -> None:
    """Some calls stand for all of them: what a call may have is built by the same code, and axe looks at everything with everything."""
    some = [one for one in every_call() if one.operation in ("createTopUp", "getBalance", "putCustomer")]
    assert {one.method for one in some} == {"GET", "POST", "PUT"}
    tab = await browser.tab()
    async with served(some) as origin:
        for sight, language in ((PHONE, "id"), (DESKTOP, "en")):
            await tab.look(sight)
            await tab.open(f"{origin}/docs?lang={language}")
            assert await stumbles(tab) == [], (sight, language)
    assert tab.said == []
    assert {one for one in tab.asked if not one.startswith((origin, "data:,"))} == set()


@pytest.mark.parametrize("sight", [PHONE, DESKTOP])
async def test_nothing_of_the_whole_page_is_wider_than_the_window(
    browser: Browser, origin: str, sight: Sight
) -> None:
    tab = await browser.tab(sight)
    await tab.open(f"{origin}/docs?lang=id")
    assert await tab.value("document.documentElement.scrollWidth <= innerWidth")


async def test_on_a_desk_the_contents_stay_and_the_example_stands_beside_its_text(
    browser: Browser, origin: str
) -> None:
    tab = await browser.tab(DESKTOP)
    await tab.open(f"{origin}/docs?lang=en#problems")
    here = "document.querySelector('aside').getBoundingClientRect()"
    assert await tab.value(f"scrollY > 1000 && {here}.top === 0 && {here}.bottom <= innerHeight")
    beside = """(() => {
      const part = document.querySelector('main > section.call'), box = (name) => part.querySelector(name).getBoundingClientRect();
      return box('.side').left >= box('.text').right;
    })()"""
    assert await tab.value(beside)
    await tab.until("document.querySelectorAll('aside a[aria-current]').length === 1")


async def test_on_a_phone_the_contents_are_one_tap_away_wherever_one_is(
    browser: Browser, origin: str
) -> None:
    tab = await browser.tab(PHONE)
    await tab.open(f"{origin}/docs?lang=id")
    await tab.value("scrollTo(0, 9000)")
    assert await tab.value("document.querySelector('details.menu').getBoundingClientRect().top === 0")
    await tab.click("details.menu summary")
    assert await tab.value("document.querySelector('details.menu').open")
    await tab.value("document.querySelector('details.menu a[href=\"#problems\"]').click()")
    await tab.until("location.hash === '#problems' && !document.querySelector('details.menu').open")


async def test_an_example_can_be_copied_with_the_servers_own_address(browser: Browser, origin: str) -> None:
    tab = await browser.tab(DESKTOP)
    await tab.open(f"{origin}/docs?lang=en")
    await tab.allow(origin, "clipboardReadWrite", "clipboardSanitizedWrite")
    await tab.click("#getBalance .side .code:first-child .copy")
    await tab.until("document.querySelector('#getBalance .copy').textContent === 'Copied'")
    copied = await tab.value("navigator.clipboard.readText()")
    assert copied == await tab.value("document.querySelector('#getBalance pre').textContent")
    assert origin in copied


async def test_without_a_script_the_page_offers_nothing_that_needs_one(browser: Browser, origin: str) -> None:
    tab = await browser.tab(PHONE.by(scripts=False))
    await tab.open(f"{origin}/docs?lang=en")
    assert await tab.value("document.querySelectorAll('.copy').length") == 0
    await tab.click("details.menu summary")
    assert "Problems" in await tab.text()


@pytest.mark.parametrize("sight", [PHONE, DESKTOP])
async def test_a_code_a_field_and_a_call_are_found_by_their_names(
    browser: Browser, origin: str, sight: Sight
) -> None:
    tab = await browser.tab(sight)
    await tab.open(f"{origin}/docs?lang=en")
    if sight is PHONE:
        await tab.click("details.menu summary")
    box = "[...document.querySelectorAll('.finder')].find((one) => one.checkVisibility())"
    found = f"[...{box}.nextSibling.querySelectorAll('a')].map((one) => one.textContent)"
    for wanted, place in (
        ("insufficient_bal", "#insufficient_balance"),
        ("/v1/topups", "#createTopUp"),
        ("qr_string", "#createTopUp"),
        ("SuspenseReason", "#type-SuspenseReason"),
    ):
        await tab.value(f"{box}.value = ''")
        await tab.value(f"{box}.focus()")
        await tab.write(wanted)
        await tab.until(f"{found}.length > 0")
        assert place in await tab.value(
            f"[...{box}.nextSibling.querySelectorAll('a')].map((one) => one.hash)"
        ), wanted
    await tab.write("!!")
    await tab.until(f"{box}.nextSibling.textContent.includes('Nothing is called so')")
