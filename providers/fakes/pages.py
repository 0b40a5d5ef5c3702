"""Pages of the fakes: what a payer sees, and what banks and staff can do to a payment. Plain forms, no script."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

import segno
from aiohttp import web

from providers.fakes.bills import FakeBill, Instrument, MoneyLine
from providers.fakes.calls import ApiRefusal
from providers.fakes.control import found_bill
from providers.fakes.outbox import OutgoingWebhook
from providers.fakes.world import FakeWorld
from runtime.look import policy, stylesheet

_RUPIAH = re.compile(r"[0-9]{1,15}")
JAKARTA = ZoneInfo("Asia/Jakarta")
SHOWN = 200
"""Payments on the list; the newest."""

WORDS = {
    "pay": "Pay",
    "settle": "Settle",
    "fail": "Fail",
    "expire": "Expire",
    "cancel": "Cancel the order",
    "delete": "Delete the order",
    "refund": "Refund",
    "dispute": "Dispute",
    "win_dispute": "Dispute won",
    "lose_dispute": "Dispute lost",
    "reverse": "Take back by hand",
    "renew": "Renew",
    "unsubscribe": "Unsubscribe",
    "lapse": "Let it lapse",
    "change_tier": "Change the tier",
    "link": "Link an account",
    "break_charges": "Charges fail from now on",
    "mend_charges": "Charges work again",
}
WITH_AMOUNT = ("pay", "refund")


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

    async def _list(self, _request: web.Request) -> web.Response:
        bills = [bill for provider in self._world.providers.values() for bill in provider.bills()]
        newest = sorted(bills, key=lambda bill: bill.created, reverse=True)[:SHOWN]
        now = self._world.clock.now()
        return _page("Fake payments", list_of(newest, now))

    async def _payment(self, request: web.Request) -> web.Response:
        bill = found_bill(self._world, request)
        return _page(f"{bill.title} · {rupiah(bill.amount)}", self._of(bill, request.query.get("said", "")))

    async def _act(self, request: web.Request) -> web.Response:
        form = await request.post()
        bill = found_bill(self._world, request)
        amount = str(form.get("amount", "")).strip().replace(".", "")
        try:
            if amount and not _RUPIAH.fullmatch(amount):
                raise ApiRefusal(400, "AMOUNT", "an amount is whole rupiah, in figures")
            self._world.act(
                bill.provider, bill.key, str(form.get("act", "")), int(amount) if amount else None
            )
        except ApiRefusal as refusal:
            return _page("Not possible", self._of(bill, refusal.message), status=409)
        raise web.HTTPSeeOther(f"/fake/pay/{bill.provider}/{bill.key}")

    def _of(self, bill: FakeBill, said: str) -> str:
        return page_of_bill(
            bill, self._world.outbox.of(bill.provider, bill.key), self._world.clock.now(), said
        )


def page_of_bill(bill: FakeBill, webhooks: list[OutgoingWebhook], now: datetime, said: str = "") -> str:
    """One payment: the amount, how to pay it, what can happen to it, what has, and what we were told."""
    back = (
        f'<p class="center"><a class="button plain" href="{escape(bill.back)}">Back to the shop</a></p>'
        if bill.back
        else ""
    )
    notice = f'<section class="verdict warn"><p>{escape(said)}</p></section>' if said else ""
    return (
        f'<div class="pay" role="main">{notice}'
        f'<h1 class="small soft center">fake {escape(bill.provider)} · {escape(bill.title)}</h1>'
        f"{_asked(bill)}"
        f'<p class="center"><span class="chip{_colour(bill.status)}">{escape(bill.status)}</span></p>'
        f"{''.join(map(_instrument, bill.instruments))}"
        f"{_until(bill, now)}{_forms(bill, now)}{back}"
        f'<section class="card"><h2>Money</h2>{_money(bill.money)}</section>'
        f'<section class="card"><h2>Webhooks</h2>{_told(webhooks)}</section>'
        f'<section class="card"><h2>Names</h2><p class="id">{"<br>".join(map(escape, dict.fromkeys(bill.names)))}</p></section>'
        f'<p class="center small soft">No real money. The fakes\' clock: {_moment(now)} · <a href="/fake">all payments</a></p></div>'
    )


def list_of(bills: list[FakeBill], now: datetime) -> str:
    rows = "".join(
        f'<tr><td><a href="/fake/pay/{escape(bill.provider)}/{escape(bill.key)}">{escape(bill.reference or bill.key)}</a>'
        f'<br><span class="small soft">{escape(bill.provider)} · {escape(bill.title)} · {_moment(bill.created)}</span>'
        f'<td><span class="chip{_colour(bill.status)}">{escape(bill.status)}</span>'
        f'<td class="num">{rupiah(bill.amount) if bill.amount is not None or "pay" in bill.acts else ""}</tr>'
        for bill in bills
    )
    table = (
        f'<table class="stack"><tr><th>Payment<th>State<th class="num">Amount</tr>{rows}</table>'
        if rows
        else "<p>Nobody has asked for a payment yet.</p>"
    )
    return (
        f'<header class="bar"><span class="name">lunas</span><span class="soft">fake providers</span></header>'
        f'<main><section class="card"><h1>Payments asked for</h1>{table}</section>'
        f'<p class="small soft">No real money. The fakes\' clock: {_moment(now)}</p></main>'
    )


def rupiah(amount: int | None) -> str:
    return "any amount" if amount is None else f"Rp {amount:,}".replace(",", ".")


def _instrument(one: Instrument) -> str:
    value = f'<p class="id center">{escape(one.value)}</p>' if one.value else ""
    if one.kind == "link":
        return f'<p class="center">{escape(one.label)}: the payer arrives here and presses Pay.</p>{value}'
    if one.kind == "push":
        return f'<p class="center">{escape(one.label)} asks the payer\'s phone:</p>{value}'
    if one.kind == "qr":
        return f'<div class="qr">{_drawn(one.value)}</div><p class="center small soft">{escape(one.label)}</p>{value}'
    return f'<section class="card"><h2>{escape(one.label)}</h2><p class="va center">{escape(one.value)}</p></section>'


def _drawn(text: str) -> str:
    """A QR code as a drawing inside the page: no picture is fetched."""
    return segno.make(text, error="m").svg_inline(
        border=0, omitsize=True, svgclass=None, lineclass=None, title="QR"
    )


def _asked(bill: FakeBill) -> str:
    """The amount; a membership has none."""
    if bill.amount is None and "pay" not in bill.acts:
        return ""
    return f'<p class="amount center">{rupiah(bill.amount)}</p>'


def _until(bill: FakeBill, now: datetime) -> str:
    if bill.paid:
        return ""
    if bill.expires is None:
        return '<p class="center soft">never expires by itself</p>'
    word = "until" if bill.expires > now else "ended"
    return f'<p class="center soft">{word} {_moment(bill.expires)}</p>'


def _forms(bill: FakeBill, now: datetime) -> str:
    if not bill.acts:
        return '<p class="center soft">Nothing can happen to it any more.</p>'
    with_amount = "".join(_with_amount(bill, act, now) for act in bill.acts if act in WITH_AMOUNT)
    plain = "".join(_button(act, WORDS[act], "button plain") for act in bill.acts if act not in WITH_AMOUNT)
    others = f'<form method="post" class="acts">{plain}</form>' if plain else ""
    return f'<section class="card"><h2>What happens</h2>{with_amount}{others}</section>'


def _with_amount(bill: FakeBill, act: str, now: datetime) -> str:
    usual = bill.amount if act == "pay" else bill.paid
    word = WORDS[act]
    if act == "pay" and bill.paid:
        word = "Pay again"
    elif act == "pay" and bill.expires is not None and bill.expires <= now:
        word = "Pay late"
    field = (
        f'<label class="small soft">Rp <input name="amount" inputmode="numeric" size="10" value="{usual or ""}" '
        f'aria-label="Amount to {act}"></label>'
    )
    button = _button(act, word, "button" if act == "pay" else "button plain")
    return f'<form method="post" class="acts">{field}{button}</form>'


def _button(act: str, word: str, style: str) -> str:
    return f'<button class="{style}" name="act" value="{act}">{word}</button>'


def _money(lines: tuple[MoneyLine, ...]) -> str:
    if not lines:
        return '<p class="soft">None has moved.</p>'
    rows = "".join(
        f"<tr><td><b>{rupiah(line.amount)}</b> {escape(line.what)}<br>"
        f'<span class="small soft id">{escape(line.key)}</span><br><span class="small soft">{_moment(line.at)}</span></tr>'
        for line in lines
    )
    return f"<table>{rows}</table>"


def _told(webhooks: list[OutgoingWebhook]) -> str:
    if not webhooks:
        return '<p class="soft">None yet.</p>'
    rows = "".join(
        f'<tr><td><span class="id">{escape(one.event)}</span> '
        f'<span class="chip{"" if one.state == "delivered" else " warn"}">{one.state}</span><br>'
        f'<span class="small soft">answered {", ".join(str(each.status or each.answer) for each in one.attempts) or "not yet"}'
        f"{f'; again {_moment(one.next_at)}' if one.next_at and one.attempts else ''}</span></tr>"
        for one in webhooks
    )
    return f"<table>{rows}</table>"


def _colour(status: str) -> str:
    word = status.upper().split(" ")[0]
    if word in ("SUCCEEDED", "PAID", "SETTLED", "ACTIVE"):
        return ""
    return " bad" if word in ("FAILED", "EXPIRED", "CANCELED", "CONFLICT", "CLOSED") else " warn"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(JAKARTA):%d %b %Y %H:%M:%S} WIB"


def _page(title: str, content: str, *, status: int = 200) -> web.Response:
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{stylesheet()}</style>{content}</html>"
    )
    headers = {
        "Content-Security-Policy": policy(),
        "Cache-Control": "no-store",
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
            return _page("No such payment", "<main><p>There is no such payment.</p></main>", status=404)

    return answer
