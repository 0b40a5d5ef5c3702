"""One box: whatever `lunas find` finds, and straight to it when that is one thing."""

from __future__ import annotations

import shlex
from typing import Any
from urllib.parse import quote

from console.commands.find import products, search, spoken_of
from console.messages import text
from console.web.rendering import segment
from console.web.visit import Answer, Screen, Visit, Way, moved, shown

LONGEST = 600
"""Characters; a QR code holds 512 at most."""
SHOWN = ("kind", "id", "provider", "status", "held", "amount", "customer_id", "at")
"""Of what is found; not every kind has all of them."""
_PLACES = {
    "delivery": "/deliveries/{id}",
    "dead letter": "/letters/{id}",
    "rejected": "/quarantine/{id}",
    "payment": "/payments/{provider}/{id}",
    "request": "/payments/{provider}/{id}",
    "suspense": "/suspense/{id}",
    "customer": "/customers/{id}",
    "subscription": "/customers/{customer_id}",
    "enrollment": "/customers/{customer_id}",
    "refund": "/payments/{provider}/{target}",
    "audit": "/audit/{id}",
    "product": "/find?q={id}",
}


async def find(visit: Visit) -> Answer:
    what = visit.query.get("q", "").strip()[:LONGEST]
    found: list[dict[str, Any]] = []
    if what:
        async with visit.connections.one() as connection:
            found = products(visit.settings, what) + await search(connection, what)
            if not found:
                found = await spoken_of(connection, what, visit.settings.find_bodies_max)
    places = [place_of(item) for item in found]
    # What is held is the same money as its payment: both lead to one place.
    if len(places) == 1 and places[0] and "stay" not in visit.query:
        return moved(places[0])
    shown_items = [dict.fromkeys(SHOWN) | item for item in found]
    values = {"found": list(zip(shown_items, places, strict=True)), "what": what}
    command = f"lunas find {shlex.quote(what)}" if what else "lunas find ANYTHING"
    title = text("web.found", count=len(found)) if found else text("web.find")
    return Screen("find.html", title, command, values)


def place_of(item: dict[str, Any]) -> str | None:
    """Where the console shows it; None where it has no page."""
    pattern = _PLACES[item["kind"]]
    if item["kind"] == "product":
        return pattern.format(id=quote(str(item["id"])))
    parts = {
        name: segment(item[name]) for name in ("id", "provider", "customer_id", "target") if item.get(name)
    }
    try:
        return pattern.format(**parts)
    except KeyError:
        return None


WAYS: tuple[Way, ...] = (shown("/find", find),)
