"""`lunas suspense`: verified money that could not be attributed, and how it finds its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from console.acts import Act, Done, tell
from console.claims import claimed, held, known, may_unclaim, not_yet, outcome, say
from console.exits import FINE, Refused, WrongUse
from console.lazy import Group
from console.messages import text, value
from console.options import actor, as_json, asynchronous, limit, provider, reason, yes
from console.output import number, print_data, print_json, print_table, rupiah, talk
from console.products import check_product
from console.safety import confirm
from console.store import open_store
from console.target import load_target
from console.times import short_moment
from eventstore.queries import load
from schemas.facts import SuspenseClaimed, SuspenseClaimWithdrawn, SuspenseWrittenOff

if TYPE_CHECKING:
    from runtime.database import Connection

entry = click.argument("entry", metavar="ID")


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
        rows = await connection.fetch(
            load("suspense.sql", "console")["list"], provider, cause, released_too, limit
        )
    if as_json:
        print_json({"items": [dict(row) for row in rows]})
        return FINE
    if not rows:
        print_data(text("suspense.none"))
        return FINE
    headings = ("since_wib", "provider", "payment", "amount", "reason", "payer", "state", "id")
    table = [
        (
            short_moment(row["since"]),
            row["provider"],
            row["payment_id"],
            rupiah(row["amount"]),
            reason_in_words(row["reason"]),
            row["payer_email"],
            value(row["resolution"] or row["status"]),
            row["suspense_id"],
        )
        for row in rows
    ]
    print_table([text(f"column.{name}") for name in headings], table, right=(3,))
    held = [row["amount"] or 0 for row in rows if row["status"] == "held"]
    talk(text("suspense.total", count=number(len(held)), amount=rupiah(sum(held))))
    if len(rows) == limit:
        talk(text("list.more_old", limit=limit))
    return FINE


@suspense.command("claim")
@entry
@click.option("--customer", required=True, help="Whose money it is: the id of a registered customer.")
@click.option(
    "--product", help="What it is for: a catalogue id, or `credit`; without it, what the payment says."
)
@reason
@yes
@as_json
@asynchronous
async def claim(entry: str, customer: str, product: str | None, reason: str, yes: bool, as_json: bool) -> int:
    """Say whose held money it is, and for what where that is unclear. It is granted like any other payment."""
    settings = load_target()
    check_product(settings, product)
    async with open_store(settings) as connection:
        row = await held(connection, entry)
        if not await connection.fetchval(load("suspense.sql", "console")["customer"], customer):
            raise WrongUse(text("suspense.no_customer", customer=customer))
        confirm(
            text(
                "suspense.claim_question",
                amount=rupiah(row["amount"]),
                customer=customer,
                product=product or "-",
            ),
            yes=yes,
        )
        event = SuspenseClaimed(
            suspense_id=entry,
            case=row["case_key"],
            customer_id=customer,
            product=product,
            actor=actor(),
            reason=reason,
        )
        await not_yet(connection, "suspense.claim", event)
        after = {"customer_id": customer, "product": product}
        reversible = await may_unclaim(connection, row["case_key"], product)
        undo = f"lunas suspense unclaim {entry} --reason WHY" if reversible else text("suspense.claim_undo")
        act_id = await say(connection, event, entry, _act("suspense.claim", row, reason, undo, after))
        done = Done(
            text("suspense.claimed", id=entry, customer=customer),
            act_id,
            undo,
            await _outcome(connection, entry),
        )
    tell([done], as_json=as_json)
    return FINE


@suspense.command("unclaim")
@entry
@reason
@yes
@as_json
@asynchronous
async def unclaim(entry: str, reason: str, yes: bool, as_json: bool) -> int:
    """Take a claim back: everything is as if nobody had claimed it, and what it granted is taken back, spent or not."""
    async with open_store(load_target()) as connection:
        row = await known(connection, entry)
        claim = await claimed(connection, entry)
        if not await may_unclaim(connection, row["case_key"], claim.product):
            raise Refused(text("suspense.claim_of_subscription", undo=text("suspense.claim_undo")))
        question = text("suspense.unclaim_question", amount=rupiah(row["amount"]), customer=claim.customer_id)
        confirm(question, yes=yes)
        event = SuspenseClaimWithdrawn(suspense_id=entry, case=row["case_key"], actor=actor(), reason=reason)
        product = f" --product {claim.product}" if claim.product else ""
        undo = f"lunas suspense claim {entry} --customer {claim.customer_id}{product} --reason WHY"
        after = {"customer_id": None, "product": None}
        act = _act("suspense.unclaim", row, reason, undo, after)
        act_id = await say(connection, event, entry, act)
        done = Done(
            text("suspense.unclaimed", id=entry, customer=claim.customer_id),
            act_id,
            undo,
            await _outcome(connection, entry, after=row),
        )
    tell([done], as_json=as_json)
    return FINE


@suspense.command("write-off")
@entry
@reason
@yes
@as_json
@asynchronous
async def write_off(entry: str, reason: str, yes: bool, as_json: bool) -> int:
    """Close held money without granting anything; the ledger moves it to `forfeited`."""
    async with open_store(load_target()) as connection:
        row = await held(connection, entry)
        confirm(text("suspense.write_off_question", amount=rupiah(row["amount"])), yes=yes)
        event = SuspenseWrittenOff(suspense_id=entry, case=row["case_key"], actor=actor(), reason=reason)
        await not_yet(connection, "suspense.write_off", event)
        undo = text("suspense.write_off_undo")
        act_id = await say(
            connection, event, entry, _act("suspense.write_off", row, reason, undo, "written_off")
        )
        done = Done(text("suspense.written_off", id=entry), act_id, undo, await _outcome(connection, entry))
    tell([done], as_json=as_json)
    return FINE


def reason_in_words(code: str) -> str:
    """The reason of an entry in the operator's language; the code itself when it is a newer one."""
    try:
        return text(f"reason.{code}")
    except KeyError:
        return code


def _act(verb: str, row: Any, reason: str, undo: str, after: object) -> Act:
    before = {"reason": row["reason"], "amount": row["amount"], "case": row["case_key"]}
    return Act(verb, row["suspense_id"], reason, undo, before=before, after=after)


async def _outcome(connection: Connection, entry: str, *, after: Any = None) -> str:
    row = await outcome(connection, entry, after=after)
    if row is None:
        return text("suspense.outcome_pending")
    if row["status"] == "held":
        return text("suspense.held_again", reason=reason_in_words(row["reason"]))
    return text("suspense.outcome", resolution=value(row["resolution"]))
