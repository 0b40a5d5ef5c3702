"""The page of one payment at a fake, and the list of all of them, as HTML: pure functions of what is shown, the language and the time."""

from __future__ import annotations

from datetime import datetime
from html import escape

import segno

from providers.fakes.bills import FakeBill, Instrument, MoneyLine
from providers.fakes.outbox import OutgoingWebhook
from providers.fakes.page_words import moment, sayer
from schemas.languages import Language

WITH_AMOUNT = ("pay", "refund")


class BillPage:
    """Everything about one payment: the amount, how to pay it, what can happen to it, what has, and what was told."""

    def __init__(self, bill: FakeBill, now: datetime, language: Language) -> None:
        self.bill, self.say, self._now, self._language = bill, sayer(language), now, language

    def text(self, webhooks: list[OutgoingWebhook], refused: str = "") -> str:
        bill, say = self.bill, self.say
        back = (
            f'<p class="center"><a class="button plain" href="{escape(bill.back)}">{say("back")}</a></p>'
            if bill.back
            else ""
        )
        notice = (
            f'<section class="verdict warn" role="alert"><p>{escape(refused)}</p></section>'
            if refused
            else ""
        )
        names = "<br>".join(map(escape, dict.fromkeys(bill.names)))
        return (
            f'<div class="pay" role="main">{notice}'
            f'<h1 class="small soft center">{say("fake", provider=escape(bill.provider))} · {escape(bill.title)}</h1>'
            f"{self._asked()}"
            f'<p class="center"><span class="chip{_colour(bill.status)}">{escape(bill.status)}</span></p>'
            f"{''.join(map(self._instrument, bill.instruments))}"
            f"{self._until()}{self._forms()}{back}"
            f'<section class="card"><h2>{say("money")}</h2>{self._money(bill.money)}</section>'
            f'<section class="card"><h2>{say("webhooks")}</h2>{self._told(webhooks)}</section>'
            f'<section class="card"><h2>{say("names")}</h2><p class="id">{names}</p></section>'
            f'<p class="center small soft">{_foot(self._now, self._language)} · '
            f'<a href="/fake?lang={self._language}">{say("all")}</a> · {_other(self._language)}</p></div>'
        )

    def rupiah(self, amount: int | None) -> str:
        return self.say("any_amount") if amount is None else rupiah(amount)

    def _instrument(self, one: Instrument) -> str:
        label = escape(self.say(one.label))
        value = f'<p class="id center">{escape(one.value)}</p>' if one.value else ""
        if one.kind == "link":
            return f'<p class="center">{self.say("arrives", label=label)}</p>{value}'
        if one.kind == "push":
            return f'<p class="center">{self.say("asks_phone", label=label)}</p>{value}'
        if one.kind == "qr":
            drawn = _drawn(one.value)
            return f'<div class="qr">{drawn}</div><p class="center small soft">{label}</p>{value}'
        return f'<section class="card"><h2>{label}</h2><p class="va center">{escape(one.value)}</p></section>'

    def _asked(self) -> str:
        """The amount; a membership has none."""
        if self.bill.amount is None and "pay" not in self.bill.acts:
            return ""
        return f'<p class="amount center">{self.rupiah(self.bill.amount)}</p>'

    def _until(self) -> str:
        ends = self.bill.expires
        if self.bill.paid:
            return ""
        if ends is None:
            return f'<p class="center soft">{self.say("never_expires")}</p>'
        word = "until" if ends > self._now else "ended"
        return f'<p class="center soft">{self.say(word, moment=moment(ends, self._language))}</p>'

    def _forms(self) -> str:
        acts = self.bill.acts
        if not acts:
            return f'<p class="center soft">{self.say("nothing_more")}</p>'
        with_amount = "".join(self._with_amount(act) for act in acts if act in WITH_AMOUNT)
        plain = "".join(_button(act, self.say(act), "button plain") for act in acts if act not in WITH_AMOUNT)
        others = f'<form method="post" class="acts"{self._to()}>{plain}</form>' if plain else ""
        return f'<section class="card"><h2>{self.say("what_happens")}</h2>{with_amount}{others}</section>'

    def _to(self) -> str:
        """Where a form goes: the payment itself, also from the page that a shop sends its payer to."""
        return (
            f' action="/fake/pay/{escape(self.bill.provider)}/{escape(self.bill.key)}?lang={self._language}"'
        )

    def _with_amount(self, act: str) -> str:
        bill, word = self.bill, act
        usual = bill.amount if act == "pay" else bill.paid
        if act == "pay" and bill.paid:
            word = "pay_again"
        elif act == "pay" and bill.expires is not None and bill.expires <= self._now:
            word = "pay_late"
        field = (
            f'<label class="small soft">Rp <input name="amount" inputmode="numeric" size="10" value="{usual or ""}" '
            f'aria-label="{self.say(f"amount_to_{act}")}"></label>'
        )
        button = _button(act, self.say(word), "button" if act == "pay" else "button plain")
        return f'<form method="post" class="acts"{self._to()}>{field}{button}</form>'

    def _money(self, lines: tuple[MoneyLine, ...]) -> str:
        if not lines:
            return f'<p class="soft">{self.say("no_money")}</p>'
        rows = "".join(
            f"<tr><td><b>{rupiah(line.amount)}</b> {escape(self.say(line.what))}<br>"
            f'<span class="small soft id">{escape(line.key)}</span><br>'
            f'<span class="small soft">{moment(line.at, self._language)}</span></tr>'
            for line in lines
        )
        return f"<table>{rows}</table>"

    def _told(self, webhooks: list[OutgoingWebhook]) -> str:
        if not webhooks:
            return f'<p class="soft">{self.say("no_webhooks")}</p>'
        return f"<table>{''.join(map(self._webhook, webhooks))}</table>"

    def _webhook(self, one: OutgoingWebhook) -> str:
        answers = ", ".join(str(each.status or each.answer) for each in one.attempts) or self.say("not_yet")
        again = ""
        if one.next_at and one.attempts:
            again = "; " + self.say("again", moment=moment(one.next_at, self._language))
        colour = "" if one.state == "delivered" else " warn"
        return (
            f'<tr><td><span class="id">{escape(one.event)}</span> <span class="chip{colour}">{self.say(one.state)}</span><br>'
            f'<span class="small soft">{escape(self.say("answered", answers=answers))}{again}</span></tr>'
        )


