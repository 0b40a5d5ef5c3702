"""`lunas replay`: choose, look at what would change, apply it behind live traffic."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from console.acts import Done, tell
from console.choices import Among
from console.exits import FINE, PROBLEMS, CommandError, WrongUse
from console.lazy import Group
from console.messages import text, value
from console.options import PROVIDERS, as_json, asynchronous, limit, never_asked, reason, yes
from console.output import number, paint, print_data, print_json, talk
from console.problems.problem import quoted
from console.progress import Bar
from console.replay import open_replay
from console.replaying.applying import Run, change, go, resume, start
from console.replaying.planning import make_plan, plan_document, plan_row
from console.replaying.sources import SQL
from console.replaying.words import change_lines, outcomes_line
from console.safety import check_bulk, confirm
from console.store import open_store
from console.tables import count, known_amount, plain, print_rows, told, when
from console.target import load_target
from console.where_words import read_where
from providers.registry import PROVIDERS as KNOWN
from schemas.errors import Transient
from schemas.where import Source

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

plan_argument = click.argument("plan", type=click.UUID, metavar="PLAN")
rate_option = click.option(
    "--rate",
    metavar="N/s",
    help="Deliveries a second at most, such as 20/s; otherwise LUNAS_REPLAY_RATE.",
)
CUSTOMERS_SHOWN = 20
RATE_MAX = 100_000
"""Deliveries a second; more than any machine of ours takes, so that a slip of the finger is told."""
CALLED = tuple(name for name in PROVIDERS if KNOWN[name].webhooks)


@click.group(cls=Group)
def replay() -> None:
    """Send stored deliveries and dead letters through the pipeline again, after a look at what that would change.

    plan chooses and previews, apply does it behind live traffic, status shows how far it is; pause, resume and cancel work from anywhere.
    """


@replay.command("plan")
@click.option(
    "--where",
    required=True,
    help="What to choose: provider=mayar and error~timeout and amount>500000 and since 2h.",
)
@as_json
@asynchronous
async def plan_command(where: str, as_json: bool) -> int:
    """Choose what a filter finds, run it against the real state without writing anything, and show what would change for whom.

    Open dead letters are looked through; with a status stored deliveries, and with source= what it names: letters, deliveries, unhandled, quarantine, missing.
    """
    chosen, settings = read_where(where), load_target()
    async with open_store(settings) as connection:
        plan_id = await make_plan(connection, settings, chosen)
        document = await plan_document(connection, plan_id)
    return _show(document, as_json=as_json)


@replay.command("show")
@plan_argument
@as_json
@asynchronous
async def show(plan: uuid.UUID, as_json: bool) -> int:
    """Show a plan again: what was chosen, what it would change, what became of it."""
    async with open_store(load_target()) as connection:
        document = await plan_document(connection, plan)
    return _show(document, as_json=as_json)


@replay.command("apply")
@plan_argument
@reason
@rate_option
@yes
@as_json
@asynchronous
async def apply(plan: uuid.UUID, reason: str, rate: str | None, yes: bool, as_json: bool) -> int:
    """Do what a plan previewed. Refused when the world has moved since; each delivery's outcome is kept, and nothing is lost by a crash."""
    settings = load_target()
    async with open_store(settings) as connection:
        row = await plan_row(connection, plan)
        a_second = rate_of(rate) or settings.replay_rate
        confirm(text("replay.apply_question", count=number(row["items"]), rate=f"{a_second:g}"), yes=yes)
        async with open_replay(settings) as replayer:
            run, act_id = await start(connection, settings, plan, reason, rate=a_second)
            document = await _run(connection, settings, replayer, run)
    return _outcome(document, act_id, as_json=as_json)


@replay.command("resume")
@plan_argument
@rate_option
@click.option("--reason", default="resume", help="Why, in your own words; kept in the audit record.")
@never_asked
@as_json
@asynchronous
async def resume_command(plan: uuid.UUID, rate: str | None, reason: str, as_json: bool) -> int:
    """Go on with a replay that was paused, or that ended with its process: nothing is sent twice, nothing is left out."""
    settings = load_target()
    async with open_store(settings) as connection, open_replay(settings) as replayer:
        run, act_id = await resume(connection, settings, plan, reason, rate=rate_of(rate))
        document = await _run(connection, settings, replayer, run)
    return _outcome(document, act_id, as_json=as_json)


