"""What processes say of themselves to `lunas status`: providers that are left alone, and whose calls go to fakes."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from aiohttp.test_utils import TestServer

from console import probes
from runtime.health import LEFT_ALONE, Health
from runtime.settings import Settings


async def serving(health: Health) -> TestServer:
    app = web.Application()
    app.add_routes(health.routes())
    server = TestServer(app)
    await server.start_server()
    return server


async def test_an_open_breaker_is_told_by_the_process_that_has_it(settings: Callable[..., Settings]) -> None:
    health = Health("api")
    states = {"xendit": "open", "mayar": None}
    for provider in states:
        health.note(f"{LEFT_ALONE}{provider}", lambda name=provider: states[name])  # type: ignore[misc]
    server = await serving(health)
    seen = await probes.probe(settings(peers=f"api={server.host}:{server.port}"))
    assert (seen["api"].state, seen["api"].left_alone) == ("ready", ["xendit"])
    states["xendit"] = None
    seen = await probes.probe(settings(peers=f"api={server.host}:{server.port}"))
    assert seen["api"].left_alone == []
    await server.close()


async def test_fakes_are_told_while_they_answer_and_only_in_development(
    settings: Callable[..., Settings],
) -> None:
    server = await serving(Health("fakes"))
    port = int(server.port or 0)
    assert await probes.fakes_at(settings(fakes_port=port)) == f"http://127.0.0.1:{port}"
    assert await probes.fakes_at(settings(fakes_port=port, fakes="off")) is None
    await server.close()
    assert await probes.fakes_at(settings(fakes_port=port)) is None
