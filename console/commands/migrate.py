"""`lunas migrate`: the database schema."""

from __future__ import annotations

import click

from console.lazy import Command
from console.messages import text
from console.options import as_json, asynchronous
from console.output import print_data, print_json
from console.target import load_target


@click.command(cls=Command)
@as_json
@asynchronous
async def migrate(as_json: bool) -> None:
    """Bring the database schema up to date.

    Safe to run at any time and by several at once: each step runs once, in order, under a lock.
    """
    from eventstore.migrations import migrate as apply

    applied = await apply(load_target().require_database_url())
    names = [str(name) for name in applied or ()]
    if as_json:
        print_json({"applied": names})
    elif names:
        print_data(text("migrate.applied", count=len(names), names=", ".join(names)))
    else:
        print_data(text("migrate.current"))