@replay.command("pause")
@plan_argument
@click.option("--reason", default="pause", help="Why, in your own words; kept in the audit record.")
@never_asked
@as_json
@asynchronous
async def pause(plan: uuid.UUID, reason: str, as_json: bool) -> int:
    """Stop a running replay within a second; what was sent goes on. `lunas replay resume` continues it."""
    async with open_store(load_target()) as connection:
        act_id = await change(connection, plan, "pause", reason)
    undo = f"lunas replay resume {plan}"
    tell([Done(text("replay.paused", id=plan), act_id, undo)], as_json=as_json)
    return FINE


@replay.command("cancel")
@plan_argument
@click.option("--reason", default="cancel", help="Why, in your own words; kept in the audit record.")
@never_asked
@as_json
@asynchronous
async def cancel(plan: uuid.UUID, reason: str, as_json: bool) -> int:
    """Give a plan up, or end its replay within a second. What was not sent stays as it was."""
    async with open_store(load_target()) as connection:
        act_id = await change(connection, plan, "cancel", reason)
    tell([Done(text("replay.cancelled", id=plan), act_id, text("replay.cancel_undo"))], as_json=as_json)
    return FINE


@replay.command("status")
@click.argument("plan", type=click.UUID, metavar="[PLAN]", required=False)
@limit
@as_json
@asynchronous
async def status(plan: uuid.UUID | None, limit: int, as_json: bool) -> int:
    """List replays, newest first, or show how far one is."""
    async with open_store(load_target()) as connection:
        if plan is not None:
            return _show(await plan_document(connection, plan), as_json=as_json)
        rows = [dict(row) for row in await connection.fetch(SQL["newest"], limit)]
    if as_json:
        print_json({"items": rows})
        return FINE
    if not rows:
        print_data(text("replay.none"))
        return FINE
    print_rows(rows, PLANS)
    return FINE


@replay.command("recover")
@click.option("--since", required=True, help="From when on: 2h, 3d, or an ISO 8601 time (WIB).")
@as_json
@asynchronous
async def recover(since: str, as_json: bool) -> int:
    """Plan everything that came since then and had no effect it should have had.

    Open dead letters, events that nothing handled, and rejected requests that are genuine under the secrets of now. What never came: missing.
    """
    return await _plan(f"source=letters,unhandled,quarantine and since {_quoted(since)}", as_json=as_json)


@replay.command("missing")
@click.option("--provider", required=True, type=Among(CALLED), help="Which provider's lists.")
@click.option("--since", required=True, help="From when on: 2h, 3d, or an ISO 8601 time (WIB).")
@as_json
@asynchronous
async def missing(provider: str, since: str, as_json: bool) -> int:
    """Plan what a provider lists and we were never sent: its own lists are read back to --since, and nothing is written but the plan."""
    where = f"source=missing and provider={provider} and since {_quoted(since)}"
    read_where(where)  # what is wrong with it is said before a provider is asked
    if not as_json:
        talk(text("reconcile.reading", provider=provider))
    return await _plan(where, as_json=as_json)


@replay.command("unhandled")
@click.option(
    "--since", default="90d", show_default=True, help="From when on: 2h, 3d, or an ISO 8601 time (WIB)."
)
@as_json
@asynchronous
async def unhandled(since: str, as_json: bool) -> int:
    """Plan deliveries of events that nothing handled when they came: what this version understands by now has its effect."""
    return await _plan(
        f"source=unhandled and since {_quoted(since)}",
        as_json=as_json,
    )


async def replay_chosen(
    settings: Settings,
    source: Source,
    chosen: Mapping[str, object],
    cap: int,
    reason: str,
    *,
    yes: bool,
    as_json: bool,
) -> int:
    """What `dlq replay` and `webhooks replay` do with their filters: a plan, its preview, and applying it once somebody agreed.

    Raises Refused without a filter, or when more than `cap` are found.
    """
    clauses = filter_of(source, chosen)
    check_bulk(0, cap, filtered=bool(chosen))
    async with open_store(settings) as connection:
        plan_id = await make_plan(connection, settings, read_where(clauses))
        document = await plan_document(connection, plan_id)
        check_bulk(document["items"], cap, filtered=True)
        if not as_json:
            _show(document, as_json=False)
        question = text(
            "replay.apply_question", count=number(document["items"]), rate=f"{settings.replay_rate:g}"
        )
        confirm(question, yes=yes)
        async with open_replay(settings) as replayer:
            run, act_id = await start(connection, settings, plan_id, reason)
            document = await _run(connection, settings, replayer, run)
    return _outcome(document, act_id, as_json=as_json)


