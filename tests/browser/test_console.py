"""The operators' console in a browser: with the keyboard alone, in both sizes and colours, and nothing that is stored can speak in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator

import asyncpg
import pytest

from console.overview import Overview
from console.probes import Probed
from runtime.ids import utc_now
from runtime.settings import Settings
from tests.browser.accessibility import stumbles
from tests.browser.conftest import Browser
from tests.browser.tab import DESKTOP, PHONE, Sight, Tab
from tests.console_visits import PASSWORD, Doors, employ, opened_console
from tests.scene import PAYLOAD, pages_of, play, poison
from tests.services import DatabaseServer, run_apart

FIRST_LOAD_BYTES = 150_000


async def _seen(_settings: Settings) -> Overview:
    """A night in which something is wrong, and something follows from it."""
    seen = Overview(
        at=utc_now(),
        position=1000,
        processes={"ingress": Probed("x", "ready"), "processor": Probed("x", "away")},
        providers=[{"provider": PAYLOAD, "last_event_at": utc_now(), "last_day": 12, "slow": 1}],
        flow=[{"provider": "xendit", "minute": minute, "count": 3 + minute % 7} for minute in range(4, 60)],
        parked={"count": 5, "amount": 350_000, "unknown": 2},
        suspense={"count": 11, "amount": 2_920_000, "oldest": utc_now(), "old": 0, "old_amount": 0},
        quarantine={"count": 40, "newest": utc_now()},
        drift=[
            {"provider": "xendit", "kind": "missing_here", "findings": 2, "amount_idr": 5, "since": utc_now()}
        ],
        readers=[
            {"name": PAYLOAD, "version": 1, "position": 5, "behind": 995, "lag_seconds": 40.0, "live": True}
        ],
    )
    seen.add(f"the processor is away {PAYLOAD}", "processor", "away")
    seen.add("read models stand still", "readers", "behind", of="processor")
    return seen


@pytest.fixture(scope="module")
def scene_url(postgres: DatabaseServer) -> Iterator[str]:
    url = postgres.create_migrated()

    async def fill() -> None:
        await play(Settings(env="development", database_url=url), count=30)
        for name, role in (("sari", "operator"), ("budi", "operator"), ("vina", "viewer")):
            await employ(url, name, role)  # type: ignore[arg-type]
        await poison(url)

    run_apart(fill)
    yield url
    postgres.drop(url)


@pytest.fixture
async def doors(scene_url: str, settings: Callable[..., Settings]) -> AsyncIterator[Doors]:
    given = settings(database_url=scene_url, console_look_seconds=0.2)
    async with opened_console(given, _seen) as opened:
        yield opened


@pytest.fixture
async def store(scene_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(scene_url, server_settings={"search_path": "lunas"})
    yield connection
    await connection.close()


async def enter(browser: Browser, doors: Doors, name: str = "sari", sight: Sight = DESKTOP) -> Tab:
    """A tab of somebody who signed in elsewhere."""
    visitor = await doors.visitor()
    await visitor.sign_in(name, PASSWORD)
    (cookie,) = [one.value for one in visitor.client.session.cookie_jar if one.key == "lunas_console"]
    tab = await browser.tab(sight)
    await tab.call("Network.setCookie", name="lunas_console", value=cookie, url=doors.origin, httpOnly=True)
    return tab


async def tabbed_to(tab: Tab, condition: str, *, presses: int = 60) -> None:
    """By Tab alone, as somebody without a mouse; the page is not touched by a script."""
    for _ in range(presses):
        await tab.press("Tab")
        if await tab.value(condition):
            return
    raise AssertionError(f"{condition} was not reached in {presses} presses")


@pytest.mark.heavy
async def test_nobody_stumbles_over_any_page_in_either_size_and_colour_and_nothing_stored_speaks(
    browser: Browser, doors: Doors, scene_url: str
) -> None:
    tab = await enter(browser, doors)
    for path in [*await pages_of(scene_url), "/sign-in", "/payments/xendit/none"]:
        for sight, language in ((PHONE, "id"), (DESKTOP, "en")):
            await tab.look(sight)
            await tab.open(f"{doors.origin}{path}{'&' if '?' in path else '?'}lang={language}")
            assert await stumbles(tab) == [], (path, sight)
            assert await tab.value("document.documentElement.scrollWidth <= innerWidth"), path
            assert await tab.value("window.spoke === undefined && !document.querySelector('main img')"), path
    assert tab.dialogs == []
    assert [line for line in tab.said if "404" not in line] == []
    assert {address for address in tab.asked if not address.startswith((doors.origin, "data:"))} == set()


async def test_on_a_screen_of_any_width_no_page_of_the_menu_is_out_of_sight_but_on_a_phone_that_scrolls(
    browser: Browser, doors: Doors
) -> None:
    tab = await enter(browser, doors)
    await tab.open(f"{doors.origin}/")
    hidden = "[...document.querySelectorAll('.bar nav a')].filter(a => a.getBoundingClientRect().right > innerWidth).length"
    for width in (800, 1024, 1280, 1920):
        for language in ("en", "id"):
            await tab.look(DESKTOP.by(width=width, language=language))
            await tab.open(f"{doors.origin}/?lang={language}")
            assert await tab.value(hidden) == 0, (width, language)


@pytest.mark.heavy
async def test_what_is_poisoned_is_shown_as_text(browser: Browser, doors: Doors, scene_url: str) -> None:
    """So that the test above is not green because nothing of it is shown."""
    tab = await enter(browser, doors)
    shown = set()
    for path in await pages_of(scene_url):
        await tab.open(f"{doors.origin}{path}")
        if "window.spoke" in await tab.value("document.body.textContent"):
            shown.add(path.split("?")[0].split("/")[1])
    assert shown >= {
        "",
        "problems",
        "letters",
        "suspense",
        "quarantine",
        "customers",
        "deliveries",
        "audit",
        "payments",
        "providers",
    }


async def test_with_the_keyboard_alone_one_signs_in_finds_and_acts(
    browser: Browser, doors: Doors, store: asyncpg.Connection
) -> None:
    letter = await store.fetchval(
        "SELECT dead_letter_id FROM dead_letters WHERE status = 'open' ORDER BY 1 DESC LIMIT 1"
    )
    tab = await browser.tab(DESKTOP.by(language="en"))
    await tab.open(f"{doors.origin}/")
    await tab.until("document.getElementById('name')")
    await tabbed_to(tab, "document.activeElement.id === 'name'")
    await tab.write("sari")
    await tabbed_to(tab, "document.activeElement.id === 'secret'")
    await tab.write(PASSWORD)
    await tab.press("Enter")
    await tab.until("location.pathname === '/' && document.querySelector('.verdict')")
    await tab.press("?")
    await tab.until("document.getElementById('keys').open")
    await tab.press("Escape")
    await tab.until("!document.getElementById('keys').open")
    await tab.press("/")
    assert await tab.value("document.activeElement.id") == "find"
    await tab.write(str(letter))
    await tab.press("Enter")
    await tab.until(f"location.pathname === '/letters/{letter}' && document.readyState === 'complete'")
    await tab.press("r")
    await tab.until("document.querySelector('details.act').open && document.activeElement.name === 'reason'")
    # The first act is a replay; this one closes the letter: by Tab alone from there.
    await tab.press("Escape")
    await tabbed_to(
        tab,
        "document.activeElement.closest('details')?.querySelector('form[action$=discard]') ? true : false",
    )
    await tab.press("Enter")
    await tabbed_to(tab, "document.activeElement.id === 'reason-discard'")
    await tab.write("a test of theirs")
    await tab.press("Enter")
    await tab.until("location.pathname.startsWith('/audit/')")
    assert "a test of theirs" in await tab.text()
    row = await store.fetchrow(
        "SELECT status, resolved_by FROM dead_letters WHERE dead_letter_id = $1", letter
    )
    assert row is not None
    assert (row["status"], row["resolved_by"]) == ("discarded", "sari")


async def test_rows_are_walked_with_j_and_k(browser: Browser, doors: Doors) -> None:
    tab = await enter(browser, doors)
    await tab.open(f"{doors.origin}/suspense")
    at = "[...document.querySelectorAll('[data-row]')].findIndex((one) => one.contains(document.activeElement))"
    for key, row in (("j", 0), ("j", 1), ("j", 2), ("k", 1), ("k", 0), ("k", 0)):
        await tab.press(key)
        assert await tab.value(at) == row
    await tab.press("Enter")
    await tab.until("location.pathname.startsWith('/suspense/')")


async def test_two_operators_at_once_are_one_effect_and_one_is_told_by_whom(
    browser: Browser, doors: Doors, store: asyncpg.Connection
) -> None:
    entry = await store.fetchval(
        "SELECT suspense_id FROM suspense WHERE status = 'held' ORDER BY since LIMIT 1"
    )
    # Each in a browser of their own: who shares cookies is one and the same.
    async with browser.apart() as other:
        tabs = {"sari": await enter(browser, doors, "sari"), "budi": await enter(other, doors, "budi")}
        for name, tab in tabs.items():
            await tab.open(f"{doors.origin}/suspense/{entry}?lang=en")
            await tab.value(
                "(() => { const form = document.querySelector('form[action$=write-off]');"
                f"form.elements.reason.value = {json.dumps(f'by {name}')}; window.form = form; }})()"
            )
        await asyncio.gather(*(tab.value("window.form.requestSubmit(), 0") for tab in tabs.values()))
        for tab in tabs.values():
            await tab.until(
                "location.pathname.startsWith('/audit/') || document.querySelector('[role=alert]')"
            )
        told = {name: await tab.text() for name, tab in tabs.items()}
        (winner,) = [
            name for name, tab in tabs.items() if await tab.value("location.pathname.startsWith('/audit/')")
        ]
        (loser,) = set(tabs) - {winner}
        assert winner in told[loser]
        acts = await store.fetch(
            "SELECT actor FROM operator_acts WHERE target = $1 AND verb = 'suspense.write_off'", entry
        )
        assert [row["actor"] for row in acts] == [winner]


async def test_without_a_script_every_act_is_there(browser: Browser, doors: Doors) -> None:
    tab = await enter(browser, doors, sight=PHONE.by(scripts=False))
    await tab.open(f"{doors.origin}/suspense")
    await tab.value("document.querySelector('[data-row] a').click()")
    await tab.until("location.pathname.startsWith('/suspense/sus')")
    await tab.value("document.querySelector('details.act').open = true")
    assert await tab.value("document.querySelector('details.act form').elements.reason.checkVisibility()")
    assert not await tab.value(
        "[...document.querySelectorAll('.script')].some((one) => one.checkVisibility())"
    )


async def test_now_changes_by_itself_and_the_focus_stays(
    browser: Browser, scene_url: str, settings: Callable[..., Settings]
) -> None:
    looks = [await _seen(settings())]

    async def looking(_settings: Settings) -> Overview:
        return looks[0]

    async with opened_console(settings(database_url=scene_url, console_look_seconds=0.1), looking) as doors:
        tab = await enter(browser, doors)
        await tab.open(f"{doors.origin}/?lang=en")
        assert "stands still" in await tab.text()
        await tab.value("document.querySelector('a[href=\"/quarantine\"].tile').focus()")
        looks[0] = Overview(quarantine={"count": 41, "newest": utc_now()})
        await tab.until("document.querySelector('.verdict h1').textContent === 'All is well.'")
        assert await tab.value("document.activeElement.getAttribute('href')") == "/quarantine"
        assert "41" in await tab.text()
        assert await tab.value("document.title") == "All is well. · lunas"


@pytest.mark.parametrize("amount", [5_000, 2_920_000, 987_654_321, 12_345_678_901])
async def test_a_big_figure_stays_in_its_tile_on_every_screen(
    browser: Browser, scene_url: str, settings: Callable[..., Settings], amount: int
) -> None:
    money = {"count": 11, "amount": amount, "oldest": utc_now(), "unknown": 0}

    async def looking(_settings: Settings) -> Overview:
        return Overview(
            at=utc_now(),
            suspense=money,
            parked=money,
            corrections=money,
            quarantine={"count": 4, "newest": None},
        )

    async with opened_console(settings(database_url=scene_url), looking) as doors:
        tab = await enter(browser, doors)
        for width in (360, 560, 760, 861, 960, 1280):
            await tab.look(Sight(width, 740, mobile=width < 500))
            await tab.open(f"{doors.origin}/")
            wide = await tab.value(
                "[...document.querySelectorAll('.tile b')].filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"
            )
            assert wide == [], f"at {width}"


async def test_a_page_is_small_and_prints_what_matters(browser: Browser, doors: Doors) -> None:
    tab = await enter(browser, doors)
    await tab.open(f"{doors.origin}/")
    sizes = await tab.value(
        "performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource')).map((one) => one.transferSize)"
    )
    assert len(sizes) >= 3
    assert sum(sizes) < FIRST_LOAD_BYTES
    await tab.media("print")
    assert not await tab.value("document.querySelector('header.bar').checkVisibility()")
    assert await tab.value("document.querySelector('.verdict').checkVisibility()")


@pytest.mark.heavy
async def test_at_twice_the_size_nothing_is_cut_off(browser: Browser, doors: Doors, scene_url: str) -> None:
    """200 % on a laptop is a screen of half its width."""
    tab = await enter(browser, doors, sight=Sight(640, 400, mobile=False))
    for path in await pages_of(scene_url):
        await tab.open(f"{doors.origin}{path}")
        assert await tab.value("document.documentElement.scrollWidth <= innerWidth"), path
