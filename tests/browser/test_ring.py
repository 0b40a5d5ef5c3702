"""What the ring itself promises: it sees what is wrong with a page, and pages of others are out of reach."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.browser.accessibility import stumbles
from tests.browser.conftest import Browser
from tests.browser.tab import DESKTOP, PHONE

PAGE = """<!doctype html><html lang="en"><head><title>{0}</title><link rel="icon" href="data:,"><style>{1}</style></head>
<body><main><h1>A page</h1>{2}</main></body></html>"""


async def _shown(request: web.Request) -> web.Response:
    query = request.query
    text = PAGE.format("a page", query.get("style", ""), query.get("body", ""))
    policy = {"Content-Security-Policy": query["policy"]} if "policy" in query else {}
    return web.Response(text=text, content_type="text/html", headers=policy)


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    app = web.Application()
    app.add_routes([web.get("/", _shown)])
    async with TestServer(app) as one:
        yield one


@pytest.mark.parametrize(
    ("body", "style", "rules"),
    [
        ("<p>well written</p>", "", []),
        ('<img src="data:,">', "", ["image-alt"]),
        ("<input>", "", ["label"]),
        ("<p>faint</p>", "p { color: #ccc; background: #fff }", ["color-contrast", "dark: color-contrast"]),
        (
            "<p>faint at night</p>",
            "@media (prefers-color-scheme: dark) { p { color: #444; background: #333 } }",
            ["dark: color-contrast"],
        ),
    ],
    ids=["well", "no_text_for_picture", "no_label", "faint", "faint_at_night"],
)
async def test_what_people_would_stumble_over_is_named(
    browser: Browser, server: TestServer, body: str, style: str, rules: list[str]
) -> None:
    tab = await browser.tab(DESKTOP)
    await tab.open(str(server.make_url("/").with_query(body=body, style=style)))
    found = await stumbles(tab)
    assert [one.split(" (")[0] for one in found] == rules


async def test_what_a_policy_refuses_is_heard_and_so_is_a_failing_script(
    browser: Browser, server: TestServer
) -> None:
    tab = await browser.tab()
    body = "<script>1</script>"
    await tab.open(str(server.make_url("/").with_query(body=body, policy="default-src 'none'")))
    await tab.until("true")
    assert any("Content Security Policy" in said for said in tab.said)
    again = await browser.tab()
    await again.open(str(server.make_url("/").with_query(body="<script>missing()</script>")))
    assert any("missing is not defined" in said for said in again.said)


async def test_pages_of_others_are_out_of_reach(browser: Browser, server: TestServer) -> None:
    tab = await browser.tab()
    await tab.open(str(server.make_url("/").with_query(body='<img alt="" src="https://example.com/x.png">')))
    assert tab.asked[-1] == "https://example.com/x.png"
    assert any("ERR_NAME_NOT_RESOLVED" in said for said in tab.said)


async def test_a_person_clicks_types_and_goes_back(browser: Browser, server: TestServer) -> None:
    tab = await browser.tab()
    form = '<label>Name <input id="name"></label><a href="?body=next">on</a>'
    await tab.open(str(server.make_url("/").with_query(body=form)))
    await tab.press("Tab")
    await tab.write("Budi")
    assert await tab.value("document.activeElement.value") == "Budi"
    await tab.click("a")
    await tab.until("document.body.innerText.includes('next')")
    await tab.back()
    await tab.until("document.querySelector('#name')")


async def test_without_scripts_a_page_still_tells_what_it_shows(browser: Browser, server: TestServer) -> None:
    tab = await browser.tab(PHONE.by(scripts=False))
    body = "<script>document.title = 'ran'</script><noscript>read me</noscript>"
    await tab.open(str(server.make_url("/").with_query(body=body)))
    assert await tab.value("document.title") == "a page"
    assert "read me" in await tab.text()
