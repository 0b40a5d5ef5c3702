"""The verbs of `lunas suspense` that change something: each with a reason, an audit record, and the way back where there is one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from api.suspense import speaking, undoing
from api.suspense.rest import missing_rest
from console import rests
from console.acts import Done, tell
from console.agreeing import ActOutcome, act, of_held
from console.claims import QUESTIONS, TAKEN_BACK_WORDS, author, in_words, outcome, taken_back_told
from console.exits import FINE, Refused, WrongUse
from console.held_words import reason_in_words
from console.lazy import Command
from console.messages import text, value
from console.options import as_json, asynchronous, reason, yes
from console.output import rupiah
from console.products import check_product
from console.safety import confirm
from console.store import open_store
from console.target import load_target
from eventstore.queries import load
from processor.policies.payment import CATALOG_PROBLEMS
from schemas.facts import SuspenseClaimed, SuspenseClaimWithdrawn

if TYPE_CHECKING:
    from runtime.database import Connection

entry = click.argument("entry", metavar="ID")


@click.command("claim", cls=Command)
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
    """Say whose held money it is, and for what where that is unclear. It is granted like any other payment.

    Once an approver is named, above LUNAS_CORRECTION_APPROVAL_IDR it waits until another person says `lunas approve`.
    """
    settings = load_target()
    check_product(settings, product)
    who = author(reason)
    async with open_store(settings) as connection:
        with in_words(entry, customer):
            row = (await speaking.free(connection, entry, who.patience_seconds)).row
            await speaking.check_customer(connection, customer)
            told = {"amount": rupiah(row["amount"]), "customer": customer, "product": product or "-"}
            confirm(text("suspense.claim_question", **told), yes=yes)
        wish = of_held("suspense.claim", row, {"customer_id": customer, "product": product})
        made = await act(connection, settings, wish, reason)
        followed = await _followed(connection, made)
        if followed is not None and product is None and row["reason"] in CATALOG_PROBLEMS:
            followed = await _asked_for_what(connection, entry, customer) or followed
    tell([replace(made.done, outcome=followed)], as_json=as_json)
    return FINE


@click.command("unclaim", cls=Command)
@entry
@reason
@yes
@as_json
@asynchronous
async def unclaim(entry: str, reason: str, yes: bool, as_json: bool) -> int:
    """Take a claim back: everything is as if nobody had claimed it, and what it granted is taken back, spent or not."""
    async with open_store(load_target()) as connection:
        with in_words(entry):
            found = await speaking.look(connection, entry)
            undoable = await undoing.newest_undoable(connection, found)
        newer = undoable is not None and undoable.refund is not None
        if newer or not isinstance(found.word, SuspenseClaimed | SuspenseClaimWithdrawn):
            raise Refused(text("suspense.not_claimed", id=entry))
        done = await _taken_back(connection, found, reason, yes=yes)
    tell([done], as_json=as_json)
    return FINE


@click.command("undo", cls=Command)
@entry
@reason
@yes
@as_json
@asynchronous
async def undo(entry: str, reason: str, yes: bool, as_json: bool) -> int:
    """Take back the newest word on held money, a claim, a write-off or a refund by hand: everything is as if nobody had said it."""
    async with open_store(load_target()) as connection:
        with in_words(entry):
            found = await speaking.look(connection, entry)
        done = await _taken_back(connection, found, reason, yes=yes)
    tell([done], as_json=as_json)
    return FINE


@click.command("ask-rest", cls=Command)
@entry
@reason
@yes
@as_json
@asynchronous
async def ask_for_rest(entry: str, reason: str, yes: bool, as_json: bool) -> int:
    """Ask for what is missing where less came than was asked for: the same customer, at the same provider.

    What comes for it is added to what is held, and delivered once it is all there. Nobody pays it: the money is held as before.
    """
    settings = load_target()
    who = author(reason)
    async with open_store(settings) as connection:
        with in_words(entry):
            found = await speaking.free(connection, entry, who.patience_seconds)
            asked = await missing_rest(connection, found)
            told = {"amount": rupiah(asked.amount_idr), "customer": asked.customer_id}
            confirm(text("rest.question", **told, provider=found.row["provider"]), yes=yes)
        made = await rests.ask(connection, settings, entry, reason)
        said = await rests.answered(connection, settings, entry)
    tell([rests.done_of(made, found.row, said)], as_json=as_json)
    return FINE


@click.command("refund", cls=Command)
@entry
@click.option(
    "--amount", type=click.IntRange(min=1), help="Whole rupiah; without it everything that is held."
)
@click.option("--by-hand", is_flag=True, help="It went back already, outside the provider: record that.")
@click.option("--proof", help="What shows that it went back: a transfer's reference, a receipt's number.")
@reason
@yes
@as_json
@asynchronous
async def refund(
    entry: str, amount: int | None, by_hand: bool, proof: str | None, reason: str, yes: bool, as_json: bool
) -> int:
    """Send held money back to whoever paid it: through its provider, or by hand with a proof.

    Once an approver is named, above LUNAS_CORRECTION_APPROVAL_IDR it waits until another person says `lunas approve`.
    """
    if by_hand != bool(proof and proof.strip()):
        raise WrongUse(text("suspense.proof_needed"))
    who = author(reason)
    settings = load_target()
    async with open_store(settings) as connection:
        with in_words(entry):
            row = (await speaking.free(connection, entry, who.patience_seconds)).row
            told = {"amount": rupiah(amount or row["amount"]), "provider": row["provider"], "proof": proof}
            confirm(text(f"suspense.{'by_hand' if by_hand else 'refund'}_question", **told), yes=yes)
        wish = of_held("suspense.refund", row, {"amount": amount, "proof": proof})
        made = await act(connection, settings, wish, reason)
        followed = await _followed(connection, made) if by_hand and amount is None else None
    tell([replace(made.done, outcome=followed)], as_json=as_json)
    return FINE


@click.command("write-off", cls=Command)
@entry
@reason
@yes
@as_json
@asynchronous
async def write_off(entry: str, reason: str, yes: bool, as_json: bool) -> int:
    """Close held money without granting anything; the ledger moves it to `forfeited`.

    Once an approver is named, above LUNAS_CORRECTION_APPROVAL_IDR it waits until another person says `lunas approve`.
    """
    who = author(reason)
    settings = load_target()
    async with open_store(settings) as connection:
        with in_words(entry):
            row = (await speaking.free(connection, entry, who.patience_seconds)).row
            confirm(text("suspense.write_off_question", amount=rupiah(row["amount"])), yes=yes)
        made = await act(connection, settings, of_held("suspense.write_off", row), reason)
        followed = await _followed(connection, made)
    tell([replace(made.done, outcome=followed)], as_json=as_json)
    return FINE


async def _followed(connection: Connection, made: ActOutcome) -> str | None:
    """What fulfilment made of it; nothing yet of what waits for another person."""
    return await _outcome(connection, made.target) if made.change_id is None else None


async def _taken_back(connection: Connection, found: speaking.HeldEntry, reason: str, *, yes: bool) -> Done:
    with in_words(found.id):
        undoable = await undoing.check_undo(connection, found)
        told = taken_back_told(found, undoable)
        confirm(text(f"suspense.{QUESTIONS[undoable.kind]}", **told), yes=yes)
        async with connection.transaction():
            spoken = await undoing.undo(connection, found.id, author(reason), seen=undoable)
    said = text(f"suspense.{TAKEN_BACK_WORDS[undoable.kind]}", **told)
    return Done(said, spoken.act_id, spoken.undo, await _outcome(connection, found.id, after=found.row))


async def _asked_for_what(connection: Connection, entry: str, customer: str) -> str | None:
    """It waits for two answers, and only the first was given: the second is asked for."""
    row = await connection.fetchrow(load("suspense.sql", "console")["one"], entry)
    if row is None or row["status"] != "held":
        return None
    return text("suspense.what_for", reason=reason_in_words(row["reason"]), id=entry, customer=customer)


async def _outcome(connection: Connection, entry: str, *, after: Any = None) -> str:
    row = await outcome(connection, entry, after=after)
    if row is None:
        return text("suspense.outcome_pending")
    if row["status"] == "held":
        return text("suspense.held_again", reason=reason_in_words(row["reason"]))
    return text("suspense.outcome", resolution=value(row["resolution"]))
