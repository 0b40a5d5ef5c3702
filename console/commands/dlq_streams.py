"""`lunas dlq streams|release`: payments, orders and subscriptions that a failed delivery holds up, and what waits behind it."""

from __future__ import annotations

import click

from console.acts import tell
from console.exits import FINE
from console.lazy import Command
from console.lines import ParkedLine, line_of, parked, release_line, whole_line
from console.messages import text, value
from console.options import as_json, asynchronous, limit, provider, reason, yes
from console.output import number, print_data, print_json, rupiah, talk
from console.safety import confirm
from console.store import open_store
from console.tables import count, money, plain, print_rows, told, when
from console.target import load_target

STREAMS = (
    when("parked_at"),
    plain("stream"),
    count("waiting"),
    money("amount_idr"),
    told("stage", lambda row: value(row["stage"]) if row["stage"] else text("lines.going_on")),
    plain("reason"),
    plain("dead_letter_id"),
)
BEHIND = (when("received_at"), plain("event_name"), money("amount_idr"), plain("delivery_id"))


@click.command(cls=Command)
@click.argument("stream", metavar="[STREAM]", required=False)
@provider
@limit
@as_json
@asynchronous
async def parked_streams(stream: str | None, provider: str | None, limit: int, as_json: bool) -> int:
    """List what a failed delivery holds up, the oldest first: how many wait behind it, and the money they speak of. With STREAM: what waits in it.

    A stream is what its provider's deliveries are about: a payment, an order or a subscription. It goes on by itself when the letter at its head is
    replayed, settled or discarded. Of each the largest amount is shown: its deliveries speak of the same money.
    """
    async with open_store(load_target()) as connection:
        if stream is not None:
            line = await whole_line(connection, stream, limit)
        else:
            rows = await parked(connection, provider, limit)
    if stream is not None:
        _show(line, limit, as_json=as_json)
        return FINE
    if as_json:
        print_json({"items": [dict(row) for row in rows]})
        return FINE
    if not rows:
        print_data(text("lines.none"))
        return FINE
    print_rows(rows, STREAMS)
    if len(rows) == limit:
        talk(text("list.more", limit=limit))
    return FINE


def _show(line: ParkedLine, limit: int, *, as_json: bool) -> None:
    if as_json:
        print_json(line.document())
        return
    for head in line.heads:
        print_data(f"{value(head['stage'])}  {head['reason']}  {head['dead_letter_id']}")
    if not line.heads:
        print_data(text("lines.going_on_already", stream=line.row["stream"]))
    print_rows(line.behind, BEHIND)
    if len(line.behind) == limit:
        talk(text("list.more", limit=limit))


@click.command(cls=Command)
@click.argument("stream", metavar="STREAM")
@reason
@yes
@as_json
@asynchronous
async def release(stream: str, reason: str, yes: bool, as_json: bool) -> int:
    """Let what waits in a parked stream go on although its head still fails. The letters stay open, and hold nothing up any more.

    Decisions follow the facts whatever order they come in, so what the head would have said can be added later. Until then they rest on less.
    """
    async with open_store(load_target()) as connection:
        row = await line_of(connection, stream)
        amount = rupiah(row["amount_idr"])
        confirm(text("lines.question", stream=stream, waiting=number(row["waiting"]), amount=amount), yes=yes)
        done = await release_line(connection, row, reason)
    tell([done], as_json=as_json)
    return FINE
