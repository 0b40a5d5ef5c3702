"""The payment page as HTML: a pure function of what is shown, the language and the time. It can be paid on without any script."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

import segno
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from api.pay.shown import FINAL, Shown
from api.pay.steps import steps
from api.pay.words import WORDS, rupiah
from runtime.look.served import ADDRESS
from schemas.languages import Language

QR_BORDER = 4
"""Modules. What ISO 18004 asks for around a code, so that a camera finds it on a dark page too."""

MOST_MINUTES = 120
"""Beyond that people count in hours."""

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
    words = _filled(shown, language)
    return _template("pay.html").render(
        language=language,
        other="en" if language == "id" else "id",
        words=words,
        shown=shown,
        title=shown.title or words[shown.kind],
        amount=rupiah(shown.amount_idr, language),
        received=rupiah(shown.received_idr or shown.amount_idr, language),
        channel=_channel(shown),
        final=shown.state in FINAL,
        left=_left(shown, now, words),
        most_minutes=MOST_MINUTES,
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


def _filled(shown: Shown, language: Language) -> dict[str, str]:
    """The sentences of this request. `{number}` stays open: the script counts it down."""
    at = shown.paid_at or shown.expires_at
    names = {
        "amount": rupiah(shown.amount_idr, language),
        "received": rupiah(shown.received_idr or shown.amount_idr, language),
        "bank": _channel(shown),
        "channel": _channel(shown),
        "time": clock(at, language) if at else "",
        "number": "{number}",
    }
    return {key: text.format_map(names) for key, text in WORDS[language].items()}


def _channel(shown: Shown) -> str:
    name = (shown.channel or ("QRIS" if shown.way == "qris" else "")).upper()
    return CHANNELS.get(name, name)


def _left(shown: Shown, now: datetime, words: dict[str, str]) -> str | None:
    """`23 minutes left`, beyond two hours `23 hours left`; never 0 while there is time, for the money is still in time then."""
    if shown.state != "waiting" or shown.expires_at is None:
        return None
    minutes = max(1, int((shown.expires_at - now).total_seconds() // 60))
    unit, number = ("minutes", minutes) if minutes <= MOST_MINUTES else ("hours", minutes // 60)
    return words[unit].replace("{number}", str(number))


def _qr(text: str) -> Markup:
    """SVG inside the page. Correction M survives a scratched screen; dark on white whatever the theme is."""
    code = segno.make(text, error="m", micro=False)
    return Markup(  # noqa: S704 - segno's own markup: modules as a path, nothing of the text
        code.svg_inline(
            border=QR_BORDER, dark="#000", light="#fff", omitsize=True, svgclass=None, lineclass=None
        )
    )
