"""Parked streams: payments, orders and subscriptions that a failed delivery holds up, what waits behind it, and letting it go on."""

from __future__ import annotations

from console.exits import WrongUse
from console.lines import SQL, line_of, parked, release_line, whole_line
from console.messages import text
from console.next_steps import next_step
from console.options import PROVIDERS
from console.web.filters import command_of, quoted
from console.web.visit import Answer, Screen, Visit, Way, done, moved, shown
from eventstore.queries import load


async def listed(visit: Visit) -> Answer:
    asked, limit = {"provider": visit.asked("provider")}, visit.settings.console_rows_max
    if asked["provider"] is not None and asked["provider"] not in PROVIDERS:
        raise WrongUse(text("web.no_provider", name=asked["provider"]))
    async with visit.connections.one() as connection:
        rows = await parked(connection, asked["provider"], limit)
        whole = await connection.fetchrow(SQL["parked"])
    values = {"rows": rows, "whole": whole, "asked": asked, "providers": PROVIDERS, "limit": limit}
    return Screen("streams.html", text("web.way.streams"), command_of("lunas dlq streams", asked), values)


async def show(visit: Visit) -> Answer:
    stream, limit = visit.named("stream"), visit.settings.console_rows_max
    async with visit.connections.one() as connection:
        line = await whole_line(connection, stream, limit)
        acts = await connection.fetch(load("payments.sql", "console")["acts"], [stream])
    values = {
        "line": line.row,
        "heads": [head | {"next": next_step(head["stage"], head["reason"])} for head in line.heads],
        "behind": line.behind,
        "acts": acts,
        "limit": limit,
    }
    return Screen("stream.html", stream, f"lunas dlq streams {quoted(stream)}", values)


async def release(visit: Visit) -> Answer:
    async with visit.connections.one() as connection:
        row = await line_of(connection, visit.named("stream"))
        said = await release_line(connection, row, visit.reason())
    return moved(f"/audit/{said.act_id}?done")


WAYS: tuple[Way, ...] = (
    shown("/streams", listed),
    shown("/streams/{stream}", show),
    done("/streams/{stream}/release", release),
)