def filter_of(source: Source, chosen: Mapping[str, object]) -> str:
    """Options of a command as the filter that says the same."""
    clauses = [f"source={source}"]
    for name, given in chosen.items():
        if name == "since" and isinstance(given, datetime):
            clauses.append(f'since "{given.isoformat()}"')
        elif name == "until" and isinstance(given, datetime):
            clauses.append(f'until "{given.isoformat()}"')
        else:
            clauses.append(f"{name}={quoted(str(given))}")
    return " and ".join(clauses)


async def _plan(where: str, *, as_json: bool) -> int:
    settings = load_target()
    async with open_store(settings) as connection:
        plan_id = await make_plan(connection, settings, read_where(where))
        document = await plan_document(connection, plan_id)
    return _show(document, as_json=as_json)


def _quoted(given: str) -> str:
    return f'"{given}"' if '"' not in given else given


def rate_of(given: str | None) -> float | None:
    """Deliveries a second; None when nothing was said. Raises WrongUse."""
    if given is None:
        return None
    try:
        said = float(given.removesuffix("/s"))
    except ValueError:
        said = 0
    if not 0 < said <= RATE_MAX:
        raise WrongUse(text("replay.no_rate", given=given, most=number(RATE_MAX)))
    return said


async def _run(connection: Connection, settings: Settings, replayer: Any, run: Run) -> dict[str, Any]:
    with Bar() as bar:
        try:
            await go(connection, settings, replayer, run, bar.show)
        except Transient as error:
            talk(text("replay.stopped", id=run.plan_id))
            raise CommandError(str(error)) from error
    return await plan_document(connection, run.plan_id)


def _applied(document: dict[str, Any]) -> str:
    return text(
        "replay.applied",
        id=document["plan_id"],
        status=value(state_of(document)),
        outcomes=outcomes_line(document["progress"]),
    )


def _outcome(document: dict[str, Any], act_id: uuid.UUID, *, as_json: bool) -> int:
    if as_json:
        print_json(document)
    else:
        ended = document["status"] == "done"
        undo = text("replay.done_undo" if ended else "replay.apply_undo", id=document["plan_id"])
        tell([Done(_applied(document), act_id, undo)], as_json=False)
    failed = sum(
        one["count"] for one in document["progress"] if one["outcome"] in ("parked", "conflict", "unreadable")
    )
    if failed:
        talk(text("replay.still_failing", count=number(failed)))
    if document["status"] == "paused":
        talk(text("replay.stopped", id=document["plan_id"]))
    return PROBLEMS if failed or document["status"] != "done" else FINE


def state_of(row: Any) -> str:
    """A run whose process gives no sign of life is interrupted, whatever its row says."""
    return "interrupted" if row["status"] == "running" and not row["running"] else str(row["status"])


PLANS = (
    when("planned_at"),
    told("status", lambda row: value(state_of(row))),
    count("items"),
    plain("planned_by"),
    plain("applied_by"),
    plain("filter"),
    plain("plan_id"),
)
KINDS = (
    count("count"), told("amount", known_amount, right=True), plain("provider"), plain("event_name"), plain("cause")
)  # fmt: skip


def _show(document: dict[str, Any], *, as_json: bool) -> int:
    if as_json:
        print_json(document)
        return FINE
    plan_id, preview = (
        document["plan_id"],
        document["preview"] or {"outcomes": {}, "alarms": {}, "customers": []},
    )
    counts = {"count": number(document["items"]), "sampled": number(document["sampled"])}
    print_data(text("replay.planned", id=plan_id, **counts))
    if document["sampled"] < document["items"]:
        print_data(text("replay.sampled", **counts))
    if preview.get("not_all"):
        print_data(paint("! ", "yellow") + text("replay.not_all", code=preview["not_all"]))
    print_rows(document["kinds"], KINDS)
    would = ", ".join(f"{name}: {number(count)}" for name, count in preview["outcomes"].items())
    print_data(text("replay.would_be", outcomes=would))
    if preview["alarms"]:
        alarms = ", ".join(f"{name}: {number(count)}" for name, count in preview["alarms"].items())
        print_data(text("replay.alarms", alarms=alarms))
    customers = preview["customers"]
    if not customers:
        print_data(text("replay.changes_none"))
    for customer in customers[:CUSTOMERS_SHOWN]:
        for line in change_lines(customer):
            print_data(line)
    if len(customers) > CUSTOMERS_SHOWN:
        print_data(text("replay.more_customers", count=number(len(customers) - CUSTOMERS_SHOWN), id=plan_id))
    if document["status"] == "planned":
        talk(text("replay.next", id=plan_id))
    else:
        print_data(_applied(document))
    return FINE
