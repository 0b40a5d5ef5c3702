"""`lunas suspense`: verified money that could not be attributed, and how it finds its place."""

from __future__ import annotations

from typing import Any

import click

from api.suspense.gathering import SQL, candidates
from api.suspense.rest import SHORT, standing_rest
from api.suspense.scoring import RankedCustomer
from api.suspense.speaking import going_back, look
from api.suspense.undoing import newest_undoable
from console import rests
from console.attesting import what_is_missing
from console.claims import in_words
from console.commands.suspense_acts import ask_for_rest, claim, refund, unclaim, undo, write_off
from console.exits import FINE
from console.held_words import reason_in_words
from console.language import current
from console.lazy import Group
from console.messages import text, value
from console.options import as_json, asynchronous, limit, provider
from console.output import number, print_data, print_json, rupiah, talk
from console.store import open_store
from console.tables import count, money, plain, print_rows, told, when
from console.target import load_target
from console.times import ago, moment
from eventstore.queries import load
from processor.policies.attesting import AWAITED
from projections.held_money import HeldSpan, ageing
from runtime.ids import utc_now
from runtime.pay_pages import public_url
from schemas.candidate_reasons import explained

entry = click.argument("entry", metavar="ID")
HOURS_A_DAY = 24
ENTRIES = (
    when("since"),
    plain("provider"),
    plain("payment_id"),
    money("amount"),
    told("reason", lambda row: reason_in_words(row["reason"])),
    plain("payer_email"),
    told("status", lambda row: value(row["resolution"] or row["status"])),
    plain("suspense_id"),
)
SPANS = (
    plain("provider"), told("span", lambda one: one["words"]), count("count"), money("amount"), when("oldest")
)  # fmt: skip


@click.group(cls=Group)
def suspense() -> None:
    """Verified money that could not be attributed. It waits, visibly, until somebody says whose it is."""


@suspense.command("list")
@provider
@click.option("--cause", help="Only entries held for this reason.")
@click.option("--all", "released_too", is_flag=True, help="Released entries too, with what became of them.")
@limit
@as_json
@asynchronous
async def list_entries(
    provider: str | None, cause: str | None, released_too: bool, limit: int, as_json: bool
) -> int:
    """List held money, oldest first, with the reason in words."""
    async with open_store(load_target()) as connection:
        rows = [
            dict(row)
            for row in await connection.fetch(
                load("suspense.sql", "console")["list"], provider, cause, released_too, limit
            )
        ]
    if as_json:
        print_json({"items": rows})
        return FINE
    if not rows:
        print_data(text("suspense.none"))
        return FINE
    print_rows(rows, ENTRIES)
    held = [row["amount"] or 0 for row in rows if row["status"] == "held"]
    talk(text("suspense.total", count=number(len(held)), amount=rupiah(sum(held))))
    if len(rows) == limit:
        talk(text("list.more_old", limit=limit))
    return FINE


@suspense.command("show")
@entry
@as_json
@asynchronous
async def show(entry: str, as_json: bool) -> int:
    """Show one entry: why it waits or what became of it, what people did about it, and what can be done."""
    settings = load_target()
    async with open_store(settings) as connection:
        with in_words(entry):
            found = await look(connection, entry)
        acts = [dict(row) for row in await connection.fetch(SQL["acts"], entry)]
        missing = await what_is_missing(connection, settings, found.row)
        refund = await going_back(connection, found)
        undoable = await newest_undoable(connection, found)
        rest = await standing_rest(connection, found, public_url(settings))
    row = found.row
    if as_json:
        shown = {name: row[name] for name in row.keys() if name not in ("at_position", "lag", "position")}  # noqa: SIM118 - a record's values are what it iterates
        more = {"going_back": refund and refund["refund_id"], "undoable": undoable is not None}
        more["rest"] = rests.document(rest)
        print_json(shown | {"acts": acts, "missing": missing} | more)
        return FINE
    told = {"provider": row["provider"], "payment": row["payment_id"], "amount": rupiah(row["amount"])}
    print_data(text("suspense.entry", **told, reason=reason_in_words(row["reason"])))
    names = (
        "payer_email",
        "customer_id",
        "product",
        "since",
        "status",
        "resolution",
        "released_at",
        "released_by",
    )
    for name in names:
        each = row[name]
        if each is not None:
            shown_value = moment(each) if name in ("since", "released_at") else value(str(each))
            print_data(f"  {name:<13} {shown_value}")
    told_of_rest = [] if rest is None or row["status"] != "held" else rests.lines_of(rest, found)
    for sentence in [*missing, *told_of_rest]:
        print_data(sentence)
    print_data(text("suspense.spoken" if acts else "suspense.nobody_spoke"))
    for act in acts:
        print_data(f"  {moment(act['at'])}  {act['verb']:<19} {act['actor']}: {act['reason']}")
        print_data(f"    {text('act.undo', undo=act['undo'])}")
    if refund is not None:
        since = moment(refund["created_at"])
        print_data(text("suspense.going_back", refund=refund["refund_id"], by=refund["actor"], since=since))
        return FINE
    print_data(text("suspense.next"))
    for command in _next_steps(row, undoable=undoable is not None, asking=rest is not None and rest.open):
        print_data(f"  {command}")
    return FINE


