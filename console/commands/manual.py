"""`lunas manual`: orders that customers pay outside any provider, by transfer or in cash, and that a person confirms."""

from __future__ import annotations

import click
import orjson

from console.acts import Done, tell
from console.agreeing import act, of_order
from console.exits import FINE
from console.lazy import Group
from console.manual_orders import reject_order
from console.messages import text
from console.options import as_json, asynchronous, limit, reason, yes
from console.output import print_data, print_json, talk
from console.safety import confirm as ask
from console.store import open_store
from console.tables import money, plain, print_rows, told, when
from console.target import load_target
from console.unsaying import unconfirm
from eventstore.queries import load

order = click.argument("order", metavar="ORDER_ID")

ORDERS = (
    when("created_at"),
    plain("customer_id"),
    money("amount_idr"),
    told("items", lambda each: ", ".join(item["product"] for item in each["items"])),
    plain("request_id"),
)


@click.group(cls=Group)
def manual() -> None:
    """Orders that customers pay outside any provider; they wait until a person has seen the money."""


@manual.command("list")
@click.option("--all", "dealt_with", is_flag=True, help="Confirmed and rejected orders too.")
@limit
@as_json
@asynchronous
async def list_orders(dealt_with: bool, limit: int, as_json: bool) -> int:
    """List orders that wait for a person, oldest first."""
    async with open_store(load_target()) as connection:
        rows = await connection.fetch(load("manual.sql", "console")["waiting"], dealt_with, limit)
    orders = [{**row, "items": orjson.loads(row["items"])} for row in rows]
    if as_json:
        print_json({"items": orders})
        return FINE
    if not orders:
        print_data(text("manual.none"))
        return FINE
    print_rows(orders, ORDERS)
    talk(text("manual.next"))
    return FINE


@manual.command("confirm")
@order
@click.option("--proof", help="Where the proof of payment is: a number, a file, a link.")
@reason
@yes
@as_json
@asynchronous
async def confirm(order: str, proof: str | None, reason: str, yes: bool, as_json: bool) -> int:
    """Say that the money of an order has come, in full. What was ordered is granted.

    Once an approver is named, above LUNAS_CORRECTION_APPROVAL_IDR it waits until another person says `lunas approve`.
    """
    settings = load_target()
    async with open_store(settings) as connection:
        ask(text("manual.confirm_question", id=order), yes=yes)
        made = await act(connection, settings, await of_order(connection, order, proof), reason)
    tell([made.done], as_json=as_json)
    return FINE


@manual.command("unconfirm")
@order
@reason
@yes
@as_json
@asynchronous
async def unconfirm_order(order: str, reason: str, yes: bool, as_json: bool) -> int:
    """Take a confirmation back: everything is as if nobody had confirmed, and the order waits for its money again.

    Above LUNAS_CORRECTION_APPROVAL_IDR it waits until another person says `lunas approve`; `lunas revert` lets the confirmation count again.
    """
    settings = load_target()
    async with open_store(settings) as connection:
        ask(text("manual.unconfirm_question", id=order), yes=yes)
        taken = await unconfirm(connection, settings, order, reason)
    tell([taken.done()], as_json=as_json)
    return FINE


@manual.command("reject")
@order
@reason
@yes
@as_json
@asynchronous
async def reject(order: str, reason: str, yes: bool, as_json: bool) -> int:
    """Say that an order will not be paid. Its customer may order again."""
    undo = text("manual.reject_undo")
    async with open_store(load_target()) as connection:
        ask(text("manual.reject_question", id=order), yes=yes)
        act_id = await reject_order(connection, order, reason, undo)
    tell([Done(text("manual.rejected", id=order), act_id, undo)], as_json=as_json)
    return FINE
