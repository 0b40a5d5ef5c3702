"""What the API says about itself is what it does."""

from __future__ import annotations

import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from projections.api import calls
from projections.api.openapi import document_of
from projections.api.page import Documentation
from schemas.calls import Call
from schemas.problems import PROBLEMS
from tests.contract.api.conftest import Api

READS = [call for call in vars(calls).values() if isinstance(call, Call)]


async def test_the_document_is_valid_openapi_3_1(api: Api) -> None:
    document = await api.get("/openapi.json")
    validate(document, cls=OpenAPIV31SpecValidator)
    assert document["openapi"] == "3.1.0"


async def test_every_route_is_documented_and_every_documented_route_exists(api: Api) -> None:
    documented = {
        (method.upper(), path)
        for path, methods in (await api.get("/openapi.json"))["paths"].items()
        for method in methods
    }
    app = api.client.server.app  # type: ignore[attr-defined]
    served = {
        (route.method, route.resource.canonical) for route in app.router.routes() if route.method != "HEAD"
    }
    assert served - {("GET", path) for path in ("/livez", "/readyz", "/openapi.json", "/docs")} == documented


def test_path_parameters_and_braces_agree() -> None:
    for call in READS:
        named = {one.name for one in call.parameters if one.where == "path"}
        assert named == set(re.findall(r"{(\w+)}", call.path))


def test_every_call_names_known_problems_and_has_an_indonesian_summary() -> None:
    for call in READS:
        assert set(call.problems) <= set(PROBLEMS)
        assert call.summary_id != call.summary


async def test_the_page_shows_every_call_and_needs_nothing_from_elsewhere(api: Api) -> None:
    response = await api.client.get("/docs")
    page = await response.text()
    assert response.status == 200
    for call in api.calls:
        assert f'id="{call.operation}"' in page
        assert call.path in page
        assert call.summary_id in page
    assert not re.search(r"<(script|link|img|iframe)\b|https?://|@import|url\(", page)
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_texts_of_calls_cannot_break_the_page() -> None:
    hostile = Call("x", "GET", "/x", "<b>&", "<i>", {200: calls.GET_BALANCE.answers[200]})
    page = Documentation(document_of([hostile]), {"x": "<i>"})._page
    assert "<b>&" not in page
    assert "<i>" not in page


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_problem_speaks_two_languages(code: str) -> None:
    kind = PROBLEMS[code]
    assert kind.en != kind.id
    assert set(re.findall(r"{(\w+)}", kind.en)) == set(re.findall(r"{(\w+)}", kind.id))


async def test_health_needs_no_key(api: Api) -> None:
    document: Any = await (await api.client.get("/livez")).json()
    assert document["status"] == "alive"
    assert (await api.client.get("/readyz")).status == 200
