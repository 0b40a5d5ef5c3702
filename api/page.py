"""Documentation: the OpenAPI document, and one page for people in English and in Indonesian. All of it works without its script; nothing is from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources

import orjson
from aiohttp import web

from api.answers import language_of
from api.asyncapi import SOME_BROKER, asyncapi_of
from api.commands import ADDRESS, made_by_calls, operations_of
from api.kinds import fields, headings, set_sections, type_sections
from api.markup import badge, listing, pretty, prose, table
from api.openapi import Document, reached_at
from api.operations import operation_section
from api.words import LANGUAGES, translate, word
from schemas.api import ProblemAnswer
from schemas.examples import EXAMPLES
from schemas.languages import Language
from schemas.problems import PROBLEMS

ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http:%2F%2Fwww.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Ccircle cx='8' cy='8' r='8' fill='%23116329'/%3E%3Cpath d='M4 8l3 3 5-6' fill='none' stroke='white' stroke-width='2'/%3E%3C/svg%3E"
)
"""In the page itself: browsers ask for /favicon.ico otherwise, and report that the policy forbids it."""

UNKNOWN = "/"
"""For an address that nobody has told: here, wherever that is."""

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?")


class Documentation:
    """`GET /openapi.json`, `GET /asyncapi.json` and `GET /docs`. `indonesian` maps each operation to its summary.

    `address` is where callers reach the API; without one it is where each caller has reached it. `broker`: where applications reach the broker.
    """

    def __init__(
        self,
        document: Document,
        indonesian: dict[str, str],
        address: str | None = None,
        broker: str = SOME_BROKER,
    ) -> None:
        style, script = (
            resources.files("api").joinpath(name).read_text(encoding="utf-8")
            for name in ("page.css", "page.js")
        )
        self._document = document
        self._address, self._broker = address, broker
        self._indonesian, self._style, self._script = indonesian, style, script
        self._pages: dict[Language, str] = {}
        self._policy = (
            f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; img-src data:; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'none'"
        )

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/openapi.json", self._openapi),
            web.get("/asyncapi.json", self._asyncapi),
            web.get("/docs", self._docs),
        ]

    def page(self, language: Language, address: str = UNKNOWN) -> str:
        """The whole page, its examples for the server at `address`."""
        page = self._pages.get(language)
        if page is None:
            # When somebody first asks: an API whose page nobody opens need not write it.
            page = _page(self._document, self._indonesian, self._style, self._script, language)
            self._pages[language] = page
        return page if address == UNKNOWN else page.replace(ADDRESS, escape(address.rstrip("/")))

    async def _openapi(self, request: web.Request) -> web.Response:
        document = reached_at(self._document, self._address or _asked_at(request))
        return web.Response(body=orjson.dumps(document), content_type="application/json")

    async def _asyncapi(self, request: web.Request) -> web.Response:
        document = asyncapi_of(self._address or _asked_at(request), self._broker)
        return web.Response(body=orjson.dumps(document), content_type="application/json")

    async def _docs(self, request: web.Request) -> web.Response:
        """`?lang=` wins over what the browser prefers: many Indonesians have an English browser."""
        wish = request.query.get("lang")
        language = next((one for one in LANGUAGES if one == wish), language_of(request))
        headers = {
            "Content-Security-Policy": self._policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Content-Language": language,
            "Vary": "Accept-Language",
        }
        return web.Response(
            text=self.page(language, self._address or _asked_at(request)),
            content_type="text/html",
            charset="utf-8",
            headers=headers,
        )


def _digest(words: str) -> str:
    """As a policy names what may stand in the page."""
    return "sha256-" + base64.b64encode(hashlib.sha256(words.encode()).digest()).decode()


def _asked_at(request: web.Request) -> str:
    """The address this request was sent to; what is no host name is not repeated."""
    host = request.headers.get("Host", "")
    return f"{request.scheme}://{host}" if _HOST.fullmatch(host) else UNKNOWN


def _page(document: Document, indonesian: dict[str, str], style: str, script: str, language: Language) -> str:
    operations, made = list(operations_of(document)), made_by_calls(document)
    titles = {
        operation["operationId"]: indonesian.get(operation["operationId"], "")
        if language == "id"
        else operation["summary"]
        for _, _, operation in operations
    }
    sections = "".join(
        operation_section(document, language, titles[operation["operationId"]], method, path, operation, made)
        for method, path, operation in operations
    )
    contents = _contents(document, operations, titles, language)
    name = escape(word("contents", language))
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>lunas API</title>'
        f'<link rel="icon" href="{ICON}"><style>{style}</style></head>'
        f'<body data-copy="{escape(word("copy", language))}" data-copied="{escape(word("copied", language))}" '
        f'data-find="{escape(word("find", language))}" data-nothing="{escape(word("nothing", language))}">'
        f'<a class="skip" href="#start">{escape(word("skip", language))}</a>'
        f"{_header(document, language)}"
        f'<aside aria-label="{name}"><nav aria-label="{name}">{contents}</nav></aside>'
        f'<details class="menu"><summary>{name}</summary><nav aria-label="{name}">{contents}</nav></details>'
        f'<main id="start">{word("intro", language)}{sections}{type_sections(document, language)}'
        f"{set_sections(document, language)}{_problems(document, language)}</main>"
        f"<script>{script}</script></body></html>"
    )


def _contents(
    document: Document,
    operations: Sequence[tuple[str, str, Document]],
    titles: Mapping[str, str],
    language: Language,
) -> str:
    """Every call under its group, then what all of them use."""
    groups = []
    for tag in document["tags"]:
        links = "".join(
            f'<li><a href="#{escape(operation["operationId"])}">{badge(method)} '
            f"<span>{escape(titles[operation['operationId']])}</span></a></li>"
            for method, _, operation in operations
            if tag["name"] in operation.get("tags", ())
        )
        name = escape(word(f"tag_{tag['name']}", language))
        groups.append(f"<h2>{name}</h2><ul>{links}</ul>")
    common = "".join(
        f'<li><a class="plain" href="#{name}">{escape(word(name, language))}</a></li>'
        for name in ("types", "sets", "problems")
    )
    return f"{''.join(groups)}<h2>{escape(word('common', language))}</h2><ul>{common}</ul>"


def _header(document: Document, language: Language) -> str:
    other, name = ("en", "English") if language == "id" else ("id", "Bahasa Indonesia")
    return (
        f'<header><h1>lunas API</h1><p class="soft">{word("version", language)} {escape(document["info"]["version"])} · '
        f'<a href="/openapi.json">OpenAPI 3.1</a> · <a href="/asyncapi.json">AsyncAPI 3.0</a> · <a href="?lang={other}" hreflang="{other}" lang="{other}">{name}</a></p></header>'
    )


def _problems(document: Document, language: Language) -> str:
    """The shape of a problem with its example, then every code."""
    model = document["components"]["schemas"][ProblemAnswer.__name__]
    by_code = [word(name, language) for name in ("code", "status", "meaning")]
    rows = [
        (f"<code>{kind.code}</code>", str(kind.status), prose(kind.id if language == "id" else kind.en))
        for kind in PROBLEMS.values()
    ]
    return (
        f'<section id="problems"><h2>{escape(word("problems", language))}</h2>'
        f"<p>{prose(translate(model['description'], language))}</p>"
        f"{listing(pretty(EXAMPLES[ProblemAnswer]), word('example_answer', language))}"
        f"{table(word('answer', language), headings(language), fields(model, language))}"
        f"{table(word('code', language), by_code, rows, list(PROBLEMS))}</section>"
    )
