"""`lunas fake`: providers that answer as the real ones do, without any account, and their clock."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import aiohttp
import click

from console.exits import CommandError, Refused
from console.lazy import Command, Group
from console.messages import text
from console.options import as_json, asynchronous
from console.output import print_data, print_json, talk
from deploy.local.services.instance import find_instance
from providers.fakes.app import ServedFakes, Wishes, serve
from providers.fakes.registry import FAKES
from runtime.lifecycle import run_process
from runtime.logs import configure_logging
from runtime.settings import load_settings
from runtime.settings.urls import reachable

if TYPE_CHECKING:
    from runtime.settings import Settings

EVERY = "all"
LEAP_SECONDS = 600.0
"""A leap over weeks sends what falls due on the way, and waits for the answers."""


@click.group(cls=Group)
def fake() -> None:
    """Fake providers over HTTP: their API, errors, rate limits and bad days, a page on which to pay, and signed webhooks with retries.

    `make run` starts all of them. Refused in production, where invented money would become real balances.
    """


def _serving(name: str) -> click.Command:
    """The command that serves one provider, or every one."""

    def call(
        port: int | None,
        webhooks: str | None,
        key: str | None,
        secret: str | None,
        seed: int | None,
        limits: bool,
    ) -> int:
        settings = _settings()
        configure_logging("fakes", level=settings.log_level, form=settings.log_format)
        names = tuple(FAKES) if name == EVERY else (name,)
        wishes = Wishes(
            names,
            settings.fakes_port if port is None else port,
            prefixed=name == EVERY,
            webhooks=webhooks,
            key=key,
            secret=secret,
            seed=seed,
            limits=limits,
        )

        async def main(stop: asyncio.Event) -> None:
            await serve(settings, wishes, stop, ready=_say)

        try:
            return run_process(main)
        except OSError as error:
            raise CommandError(text("fake.port_taken", port=wishes.port, reason=error.strerror)) from error

    options = (
        click.option("--port", type=click.IntRange(0, 65535), help="Port; otherwise LUNAS_FAKES_PORT. 0 is any free one."),
        click.option("--webhooks", metavar="URL", help="Where webhooks go: a door for providers, or an address with a path."),
        click.option("--key", help="The key that callers use; otherwise that of the settings."),
        click.option("--secret", help="What vouches for webhooks; otherwise the secret of the settings."),
        click.option("--seed", type=int, help="The same number gives the same ids for the same calls."),
        click.option("--limits/--no-limits", default=True, help="Whether calls are counted and refused as the provider does."),
    )  # fmt: skip
    for option in reversed(options):
        call = option(call)
    words = (
        "Serve every provider, each beneath its name."
        if name == EVERY
        else "Serve this provider at the root."
    )
    return click.command(name, cls=Command, help=words)(call)


for _name in (*FAKES, EVERY):
    fake.add_command(_serving(_name))


@fake.group("clock", cls=Group)
def clock() -> None:
    """The clock that all fakes share: what expires, renews and is sent again follows it."""


_url = click.option("--url", help="Address of the fakes; otherwise those of the running instance.")


@clock.command("show")
@_url
@as_json
@asynchronous
async def show(url: str | None, as_json: bool) -> int:
    """Say what time it is for the fakes, and when something is due next."""
    return _told(await _asked(url, None), as_json)


@clock.command("advance")
@click.argument("span", metavar="SPAN")
@_url
@as_json
@asynchronous
async def advance(span: str, url: str | None, as_json: bool) -> int:
    """Move the clock forward by SPAN: 31d, 2h, 1h30m, 55s.

    Everything due on the way happens in its order; each webhook is answered before time goes on.
    """
    return _told(await _asked(url, {"advance": span}), as_json)


@clock.command("set")
@click.argument("moment", metavar="TIME")
@_url
@as_json
@asynchronous
async def set_to(moment: str, url: str | None, as_json: bool) -> int:
    """Move the clock forward to TIME, an ISO 8601 time (UTC when it names no zone)."""
    return _told(await _asked(url, {"set": moment}), as_json)


def _settings() -> Settings:
    """As `make run` has them: development unless somebody says otherwise, and the running instance's doors."""
    instance = find_instance()
    settings = load_settings(
        {"LUNAS_ENV": "development", **(instance.environment if instance else {}), **os.environ}
    )
    if settings.env == "production":
        raise Refused(text("fake.production"))
    return settings


def _say(served: ServedFakes) -> None:
    for name, base in served.bases.items():
        account = served.world.providers[name].account
        print_data(f"{name:<8}{base}")
        talk(text("fake.serves", name=name, url=account.webhook_url))
    talk(text("fake.page", address=served.address))


async def _asked(url: str | None, wish: dict[str, str] | None) -> dict[str, Any]:
    settings = _settings()
    address = url or f"http://{reachable(settings.fakes_host)}:{settings.fakes_port}"
    timeout = aiohttp.ClientTimeout(total=LEAP_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request(
                "GET" if wish is None else "POST", f"{address.rstrip('/')}/fake/clock", json=wish
            ) as answer,
        ):
            said: dict[str, Any] = await answer.json()
            if answer.status != 200:
                raise CommandError(text("fake.refused", reason=said.get("error")))
            return said
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise CommandError(text("fake.away", address=address)) from error


def _told(said: dict[str, Any], as_json: bool) -> int:
    if as_json:
        print_json(said)
    else:
        print_data(text("fake.clock", now=said["now"]))
        if said["next_due"]:
            talk(text("fake.due", due=said["next_due"], count=said["waiting"]))
    return 0
