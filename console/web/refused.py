"""Quarantine: requests that were turned away, by cause, and what they looked like. Of a credential only its looks are kept."""

from __future__ import annotations

import json
from typing import Any

from console.commands.quarantine import cause_in_words
from console.commands.reconcile import CALLED
from console.exits import NotFound
from console.messages import text
from console.options import PROVIDERS
from console.web.deliveries import as_id, attachment, readable
from console.web.filters import command_of, moment_asked
from console.web.visit import Answer, Screen, Visit, Way, shown
from eventstore.queries import load


async def listed(visit: Visit) -> Answer:
    asked = {name: visit.asked(name) for name in ("provider", "cause", "since")}
    limit = visit.settings.console_rows_max
    filters = (asked["provider"], asked["cause"], moment_asked(asked["since"]), limit)
    async with visit.connections.one() as connection:
        rows = await connection.fetch(load("quarantine.sql", "console")["list"], *filters)
        causes = await connection.fetch(load("quarantine.sql", "console")["causes"])
    values = {
        "rows": rows,
        "causes": [dict(row) | {"words": cause_in_words(row["cause"])} for row in causes],
        "asked": asked,
        "providers": PROVIDERS,
        "called": CALLED,
        "limit": limit,
    }
    return Screen(
        "quarantine.html", text("web.way.quarantine"), command_of("lunas quarantine list", asked), values
    )


async def show(visit: Visit) -> Answer:
    row = await _one(visit)
    body = bytes(row["body"])
    values = {
        "row": row,
        "cause": cause_in_words(row["cause"]),
        "headers": json.loads(row["headers"]),
        "bytes": len(body),
        "body": readable(body) if visit.may("operator") else None,
    }
    title = f"{row['provider']}: {cause_in_words(row['cause'])}"
    return Screen("rejected.html", title, f"lunas quarantine show {row['quarantine_id']}", values)


async def raw(visit: Visit) -> Answer:
    row = await _one(visit)
    return attachment(bytes(row["body"]), f"{row['quarantine_id']}.bin")


async def _one(visit: Visit) -> Any:
    rejected = as_id(visit.named("rejected"))
    async with visit.connections.one() as connection:
        row = await connection.fetchrow(load("quarantine.sql", "console")["one"], rejected)
    if row is None:
        raise NotFound(text("quarantine.unknown", id=rejected))
    return row


WAYS: tuple[Way, ...] = (
    shown("/quarantine", listed),
    shown("/quarantine/{rejected}", show),
    shown("/quarantine/{rejected}/raw", raw, "operator"),
)
