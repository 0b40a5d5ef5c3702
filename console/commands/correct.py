"""`lunas correct`, `approve` and `revert`: a payment read otherwise than its provider said, and back."""

from __future__ import annotations

import json
import uuid

import click

from console.acts import tell
from console.agreeing import agree
from console.choices import Among
from console.correcting import SQL, STATUSES, Corrected, correct
from console.exits import FINE, WrongUse
from console.lazy import Command
from console.messages import text
from console.options import PROVIDERS, as_json, asynchronous, limit, provider, reason, yes
from console.output import print_data, print_json
from console.products import check_product
from console.safety import confirm
from console.store import open_store
from console.tables import money, plain, print_rows, told, when, word
from console.taking_back import act_to_take_back, take_back
from console.target import load_target
from schemas.payment_words import PaymentPatch

change = click.argument("change", type=click.UUID, metavar="CHANGE")


@click.command("correct", cls=Command)
@click.argument("provider", type=Among(PROVIDERS), metavar="PROVIDER")
@click.argument("payment", metavar="ID")
@click.option("--amount", type=click.IntRange(min=1), help="What was paid, in whole rupiah.")
@click.option("--customer", help="Whose payment it is: the id of a registered customer.")
@click.option("--product", help="What it was for: a catalogue id, or `credit`.")
@reason
@yes
@as_json
@asynchronous
async def correct_command(
    provider: str,
    payment: str,
    amount: int | None,
    customer: str | None,
    product: str | None,
    reason: str,
    yes: bool,
    as_json: bool,
) -> int:
    """Read a payment otherwise than its provider said. Its bytes and facts stay; what was granted is granted anew; `revert` takes it back.

    Above LUNAS_CORRECTION_APPROVAL_IDR it waits until another person says `lunas approve`.
    """
    settings = load_target()
    check_product(settings, product)
    patch = PaymentPatch(amount=amount, customer_id=customer, product=product)
    said = ", ".join(f"{name} = {each}" for name, each in patch.model_dump(exclude_none=True).items())
    if not said:
        raise WrongUse(text("correct.nothing"))
    async with open_store(settings) as connection:
        confirm(text("correct.question", provider=provider, id=payment, patch=said), yes=yes)
        done = await correct(connection, settings, provider, payment, patch, reason)
    _tell(done, as_json=as_json)
    return FINE


@click.command("approve", cls=Command)
@change
@reason
@yes
@as_json
@asynchronous
async def approve_command(change: uuid.UUID, reason: str, yes: bool, as_json: bool) -> int:
    """Let a correction that somebody else proposed count from now on, or have done what somebody else proposed.

    Once an approver is named (`lunas operators`), it takes the password of one: typed, or from the file that LUNAS_OPERATOR_PASSWORD_FILE names.
    """
    async with open_store(load_target()) as connection:
        confirm(text("correct.approve_question", id=change), yes=yes)
        done = await agree(connection, change, reason)
    tell([done], as_json=as_json)
    return FINE


@click.command("revert", cls=Command)
@click.argument("given", type=click.UUID, metavar="ID")
@reason
@yes
@as_json
@asynchronous
async def revert_command(given: uuid.UUID, reason: str, yes: bool, as_json: bool) -> int:
    """Take a correction back, or any act by the id of its audit record: everything is as if nobody had done it. Both versions stay visible.

    Corrections and approvals, settled and discarded letters, claims and write-offs, orders confirmed by hand, frozen credit. Where something came
    after it, or there is no way back, it says so.
    """
    settings = load_target()
    async with open_store(settings) as connection:
        act = await act_to_take_back(connection, given)
        confirm(text("revert.question", verb=act["verb"], target=act["target"], by=act["actor"]), yes=yes)
        done = await take_back(connection, settings, act, reason)
    tell([done], as_json=as_json)
    return FINE


@click.command("corrections", cls=Command)
@provider
@click.option("--status", type=Among(STATUSES), help="Only in this state.")
@limit
@as_json
@asynchronous
async def corrections(provider: str | None, status: str | None, limit: int, as_json: bool) -> int:
    """List corrections, newest first, with what was read before and after, and what else waits for a second person or did."""
    async with open_store(load_target()) as connection:
        rows = [dict(row) for row in await connection.fetch(SQL["list"], provider, status, limit)]
    items = [row | {"patch": json.loads(row["patch"]), "before": json.loads(row["before"])} for row in rows]
    if as_json:
        print_json({"items": items})
        return FINE
    if not items:
        print_data(text("correct.none"))
        return FINE
    print_rows(items, PROPOSED)
    return FINE


def _shown(said: dict[str, object]) -> str:
    return ", ".join(f"{name}: {'-' if each is None else each}" for name, each in said.items())


PROPOSED = (
    when("proposed_at"),
    word("status"),
    plain("author"),
    plain("provider"),
    plain("payment_id"),
    money("at_stake"),
    told("before", lambda one: _shown({name: one["before"].get(name) for name in one["patch"]})),
    told("patch", lambda one: _shown(one["patch"])),
    plain("change_id"),
)


def _tell(done: Corrected, *, as_json: bool) -> None:
    tell([done.done()], as_json=as_json)
