"""`lunas audit`: who did what, when, why, and how to undo it."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import Any

import click

from console.commands.audit_seals import proof, seals, verify
from console.exits import FINE, NotFound
from console.lazy import Group
from console.messages import text
from console.options import as_json, asynchronous, limit, since
from console.output import print_data, print_json
from console.store import open_store
from console.tables import plain, print_rows, when
from console.target import load_target
from console.times import moment
from eventstore.queries import load
from runtime.ids import utc_now

SHOWN = timedelta(days=90)
"""How far back the list goes when nobody says from when."""

ACTS = (when("at"), plain("actor"), plain("verb"), plain("target"), plain("reason"), plain("act_id"))


@click.group(cls=Group)
def audit() -> None:
    """Every act of an operator: who, when, why, what it was before and after, and the way back; and proof that the log is as it was."""


audit.add_command(seals, "seals")
audit.add_command(verify, "verify")
audit.add_command(proof, "prove")


@audit.command("list")
@click.option("--actor", help="Only what this person did.")
@click.option("--verb", help="Only acts whose name begins so: replay, suspense.claim, problems.")
@click.option(
    "--target", help="Only what was done to this: an id of a letter, a plan, held money, a problem."
)
@since
@limit
@as_json
@asynchronous
async def list_acts(
    actor: str | None, verb: str | None, target: str | None, since: datetime | None, limit: int, as_json: bool
) -> int:
    """List acts, newest first; of the last 90 days, unless --since says more."""
    async with open_store(load_target()) as connection:
        filters = (actor, verb, target, since or utc_now() - SHOWN, limit)
        rows = [dict(row) for row in await connection.fetch(load("acts.sql", "console")["list"], *filters)]
    if as_json:
        print_json({"items": rows})
        return FINE
    if not rows:
        print_data(text("list.nothing"))
        return FINE
    print_rows(rows, ACTS)
    return FINE


@audit.command("show")
@click.argument("act", type=click.UUID, metavar="ID")
@as_json
@asynchronous
async def show(act: uuid.UUID, as_json: bool) -> int:
    """Show one act by the id that its command printed."""
    async with open_store(load_target()) as connection:
        row = await connection.fetchrow(load("acts.sql", "console")["one"], act)
    if row is None:
        raise NotFound(text("audit.unknown", id=act))
    document: dict[str, Any] = dict(row)
    for name in ("before", "after"):
        document[name] = None if document[name] is None else json.loads(document[name])
    if as_json:
        print_json(document)
        return FINE
    for name, each in document.items():
        if each is not None:
            shown = (
                moment(each)
                if isinstance(each, datetime)
                else json.dumps(each)
                if isinstance(each, dict)
                else each
            )
            print_data(f"{name:<8}  {shown}")
    return FINE
