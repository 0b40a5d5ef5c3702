"""`lunas dlq`: authentic messages that could not be processed, and what to do with them."""

from __future__ import annotations

import uuid
from datetime import datetime

import click

from console.acts import tell
from console.agreeing import act, of_letter
from console.choices import Among
from console.commands.dlq_streams import parked_streams, release
from console.commands.replay import replay_chosen
from console.exits import FINE, Refused, WrongUse
from console.lazy import Group
from console.letter_acts import (
    discard_letter,
    find_letters,
    one_letter,
    reopen_letter,
    replay_letter,
)
from console.letters import group_letters, readable, told_attempts
from console.messages import text
from console.next_steps import next_step
from console.options import PROVIDERS, as_json, asynchronous, limit, provider, reason, since, yes
from console.output import number, print_data, print_json, rupiah, talk
from console.products import CREDIT, check_product
from console.replay import open_replay
from console.safety import BULK_CAP, confirm
from console.settlement import Settlement, received_at
from console.store import open_store
from console.tables import count, known_amount, money, plain, print_rows, told, when, word
from console.target import load_target
from console.times import moment
from console.unsaying import unsettle
from eventstore.queries import load
from providers.parked_money import amount_in

STATUSES = ("open", "replaying", "resolved", "discarded", "all")
UNRESOLVED = ["open", "replaying"]
LETTERS = (
    when("last_seen"), plain("provider"), plain("event_name"), word("stage"), plain("reason"), count("deliveries"), count("waiting"),
    money("amount"), word("status"), plain("dead_letter_id"),
)  # fmt: skip
GROUPS = (
    count("count"),
    told("amount", known_amount, right=True),
    plain("provider"),
    plain("event_name"),
    word("stage"),
    told("reason", lambda group: " ".join(filter(None, (group["reason"], group["place"])))),
    when("first_seen"),
    plain("next"),
)
cause = click.option("--cause", help="Only letters with this reason code, as `lunas dlq groups` shows it.")
event = click.option("--event", help="Only this event name, as the provider writes it.")


@click.group(cls=Group)
def dlq() -> None:
    """Dead letters: authentic messages that could not be processed. They wait, with their bytes, until somebody acts."""


dlq.add_command(parked_streams, "streams")
dlq.add_command(release, "release")


@dlq.command("list")
@provider
@cause
@event
@click.option(
    "--status", type=Among(STATUSES), help="Only this status; without it, those that are unresolved."
)
@since
@limit
@as_json
@asynchronous
async def list_letters(
    provider: str | None,
    cause: str | None,
    event: str | None,
    status: str | None,
    since: datetime | None,
    limit: int,
    as_json: bool,
) -> int:
    """List dead letters, newest first, with the money they speak of as far as it can be read."""
    statuses = UNRESOLVED if status is None else None if status == "all" else [status]
    async with open_store(load_target()) as connection:
        rows = await find_letters(connection, provider, cause, event, statuses, since, limit)
    letters = [readable(row) for row in rows]
    if as_json:
        print_json({"items": letters})
        return FINE
    if not letters:
        filtered = any((provider, cause, event, status, since))
        print_data(text("list.nothing" if filtered else "dlq.none"))
        return FINE
    print_rows(letters, LETTERS)
    if len(letters) == limit:
        talk(text("list.more", limit=limit))
    return FINE


@dlq.command("groups")
@provider
@since
@as_json
@asynchronous
async def groups(provider: str | None, since: datetime | None, as_json: bool) -> int:
    """Group unresolved letters by cause: how many, how much money, since when, and what to do next."""
    async with open_store(load_target()) as connection:
        rows = await find_letters(connection, provider, None, None, UNRESOLVED, since, 10_000)
    found = group_letters([readable(row) for row in rows])
    if as_json:
        print_json({"items": found})
        return FINE
    if not found:
        print_data(text("dlq.none"))
        return FINE
    print_rows(found, GROUPS)
    return FINE


@dlq.command("show")
@click.argument("letter", type=click.UUID, metavar="ID")
@as_json
@asynchronous
async def show(letter: uuid.UUID, as_json: bool) -> int:
    """Show one dead letter: where it failed, why, how often, and who dealt with it."""
    async with open_store(load_target()) as connection:
        document = readable(await one_letter(connection, letter))
    if as_json:
        print_json(document)
        return FINE
    for name, each in document.items():
        if each is not None and name != "history":
            shown = moment(each) if isinstance(each, datetime) else rupiah(each) if name == "amount" else each
            print_data(f"{name:<16}  {shown}")
    for line in told_attempts(document):
        print_data(line)
    talk(text("dlq.next", step=next_step(document["stage"], document["reason"])))
    if document["waiting"]:
        talk(text("lines.behind", count=number(document["waiting"]), stream=document["stream"]))
    if document["delivery_id"]:
        talk(text("dlq.see_raw", id=document["delivery_id"]))
    return FINE


@dlq.command("replay")
@click.argument("letter", type=click.UUID, metavar="[ID]", required=False)
@provider
@cause
@event
@since
@click.option("--max", "cap", type=click.IntRange(1, BULK_CAP), default=100, show_default=True,
              help="Refuse when the filter finds more than this.")  # fmt: skip
