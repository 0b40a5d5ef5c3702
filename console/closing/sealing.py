"""A day's figures kept for good, as an audit record: for the command and the web console."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from console.acts import Act, already, record
from console.closing.figures import span_of
from console.closing.reading import SEAL, DailyClose, sealed_of
from console.exits import Refused, WrongUse
from console.messages import text
from eventstore.append import log_transaction
from runtime.ids import utc_now

if TYPE_CHECKING:
    from runtime.database import Connection


async def check_seal(connection: Connection, seen: DailyClose) -> None:
    """Raises Refused for a day that is not over, or was sealed before."""
    day = seen.day.isoformat()
    if span_of(seen.day)[1] > utc_now():
        raise Refused(text("close.not_over", day=day))
    if seen.sealed is not None:
        raise await already(connection, SEAL, day, WrongUse(text("close.not_over", day=day)))


async def seal_day(connection: Connection, seen: DailyClose, reason: str) -> uuid.UUID:
    """The audit record that is the seal. Raises Refused, with who was faster, for the second of two at once."""
    document = {"through": seen.through, "providers": seen.figures()}
    document["differences"] = [one._asdict() for one in seen.differences]
    act = Act(SEAL, seen.day.isoformat(), reason, text("close.no_undo"), after=document)
    # Under a lock, so that of two who seal at once the second is told of the first.
    async with log_transaction(connection):
        if await sealed_of(connection, seen.day) is not None:
            raise await already(connection, SEAL, act.target, Refused(text("close.no_undo")))
        return await record(connection, act)
