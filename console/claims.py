"""Says whose held money is, that nobody's, or that a claim was wrong: appends the operator's fact; fulfilment decides what follows."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

from console.acts import Act, already, record
from console.exits import NotFound, Refused
from console.messages import text, value
from console.options import actor
from console.products import CREDIT
from console.times import moment
from eventstore.append import NewEvent, append, log_transaction
from eventstore.queries import load
from eventstore.read import read_stream, stream_version
from runtime.ids import uuid7
from schemas import streams
from schemas.event_model import EventModel
from schemas.facts import SuspenseClaimed

if TYPE_CHECKING:
    from runtime.database import Connection

OUTCOME_SECONDS = 5.0
"""How long a command waits to show what followed; fulfilment and projections usually need well under a second."""
POLL_SECONDS = 0.1


async def known(connection: Connection, suspense_id: str) -> Any:
    """The entry, whatever became of it. Raises NotFound for an unknown id."""
    row = await connection.fetchrow(load("suspense.sql", "console")["one"], suspense_id)
    if row is None:
        raise NotFound(text("suspense.unknown", id=suspense_id))
    return row


async def held(connection: Connection, suspense_id: str) -> Any:
    """The entry. Raises NotFound for an unknown id and Refused when it is no longer held."""
    row = await known(connection, suspense_id)
    if row["status"] != "held":
        raise Refused(
            text(
                "suspense.released",
                id=suspense_id,
                resolution=value(row["resolution"]),
                by=row["released_by"] or "-",
                at=moment(row["released_at"]),
            )
        )
    return row


async def claimed(connection: Connection, suspense_id: str) -> SuspenseClaimed:
    """The claim that stands. Raises Refused when nobody claimed the entry, or took that back already."""
    words = await read_stream(connection, streams.suspense(suspense_id))
    newest = words[-1].decoded() if words else None
    if not isinstance(newest, SuspenseClaimed):
        nobody = Refused(text("suspense.not_claimed", id=suspense_id))
        claim = ["suspense.claim"]
        raise await already(connection, "suspense.unclaim", suspense_id, nobody, undone_by=claim)
    return newest


async def not_yet(connection: Connection, verb: str, wanted: EventModel) -> None:
    """Raises Refused when the newest word on an entry is this one already: nobody has to have decided on it yet."""
    suspense_id: str = getattr(wanted, "suspense_id")  # noqa: B009 - every fact about held money has one
    words = await read_stream(connection, streams.suspense(suspense_id))
    newest = words[-1].decoded() if words else None
    said = {"actor": "", "reason": ""}
    if newest is not None and newest.model_copy(update=said) == wanted.model_copy(update=said):
        raise await already(connection, verb, suspense_id, Refused(text("suspense.said", id=suspense_id)))


async def may_unclaim(connection: Connection, case: str, product: str | None) -> bool:
    """Whether a claim (as `product`) can be taken back: not when it also said whose a subscription is, which other payments rest on."""
    if product == CREDIT:
        return True
    return not await connection.fetchval(load("suspense.sql", "console")["subscribed"], case)


async def say(connection: Connection, event: EventModel, suspense_id: str, act: Act) -> uuid.UUID:
    """Appends `event` on the entry's stream and records `act`, in one transaction; the act's id.

    Raises WrongExpectedVersion when somebody else said something about the entry since it was looked at.
    """
    stream = streams.suspense(suspense_id)
    version = await stream_version(connection, stream)
    metadata = {"correlation_id": str(uuid7()), "actor": actor()}
    async with log_transaction(connection):
        await append(connection, [NewEvent(stream, event, metadata)], expected={stream: version})
        return await record(connection, act)


async def outcome(connection: Connection, suspense_id: str, *, after: Any = None) -> Any:
    """The entry once it is no longer held, or None when that does not show within OUTCOME_SECONDS.

    `after`: as it was before a claim of it was taken back; then once it is anything else.
    """
    deadline = asyncio.get_running_loop().time() + OUTCOME_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        row = await connection.fetchrow(load("suspense.sql", "console")["one"], suspense_id)
        if row is not None and (row["status"] != "held" if after is None else row != after):
            return row
        await asyncio.sleep(POLL_SECONDS)
    return None
