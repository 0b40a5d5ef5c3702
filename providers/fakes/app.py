"""Composition root of the fake providers: `serving` for tests and commands, `run` for a supervisor."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from providers.fakes.control import ControlDoor
from providers.fakes.doors import LARGEST_BODY_BYTES, routes_of
from providers.fakes.goods import goods_of
from providers.fakes.memory import kept_in
from providers.fakes.pages import PageDoor
from providers.fakes.provider import FakeAccount
from providers.fakes.registry import FAKES
from providers.fakes.world import FakeWorld
from runtime.doors import PublicRunner
from runtime.health import Health
from runtime.logs import get_logger
from runtime.metrics import bound_address, metrics_server, new_registry
from runtime.settings.urls import reachable
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from runtime.settings import Settings

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ServedFakes:
    """Fakes that answer: their world, and where each of them is."""

    world: FakeWorld
    address: str
    bases: Mapping[str, str]


@asynccontextmanager
async def serving(
    accounts: Mapping[str, FakeAccount],
    world: FakeWorld,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    prefixed: bool = True,
    state: Path | None = None,
) -> AsyncIterator[ServedFakes]:
    """Serves the providers that have an account while the block runs; port 0 is any free one.

    `prefixed`: each beneath its name. Without it there can be one only, and it is at the root as the real one is. `state`: the file in
    which the world lives on; without one it is forgotten.
    """
    prefixes = {name: f"/{name}" if prefixed else "" for name in accounts}
    app = web.Application(client_max_size=LARGEST_BODY_BYTES)
    app.add_routes([*ControlDoor(world).routes(), *PageDoor(world).routes(), *Health("fakes").routes()])
    for name, account in accounts.items():
        world.join(FAKES[name](account, world))
        app.add_routes(routes_of(world.providers[name], world, prefixes[name]))
    runner = PublicRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    async with kept_in(state, world):
        life = asyncio.create_task(world.run())
        try:
            await web.TCPSite(runner, host, port).start()
            bound = bound_address(runner)
            address = f"http://{reachable(bound[0])}:{bound[1]}"
            yield ServedFakes(world, address, {name: address + prefix for name, prefix in prefixes.items()})
        finally:
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)
            await runner.cleanup()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What whoever starts the fakes asks for; None takes the settings' value. `prefixed`: each beneath its name, not one at the root."""

    names: Sequence[str]
    port: int
    prefixed: bool = True
    webhooks: str | None = None
    key: str | None = None
    secret: str | None = None
    seed: int | None = None
    limits: bool = True


def accounts_of(settings: Settings, wishes: Wishes) -> dict[str, FakeAccount]:
    """What a developer's settings say: keys and secrets as our own processes use them, webhooks to the door for providers."""
    goods = goods_of(settings)
    door = wishes.webhooks or f"http://{reachable(settings.ingress_host)}:{settings.ingress_port}"
    return {
        name: FakeAccount(
            key=wishes.key or settings.call_key(name),
            secret=wishes.secret or settings.webhook_secrets(name)[0].get_secret_value(),
            account_id=FAKES[name].account_id_of(settings),
            webhook_url=door if urlsplit(door).path.strip("/") else f"{door.rstrip('/')}/webhooks/{name}",
            goods=goods,
        )
        for name in wishes.names
    }


def seed_of(settings: Settings, wishes: Wishes) -> int:
    """What was asked for; else a number of its own for each start. Ids that came again after a restart would be yesterday's payments."""
    for wish in (wishes.seed, settings.fakes_seed):
        if wish is not None:
            return wish
    return secrets.randbelow(2**32)


async def serve(
    settings: Settings, wishes: Wishes, stop: asyncio.Event, *, ready: Callable[[ServedFakes], None]
) -> None:
    """Serves until `stop`. Raises ConfigurationError in production, OSError when the port is taken."""
    _refuse_production(settings)
    seed = seed_of(settings, wishes)
    world = FakeWorld(seed=seed, rate_limits=settings.fakes_rate_limits and wishes.limits)
    async with serving(
        accounts_of(settings, wishes),
        world,
        host=settings.fakes_host,
        port=wishes.port,
        prefixed=wishes.prefixed,
        state=settings.fakes_state,
    ) as served:
        log.info("fakes serve", action="fakes.serve", address=served.address, seed=seed)
        ready(served)
        await stop.wait()


def _refuse_production(settings: Settings) -> None:
    if settings.env == "production":
        raise ConfigurationError(
            "Fake providers do not run in production, their money is invented: set LUNAS_ENV to development."
        )


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """What a supervisor starts: all fakes, and their health on the internal port. Raises as `serve`."""
    _refuse_production(settings)
    health = Health("fakes")
    async with metrics_server(
        new_registry(), health, host=settings.metrics_host, port=settings.fakes_metrics_port
    ):
        await serve(settings, Wishes(tuple(FAKES), settings.fakes_port), stop, ready=lambda _served: None)
        health.draining = True
