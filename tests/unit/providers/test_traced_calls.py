"""A call to a provider is a span where it was made; the provider hears nothing of it, and the span nothing of what was said."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from providers.outgoing import CallFailed, CallLimits, ProviderApi
from providers.xendit.refusals import judge
from runtime.breaker import Breaker
from runtime.tracing import inside, traced_by
from tests.unit.runtime.recording import KeptSpan, Recording

LIMITS = CallLimits(connect=2.0, call=2.0, budget=3.0, attempts=1, calls=100, period=60.0)


async def spans_of(status: int) -> tuple[list[KeptSpan], list[str]]:
    """What is told of a call within another span, and the headers that the provider got."""
    heard: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        heard.extend(name.lower() for name in request.headers)
        return web.json_response({"error_code": "siti@contoh.id is not allowed"}, status=status)

    app = web.Application()
    app.add_routes([web.post("/payments", answer)])
    recording = Recording()
    async with TestServer(app) as server:
        api = ProviderApi(
            "xendit", str(server.make_url("")), {"Authorization": "hush"}, LIMITS, Breaker(3, 20.0), judge
        )
        try:
            with traced_by(recording), inside(recording.begin("POST /v1/topups")):
                # A task of its own, as turns are.
                await asyncio.create_task(
                    api.call("create", "POST", "/payments", body={"payer_email": "siti@contoh.id"})
                )
        except CallFailed:
            pass
        finally:
            await api.close()
    return recording.spans, heard


async def test_a_call_that_was_answered() -> None:
    (around, call), heard = await spans_of(200)
    assert (call.name, call.kind, call.parent, call.ended) == (
        "xendit create", "client", around.context, (None,),
    )  # fmt: skip
    assert call.attributes == {
        "lunas.provider": "xendit", "lunas.operation": "create", "lunas.outcome": "answered", "http.response.status_code": 200,
    }  # fmt: skip
    assert "authorization" in heard
    assert "traceparent" not in heard


@pytest.mark.parametrize(("status", "outcome"), [(400, "refused"), (503, "unknown")])
async def test_a_call_that_failed_says_a_code_and_no_text(status: int, outcome: str) -> None:
    (_, call), _ = await spans_of(status)
    assert (call.attributes["lunas.outcome"], call.attributes["http.response.status_code"]) == (
        outcome,
        status,
    )
    assert call.ended is not None
    assert call.ended[0]
    assert "siti" not in str(call)
