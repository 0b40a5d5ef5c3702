"""Everything operators did: who, when, why, what it was before and after, and the way back. An act ends on its own page here."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from console.exits import NotFound
from console.messages import text
from console.taking_back import act_to_take_back, can_be_taken_back, take_back
from console.web.acted_on import place_of
from console.web.deliveries import as_id
from console.web.filters import command_of, moment_asked
from console.web.visit import Answer, Screen, Visit, Way, done, moved, shown
from eventstore.queries import load
from runtime.ids import utc_now

SHOWN = timedelta(days=90)
"""How far back the list goes when nobody says from when."""


async def listed(visit: Visit) -> Answer:
    asked = {name: visit.asked(name) for name in ("actor", "verb", "target", "since")}
    since = moment_asked(asked["since"]) or utc_now() - SHOWN
    limit = visit.settings.console_rows_max
    filters = (asked["actor"], asked["verb"], asked["target"], since, limit)
    async with visit.connections.one() as connection:
        rows = await connection.fetch(load("acts.sql", "console")["list"], *filters)
    values = {"rows": rows, "asked": asked, "limit": limit}
    return Screen("audit.html", text("web.way.audit"), command_of("lunas audit list", asked), values)


async def show(visit: Visit) -> Answer:
    act_id = as_id(visit.named("act"))
    async with visit.connections.one() as connection:
        row = await connection.fetchrow(load("acts.sql", "console")["one"], act_id)
        if row is None:
            raise NotFound(text("web.no_act", id=act_id))
        returnable = await can_be_taken_back(connection, row)
    values = {
        "row": row,
        "before": _document(row["before"]),
        "after": _document(row["after"]),
        "returnable": returnable,
        "place": place_of(row["verb"], row["target"], _document(row["after"])),
        "just_done": "done" in visit.query,
    }
    return Screen("act.html", f"{row['verb']} {row['target']}", f"lunas audit show {act_id}", values)


async def revert(visit: Visit) -> Answer:
    """As `lunas revert ID`, whatever the act was."""
    async with visit.connections.one() as connection:
        act = await act_to_take_back(connection, as_id(visit.named("act")))
        taken = await take_back(connection, visit.settings, act, visit.reason())
    return moved(f"/audit/{taken.act_id}?done")


def _document(kept: str | None) -> Any:
    return None if kept is None else json.loads(kept)


WAYS: tuple[Way, ...] = (
    shown("/audit", listed),
    shown("/audit/{act}", show),
    done("/audit/{act}/revert", revert),
)
