"""JSON answers and problem details."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from aiohttp import web

from schemas.languages import Language, preferred
from schemas.problems import Problem

PROBLEM_TYPE = "application/problem+json"


def answer(document: Mapping[str, object], status: int = 200) -> web.Response:
    """Times as RFC 3339 in UTC. Answers hold personal data: nobody in between may keep them."""
    return web.Response(
        status=status,
        body=orjson.dumps(document, option=orjson.OPT_UTC_Z),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def problem_answer(problem: Problem, language: Language) -> web.Response:
    """RFC 9457, with a stable `code` and a text in the caller's language."""
    kind = problem.kind
    document = {
        "type": f"/docs#{kind.code}",
        "title": problem.title(language),
        "status": kind.status,
        "code": kind.code,
        "detail": problem.detail(language),
        **{name: problem.values[name] for name in kind.members},
    } | ({"field": problem.field} if problem.field else {})
    return web.Response(
        status=kind.status,
        body=orjson.dumps(document),
        content_type=PROBLEM_TYPE,
        headers={
            "Content-Language": language,
            "Vary": "Accept-Language",
            "Cache-Control": "no-store",
            **problem.headers,
        },
    )


def source_answer(problem: Problem) -> web.Response:
    """The same as the source application expects it: `{error}`, in Indonesian."""
    # It knows a wrong body as 400.
    status = 400 if problem.kind.status == 422 else problem.kind.status
    return web.Response(
        status=status,
        body=orjson.dumps({"error": problem.detail("id")}),
        content_type="application/json",
        headers={"Content-Language": "id", "Cache-Control": "no-store", **problem.headers},
    )


def language_of(request: web.Request) -> Language:
    """Indonesian when the caller prefers it to English, else English."""
    return preferred(request.headers.get("Accept-Language", "")) or "en"
