"""The five incidents, from their first sign to their end, through the console in a browser and with nothing else: real processes, real forms."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import Browser
from tests.browser.tab import DESKTOP, Tab
from tests.console_visits import KEY
from tests.ports import held_ports
from tests.system import incidents
from tests.system.pipeline import CUSTOMERS, PROCESSES, WITH_FAKES, Pipeline, expected_tokens, settle, top_up
from tests.system.test_paid_but_no_course import PRICE, nameless
from tests.system.test_rehearsals import AMOUNT, NIGHT, paid_unheard, today
from tests.torture.proxy import Proxy
from tests.waiting import until

LONG_SECONDS = 240.0
"""A page is loaded again each time, beside whatever else this machine does."""

pytestmark = pytest.mark.heavy


@asynccontextmanager
async def shop_with_console(
    database_url: str, broker_url: str, home: Path, processes: tuple[str, ...] = PROCESSES, more: Mapping[str, str] | None = None
) -> AsyncIterator[Pipeline]:  # fmt: skip
    settings = {"LUNAS_CONSOLE_LOOK_SECONDS": "0.5", **(more or {})}
    async with Pipeline(database_url, broker_url, home, (*processes, "console"), settings) as shop:
        yield shop


async def signed_in(browser: Browser, shop: Pipeline) -> Tab:
    tab = await browser.tab(DESKTOP.by(language="en"))
    await tab.open(f"{shop.console}/sign-in?lang=en")
    await fill(tab, "#name", "sari")
    await fill(tab, "#secret", KEY)
    await tab.send("main form button")
    assert await tab.value("document.querySelector('.verdict') !== null")
    return tab


async def fill(tab: Tab, selector: str, words: str) -> None:
    """As somebody types it."""
    await tab.click(selector)
    await tab.write(words)


async def act(tab: Tab, place: str, reason: str, **fields: str) -> None:
    """Opens the act whose form goes to a place that ends so, says what it asks and why, sends it, and has its answer."""
    form = f"form[action$={json.dumps(place)}]"
    await tab.until(f"document.querySelector({json.dumps(form)})")
    await tab.value(
        f"document.querySelector({json.dumps(form)}).closest('details').querySelector('summary').click()"
    )
    for name, words in fields.items():
        await fill(tab, f"{form} [name={name}]", words)
    await fill(tab, f"{form} [name=reason]", reason)
    await tab.send(f"{form} button[type=submit]")


async def follow(tab: Tab, selector: str, condition: str) -> None:
    """A link, and its page."""
    await tab.until(f"document.querySelector({json.dumps(selector)})")
    await tab.value(f"document.querySelector({json.dumps(selector)}).click()")
    await tab.until(f"({condition}) && document.readyState === 'complete'")


async def refreshed_until(tab: Tab, words: str) -> None:
    """Loads its page again until it says so."""

    async def says() -> bool:
        await tab.open(await tab.value("location.href"))
        return words in await tab.text()

    await until(says, LONG_SECONDS)


async def test_w1_a_wrong_secret(
    browser: Browser, database_url: str, broker_url: str, tmp_path: Path
) -> None:
    wrong = {"XENDIT_WEBHOOK_SECRET": incidents.WRONG}
    async with shop_with_console(database_url, broker_url, tmp_path, more=wrong) as shop:
        await shop.register(CUSTOMERS)
        await incidents.refused_for_a_wrong_secret(shop)
        tab = await signed_in(browser, shop)
        await refreshed_until(tab, "wrong_credential")
        await incidents.mended_secret(shop)
        await follow(tab, "a.tile[href='/quarantine']", "location.pathname === '/quarantine'")
        await follow(tab, "a[href='/quarantine/reverify/xendit']", "location.pathname.endsWith('/xendit')")
        # The console still runs with the wrong one: the right one is typed.
        await tab.click("main details summary")
        await fill(tab, "#secret", incidents.RIGHT)
        await tab.send("form[action$='/look'] button[type=submit]")
        assert await tab.value("document.querySelector('[role=status]') !== null")
        assert f"Genuine and not admitted yet: {incidents.GENUINE}" in await tab.text()
        assert f"{incidents.FORGED}" in await tab.value("document.querySelectorAll('.tile b')[1].textContent")
        await act(tab, "/admit", "wrong token since nine", secret=incidents.RIGHT)
        assert await tab.value("location.pathname.startsWith('/audit/')")
        expected = expected_tokens(incidents.genuine())
        assert await settle(shop, expected) == expected


async def test_w2_a_bug_parks_forty_payments(
    browser: Browser, database_url: str, broker_url: str, tmp_path: Path
) -> None:
    async with shop_with_console(database_url, broker_url, tmp_path) as shop:
        await shop.register(["c1", *(f"m{number}" for number in range(incidents.PARKED))])
        await incidents.parked_by_a_bug(shop)
        tab = await signed_in(browser, shop)
        await tab.open(f"{shop.console}/problems")
        assert "Rp 3,000,000" in await tab.text()
        await follow(tab, "[data-row] a[href^='/problems/']", "location.pathname.startsWith('/problems/')")
        problem = await tab.value("location.pathname")
        await act(tab, "/ack", "the mapper; a fix is on its way")
        assert await tab.value("location.pathname.startsWith('/audit/')")
        await incidents.mended_version(shop)
        await tab.open(shop.console + problem)
        await follow(tab, "a[href^='/replay?where=']", "location.pathname === '/replay'")
        await tab.send("form[action='/replay'] button")
        assert await tab.value("location.pathname.startsWith('/replay/')")
        assert "processed" in await tab.text()
        assert await tab.value("document.querySelectorAll('[data-row]').length") == incidents.PARKED
        await act(tab, "/apply", "the fixed version is deployed", rate="200/s")
        await refreshed_until(tab, "100 %")
        await tab.open(f"{shop.console}/problems")
        assert "No problem is open" in await tab.text()
        await until(lambda: _all_are_shown(shop))


async def test_w3_the_database_is_away(
    browser: Browser, database_url: str, broker_url: str, tmp_path: Path
) -> None:
    parts = urlsplit(database_url)
    with held_ports(1) as (port,):
        wire = Proxy(port, parts.port or 5432)
        behind = database_url.replace(f":{parts.port}/", f":{port}/")
        async with wire, shop_with_console(behind, broker_url, tmp_path) as shop:
            await shop.register(CUSTOMERS)
            webhooks = [top_up(number, f"c{number % 10}", 10_000 + number) for number in range(40)]
            assert set(await incidents.posted(shop, webhooks[:10])) == {200}
            assert await settle(shop, expected_tokens(webhooks[:10])) == expected_tokens(webhooks[:10])
            tab = await signed_in(browser, shop)
            wire.wire.refusing = True
            wire.reset_all()
            assert set(await incidents.posted(shop, webhooks[10:])) == {200}
            # The page says so by itself, and that nothing is lost.
            await tab.until("document.querySelector('.verdict.bad')")
            await tab.until("document.querySelector('.verdict').textContent.includes('PostgreSQL')")
            assert "Nothing is lost" in await tab.text()
            wire.heal()
            shop.database_url = database_url
            expected = expected_tokens(webhooks)
            assert await settle(shop, expected) == expected
            await tab.until("!document.querySelector('.verdict').textContent.includes('PostgreSQL')")


async def test_w4_i_paid_and_have_no_course(
    browser: Browser, database_url: str, broker_url: str, tmp_path: Path
) -> None:
    async with shop_with_console(database_url, broker_url, tmp_path) as shop:
        await shop.register(CUSTOMERS)
        assert await incidents.posted(shop, [top_up(1, "c1", 50_000), nameless(2, PRICE)]) == [200, 200]
        await until(lambda: _is_held(shop))
        tab = await signed_in(browser, shop)
        await fill(tab, "#find", str(PRICE))
        await tab.press("Enter")
        await tab.until("location.pathname === '/find' || location.pathname.startsWith('/suspense/')")
        await follow(tab, "main a[href^='/suspense/'], main h1", "document.querySelector('h1')")
        if not (await tab.value("location.pathname")).startswith("/suspense/"):
            await follow(tab, "main a[href^='/suspense/']", "location.pathname.startsWith('/suspense/')")
        claim = "details:has(#customer) summary"
        await tab.value(f"document.querySelector({json.dumps(claim)}).click()")
        await fill(tab, "#customer", "c3")
        await fill(tab, "#product", "kelas-python")
        await fill(tab, "#reason-claim", "BCA, 150000, at ten")
        await tab.press("Enter")
        await tab.until("location.pathname.startsWith('/audit/')")
        await tab.open(f"{shop.console}/customers/c3/explain/access?lang=en")
        await refreshed_until(tab, "kelas-python")
        assert "was opened for you (payment py-2)" in await tab.text()


async def test_w5_a_night_without_webhooks(
    browser: Browser, database_url: str, broker_url: str, tmp_path: Path
) -> None:
    more = {"LUNAS_RECONCILE_INTERVAL_MINUTES": "0"}
    async with shop_with_console(database_url, broker_url, tmp_path, WITH_FAKES, more) as shop:
        customers = [f"c{number}" for number in range(NIGHT)]
        await shop.register(customers)
        await paid_unheard(shop, customers)
        tab = await signed_in(browser, shop)
        await tab.open(f"{shop.console}/reconcile?provider=xendit&lang=en")
        await act(tab, "/reconcile/xendit/run", "a quiet night", since="12h")
        expected = dict.fromkeys(customers, AMOUNT * 10)
        assert await settle(shop, expected) == expected
        await tab.open(f"{shop.console}/reconcile?provider=xendit&lang=en")
        await refreshed_until(tab, f"{NIGHT} given to the queue")
        await tab.open(f"{shop.console}/close/{today()}?lang=en")
        await refreshed_until(tab, "Everything ties to the ledger")
        assert f"Rp {NIGHT * AMOUNT:,}" in await tab.text()


async def _all_are_shown(shop: Pipeline) -> bool:
    """Payments are shown a moment after they were taken in."""
    rows = await shop.rows(
        "SELECT DISTINCT customer_id FROM payments WHERE provider = 'mayar' AND held IS NULL"
    )
    return len(rows) == incidents.PARKED


async def _is_held(shop: Pipeline) -> bool:
    return bool(await shop.rows("SELECT 1 FROM suspense WHERE status = 'held'"))
