"""Pages as HTML. Every value is escaped; for viewers every value is masked as well."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from api.markup import prose
from console.held_words import reason_in_words
from console.language import current
from console.messages import text, value
from console.output import decimal, number, rupiah
from console.times import WIB, ago, moment
from console.web import assets
from console.web.masking import masked, masked_document, masked_name
from console.web.visit import Screen, Visit
from runtime.ids import utc_now
from runtime.look.served import ADDRESS

if TYPE_CHECKING:
    from console.web.sessions import SignedIn

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: a browser then hides where a form comes from, and that is looked at.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
WAYS = (
    ("/", "now"),
    ("/problems", "problems"),
    ("/streams", "streams"),
    ("/suspense", "suspense"),
    ("/orders", "orders"),
    ("/quarantine", "quarantine"),
    ("/replay", "replay"),
    ("/corrections", "corrections"),
    ("/deliveries", "deliveries"),
    ("/reconcile", "reconcile"),
    ("/close", "close"),
    ("/projections", "projections"),
    ("/providers", "providers"),
    ("/audit", "audit"),
)
"""The menu."""


def answered(visit: Visit, page: Screen) -> web.Response:
    """A page for somebody who is signed in."""
    path = visit.request.path
    frame = {
        "signed": visit.signed,
        "csrf": visit.signed.csrf,
        "may_act": visit.may("operator") and not visit.signed.stale and bool(visit.signed.csrf),
        "ways": [(place, text(f"web.way.{name}"), _here(path, place)) for place, name in WAYS],
        "searched": visit.query.get("q", "") if path == "/find" else "",
        "command": page.command,
    }
    return html(
        visit.request, page.template, page.title, frame | dict(page.values), page.status, visit.signed
    )


def html(
    request: web.Request,
    template: str,
    title: str,
    values: Mapping[str, Any],
    status: int = 200,
    signed: SignedIn | None = None,
) -> web.Response:
    written = rendered(template, {"title": title, "other_language": _other(request)} | dict(values), signed)
    headers = HEADERS | {"Content-Language": current()}
    return web.Response(status=status, text=written, content_type="text/html", headers=headers)


def rendered(template: str, values: Mapping[str, Any], signed: SignedIn | None) -> str:
    """One template; for viewers, and for whoever was only seen lately, without personal data."""
    veiled = signed is None or signed.role == "viewer"
    return environment(veiled).get_template(template).render(language=current(), now=utc_now(), **values)


@cache
def environment(veiled: bool) -> Environment:
    made = Environment(
        loader=PackageLoader("console.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_veiled if veiled else _plain,
    )
    made.globals |= {
        "t": text,
        "value": value,
        "rupiah": rupiah,
        "number": number,
        "decimal": decimal,
        "moment": moment,
        "ago": ago,
        "reason_in_words": reason_in_words,
        "style": ADDRESS,
        "script": assets.ADDRESS,
        "veiled": veiled,
    }
    person: Callable[[str | None], str | None] = masked_name if veiled else _same
    made.filters |= {"prose": _prose, "day": day, "clock": clock, "seg": segment, "person": person}
    made.filters["document"] = _document(veiled)
    return made


def _plain(given: Any) -> Any:
    return "" if given is None else given


def _veiled(given: Any) -> Any:
    """Masks whatever a template writes: markup of our own holds no addresses, so it stays what it is."""
    if given is None:
        return ""
    if isinstance(given, Markup):
        return Markup(masked(given))  # noqa: S704 - what was markup stays it; masking only takes characters out
    return masked(given) if isinstance(given, str) else given


def _same(given: str | None) -> str | None:
    return given


def _prose(sentence: str) -> Markup:
    return Markup(prose(sentence))  # noqa: S704 - `prose` escapes


def _document(veiled: bool) -> Callable[[Any], str]:
    def written(document: Any) -> str:
        shown = masked_document(document) if veiled else document
        return json.dumps(shown, indent=2, ensure_ascii=False, default=str)

    return written


def day(at: datetime | None) -> str:
    """`2026-11-22 09:40`, in WIB."""
    return "-" if at is None else f"{at.astimezone(WIB):%Y-%m-%d %H:%M}"


def clock(at: datetime) -> str:
    """UTC, for the title of a time."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def segment(part: object) -> str:
    """One part of a path; ids of providers may hold anything."""
    return quote(str(part), safe="")


def _here(path: str, place: str) -> bool:
    if place == "/problems" and path.startswith("/letters"):
        return True
    return path == place or (place != "/" and path.startswith(f"{place}/"))


def _other(request: web.Request) -> tuple[str, str, str]:
    other, name = ("en", "English") if current() == "id" else ("id", "Bahasa Indonesia")
    place = request.rel_url.update_query(lang=other) if request.method == "GET" else f"/?lang={other}"
    return other, name, str(place)
