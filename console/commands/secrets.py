"""`lunas secrets`: which webhook secrets verified what came, since when, and who changed them why. Never a secret itself."""

from __future__ import annotations

import click

from console.acts import tell
from console.choices import Among
from console.exits import FINE
from console.lazy import Group
from console.messages import text
from console.options import PROVIDERS, as_json, asynchronous, provider, reason, yes
from console.output import print_data, print_json
from console.rotating import configured, known_secrets, named, record_secrets
from console.safety import confirm as ask
from console.store import open_store
from console.tables import plain, print_rows, when
from console.target import load_target

COLUMNS = (
    when("seen_at"),
    plain("provider"),
    plain("secret_id"),
    plain("not_before"),
    plain("not_after"),
    plain("actor"),
    plain("reason"),
)


@click.group(cls=Group)
def secrets() -> None:
    """Webhook secrets by their ids: what each verified first, who rotated them and why. Never a secret itself."""


@secrets.command("list")
@provider
@as_json
@asynchronous
async def list_secrets(provider: str | None, as_json: bool) -> int:
    """List secrets that verified deliveries, newest first: since when, and what a person said of them last.

    The first delivery that a secret verified is recorded by itself. Without a reason nobody has said yet why it came.
    """
    async with open_store(load_target()) as connection:
        rows = await known_secrets(connection, provider)
    if as_json:
        print_json({"items": rows})
    elif rows:
        print_rows(rows, COLUMNS)
    else:
        print_data(text("list.nothing"))
    return FINE


@secrets.command("record")
@click.argument("provider", type=Among(PROVIDERS), metavar="PROVIDER")
@click.option(
    "--secret",
    "given",
    multiple=True,
    help="Id of an accepted secret, with its times as in LUNAS_WEBHOOK_SECRET_TIMES; for each one. Without it: those of this process.",
)
@reason
@yes
@as_json
@asynchronous
async def record(provider: str, given: tuple[str, ...], reason: str, yes: bool, as_json: bool) -> int:
    """Record which secrets of a provider are accepted from now on, and why: the audit record of a rotation.

    It changes nothing of what ingress accepts.
    """
    settings = load_target()
    async with open_store(settings) as connection:
        accepted = named(given) if given else configured(settings, provider)
        told = ", ".join(one.secret_id for one in accepted)
        ask(text("secrets.question", provider=provider, secrets=told), yes=yes)
        done = await record_secrets(connection, provider, accepted, reason)
    tell([done], as_json=as_json)
    return FINE
