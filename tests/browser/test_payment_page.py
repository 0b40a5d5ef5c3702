"""The payment page in a browser: everybody can use it, with and without a script, and nothing that is stored can speak in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader

from api.pay.handlers import CancelEnd
from tests.browser.accessibility import stumbles
from tests.browser.conftest import Browser
from tests.browser.pay_pages import NOW, STATES, Counter, opened_counter
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


@pytest.mark.parametrize("state", ["qris", "va", "gopay", "hosted", "ovo", "by_hand", "paid"])
async def test_without_a_script_everything_to_pay_with_is_there(
    browser: Browser, counter: Counter, state: str
) -> None:
    shown = counter.shown = STATES[state]
    tab = await browser.tab(PHONE.by(scripts=False))
    await tab.open(counter.address)
    text = await tab.text()
    assert "Rp\N{NO-BREAK SPACE}50.000" in text
    if shown.state == "paid":
        assert "Lunas. Terima kasih!" in text
        return
    if shown.qr_string:
        box = await tab.value(
            "(({width, height}) => [width, height])(document.querySelector('.qr svg').getBoundingClientRect())"
        )
        assert box[0] == box[1] > 200
    assert shown.va_number is None or shown.va_number in text
    if shown.address:
        link = await tab.value("document.querySelector('a.button').href")
        assert link == shown.address
    # Nothing that only a script makes work is offered; the page looks by itself whether the money came.
    assert not await tab.value(
        "[...document.querySelectorAll('[data-copy]')].some((one) => one.checkVisibility())"
    )
    assert await tab.value(
        "document.querySelector('noscript').textContent.includes('refresh')"
    ) or await tab.value("document.querySelector('meta[http-equiv=refresh]') !== null")
    assert not any(address.endswith(".js") for address in tab.asked)


async def test_the_page_becomes_the_receipt_by_itself_when_the_money_comes(
    browser: Browser, counter: Counter
) -> None:
    tab = await browser.tab()
    await tab.open(f"{counter.address}?lang=en")
    assert "Waiting for the payment" in await tab.text()
    counter.shown = STATES["paid"]
    await tab.until("document.body.innerText.includes('Paid in full. Thank you!')")
    assert "Receipt" in await tab.text()
    assert (
        await tab.value(
            "performance.getEntriesByType('resource').some((one) => one.name.endsWith('/events'))"
        )
        is False
    )
    assert tab.said == []


async def test_an_expired_page_still_turns_into_a_receipt(browser: Browser, counter: Counter) -> None:
    counter.shown = STATES["expired"]
    tab = await browser.tab()
    await tab.open(counter.address)
    counter.shown = STATES["paid"]
    await tab.until("document.body.innerText.includes('Lunas. Terima kasih!')")


async def test_the_number_is_copied_by_a_click_and_said_so(browser: Browser, counter: Counter) -> None:
    counter.shown = STATES["va"]
    tab = await browser.tab()
    await tab.allow(counter.origin, "clipboardReadWrite", "clipboardSanitizedWrite")
    await tab.open(counter.address)
    await tab.click("[data-copy]")
    await tab.until("document.querySelector('[data-copy]').textContent === 'Tersalin'")
    assert await tab.value("navigator.clipboard.readText()") == STATES["va"].va_number


async def test_where_nothing_may_be_copied_the_number_is_marked(browser: Browser, counter: Counter) -> None:
    counter.shown = STATES["va"]
    tab = await browser.tab()
    await tab.open(counter.address)
    await tab.value("navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'))")
    await tab.click("[data-copy]")
    await tab.until("getSelection().toString().trim() !== ''")
    assert await tab.value("getSelection().toString().trim()") == STATES["va"].va_number


@pytest.mark.parametrize(
    ("later", "left"),
    [
        (timedelta(), "(23 minutes left)"),
        (timedelta(minutes=21), "(2 minutes left)"),
        (timedelta(minutes=22), "(1 minute left)"),
        (timedelta(minutes=23), "(less than a minute left)"),
        (timedelta(minutes=-120), "(2 hours left)"),
        (timedelta(hours=-72), "(72 hours left)"),
        (timedelta(days=-6), "(6 days left)"),
        (timedelta(minutes=24), ""),
    ],
    ids=["now", "two_minutes", "one_minute", "seconds", "long", "three_days", "days", "over"],
)
async def test_the_time_that_is_left_is_counted_down(
    browser: Browser, counter: Counter, later: timedelta, left: str
) -> None:
    tab = await browser.tab()
    await tab.at(NOW + later)
    await tab.open(f"{counter.address}?lang=en")
    assert (await tab.value("document.getElementById('left').textContent")).strip() == left


async def test_everything_is_done_with_the_keyboard_alone(browser: Browser, counter: Counter) -> None:
    counter.shown = replace(STATES["va"], can_cancel=True)
    tab = await browser.tab(DESKTOP)
    await tab.open(f"{counter.address}?lang=en")
    reached = []
    for _ in range(3):
        await tab.press("Tab")
        reached.append(await tab.value("document.activeElement.textContent.trim()"))
        assert await tab.value("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert reached == ["Copy", "Cancel this payment", "Bahasa Indonesia"]
    await tab.press("Enter")
    await tab.until("document.documentElement.lang === 'id' && document.readyState === 'complete'")
    await tab.press("Tab")
    await tab.press("Tab")
    await tab.press("Enter")
    await tab.until("location.search.includes('cancel') && document.readyState === 'complete'")
    await tab.press("Tab")
    assert await tab.value("document.activeElement.textContent.trim()") == "Ya, batalkan"
    await tab.press("Enter")
    await tab.until("document.body.innerText.includes('Pembayaran dibatalkan')")
    assert counter.cancels == [counter.shown.reference]


PAYLOADS = [
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "' onmouseover='alert(1)' x='",
    "</title><script>alert(1)</script>",
    "{{ 7 * 7 }}${alert(1)}",
]


@pytest.mark.parametrize(
    ("state", "said", "unsaid"),
    [
        ("short", ("Pembayaran kurang", "Rp 20.000 dari Rp 50.000"), ("Lunas",)),
        ("held", ("sudah kami terima dan sedang diperiksa",), ("Lunas",)),
        ("back_in_part", ("Lunas", "Dikembalikan", "Rp 20.000"), ()),
        ("too_much", ("Lunas", "Yang diminta", "Rp 60.000"), ()),
        ("failed", ("Pembayaran gagal", "Nomor referensi"), ("Bukti pembayaran",)),
    ],
)
async def test_nobody_is_thanked_for_money_that_bought_nothing_yet(
    browser: Browser, counter: Counter, state: str, said: tuple[str, ...], unsaid: tuple[str, ...]
) -> None:
    counter.shown = STATES[state]
    tab = await browser.tab()
    await tab.open(counter.address)
    text = (await tab.text()).replace("\N{NO-BREAK SPACE}", " ")
    assert all(one in text for one in said), text
    assert not any(one in text for one in unsaid), text
    if state in ("short", "held"):
        counter.shown = STATES["paid"]
        await tab.until("document.body.innerText.includes('Lunas. Terima kasih!')")


@pytest.mark.parametrize("payload", PAYLOADS, ids=["element", "script", "attribute", "title", "template"])
async def test_what_is_stored_cannot_speak_in_the_page(
    browser: Browser, counter: Counter, payload: str
) -> None:
    tab = await browser.tab()
    fields = {"title": payload, "channel": payload, "reference": payload, "va_number": payload}
    for shown in (
        replace(STATES["va"], **fields),
        replace(STATES["ovo"], **fields),
        replace(STATES["gopay"], **(fields | {"va_number": None})),
        replace(STATES["paid"], **fields),
    ):
        counter.shown = shown
        await tab.open(counter.address)
        assert payload in await tab.text()
        hostile = "[...document.querySelectorAll('*')].some((one) => one.getAttributeNames().some((name) => name.startsWith('on')))"
        assert not await tab.value(hostile)
        assert await tab.value("document.querySelectorAll('img, script:not([src])').length") == 0
    assert (tab.dialogs, tab.said) == ([], [])


async def test_back_and_repeated_clicks_cancel_once_and_open_no_second_payment(
    browser: Browser, counter: Counter
) -> None:
    tab = await browser.tab()
    await tab.open(counter.address)
    await tab.click("a[href*='cancel']")
    await tab.until("document.querySelector('form') !== null && document.readyState === 'complete'")
    assert counter.cancels == []
    await tab.click("a.button.plain")
    await tab.until("document.querySelector('form') === null && document.readyState === 'complete'")
    await tab.back()
    await tab.until("document.querySelector('form') !== null && document.readyState === 'complete'")
    await tab.value(
        "(() => { const form = document.querySelector('form'); form.submit(); form.submit(); })()"
    )
    await tab.until("document.body.innerText.includes('Pembayaran dibatalkan')")
    await tab.back()
    await tab.until("document.body.innerText.includes('Pembayaran dibatalkan')")
    assert set(counter.cancels) == {counter.shown.reference}
    assert tab.dialogs == []


@pytest.mark.parametrize(
    ("end", "said"), [("over", "tidak dapat dibatalkan lagi"), ("unknown", "Belum pasti")]
)
async def test_a_cancelling_that_failed_is_said_without_a_script_and_hears_of_the_money_with_one(
    browser: Browser, counter: Counter, end: CancelEnd, said: str
) -> None:
    counter.end = end
    for scripts in (False, True):
        tab = await browser.tab(PHONE.by(scripts=scripts))
        await tab.open(f"{counter.address}?cancel")
        if scripts:
            assert await stumbles(tab) == []
        await tab.click("form button")
        await tab.until(f"document.body.innerText.includes({said!r})")
    await tab.until("document.readyState === 'complete'")
    counter.shown = STATES["paid"]
    await tab.until("document.body.innerText.includes('Lunas. Terima kasih!')")


async def test_the_receipt_prints_on_one_page_with_what_was_paid_and_without_buttons(
    browser: Browser, counter: Counter
) -> None:
    counter.shown = replace(STATES["paid"], kind="order", title="Kelas Karya Ilmiah", received_idr=50_000)
    tab = await browser.tab(DESKTOP.by(dark=True))
    await tab.open(f"{counter.address}?lang=en")
    (page,) = PdfReader(BytesIO(await tab.printed())).pages
    text = " ".join(page.extract_text().split())
    for wanted in (
        "Receipt",
        "Rp 50,000",
        "Kelas Karya Ilmiah",
        "QRIS",
        "4 Mar 2027 12:06 WIB",
        "Paid in full",
    ):
        assert wanted in text.replace("\N{NO-BREAK SPACE}", " ")
    assert counter.shown.reference in text.replace(" ", "")
    assert "Bahasa Indonesia" not in text
    # Dark colours are for screens: ink on white paper is dark.
    await tab.media("print", dark=True)
    assert await tab.value("getComputedStyle(document.body).color") == "rgb(22, 33, 28)"


async def test_an_unknown_link_says_so_and_asks_for_nothing(browser: Browser, counter: Counter) -> None:
    tab = await browser.tab()
    await tab.open(f"{counter.origin}/pay/{'x' * 32}")
    assert "Tautan ini tidak dikenal" in await tab.text()
    assert await stumbles(tab) == []


async def test_large_type_and_a_small_screen_cut_nothing_off(browser: Browser, counter: Counter) -> None:
    tab = await browser.tab(PHONE.by(width=320))
    for state in ("qris", "va", "gopay", "paid"):
        counter.shown = STATES[state]
        await tab.open(counter.address)
        await tab.value("document.documentElement.style.setProperty('font-size', '200%')")
        assert await tab.value("document.documentElement.scrollWidth <= innerWidth"), state