@suspense.command("candidates")
@entry
@click.option("--limit", type=click.IntRange(1, 50), default=5, show_default=True, help="Customers at most.")
@as_json
@asynchronous
async def show_candidates(entry: str, limit: int, as_json: bool) -> int:
    """Whose it may be: customers ranked by what speaks for them, each reason with its points.

    E-mail, phone number, reference, an open request of the same amount, earlier payments of the same payer; a name alone is a weak reason.
    Nothing is decided by it: claim it for the one you are sure of.
    """
    async with open_store(load_target()) as connection:
        with in_words(entry):
            found = await look(connection, entry)
        ranked = (await candidates(connection, found.row, bodies=True))[:limit]
    if as_json:
        print_json({"items": [_document(one) for one in ranked]})
        return FINE
    if not ranked:
        print_data(text("suspense.no_candidates"))
    for rank, one in enumerate(ranked, 1):
        strength = text(f"strength.{one.strength}")
        print_data(
            text(
                "suspense.candidate", rank=rank, customer=one.customer_id, score=one.score, strength=strength
            )
        )
        for sign in one.signs:
            sentence = explained(sign.reason, sign.values, current())
            print_data(text("suspense.points", points=sign.points, explained=sentence))
    if ranked:
        talk(f"lunas suspense claim {entry} --customer {ranked[0].customer_id} --reason WHY")
    return FINE


@suspense.command("ageing")
@as_json
@asynchronous
async def show_ageing(as_json: bool) -> int:
    """How long held money has waited: count, rupiah and the oldest of each span, by provider."""
    settings = load_target()
    async with open_store(settings) as connection:
        spans = await ageing(connection, settings.suspense_ageing_hours)
    if as_json:
        print_json({"items": [_span(one) for one in spans]})
        return FINE
    if not spans:
        print_data(text("suspense.none"))
        return FINE
    print_rows([_span(one) | {"words": span_in_words(one)} for one in spans], SPANS)
    total = sum(one.amount for one in spans)
    talk(text("suspense.total", count=number(sum(one.count for one in spans)), amount=rupiah(total)))
    talk(text("suspense.oldest", age=ago(min(one.oldest for one in spans), utc_now())))
    if unknown := sum(one.unknown for one in spans):
        talk(text("suspense.unknown_amounts", count=number(unknown)))
    return FINE


for _act in (claim, unclaim, undo, ask_for_rest, refund, write_off):
    suspense.add_command(_act)


def _next_steps(row: Any, *, undoable: bool, asking: bool = False) -> list[str]:
    entry = row["suspense_id"]
    back = [f"lunas suspense undo {entry} --reason WHY"] if undoable else []
    if row["status"] != "held":
        return [f"lunas payments show {row['provider']} {row['payment_id']}", *back]
    # A run compares money; a membership, which holds none, is asked about by itself.
    asked = row["reason"] == AWAITED and row["amount"] is not None
    run = [f"lunas reconcile run {row['provider']}"] if asked else []
    rest = [f"lunas suspense ask-rest {entry} --reason WHY"] if row["reason"] == SHORT and not asking else []
    return [
        *run,
        *rest,
        f"lunas suspense candidates {entry}",
        f"lunas suspense claim {entry} --customer CUSTOMER --reason WHY",
        f"lunas suspense refund {entry} --reason WHY",
        f"lunas suspense write-off {entry} --reason WHY",
        *back,
    ]


def _document(one: RankedCustomer) -> dict[str, Any]:
    reasons = [
        {
            "reason": sign.reason,
            "points": sign.points,
            "explained": explained(sign.reason, sign.values, current()),
        }
        for sign in one.signs
    ]
    return {"customer_id": one.customer_id, "score": one.score, "strength": one.strength, "reasons": reasons}


def _span(one: HeldSpan) -> dict[str, Any]:
    names = ("span", "provider", "from_hours", "to_hours", "count", "amount", "unknown", "oldest")
    return {name: getattr(one, name) for name in names}


def span_in_words(one: HeldSpan) -> str:
    """`1-3 d`, `> 30 d`; hours where they are no whole days."""
    edges = [one.from_hours] if one.to_hours is None else [one.from_hours, one.to_hours]
    days = all(edge % HOURS_A_DAY == 0 for edge in edges)
    shown = "-".join(str(edge // HOURS_A_DAY if days else edge) for edge in edges)
    unit = ("d" if current() == "en" else "hr") if days else ("h" if current() == "en" else "jam")
    return f"{'> ' if one.to_hours is None else ''}{shown} {unit}"
