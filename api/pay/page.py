"""The payment page as HTML: a pure function of what is shown, the language and the time. It can be paid on without any script."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

import segno
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from api.pay.shown import FINAL, Shown, State
from api.pay.steps import steps
from api.pay.words import WORDS, rupiah
from runtime.look.served import ADDRESS
from schemas.languages import Language

QR_BORDER = 4
"""Modules. What ISO 18004 asks for around a code, so that a camera finds it on a dark page too."""

MOST_MINUTES, MOST_HOURS = 120, 72
"""Beyond that people count in hours, and then in days."""

MONEY_CAME: frozenset[State] = frozenset({"paid", "short", "held", "refunded"})
"""What is shown of them is a table of what came and what became of it."""

WIB = ZoneInfo("Asia/Jakarta")

CHANNELS = {"MANDIRI": "Mandiri", "GOPAY": "GoPay", "QRIS": "QRIS"}
"""Names as people write them; the others are written as they are known: BCA, BNI, BRI, OVO."""


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("api.pay"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


Asked = Literal["cancel", "over", "unknown"] | None
"""What stands above the page: whether the payer is sure to cancel, or that it could not be cancelled, or that nobody knows yet."""


def page(shown: Shown, language: Language, now: datetime, script: str, base: str, asked: Asked = None) -> str:
    """The whole page. `script` is the address of the small script that makes it live, `base` its own one as its links see it; times are
    shown in WIB."""
    words = _filled(shown, language, now)
    return _template("pay.html").render(
        language=language,
        other="en" if language == "id" else "id",
        words=words,
        shown=shown,
        title=shown.title or words[shown.kind],
        amount=rupiah(shown.amount_idr, language),
        received=rupiah(shown.received_idr or shown.amount_idr, language),
        returned=rupiah(shown.refunded_idr, language) if shown.refunded_idr else None,
        money_came=shown.state in MONEY_CAME,
        channel=_channel(shown),
        final=shown.state in FINAL,
        left=_left(shown, now, words),
        most_minutes=MOST_MINUTES,
        most_hours=MOST_HOURS,
        steps=steps(shown, language),
        qr=_qr(shown.qr_string) if shown.qr_string else None,
        style=ADDRESS,
        script=script,
        base=base,
        asked=asked if asked == "over" or shown.state == "waiting" else None,
        paid_at=clock(shown.paid_at, language) if shown.paid_at else None,
    )


def notice(title: str, note: str, language: Language) -> str:
    """A page that says one thing: a link nobody knows, too many attempts, an outage."""
    words = WORDS[language]
    return _template("notice.html").render(
        language=language, title=words[title], note=words[note], style=ADDRESS
    )


def clock(at: datetime, language: Language) -> str:
    """`29 Nov 2026 13.50 WIB`; Indonesian writes the time with a full stop."""
    here = at.astimezone(WIB)
    months = (
        ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")
        if language == "id"
        else ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    )
    mark = "." if language == "id" else ":"
    return f"{here.day} {months[here.month - 1]} {here.year} {here:%H}{mark}{here:%M} WIB"


def _filled(shown: Shown, language: Language, now: datetime) -> dict[str, str]:
    """The sentences of this request. `{number}` stays open: the script counts it down."""
    names = {
        "amount": rupiah(shown.amount_idr, language),
        "received": rupiah(shown.received_idr or shown.amount_idr, language),
        "bank": _channel(shown),
        "channel": _channel(shown),
        "time": _when(shown, language, now),
        "number": "{number}",
    }
    return {key: text.format_map(names) for key, text in WORDS[language].items()}


def _when(shown: Shown, language: Language, now: datetime) -> str:
    """When it was paid, or until when it can be: of today the hour alone."""
    if shown.paid_at is not None:
        return clock(shown.paid_at, language)
    if shown.expires_at is None:
        return ""
    written = clock(shown.expires_at, language)
    today = shown.expires_at.astimezone(WIB).date() == now.astimezone(WIB).date()
    return " ".join(written.split(" ")[-2:]) if today else written


def _channel(shown: Shown) -> str:
    name = (shown.channel or ("QRIS" if shown.way == "qris" else "")).upper()
    return CHANNELS.get(name, name)


def _left(shown: Shown, now: datetime, words: dict[str, str]) -> str | None:
    """`23 minutes left`, beyond two hours `23 hours left`, beyond three days `6 days left`; as long as there is time, not nothing."""
    if shown.state != "waiting" or shown.expires_at is None:
        return None
    minutes = int((shown.expires_at - now).total_seconds() // 60)
    if minutes < 2:
        return words["minute" if minutes == 1 else "moment"]
    if minutes <= MOST_MINUTES:
        return words["minutes"].replace("{number}", str(minutes))
    hours = minutes // 60
    unit, number = ("hours", hours) if hours <= MOST_HOURS else ("days", hours // 24)
    return words[unit].replace("{number}", str(number))


def _qr(text: str) -> Markup:
    """SVG inside the page. Correction M survives a scratched screen; dark on white whatever the theme is."""
    code = segno.make(text, error="m", micro=False)
    return Markup(  # noqa: S704 - segno's own markup: modules as a path, nothing of the text
        code.svg_inline(
            border=QR_BORDER, dark="#000", light="#fff", omitsize=True, svgclass=None, lineclass=None
        )
    )
