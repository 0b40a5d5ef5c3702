"""Whoever compares with a provider's lists takes a part of what the provider allows, however much there is to read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from aiohttp import web
from aiohttp.test_utils import TestServer

from providers.listers import listers_of
from providers.outgoing import CallFailed
from runtime.ids import utc_now
from runtime.settings import Settings

ALLOWED = 20
"""Calls an hour: with so few of them the next one is minutes away, whatever the machine does."""


async def test_a_run_takes_its_share_of_what_its_provider_allows_and_leaves_the_rest(
    settings: Callable[..., Settings],
) -> None:
    came: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        came.append(request.path)
        return web.json_response({"data": [], "has_next": False})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        given = settings(
            scalev_api_key="sk", scalev_base_url=str(server.make_url("")), outgoing_scalev_per_hour=ALLOWED, reconcile_rate_share=0.5,
            provider_call_budget_seconds=2, provider_call_attempts=1,
        )  # fmt: skip
        lister = listers_of(given)["scalev"]
        since = utc_now() - timedelta(days=1)
        done = await asyncio.gather(
            *(lister.page(lister.lists[0], since, None) for _ in range(2 * ALLOWED)), return_exceptions=True
        )
        await lister.close()
    refused = [one.code for one in done if isinstance(one, CallFailed)]
    assert len(came) == ALLOWED // 2
    assert refused == ["provider_busy"] * (2 * ALLOWED - ALLOWED // 2)
