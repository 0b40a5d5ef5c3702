"""`lunas webhooks strangers|acknowledge`: what bodies began to carry and this version does not know."""

from __future__ import annotations

import click

from console.acts import Act, Done, record, tell
from console.choices import Among
from console.exits import FINE, PROBLEMS, NotFound
from console.lazy import Command
from console.messages import text
from console.options import PROVIDERS, as_json, asynchronous, never_asked, provider, reason
from console.output import print_data, print_json
from console.store import open_store
from console.tables import count, plain, print_rows, told, when
from console.target import load_target
from eventstore.queries import load

STRANGERS = (
    plain("provider"), told("kind", lambda row: text(f"strangers.{row['kind']}")), plain("path"), plain("shape"), count("seen"),
    when("first_seen"), plain("delivery_id"),
)  # fmt: skip


@click.command(cls=Command)
@provider
@click.option("--all", "known_too", is_flag=True, help="Acknowledged ones too.")
@as_json
@asynchronous
async def strangers(provider: str | None, known_too: bool, as_json: bool) -> int:
    """Fields and events of webhooks that this version does not know: counted, with one delivery as an example.

    Only names and types are kept, never what stands there. Exit code 1 when there are some that nobody has acknowledged.
    """
    async with open_store(load_target()) as connection:
        rows = [
            dict(row)
            for row in await connection.fetch(load("strangers.sql", "console")["list"], provider, known_too)
        ]
    new = [row for row in rows if row["acknowledged_at"] is None]
    if as_json:
        print_json({"items": rows})
    elif not rows:
        print_data(text("strangers.none"))
    else:
        print_rows(rows, STRANGERS)
    return PROBLEMS if new else FINE


@click.command(cls=Command)
@click.argument("name", metavar="PROVIDER", type=Among(PROVIDERS))
@click.option("--path", help="Only this field or event.")
@reason
@never_asked
@as_json
@asynchronous
async def acknowledge(name: str, path: str | None, reason: str, as_json: bool) -> int:
    """Say that what bodies of this provider began to carry is known now. What comes newly after that is told again."""
    async with open_store(load_target()) as connection, connection.transaction():
        rows = await connection.fetch(load("strangers.sql", "console")["acknowledge"], name, path)
        if not rows:
            raise NotFound(text("strangers.nothing", name=name))
        undo = text("strangers.undo")
        act = Act(
            "webhooks.acknowledge", name, reason, undo, after={"strangers": [dict(row) for row in rows]}
        )
        act_id = await record(connection, act)
    tell([Done(text("strangers.done", count=len(rows), name=name), act_id, undo)], as_json=as_json)
    return FINE
