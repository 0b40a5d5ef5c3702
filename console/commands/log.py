"""`lunas log parts`: the parts that the log is kept in."""

from __future__ import annotations

from typing import Any

import click

from console.exits import FINE
from console.lazy import Group
from console.messages import text
from console.options import as_json, asynchronous
from console.output import number, print_json, talk
from console.store import open_store
from console.tables import count, plain, print_rows, when
from console.target import load_target
from eventstore.parts import parts, room

PARTS = (
    plain("part"),
    count("first"),
    count("before"),
    when("since"),
    when("until"),
    count("bytes"),
)


@click.group(cls=Group)
def log() -> None:
    """The log's parts: ranges of positions, each a table of its own, made before they are needed."""


@log.command("parts")
@as_json
@asynchronous
async def list_parts(as_json: bool) -> int:
    """List the parts of the log: from which position, before which, from when to when, and how large."""
    async with open_store(load_target()) as connection:
        rows: list[dict[str, Any]] = [dict(row) for row in await parts(connection)]
        left = await room(connection)
    if as_json:
        print_json({"items": rows, "ahead": left.parts, "head": left.head})
        return FINE
    print_rows(rows, PARTS)
    talk(text("log.room", parts=number(left.parts), positions=number(max(left.behind - left.head - 1, 0))))
    return FINE
