"""A call of the API is a span named by its route; nobody without a key says which trace it belongs to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from api.gate import answer_problems, is_open
from api.tracing import spans
from runtime.tracing import told_of, traced_by
from schemas.problems import Problem
from tests.unit.runtime.recording import KeptSpan, Recording

ABROAD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def recording() -> Recording:
    return Recording()


@pytest.fixture
async def door(recording: Recording) -> AsyncIterator[TestServer]:
    async def customer(request: web.Request) -> web.Response:
        if request.match_info["id"] == "nobody":
            raise Problem("not_found")
        if request.match_info["id"] == "broken":
            raise RuntimeError("canary@contoh.id")
        return web.json_response(told_of())

    async def open_one(_request: web.Request) -> web.Response:
        return web.json_response({})

    app = web.Application(middlewares=[answer_problems, spans(recording, is_open)])
    app.add_routes([web.get("/v1/customers/{id}", customer), web.get("/pay/{secret}", open_one)])
    app.add_routes([web.get("/readyz", open_one)])
    with traced_by(recording):
        async with TestServer(app) as server:
            yield server


async def ask(door: TestServer, path: str, **options: Any) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(options.pop("method", "GET"), door.make_url(path), **options) as answer,
    ):
        return answer.status, await answer.json()


def only(recording: Recording) -> KeptSpan:
    (span,) = recording.spans
    return span


async def test_a_span_is_named_by_the_route_and_not_by_who_is_asked_for(
    door: TestServer, recording: Recording
) -> None:
    assert await ask(door, "/v1/customers/canary@contoh.id?email=canary") == (
        200,
        {"traceparent": "00-" + "0" * 31 + "1-" + f"{1001:016x}-01"},
    )
    span = only(recording)
    assert (span.name, span.kind, span.parent, span.ended) == (
        "GET /v1/customers/{id}", "server", None, (None,),
    )  # fmt: skip
    assert span.attributes == {
        "http.request.method": "GET", "http.route": "/v1/customers/{id}", "http.response.status_code": 200,
    }  # fmt: skip


async def test_an_applications_trace_is_carried_on(door: TestServer, recording: Recording) -> None:
    await ask(door, "/v1/customers/budi", headers={"traceparent": ABROAD})
    assert only(recording).parent == ABROAD


async def test_a_strangers_is_not(door: TestServer, recording: Recording) -> None:
    await ask(door, "/pay/secret-of-a-page", headers={"traceparent": ABROAD})
    span = only(recording)
    assert (span.parent, span.name) == (None, "GET /pay/{secret}")


@pytest.mark.parametrize(
    ("path", "status", "code", "ended"),
    [("nobody", 404, "not_found", (None,)), ("broken", 500, "RuntimeError", ("RuntimeError",))],
)
async def test_a_refusal_is_told_by_its_code(
    door: TestServer, recording: Recording, path: str, status: int, code: str, ended: tuple[str | None]
) -> None:
    assert (await ask(door, f"/v1/customers/{path}"))[0] == status
    span = only(recording)
    assert (span.attributes["http.response.status_code"], span.attributes["error.type"]) == (status, code)
    assert span.ended == ended


async def test_what_asks_whether_we_live_is_not_told(door: TestServer, recording: Recording) -> None:
    await ask(door, "/readyz")
    assert recording.spans == []


async def test_a_method_that_nobody_knows_has_no_name_of_its_own(
    door: TestServer, recording: Recording
) -> None:
    assert (await ask(door, "/v1/customers/budi", method="PROPFIND"))[0] == 405
    assert only(recording).attributes["http.request.method"] == "_OTHER"
