"""Parked streams: what a failed delivery holds up, what waits behind it, and letting it go on; for the command and the web console."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.acts import Act, Done, already, record
from console.exits import NotFound, Refused
from console.messages import text
from console.output import number
from eventstore.queries import load
from providers.parked_money import amount_in

if TYPE_CHECKING:
    from runtime.database import Connection

SQL = load("lines.sql", "console")
BODIES_MAX = 100
"""Of the deliveries that wait, so many are read for their amounts; a body may have a MiB."""


@dataclass(frozen=True, slots=True)
class ParkedLine:
    """`heads`: the letters that hold it up, the oldest first. `behind`: what waits, in the order in which it is taken in."""

    row: Any
    heads: Sequence[dict[str, Any]]
    behind: Sequence[dict[str, Any]]

    def document(self) -> dict[str, Any]:
        return {**dict(self.row), "letters": list(self.heads), "items": list(self.behind)}


async def parked(connection: Connection, provider: str | None, limit: int) -> list[Any]:
    """Streams that are held up, the oldest first."""
    return list(await connection.fetch(SQL["list"], provider, limit))


async def line_of(connection: Connection, stream: str) -> Any:
    """A parked stream. Raises NotFound."""
    row = await connection.fetchrow(SQL["one"], stream)
    if row is None:
        raise NotFound(text("lines.unknown", stream=stream))
    return row


async def whole_line(connection: Connection, stream: str, limit: int) -> ParkedLine:
    """It with its letters, and with what waits; `amount_idr` of each as far as its bytes tell. Raises NotFound."""
    row = await line_of(connection, stream)
    heads = [dict(one) for one in await connection.fetch(SQL["heads"], stream)]
    waiting = await connection.fetch(SQL["waiting"], stream, min(limit, BODIES_MAX))
    behind = [
        {name: each for name, each in dict(one).items() if name != "message"}
        | {"amount_idr": amount_in(bytes(one["message"]))}
        for one in waiting
    ]
    return ParkedLine(row, heads, behind)


async def release_line(connection: Connection, row: Any, reason: str) -> Done:
    """Its letters stay open and hold nothing up any more. Raises Refused, with who was faster, when nothing holds it up."""
    stream, undo = row["stream"], text("lines.undo")
    async with connection.transaction():
        letters = await connection.fetch(SQL["release"], stream)
        if not letters:
            state = Refused(text("lines.going_on_already", stream=stream))
            raise await already(connection, "dlq.release", stream, state)
        before = {"waiting": row["waiting"], "amount_idr": row["amount_idr"]}
        after = {"letters": [str(letter["dead_letter_id"]) for letter in letters]}
        act = Act("dlq.release", stream, reason, undo, before=before, after=after)
        act_id = await record(connection, act)
    return Done(text("lines.released", stream=stream, waiting=number(row["waiting"])), act_id, undo)
