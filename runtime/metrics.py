"""Prometheus metrics: one registry per process and the internal server that shows it.

Every process serves `/metrics`, `/livez` and `/readyz` on an internal port of its own (`LUNAS_<PROCESS>_METRICS_PORT`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from runtime.doors import PublicRunner
from runtime.health import Health


def new_registry() -> CollectorRegistry:
    """A registry with the usual process metrics; passed explicitly, so that tests can have many."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


@asynccontextmanager
async def metrics_server(
    registry: CollectorRegistry, health: Health, *, host: str, port: int
) -> AsyncIterator[tuple[str, int]]:
    """Serves metrics and health while the block runs; yields the address it got (port 0 means any free one)."""

    async def show(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/metrics", show), *health.routes()])
    runner = PublicRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield bound_address(runner)
    finally:
        await runner.cleanup()


def bound_address(runner: web.BaseRunner) -> tuple[str, int]:
    """Host and port a started runner listens on."""
    address = runner.addresses[0]
    return str(address[0]), int(address[1])
