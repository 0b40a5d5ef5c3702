"""An explanation from the log itself, compared with what the read models show."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.exits import NotFound
from console.explaining.moves import Explained, Move, Subject, explain
from console.messages import text
from eventstore.queries import load
from eventstore.read import MAX_STREAM_EVENTS, StoredEvent, head, read_at, read_stream
from projections.folds.balances import BALANCES
from projections.folds.enrollments import ENROLLMENTS
from projections.folds.subscriptions import SUBSCRIPTIONS
from projections.members import members
from projections.statements import table_sql
from runtime.ids import utc_now
from schemas import streams

if TYPE_CHECKING:
    from runtime.database import Connection

SQL = load("explain.sql", "console")


async def explained(
    connection: Connection,
    subject: Subject,
    customer_id: str,
    *,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
) -> Explained:
    """Every event that moved it. Without a moment, compared with the read model as it is in the same snapshot. Raises NotFound."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        events = await _events(connection, customer_id)
        if not events and not await connection.fetchval(SQL["customer"], customer_id):
            raise NotFound(text("explain.unknown", customer=customer_id))
        found = explain(subject, customer_id, events, utc_now(), as_of=as_of, known_at=known_at)
        if as_of is None and known_at is None:
            found = await _compared(connection, found, events)
        found = replace(found, head=await head(connection))
        found = replace(found, moves=await _with_sources(connection, found.moves))
        ids = sorted({one.delivery_id for one in found.moves if one.delivery_id})
        digests = {
            str(row["delivery_id"]): row["body_sha256"]
            for row in await connection.fetch(SQL["bytes"], [uuid.UUID(one) for one in ids])
        }
    moves = [replace(one, body_sha256=digests.get(one.delivery_id or "")) for one in found.moves]
    return replace(found, moves=moves)


async def _with_sources(connection: Connection, moves: Sequence[Move]) -> list[Move]:
    """What follows from a person's word names no delivery: then it is the first one that told of the payment."""
    cases = sorted({one.data["case"] for one in moves if not one.delivery_id and one.data.get("case")})
    rows = await connection.fetch(SQL["facts"], cases) if cases else []
    events = {event.position: event for event in await read_at(connection, [row["step"] for row in rows])}
    told = {row["case_key"]: events[row["step"]].context().get("delivery_id") for row in rows}
    return [
        one if one.delivery_id else replace(one, delivery_id=_text(told.get(one.data.get("case", ""))))
        for one in moves
    ]


def _text(said: object) -> str | None:
    return said if isinstance(said, str) else None


async def _events(connection: Connection, customer_id: str) -> list[StoredEvent]:
    """What was decided for a customer and what they did with credit, in the order of the log."""
    found: list[StoredEvent] = []
    for stream in (streams.customer(customer_id), streams.credit(customer_id)):
        version = 1
        while page := await read_stream(connection, stream, version):
            found += page
            version = page[-1].version + 1
            if len(page) < MAX_STREAM_EVENTS:
                break
    return sorted(found, key=lambda event: event.position)


async def _compared(connection: Connection, found: Explained, events: list[StoredEvent]) -> Explained:
    """What the read model shows, explained up to where the read model is: an event it has still to read is no difference."""
    live = {one.projection.name: one for one in await members(connection) if one.status == "live"}
    names = (BALANCES.name,) if found.subject != "access" else (ENROLLMENTS.name, SUBSCRIPTIONS.name)
    read = min((live[name].position for name in names if name in live), default=0)
    seen = explain(
        found.subject, found.customer_id, [event for event in events if event.position <= read], found.at
    )
    shown = await _shown(
        connection, found.subject, found.customer_id, {name: one.version for name, one in live.items()}, seen
    )
    return replace(found, equal=shown == dict(seen.values), shown=shown)


async def _shown(
    connection: Connection, subject: Subject, customer_id: str, versions: Mapping[str, int], seen: Explained
) -> dict[str, Any]:
    if subject != "access":
        rows = await connection.fetch(table_sql("balances", versions["balances"])["load"], [customer_id])
        row = rows[0] if rows else None
        if subject == "balance":
            return {name: row[name] if row else 0 for name in ("credit_tokens", "chat_tokens")}
        if row is None or row["tier"] is None:
            return {"tier": None, "until": None, "then": None}
        until = row["tier_until"]
        return {
            "tier": row["tier"],
            "until": until and until.isoformat(),
            "then": row["fallback_tier"] if until else None,
        }
    courses = sorted(
        {name.partition(" ")[2] for move in seen.moves for name in move.changes if name.startswith("course ")}
    )
    plans = sorted(
        {
            name.partition(" ")[2]
            for move in seen.moves
            for name in move.changes
            if name.startswith("subscription ")
        }
    )
    shown: dict[str, Any] = {}
    load_courses = table_sql("enrollments", versions["enrollments"])["load"]
    for row in await connection.fetch(load_courses, [customer_id] * len(courses), courses):
        if row["status"] != "withdrawn":
            shown[f"course {row['course']}"] = row["status"]
    for row in await connection.fetch(table_sql("subscriptions", versions["subscriptions"])["load"], plans):
        if row["status"] not in ("merged", "withdrawn") and row["customer_id"] == customer_id:
            until = row["access_until"]
            told = {"plan": row["plan"], "status": row["status"], "until": until and until.isoformat()}
            shown[f"subscription {row['subscription_id']}"] = told
    return shown


def as_document(found: Explained) -> dict[str, Any]:
    """As a program reads it."""
    return {
        "subject": found.subject,
        "customer_id": found.customer_id,
        "as_of": found.as_of,
        "known_at": found.known_at,
        "values": dict(found.values),
        "in_force": dict(found.in_force),
        "equal": found.equal,
        "shown": dict(found.shown),
        "position": found.head,
        "moves": [_document(one) for one in found.moves],
    }


def _document(move: Move) -> dict[str, Any]:
    return {
        "position": move.position,
        "event_id": move.event_id,
        "type": move.type,
        "happened_at": move.happened_at,
        "known_at": move.known_at,
        "changes": {name: {"before": was, "after": will} for name, (was, will) in move.changes.items()},
        "provider": move.data.get("provider"),
        "payment_id": move.data.get("payment_id"),
        "amount_idr": move.data.get("amount_idr"),
        "delivery_id": move.delivery_id,
        "body_sha256": move.body_sha256,
        "actor": move.actor,
    }
