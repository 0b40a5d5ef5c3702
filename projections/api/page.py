"""Documentation: the OpenAPI document, and one page for people in English and Indonesian. No script, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from importlib import resources
from typing import Any

import orjson
from aiohttp import web

from projections.api.openapi import Document
from schemas.problems import PROBLEMS

INTRO = (
    "<p>Every call except <code>/livez</code>, <code>/readyz</code>, <code>/openapi.json</code> and this page needs "
    "<code>Authorization: Bearer &lt;key&gt;</code>. Answers are JSON; times are UTC, amounts whole rupiah. Every read carries "
    "<code>position</code>, the place in the log it reflects, and <code>lag_seconds</code>. A write answers with its "
    "<code>position</code>: pass it as <code>?min_position=</code> to read what you wrote; an answer that cannot get there in time is "
    "409 <code>projection_behind</code>. Writes take <code>Idempotency-Key</code>. Problems follow RFC 9457: decide by "
    "<code>code</code>.</p>"
    '<p lang="id">Setiap panggilan kecuali <code>/livez</code>, <code>/readyz</code>, <code>/openapi.json</code>, dan halaman ini '
    "memerlukan <code>Authorization: Bearer &lt;kunci&gt;</code>. Jawaban berupa JSON; waktu dalam UTC, jumlah dalam rupiah utuh. "
    "Setiap pembacaan memuat <code>position</code>, yaitu posisi log yang tercermin, dan <code>lag_seconds</code>. Penulisan "
    "menjawab dengan <code>position</code>: kirim sebagai <code>?min_position=</code> untuk membaca tulisan sendiri; bila belum "
    "tercapai, jawabannya 409 <code>projection_behind</code>. Penulisan menerima <code>Idempotency-Key</code>. Masalah mengikuti "
    "RFC 9457: putuskan berdasarkan <code>code</code>.</p>"
)


class Documentation:
    """`GET /openapi.json` and `GET /docs`, rendered once."""

    def __init__(self, document: Document, indonesian: dict[str, str]) -> None:
        style = resources.files("projections.api").joinpath("page.css").read_text(encoding="utf-8")
        self._document = orjson.dumps(document)
        self._page = _page(document, indonesian, style)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self._policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/openapi.json", self._openapi), web.get("/docs", self._docs)]

    async def _openapi(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._document, content_type="application/json")

    async def _docs(self, _request: web.Request) -> web.Response:
        headers = {
            "Content-Security-Policy": self._policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }
        return web.Response(text=self._page, content_type="text/html", charset="utf-8", headers=headers)


def _page(document: Document, indonesian: dict[str, str], style: str) -> str:
    operations = [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    links = "".join(
        f'<a href="#{op["operationId"]}">{escape(op["operationId"])}</a>' for _, _, op in operations
    )
    sections = "".join(_operation(document, indonesian, *one) for one in operations)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>lunas API</title>'
        f"<style>{style}</style></head><body><header><h1>lunas API</h1>"
        f'<p class="soft">Version {escape(document["info"]["version"])} · '
        f'<a href="/openapi.json">OpenAPI 3.1</a></p></header>{INTRO}<nav>{links}</nav>{sections}{_problems()}</body></html>'
    )


def _operation(
    document: Document, indonesian: dict[str, str], method: str, path: str, operation: Document
) -> str:
    name = operation["operationId"]
    note = f"<p>{escape(operation['description'])}</p>" if "description" in operation else ""
    return (
        f'<section id="{escape(name)}"><h2>{escape(operation["summary"])}</h2>'
        f'<p class="soft" lang="id">{escape(indonesian.get(name, ""))}</p>'
        f'<p><code><span class="method">{method.upper()}</span> {escape(path)}</code></p>{note}'
        f"<pre>{escape(_example(method, path, operation))}</pre>{_parameters(operation)}{_body(document, operation)}"
        f"{_answers(document, operation)}</section>"
    )


def _example(method: str, path: str, operation: Document) -> str:
    flag = "" if method == "get" else f" -X {method.upper()}"
    body = " -H 'Content-Type: application/json' -d @body.json" if "requestBody" in operation else ""
    return f'curl{flag} -H "Authorization: Bearer $LUNAS_API_KEY"{body} "$LUNAS_API{path}"'


def _parameters(operation: Document) -> str:
    rows = [
        (one["name"], one["in"] + (", required" if one["required"] else ""), one["description"])
        for one in operation.get("parameters", [])
    ]
    return _table("Parameters", rows)


def _body(document: Document, operation: Document) -> str:
    if "requestBody" not in operation:
        return ""
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return _table("Body", _fields(document, schema))


def _answers(document: Document, operation: Document) -> str:
    parts = []
    for status, response in operation["responses"].items():
        content = response["content"]
        if "application/json" in content:
            parts.append(_table(f"Answer {status}", _fields(document, content["application/json"]["schema"])))
        else:
            codes = response["description"].removeprefix("Codes: ").split(", ")
            named = ", ".join(f'<a href="#{code}"><code>{code}</code></a>' for code in codes)
            parts.append(f"<p>{status}: {named}</p>")
    return "".join(parts)


def _fields(document: Document, schema: Document) -> list[tuple[str, str, str]]:
    model = _resolve(document, schema)
    return [
        (name, _kind(field), field.get("description", ""))
        for name, field in model.get("properties", {}).items()
    ]


def _resolve(document: Document, schema: Document) -> Document:
    found = schema
    if "$ref" in schema:
        found = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _kind(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if "anyOf" in field:
        return " or ".join(_kind(one) for one in field["anyOf"])
    if "enum" in field:
        return ", ".join(map(str, field["enum"]))
    if field.get("type") == "array":
        return f"list of {_kind(field.get('items', {}))}"
    return str(field.get("format") or field.get("type") or "any")


def _table(title: str, rows: list[tuple[str, str, str]]) -> str:
    if not rows:
        return ""
    cells = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(kind)}</td><td>{escape(text)}</td></tr>"
        for name, kind, text in rows
    )
    return f"<h3>{escape(title)}</h3><table><tbody>{cells}</tbody></table>"


def _problems() -> str:
    rows = "".join(
        f'<tr id="{kind.code}"><td><code>{kind.code}</code></td><td>{kind.status}</td>'
        f'<td>{escape(kind.en)}<br><span class="soft" lang="id">{escape(kind.id)}</span></td></tr>'
        for kind in PROBLEMS.values()
    )
    return f'<section><h2>Problems <span class="soft" lang="id">Masalah</span></h2><table><tbody>{rows}</tbody></table></section>'
