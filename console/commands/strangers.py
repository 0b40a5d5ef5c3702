"""`lunas webhooks strangers|acknowledge`: what bodies began to carry and this version does not know."""

from __future__ import annotations

import click

from console.acts import Act, Done, record, tell
from console.exits import FINE, PROBLEMS, NotFound
from console.lazy import Command
from console.messages import text
from console.options import PROVIDERS, as_json, asynchronous, provider, reason
from console.output import number, print_data, print_json, print_table
from console.store import open_store
from console.target import load_target
from console.times import short_moment
from eventstore.queries import load


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
        rows = await connection.fetch(load("strangers.sql", "console")["list"], provider, known_too)
    new = [row for row in rows if row["acknowledged_at"] is None]
    if as_json:
        print_json({"items": [dict(row) for row in rows]})
    elif not rows:
        print_data(text("strangers.none"))
    else:
        headings = [
            text(f"column.{name}")
            for name in ("provider", "what", "path", "type", "count", "first_wib", "example")
        ]
        table = [
            (
                row["provider"], text(f"strangers.{row['kind']}"), row["path"], row["shape"], number(row["seen"]),
                short_moment(row["first_seen"]), str(row["delivery_id"]),
            )
            for row in rows
        ]  # fmt: skip
        print_table(headings, table, right=(4,))
    return PROBLEMS if new else FINE


@click.command(cls=Command)
@click.argument("name", metavar="PROVIDER", type=click.Choice(PROVIDERS))
@click.option("--path", help="Only this field or event.")
@reason
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
