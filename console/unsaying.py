"""Taking back what a person said of a payment: a settled letter, an order confirmed by hand. It is a correction, approved and reverted like any other."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.correcting import Corrected, correct
from console.exits import Refused
from console.messages import text
from console.settlement import PAID, SOURCE
from console.times import moment
from eventstore.queries import load
from eventstore.read import read_at, read_stream
from providers.manual import MANUAL
from schemas import streams
from schemas.payment_words import PaymentPatch

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

CORRECTIONS = load("corrections.sql", "console")


async def unsettle(
    connection: Connection, settings: Settings, letter: Any, reason: str, *, by: str = ""
) -> Corrected:
    """What a letter was settled with counts no more. Raises Refused for one that nobody settled."""
    said = await connection.fetchval(CORRECTIONS["settled_with"], str(letter["dead_letter_id"]))
    if said is None:
        raise Refused(text("dlq.not_settled", id=letter["dead_letter_id"]))
    payment = json.loads(said)["payment_id"]
    return await _unsay(
        connection, settings, letter["provider"], payment, reason, by=by, letter=letter["dead_letter_id"]
    )


async def unconfirm(
    connection: Connection, settings: Settings, order_id: str, reason: str, *, by: str = ""
) -> Corrected:
    """An order that was confirmed by hand waits for its money again. Raises Refused for one that nobody confirmed."""
    return await _unsay(connection, settings, MANUAL.name, order_id, reason, by=by)


async def _unsay(
    connection: Connection,
    settings: Settings,
    provider: str,
    payment: str,
    reason: str,
    *,
    by: str,
    letter: uuid.UUID | None = None,
) -> Corrected:
    said_at = await _said_at(connection, provider, payment)
    if said_at is None:
        raise Refused(text("unsay.nothing", provider=provider, id=payment))
    taken = await _taken_back(connection, provider, payment, said_at)
    if taken is not None:
        told = {"by": taken["author"], "at": moment(taken["proposed_at"]), "change": taken["change_id"]}
        raise Refused(text("unsay.already", provider=provider, id=payment, **told))
    if await _told_by_others(connection, provider, payment):
        raise Refused(text("unsay.told_too", provider=provider, id=payment))
    patch = PaymentPatch(unsaid_at=said_at)
    return await correct(connection, settings, provider, payment, patch, reason, by=by, letter=letter)


async def stands(connection: Connection, provider: str, payment: str) -> bool:
    """Whether a person said that the payment's money came, and nobody took that back."""
    said_at = await _said_at(connection, provider, payment)
    return said_at is not None and await _taken_back(connection, provider, payment, said_at) is None


async def _told_by_others(connection: Connection, provider: str, payment: str) -> bool:
    """Whether its provider says as well that its money came: then a person's word moves nothing any more, and a correction is what helps."""
    rows = await connection.fetch(CORRECTIONS["told"], provider, payment)
    events = await read_at(connection, [row["step"] for row in rows])
    return any(event.type in PAID and event.context().get("source") != SOURCE for event in events)


async def _said_at(connection: Connection, provider: str, payment: str) -> datetime | None:
    """The time that a person's newest word on its money bears. The log knows, whatever read models show."""
    told = await read_stream(connection, streams.payment(provider, payment))
    words = [event for event in told if event.type in PAID and event.context().get("source") == SOURCE]
    return datetime.fromisoformat(json.loads(words[-1].data)["occurred_at"]) if words else None


async def _taken_back(connection: Connection, provider: str, payment: str, said_at: datetime) -> Any:
    return await connection.fetchrow(CORRECTIONS["unsaid"], provider, payment, said_at)
