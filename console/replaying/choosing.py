"""What a filter finds, fixed as the items of a plan: open letters, stored deliveries, rejected requests that are genuine by now, what only the provider has."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.options import actor
from console.replaying.sources import SQL, secrets_now
from console.reverifying import Reverified, envelope_of_rejected, pages
from processor.app import interpreter_of
from processor.intake.interpreter import EnvelopeInvalid, Interpreter
from providers.parked_money import amount_of
from providers.registry import PROVIDERS
from runtime.ids import utc_now
from schemas.envelope import Envelope, pack
from schemas.where import Where

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

PAGE = 1000  # deliveries at a time; their bodies are read when the filter asks for an amount
MISSING = "missing_here"


@dataclass(frozen=True, slots=True)
class Chosen:
    """One item before it has its number."""

    source_id: uuid.UUID
    provider: str
    event: str | None
    cause: str | None
    amount: int | None
    message: bytes | None = None


async def choose(
    connection: Connection,
    settings: Settings,
    where: Where,
    plan_id: uuid.UUID,
    told: Sequence[Envelope] = (),
) -> int:
    """Fix what the filter finds, the oldest first, at most `replay_plan_max`; how many. `told`: what the provider says and we were never sent."""
    count = 0
    for source in where.sources:
        one, room = where.alone(source), settings.replay_plan_max - count
        if source == "letters":
            parameters = one.parameters(utc_now())
            count += await connection.fetchval(SQL["choose_letters"], *parameters, plan_id, room)
        elif source == "quarantine":
            count += await _choose_rejected(connection, settings, one, plan_id, count, room)
        elif source == "missing":
            missing = _missing(interpreter_of(settings), one, told)[:room]
            count += await _keep(connection, plan_id, count, source, missing)
        else:
            count += await _choose_deliveries(connection, one, plan_id, count, room)
    if len(where.sources) > 1:
        await connection.execute(SQL["in_order"], plan_id)
        await connection.execute(SQL["numbered"], plan_id)
    return count


async def _choose_deliveries(
    connection: Connection, where: Where, plan_id: uuid.UUID, before: int, room: int
) -> int:
    parameters, after, count = where.parameters(utc_now()), uuid.UUID(int=0), 0
    while count < room:
        rows = await connection.fetch(SQL["find_deliveries"], *parameters, after, PAGE)
        if not rows:
            break
        after = rows[-1]["delivery_id"]
        fitting = [
            Chosen(row["delivery_id"], row["provider"], row["event_name"], row["cause"], amount)
            for row in rows
            if where.fits_amount(amount := amount_of(row["provider"], bytes(row["body"])))
        ]
        count += await _keep(connection, plan_id, before + count, "deliveries", fitting[: room - count])
    return count


async def _choose_rejected(
    connection: Connection, settings: Settings, where: Where, plan_id: uuid.UUID, before: int, room: int
) -> int:
    """Those that are genuine under the secrets of now, whole, and outside."""
    interpreter, count = interpreter_of(settings), 0
    (since, until), ids = where.span(utc_now()), where.ids()
    for provider in PROVIDERS.values():
        secrets = secrets_now(settings, provider.name)
        if not (provider.webhooks and secrets and where.fits("provider", provider.name)):
            continue
        async for genuine in pages(connection, provider, secrets, since, Reverified()):
            found = [
                _said(interpreter, envelope_of_rejected(row, verdict, actor()), row["cause"])
                for row, verdict in genuine
                if (until is None or row["received_at"] < until)
                and (ids is None or row["quarantine_id"] in ids)
                and where.fits("error", row["cause"])
            ]
            fitting = _fitting(where, found)[: room - count]
            count += await _keep(connection, plan_id, before + count, "quarantine", fitting)
            if count >= room:
                return count
    return count


def _missing(interpreter: Interpreter, where: Where, told: Sequence[Envelope]) -> list[Chosen]:
    """In the order in which the provider sent them, as far as it says so."""
    each = {one.delivery_id: one for one in told}
    said = [_said(interpreter, one, MISSING, pack([one])) for one in each.values()]
    return _fitting(where, said)


def _said(interpreter: Interpreter, envelope: Envelope, cause: str, message: bytes | None = None) -> Chosen:
    """What is known of bytes that nobody has taken in yet."""
    try:
        event = interpreter.prepare(envelope).event_name
    except EnvelopeInvalid:
        event = None
    amount = amount_of(envelope.provider, envelope.body)
    return Chosen(uuid.UUID(envelope.delivery_id), envelope.provider, event, cause, amount, message)


def _fitting(where: Where, found: Iterable[Chosen]) -> list[Chosen]:
    return [one for one in found if where.fits("event", one.event) and where.fits_amount(one.amount)]


async def _keep(
    connection: Connection, plan_id: uuid.UUID, before: int, source: str, found: Sequence[Chosen]
) -> int:
    stored = "deliveries" if source == "unhandled" else source
    columns = [
        [one.source_id for one in found],
        [one.provider for one in found],
        [one.event for one in found],
        [one.cause for one in found],
        [one.amount for one in found],
        [one.message for one in found],
    ]
    await connection.execute(SQL["choose_found"], plan_id, before, stored, *columns)
    return len(found)
