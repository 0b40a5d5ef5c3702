"""Pages of the fakes over HTTP: what a payer sees, and what banks and staff can do to a payment. Plain forms, no script."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from html import escape
from typing import cast

from aiohttp import web

from providers.fakes.bill_page import BillPage, list_of
from providers.fakes.bills import ACTS, FakeBill
from providers.fakes.calls import ApiRefusal
from providers.fakes.control import found_bill
from providers.fakes.page_words import Say, sayer
from providers.fakes.world import FakeWorld
from runtime.look import policy, stylesheet
from schemas.languages import Language, preferred

_RUPIAH = re.compile(r"[0-9]{1,15}|[0-9]{1,3}(\.[0-9]{3}){1,4}")
"""Figures, or groups of three as Indonesians write them: 1.5 is no amount."""
SHOWN = 200
"""Payments on the list; the newest."""


class PageDoor:
    """The pages under `/fake`."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/fake", _shown(self._list)),
            web.get("/fake/", _shown(self._list)),
            web.get("/fake/pay/{provider}/{name}", _shown(self._payment)),
            web.get("/fake/pay/{provider}/{name}/success", _shown(self._payment)),
            web.post("/fake/pay/{provider}/{name}", _shown(self._act)),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        language = language_of(request)
        bills = [bill for provider in self._world.providers.values() for bill in provider.bills()]
        newest = sorted(bills, key=lambda bill: bill.created, reverse=True)[:SHOWN]
        text = list_of(newest, self._world.clock.now(), language)
        return _page(sayer(language)("title"), text, language)

    async def _payment(self, request: web.Request) -> web.Response:
        return self._of(found_bill(self._world, request), language_of(request))

    async def _act(self, request: web.Request) -> web.Response:
        form = await request.post()
        bill, language = found_bill(self._world, request), language_of(request)
        act, amount = str(form.get("act", "")), str(form.get("amount", "")).strip()
        if amount and not _RUPIAH.fullmatch(amount):
            return self._of(bill, language, sayer(language)("figures"))
        try:
            self._world.act(bill.provider, bill.key, act, int(amount.replace(".", "")) if amount else None)
        except ApiRefusal as refusal:
            say = sayer(language)
            said = say("impossible", act=say(act) if act in ACTS else act)
            return self._of(bill, language, f"{said} ({refusal.message})")
        raise web.HTTPSeeOther(f"/fake/pay/{bill.provider}/{bill.key}?lang={language}")

    def _of(self, bill: FakeBill, language: Language, refused: str = "") -> web.Response:
        """One payment's page; with what is `refused` it is no answer to a good wish."""
        page = BillPage(bill, self._world.clock.now(), language)
        text = page.text(self._world.outbox.of(bill.provider, bill.key), refused)
        title = page.say("not_possible") if refused else f"{bill.title} · {page.rupiah(bill.amount)}"
        return _page(title, text, language, status=409 if refused else 200)


def language_of(request: web.Request) -> Language:
    """What the address asks for, else the browser; Indonesian first, as payers are."""
    asked = {"en": "en", "id": "id"}.get(request.query.get("lang", ""))
    if asked is not None:
        return cast("Language", asked)
    return preferred(request.headers.get("Accept-Language", "")) or "id"


def _page(title: str, content: str, language: Language, *, status: int = 200) -> web.Response:
    text = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{stylesheet()}</style>{content}</html>"
    )
    headers = {
        "Content-Language": language,
        "Content-Security-Policy": policy(),
        "Cache-Control": "no-store",
        "Vary": "Accept-Language",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(status=status, text=text, content_type="text/html", headers=headers)


def _shown(
    handle: Callable[[web.Request], Awaitable[web.Response]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        try:
            return await handle(request)
        except KeyError:
            language = language_of(request)
            say: Say = sayer(language)
            nobody = f'<main><section class="card"><h1>{say("no_such")}</h1><p>{say("no_such_text")} <a href="/fake?lang={language}">{say("all")}</a></p></section></main>'
            return _page(say("no_such"), nobody, language, status=404)

    return answer
