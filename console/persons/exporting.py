"""Everything that is held about a person, as one document."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.archives.archiving import archived_bodies, searched
from console.persons.holding import SQL, PersonHeld, held_about, mentioning, spellings
from eventstore.persons import logged
from eventstore.read import shown
from schemas import streams

if TYPE_CHECKING:
    from runtime.database import Connection

FORMAT = "lunas customer export 1"
_JSON_COLUMNS = frozenset({"ask", "before", "after", "data", "certificate"})


async def export(connection: Connection, customer_id: str, archives: Path | None = None) -> dict[str, Any]:
    """What the log, read models, webhooks, requests, notifications and operators' acts hold; `archives`: the folder with the bytes of old webhooks.

    Raises NotFound, FolderUnknown, ArchiveDamaged and OSError.
    """
    person = await held_about(connection, customer_id)
    requests = await _rows(connection, "requests", customer_id)
    plans = await _rows(connection, "plans", customer_id)
    names = [one["request_id"] for one in (*requests, *plans)]
    more = await logged(connection, [streams.credit(customer_id), *map(streams.request, names)])
    known = {row["position"] for row in person.logged.rows}
    everything = [*person.logged.rows, *(row for row in more.rows if row["position"] not in known)]
    addresses = {*person.addresses, *person.in_clear}
    mentioned = await mentioning(connection, addresses)
    old = await searched(connection, archives, spellings(addresses))
    deliveries = sorted({*person.deliveries, *mentioned, *old})
    archived = await archived_bodies(connection, archives, deliveries)
    return {
        "format": FORMAT,
        "customer_id": customer_id,
        "made_at": await connection.fetchval(SQL["now"]),
        "customer": _first(await _rows(connection, "customer", customer_id)),
        "balances": _first(await _rows(connection, "balances", customer_id)),
        "payments": await _rows(connection, "payments", customer_id),
        "subscriptions": await _rows(connection, "subscriptions", customer_id),
        "enrollments": await _rows(connection, "enrollments", customer_id),
        "held_money": await _rows(connection, "held", customer_id, list(person.cases)),
        "requests": requests,
        "subscription_requests": plans,
        "events": [_plain(row) for row in await shown(connection, sorted(everything, key=_position))],
        "webhooks": [_webhook(row, archived) for row in await connection.fetch(SQL["bodies"], deliveries)],
        "notifications": await _rows(connection, "notifications", customer_id),
        "operator_acts": await _rows(connection, "acts", _targets(person, [*names, *map(str, deliveries)])),
        "erasures": await _rows(connection, "erasures", customer_id),
    }


async def _rows(connection: Connection, statement: str, *arguments: object) -> list[dict[str, Any]]:
    return [_plain(row) for row in await connection.fetch(SQL[statement], *arguments)]


def _plain(row: Any) -> dict[str, Any]:
    """JSON columns as what they say."""
    return {
        name: json.loads(value) if name in _JSON_COLUMNS and isinstance(value, str) else value
        for name, value in dict(row).items()
    }


def _webhook(row: Any, archived: Mapping[uuid.UUID, bytes]) -> dict[str, Any]:
    """Its bytes as text where they are text; those that were emptied from the archive."""
    document = dict(row)
    body = bytes(document.pop("body"))
    if document["redacted_at"] is not None:
        if row["delivery_id"] not in archived:
            return document
        body = archived[row["delivery_id"]]
    try:
        return document | {"body": body.decode("utf-8")}
    except UnicodeDecodeError:
        return document | {"body_base64": base64.b64encode(body).decode("ascii")}


def _targets(person: PersonHeld, more: Sequence[str]) -> list[str]:
    return sorted({person.customer_id, *person.records, *person.held, *more})


def _first(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    return rows[0] if rows else None


def _position(row: Any) -> int:
    return int(row["position"])
