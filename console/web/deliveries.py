"""Every delivery ever received: the list with its filters, one of them, and its exact bytes."""

from __future__ import annotations

import json
import uuid
from typing import Any

from aiohttp import web

from console.commands.webhooks import STATUSES
from console.exits import NotFound
from console.messages import text, value
from console.options import PROVIDERS
from console.web.filters import command_of, moment_asked
from console.web.rendering import HEADERS
from console.web.visit import Answer, Screen, Visit, Way, shown
from eventstore.queries import load
from eventstore.read import of_delivery


async def listed(visit: Visit) -> Answer:
    asked = {name: visit.asked(name) for name in ("provider", "status", "event", "since")}
    limit = visit.settings.console_rows_max
    filters = (asked["provider"], asked["status"], asked["event"], moment_asked(asked["since"]), None)
    async with visit.connections.one() as connection:
        rows = await connection.fetch(load("webhooks.sql", "console")["list"], *filters, limit)
    values = {"rows": rows, "asked": asked, "providers": PROVIDERS, "statuses": STATUSES, "limit": limit}
    return Screen(
        "deliveries.html", text("web.way.deliveries"), command_of("lunas webhooks list", asked), values
    )


async def show(visit: Visit) -> Answer:
    """What `lunas webhooks show` tells; the body only to who may see everything."""
    delivery = as_id(visit.named("delivery"))
    sql = load("webhooks.sql", "console")
    async with visit.connections.one() as connection:
        row = await connection.fetchrow(sql["one"], delivery)
        if row is None:
            raise NotFound(text("webhook.unknown", id=delivery))
        related = await connection.fetch(sql["related"], delivery)
        letters = await connection.fetch(sql["letters"], delivery)
        facts = await of_delivery(connection, str(delivery), row["position"]) if row["position"] else []
    body = bytes(row["body"])
    values = {
        "row": row,
        "headers": json.loads(row["headers"]),
        "related": related,
        "letters": letters,
        "facts": facts,
        "bytes": len(body),
        "body": readable(body) if visit.may("operator") else None,
    }
    title = f"{row['provider']} · {row['event_name'] or '?'} · {value(row['status'])}"
    return Screen("delivery.html", title, f"lunas webhooks show {delivery}", values)


async def raw(visit: Visit) -> Answer:
    """The exact bytes, to be kept; a browser shows none of them."""
    delivery = as_id(visit.named("delivery"))
    async with visit.connections.one() as connection:
        row = await connection.fetchrow(load("webhooks.sql", "console")["one"], delivery)
    if row is None:
        raise NotFound(text("webhook.unknown", id=delivery))
    return attachment(bytes(row["body"]), f"{delivery}.bin")


def attachment(body: bytes, name: str) -> web.Response:
    """Bytes of a stranger: kept, never shown."""
    kept = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=body, content_type="application/octet-stream", headers=HEADERS | kept)


def readable(body: bytes) -> str:
    """What was sent as text, laid out when it is JSON; what is no text is shown as escapes."""
    words = body.decode("utf-8", "backslashreplace")
    try:
        document: Any = json.loads(words)
    except (ValueError, RecursionError):
        return words
    return json.dumps(document, indent=2, ensure_ascii=False)


def as_id(given: str) -> uuid.UUID:
    """Raises NotFound for what is no id of ours."""
    try:
        return uuid.UUID(given)
    except ValueError:
        raise NotFound(text("web.no_id", id=given)) from None


WAYS: tuple[Way, ...] = (
    shown("/deliveries", listed),
    shown("/deliveries/{delivery}", show),
    shown("/deliveries/{delivery}/raw", raw, "operator"),
)