@click.option("--reason", default="replay", help="Why, in your own words; kept in the audit record.")
@yes
@as_json
@asynchronous
async def replay(
    letter: uuid.UUID | None,
    provider: str | None,
    cause: str | None,
    event: str | None,
    since: datetime | None,
    cap: int,
    reason: str,
    yes: bool,
    as_json: bool,
) -> int:
    """Send one dead letter, or all open ones that a filter finds, through the pipeline again.

    It resolves itself when it goes through, and comes back when it fails again. Two people cannot replay one letter.

    With a filter it is a plan: what it would change is shown first, and then applied as `lunas replay apply` does, behind live traffic.
    """
    settings = load_target()
    if letter is None:
        filters = {"provider": provider, "error": cause, "event": event, "since": since}
        chosen = {name: given for name, given in filters.items() if given is not None}
        return await replay_chosen(settings, "letters", chosen, cap, reason, yes=yes, as_json=as_json)
    async with open_store(settings) as connection:
        row = await one_letter(connection, letter)
        confirm(text("replay.question", count=1), yes=yes, harmless=True)
        async with open_replay(settings) as replayer:
            tell([await replay_letter(connection, replayer, row, reason)], as_json=as_json)
    return FINE


@dlq.command("settle")
@click.argument("letter", type=click.UUID, metavar="ID")
@click.option("--customer", required=True, help="Whose money it is: the id of a registered customer.")
@click.option("--amount", type=click.IntRange(1), required=True, help="What was paid, in whole rupiah.")
@click.option(
    "--payment-id",
    required=True,
    help="The provider's own id of the payment: Xendit's payment, Mayar's transaction, Scalev's order.",
)
@click.option("--product", help="What was bought: a catalogue id; without it, credit.")
@reason
@yes
@as_json
@asynchronous
async def settle_letter(
    letter: uuid.UUID,
    customer: str,
    amount: int,
    payment_id: str,
    product: str | None,
    reason: str,
    yes: bool,
    as_json: bool,
) -> int:
    """Say what a parked webhook could not: who paid how much for what. It is granted like any other payment, once.

    A later webhook of the same payment that can be read is the same money.

    Once an approver is named, above LUNAS_CORRECTION_APPROVAL_IDR it waits until another person says `lunas approve`.
    """
    settings = load_target()
    check_product(settings, product)
    async with open_store(settings) as connection:
        row = await one_letter(connection, letter)
        if row["stage"] == "fulfil" or row["provider"] not in PROVIDERS:
            raise Refused(text("dlq.settle_alarm", id=letter, step=next_step(row["stage"], row["reason"])))
        if not await connection.fetchval(load("suspense.sql", "api")["customer"], customer):
            raise WrongUse(text("suspense.no_customer", customer=customer))
        confirm(
            text("dlq.settle_question", amount=rupiah(amount), customer=customer, product=product or CREDIT),
            yes=yes,
        )
        said = Settlement(row["provider"], customer, amount, payment_id, product, received_at(row))
        made = await act(connection, settings, of_letter(row, said), reason)
    tell([made.done], as_json=as_json)
    return FINE


@dlq.command("unsettle")
@click.argument("letter", type=click.UUID, metavar="ID")
@reason
@yes
@as_json
@asynchronous
async def unsettle_letter(letter: uuid.UUID, reason: str, yes: bool, as_json: bool) -> int:
    """Take a settlement back: everything is as if nobody had settled, and the letter waits again. What its provider says of the payment counts.

    Above LUNAS_CORRECTION_APPROVAL_IDR it waits until another person says `lunas approve`; `lunas revert` lets the settlement count again.
    """
    settings = load_target()
    async with open_store(settings) as connection:
        row = await one_letter(connection, letter)
        confirm(text("dlq.unsettle_question", id=letter), yes=yes)
        taken = await unsettle(connection, settings, row, reason)
    tell([taken.done()], as_json=as_json)
    return FINE


@dlq.command("discard")
@click.argument("letter", type=click.UUID, metavar="ID")
@reason
@yes
@as_json
@asynchronous
async def discard(letter: uuid.UUID, reason: str, yes: bool, as_json: bool) -> int:
    """Close one dead letter without processing it. Its bytes stay, and it can be reopened."""
    async with open_store(load_target()) as connection:
        row = await one_letter(connection, letter)
        confirm(text("dlq.discard_question", amount=rupiah(amount_in(row["message"]))), yes=yes)
        done = await discard_letter(connection, row, reason)
    tell([done], as_json=as_json)
    return FINE


@dlq.command("reopen")
@click.argument("letter", type=click.UUID, metavar="ID")
@reason
@yes
@as_json
@asynchronous
async def reopen(letter: uuid.UUID, reason: str, yes: bool, as_json: bool) -> int:
    """Take a discard back, so that the letter can be replayed."""
    async with open_store(load_target()) as connection:
        row = await one_letter(connection, letter)
        confirm(text("dlq.reopen_question"), yes=yes)
        done = await reopen_letter(connection, row, reason)
    tell([done], as_json=as_json)
    return FINE
