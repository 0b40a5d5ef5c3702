"""`lunas migrate`: the database schema."""

from __future__ import annotations

import click

from console.lazy import Command
from console.messages import text
from console.options import as_json, asynchronous
from console.output import print_data, print_json
from console.store import open_store, until_there
from console.target import load_target
from eventstore.migrations import LockPatience
from eventstore.migrations import migrate as apply
from eventstore.parts import make_parts
from projections.versions import ensure


@click.command(cls=Command)
@as_json
@asynchronous
async def migrate(as_json: bool) -> None:
    """Bring the database schema up to date, the first tables of the read models included.

    Safe to run at any time and by several at once: each step runs once, in order, under a lock. Waits for a database that is starting.
    """
    settings = load_target()
    await until_there(settings)
    async with open_store(settings, role=None) as connection:
        patience = LockPatience(
            settings.database_migration_lock_ms, settings.database_migration_patience_seconds
        )
        names = await apply(settings.require_database_url(), patience=patience)
        names += await make_parts(connection, settings.log_part_events)
        names += [f"{name}_v1" for name in await ensure(connection)]
    if as_json:
        print_json({"applied": names})
    elif names:
        print_data(text("migrate.applied", count=len(names), names=", ".join(names)))
    else:
        print_data(text("migrate.current"))
