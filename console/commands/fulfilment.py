"""`lunas fulfilment`: cases and customers, which are a fold of the log: compared with it, and built from it again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click

from console.acts import Act, Done, record, tell
from console.exits import FINE, PROBLEMS, WrongUse
from console.lazy import Group
from console.messages import text
from console.options import as_json, asynchronous, yes
from console.output import number, paint, print_data, print_json, talk
from console.safety import confirm
from console.store import open_store, open_store_pool
from console.target import load_target
from processor.fulfilment.building import BuiltCases
from processor.fulfilment.following import DecisionWithoutGrounds
from processor.fulfilment.rebuild import rebuild, verify
from processor.fulfilment.rounds import CONSUMER

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings


@click.group(cls=Group)
def fulfilment() -> None:
    """What was decided about each payment, subscription and customer so far: kept in tables, and a fold of the log."""


@fulfilment.command("verify")
@as_json
@asynchronous
async def verify_command(as_json: bool) -> int:
    """Build cases and customers from the log in temporary tables, compare them with the live ones, and list every difference.

    Nothing is changed. Exit code 1 when something differs.
    """
    settings = load_target()
    async with _connection(settings) as connection:
        try:
            built = await verify(connection, CONSUMER, create_unknown=settings.unknown_customer == "create")
        except DecisionWithoutGrounds as error:
            raise WrongUse(text("fulfilment.no_grounds", position=number(error.position))) from error
    fine = not built.differences
    if as_json:
        print_json({"ok": fine} | vars(built))
    elif fine:
        print_data(paint("✓ ", "green") + text("fulfilment.equal", **_counts(built)))
    else:
        print_data(paint("✗ ", "red") + text("fulfilment.different", count=number(len(built.differences))))
        for difference in built.differences:
            print_data(f"    {difference}")
    return FINE if fine else PROBLEMS


@fulfilment.command("rebuild")
@click.option("--reason", default="rebuild", help="Why, in your own words; kept in the audit record.")
@yes
@as_json
@asynchronous
async def rebuild_command(reason: str, yes: bool, as_json: bool) -> int:
    """Build cases and customers from the log beside the live ones, then put them in their place. Grants nothing, and takes nothing back.

    Processes may go on: most of the log is read beside them, the end and the switch hold back what wants to write to the log.
    """
    settings = load_target()
    async with _connection(settings) as connection:
        confirm(text("fulfilment.rebuild_question"), yes=yes, harmless=True)
        talk(text("fulfilment.rebuilding"))
        try:
            built = await rebuild(
                connection,
                CONSUMER,
                create_unknown=settings.unknown_customer == "create",
                pack=settings.pack_cases,
            )
        except DecisionWithoutGrounds as error:
            raise WrongUse(text("fulfilment.no_grounds", position=number(error.position))) from error
    undo = "lunas fulfilment verify"
    async with open_store(settings) as connection:
        after = {"cases": built.cases, "customers": built.customers, "undecided": built.undecided}
        act_id = await record(connection, Act("fulfilment.rebuild", CONSUMER, reason, undo, after=after))
    tell([Done(text("fulfilment.rebuilt", **_counts(built)), act_id, undo)], as_json=as_json)
    return FINE


def _counts(built: BuiltCases) -> dict[str, str]:
    return {
        "cases": number(built.cases),
        "customers": number(built.customers),
        "undecided": number(len(built.undecided)),
    }


@asynccontextmanager
async def _connection(settings: Settings) -> AsyncIterator[Connection]:
    """Of the login itself: temporary tables are nobody else's."""
    async with open_store_pool(settings, 1) as pool, pool.acquire() as connection:
        yield connection