def list_of(bills: list[FakeBill], now: datetime, language: Language) -> str:
    """All payments asked for, as a page."""
    say = sayer(language)
    rows = "".join(_row(bill, now, language) for bill in bills)
    heads = f'<tr><th>{say("payment")}<th>{say("state")}<th class="num">{say("amount")}</tr>'
    table = f'<table class="stack">{heads}{rows}</table>' if rows else f"<p>{say('nobody')}</p>"
    return (
        f'<header class="bar"><span class="name">lunas</span><span class="soft">{say("fakes")}</span></header>'
        f'<main><section class="card"><h1>{say("list")}</h1>{table}</section>'
        f'<p class="small soft">{_foot(now, language)} · {_other(language)}</p></main>'
    )


def rupiah(amount: int) -> str:
    return f"Rp {amount:,}".replace(",", ".")


def _row(bill: FakeBill, now: datetime, language: Language) -> str:
    address = f"/fake/pay/{escape(bill.provider)}/{escape(bill.key)}?lang={language}"
    amount = BillPage(bill, now, language).rupiah(bill.amount)
    shown = amount if bill.amount is not None or "pay" in bill.acts else ""
    return (
        f'<tr><td><a href="{address}">{escape(bill.reference or bill.key)}</a>'
        f'<br><span class="small soft">{escape(bill.provider)} · {escape(bill.title)} · {moment(bill.created, language)}</span>'
        f'<td><span class="chip{_colour(bill.status)}">{escape(bill.status)}</span><td class="num">{shown}</tr>'
    )


def _foot(now: datetime, language: Language) -> str:
    return f"{sayer(language)('no_real_money')} {moment(now, language)}"


def _other(language: Language) -> str:
    """The same page in the other language."""
    other: Language = "id" if language == "en" else "en"
    return f'<a href="?lang={other}" lang="{other}">{sayer(language)("other")}</a>'


def _drawn(text: str) -> str:
    """A QR code as a drawing inside the page: no picture is fetched."""
    return segno.make(text, error="m").svg_inline(
        border=0, omitsize=True, svgclass=None, lineclass=None, title="QR"
    )


def _button(act: str, word: str, style: str) -> str:
    return f'<button class="{style}" name="act" value="{act}">{word}</button>'


def _colour(status: str) -> str:
    word = status.upper().split(" ")[0]
    if word in ("SUCCEEDED", "PAID", "SETTLED", "ACTIVE"):
        return ""
    return " bad" if word in ("FAILED", "EXPIRED", "CANCELED", "CONFLICT", "CLOSED") else " warn"
