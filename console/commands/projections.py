"""`lunas projections`: state of the read models, rebuilding them beside the live ones, comparing them with the log."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from console.acts import Act, Done, already, record, tell
from console.choices import Among
from console.exits import FINE, PROBLEMS, WrongUse
from console.lazy import Group
from console.messages import text, value
from console.options import as_json, asynchronous, reason, yes
from console.output import decimal, paint, print_data, print_json, talk
from console.safety import confirm
from console.store import open_store, open_store_pool
from console.tables import count, plain, print_rows, told, when
from console.target import load_target
from projections import versions
from projections.registry import BY_NAME
from projections.verify import verify as compare
from projections.versions import GenerationError

if TYPE_CHECKING:
    from runtime.database import Pool
    from runtime.settings import Settings

NAMES = tuple(BY_NAME)

name_argument = click.argument("name", type=Among(NAMES), metavar="NAME")
optional_name = click.argument("name", type=Among(NAMES), metavar="[NAME]", required=False)
_COLOURS = {"live": "green", "building": "yellow"}
GENERATIONS = (
    plain("name"),
    count("version"),
    told("status", lambda each: paint(value(each["status"]), _COLOURS.get(each["status"]))),
    count("position"),
    count("lag_positions"),
    told("lag_seconds", lambda each: decimal(each["lag_seconds"]), right=True),
    count("parked"),
    when("created_at"),
)


@click.group(cls=Group)
def projections() -> None:
    """Read models: balances, subscriptions, enrollments, payments and others, folded from the log."""


@projections.command("status")
@as_json
@asynchronous
async def status(as_json: bool) -> int:
    """Show every generation of every read model: which one is shown, how far it is, how old that is."""
    async with _pool(load_target()) as pool:
        found = await versions.status(pool)
    items = [asdict(each) | {"lag_positions": each.lag_positions} for each in found]
    if as_json:
        print_json({"items": items})
        return FINE
    print_rows(items, GENERATIONS)
    return FINE


@projections.command("rebuild")
@name_argument
@reason
@yes
@as_json
@asynchronous
async def rebuild(name: str, reason: str, yes: bool, as_json: bool) -> int:
    """Build a new generation of a read model from the beginning of the log, while the live one goes on.

    Readers notice nothing until `lunas projections switch`. An older generation that nobody reads is dropped first.
    """
    settings = load_target()
    async with _pool(settings) as pool:
        confirm(text("projections.rebuild_question", name=name), yes=yes)
        talk(text("projections.rebuilding", name=name))
        version = await _or_wrong_use(versions.rebuild(pool, name), pool, "rebuild", name)
    await _record(settings, "rebuild", name, version, reason, f"lunas projections rebuild {name}", as_json)
    talk(text("projections.rebuilt", name=name, version=version))
    return FINE


@projections.command("switch")
@name_argument
@reason
@yes
@as_json
@asynchronous
async def switch(name: str, reason: str, yes: bool, as_json: bool) -> int:
    """Show the newest generation that was built. Readers see it from one moment to the next, never an older position."""
    settings = load_target()
    async with _pool(settings) as pool:
        confirm(text("projections.switch_question", name=name), yes=yes)
        version = await _or_wrong_use(versions.switch(pool, name), pool, "switch", name)
    await _record(settings, "switch", name, version, reason, f"lunas projections rollback {name}", as_json)
    return FINE


@projections.command("rollback")
@name_argument
@reason
@yes
@as_json
@asynchronous
async def rollback(name: str, reason: str, yes: bool, as_json: bool) -> int:
    """Show the generation again that was shown before the last switch; it was kept up to date."""
    settings = load_target()
    async with _pool(settings) as pool:
        confirm(text("projections.rollback_question", name=name), yes=yes)
        version = await _or_wrong_use(versions.rollback(pool, name), pool, "rollback", name)
    await _record(settings, "rollback", name, version, reason, f"lunas projections switch {name}", as_json)
    return FINE


@projections.command("verify")
@optional_name
@as_json
@asynchronous
async def verify(name: str | None, as_json: bool) -> int:
    """Rebuild from the beginning of the log, compare with what is shown, and list every difference.

    Nothing is changed. Without a name, all read models. Exit code 1 when something differs.
    """
    results: list[dict[str, Any]] = []
    async with _pool(load_target()) as pool:
        for each in NAMES if name is None else (name,):
            results.append(_as_document(each, await compare(pool, each)))
            if not as_json:
                _print_comparison(results[-1])
    fine = all(result["ok"] for result in results)
    if as_json:
        print_json({"ok": fine, "items": results})
    return FINE if fine else PROBLEMS


def _as_document(name: str, verification: Any) -> dict[str, Any]:
    return {"name": name, "ok": verification.ok, **asdict(verification)}


def _print_comparison(result: dict[str, Any]) -> None:
    if result["ok"]:
        print_data(paint("✓ ", "green") + text("projections.equal", name=result["name"]))
        return
    for kind, found in (
        ("projections.different", result["differences"]),
        ("projections.wrong", result["wrong"]),
    ):
        if found:
            print_data(paint("✗ ", "red") + text(kind, name=result["name"], count=len(found)))
        for sentence in found:
            print_data(f"    {sentence}")


def _pool(settings: Settings) -> AbstractAsyncContextManager[Pool]:
    """A pool of the login itself: generations are tables, and these belong to the login that migrates."""
    return open_store_pool(settings, 2)


async def _or_wrong_use(work: Any, pool: Pool, verb: str, name: str) -> int:
    try:
        return int(await work)
    except GenerationError as error:
        others = [f"projections.{one}" for one in ("rebuild", "switch", "rollback") if one != verb]
        async with pool.acquire() as connection:
            refusal = await already(
                connection, f"projections.{verb}", name, WrongUse(str(error)), undone_by=others
            )
        raise refusal from error


async def _record(
    settings: Settings, verb: str, name: str, version: int, reason: str, undo: str, as_json: bool
) -> None:
    async with open_store(settings) as connection:
        act = Act(f"projections.{verb}", name, reason, undo, after={"version": version})
        act_id = await record(connection, act)
    tell([Done(text(f"projections.{verb}_done", name=name, version=version), act_id, undo)], as_json=as_json)
