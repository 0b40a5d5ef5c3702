"""The payment page in a browser: everybody can use it, with and without a script, and nothing that is stored can speak in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.browser.accessibility import stumbles
from tests.browser.conftest import Browser
from tests.browser.pay_pages import NOW, QRIS, STATES, Counter, opened_counter
from tests.browser.tab import DESKTOP, PHONE


@pytest.fixture
async def counter() -> AsyncIterator[Counter]:
    async with opened_counter() as one:
        yield one


@pytest.mark.parametrize("state", STATES)
async def test_nobody_stumbles_over_the_page_in_any_state_size_colour_or_language(
    browser: Browser, counter: Counter, state: str
) -> None:
    counter.shown = STATES[state]
    tab = await browser.tab()
    await tab.at(NOW)
    for sight, language in ((PHONE, "id"), (DESKTOP, "en")):
        await tab.look(sight)
        await tab.open(f"{counter.address}?lang={language}")
        assert await stumbles(tab) == [], (sight, language)
        assert await tab.value("document.documentElement.scrollWidth <= innerWidth")
    assert tab.said == []
    assert {address for address in tab.asked if not address.startswith((counter.origin, "data:,"))} == set()


async def test_without_a_script_everything_to_pay_with_is_there(browser: Browser, counter: Counter) -> None:
    tab = await browser.tab(PHONE.by(scripts=False))
    await tab.open(counter.address)
    print(await tab.text())
    print(tab.said, tab.asked)
    counter.shown = QRIS
