"""Money held because nobody had its payer's e-mail is decided again once customers may be made of such e-mails.

`LUNAS_UNKNOWN_CUSTOMER` may have been `suspense` when the money came. Nothing marks the moment it becomes `create`, so every leader goes
through what waits for an e-mail once, a little per round: live payments are decided in between. Deciding again changes only what is held.
"""

from __future__ import annotations

from typing import NamedTuple

from processor.fulfilment.desk import SQL
from processor.fulfilment.work import Work
from runtime.database import Connection


class Place(NamedTuple):
    """How far we are: the last thing that was waited for, and the case that did."""

    waited_for: str = ""
    case: str = ""


async def touch_some(connection: Connection, work: Work, place: Place, limit: int) -> Place | None:
    """Take the held ones of the next `limit` waiting cases to the desk. Returns how far that is, None at the end."""
    rows = await connection.fetch(SQL["unknown_payers"], *place, limit)
    held = [row["case_key"] for row in rows if row["held"] and row["case_key"] not in work.desk.merged]
    await work.desk.load_cases(connection, held)
    for key in held:
        if key in work.desk.cases:
            work.desk.touch(key)
    return Place(rows[-1]["wait_key"], rows[-1]["case_key"]) if len(rows) == limit else None
