"""`lunas problems`: what is wrong, by cause."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from console.acts import Done, tell
from console.exits import FINE, PROBLEMS
from console.lazy import Group
from console.messages import text, value
from console.options import as_json, asynchronous, never_asked, reason
from console.output import number, print_data, print_json, rupiah, talk
from console.problems.acting import VERBS, note, say
from console.problems.reading import all_problems, as_document, problem_document
from console.store import open_store
from console.tables import count, money, plain, print_rows, told
from console.target import load_target
from console.times import ago, moment
from runtime.ids import utc_now

HIDDEN = ("fixed", "ignored")
problem = click.argument("problem", metavar="ID")


@click.group(cls=Group)
def problems() -> None:
    """What is parked, held or silent, grouped by cause: how many, how much money, how many customers, since when, and the next step."""


@problems.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that were called fixed or ignored.")
@as_json
@asynchronous
async def list_problems(everything: bool, as_json: bool) -> int:
    """List problems, causes before what is only wrong because of them. Exit code 1 when one is open."""
    settings = load_target()
    async with open_store(settings) as connection:
        found = await all_problems(connection, settings)
    shown = [one for one in found if everything or one.said.status not in HIDDEN]
    code = PROBLEMS if any(one.said.status == "open" for one in shown) else FINE
    documents = [as_document(one) for one in shown]
    if as_json:
        print_json({"items": documents})
        return code
    if not shown:
        print_data(text("problems.none"))
    else:
        print_rows(documents, KNOWN)
    if len(shown) < len(found):
        talk(text("problems.hidden", count=number(len(found) - len(shown))))
    return code


@problems.command("show")
@problem
@as_json
@asynchronous
async def show(problem: str, as_json: bool) -> int:
    """Show one problem: what it consists of, what people noted, what to do, and what a replay would be."""
    settings = load_target()
    async with open_store(settings) as connection:
        document = await problem_document(connection, settings, problem)
    if as_json:
        print_json(document)
        return FINE
    for name, each in document.items():
        if each not in (None, False) and name not in ("notes", "examples", "replay", "next"):
            shown = moment(each) if isinstance(each, datetime) else rupiah(each) if name == "amount" else each
            print_data(f"{name:<12}  {shown}")
    for one in document["notes"]:
        print_data(f"  {moment(one['at'])}  {one['author']}: {one['note']}")
    for example in document["examples"]:
        print_data(
            "  "
            + "  ".join(str(each) for each in list(example.values())[:2])
            + f"  {rupiah(example['amount'])}"
        )
    talk(document["next"])
    if document["replay"]:
        talk(text("problems.replay", command=document["replay"]))
    return FINE


@problems.command("ack")
@problem
@click.option("--owner", help="Who takes care of it; otherwise whoever says so.")
@reason
@never_asked
@as_json
@asynchronous
async def ack(problem: str, owner: str | None, reason: str, as_json: bool) -> int:
    """Say that somebody takes care of it."""
    return await _say(problem, "ack", reason, owner, as_json=as_json)


@problems.command("fix")
@problem
@reason
@never_asked
@as_json
@asynchronous
async def fix(problem: str, reason: str, as_json: bool) -> int:
    """Say that its cause is mended. It is open again when it comes back."""
    return await _say(problem, "fix", reason, None, as_json=as_json)


@problems.command("ignore")
@problem
@reason
@never_asked
@as_json
@asynchronous
async def ignore(problem: str, reason: str, as_json: bool) -> int:
    """Say that nothing is to be done. What is parked stays parked, and counted."""
    return await _say(problem, "ignore", reason, None, as_json=as_json)


@problems.command("reopen")
@problem
@reason
@never_asked
@as_json
@asynchronous
async def reopen(problem: str, reason: str, as_json: bool) -> int:
    """Take back what was said: it is open."""
    return await _say(problem, "reopen", reason, None, as_json=as_json)


@problems.command("note")
@problem
@click.argument("words", metavar="NOTE")
@as_json
@asynchronous
async def note_command(problem: str, words: str, as_json: bool) -> int:
    """Note something about it, for whoever looks next."""
    settings = load_target()
    async with open_store(settings) as connection:
        act_id = await note(connection, settings, problem, words)
    tell([Done(text("problems.noted", id=problem), act_id, text("problems.note_undo"))], as_json=as_json)
    return FINE


async def _say(problem: str, verb: str, reason: str, owner: str | None, *, as_json: bool) -> int:
    settings = load_target()
    async with open_store(settings) as connection:
        act_id = await say(connection, settings, problem, verb, reason, owner=owner)
    undo = f"lunas problems {'ack' if verb == 'reopen' else 'reopen'} {problem} --reason …"
    tell(
        [Done(text("problems.changed", id=problem, status=value(VERBS[verb])), act_id, undo)], as_json=as_json
    )
    return FINE


def _status(one: Mapping[str, Any]) -> str:
    return value(one["status"]) + (f" ({text('problems.again')})" if one["again"] else "")


def _next(one: Mapping[str, Any]) -> object:
    return text("problems.because", id=one["because"]) if one["because"] else one["next"]


KNOWN = (
    plain("fingerprint"),
    told("status", _status),
    plain("owner"),
    count("count"),
    money("amount"),
    count("customers"),
    told("first_seen", lambda one: ago(one["first_seen"], utc_now()), right=True),
    plain("provider"),
    plain("event"),
    told("error", lambda one: " ".join(part for part in (one["error"], one["place"]) if part)),
    told("next", _next),
)
