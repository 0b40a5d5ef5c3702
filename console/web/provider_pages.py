"""Providers: what comes from each, what is wrong with it, and what its bodies began to carry."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from console.causes import arrange
from console.checks.examination import examine
from console.exits import NotFound
from console.messages import text
from console.options import PROVIDERS
from console.web.visit import Answer, Screen, Visit, Way, shown
from eventstore.queries import load


async def listed(visit: Visit) -> Answer:
    seen = await visit.lookout.now()
    known = {row["provider"]: row for row in seen.providers or ()}
    drift = {name: [row for row in seen.drift or () if row["provider"] == name] for name in PROVIDERS}
    rows = [
        {
            "name": name,
            "seen": known.get(name),
            "strangers": (seen.strangers or {}).get(name, 0),
            "drift": sum(row["findings"] for row in drift[name]),
        }
        for name in PROVIDERS
    ]
    return Screen("providers.html", text("web.way.providers"), "lunas doctor", {"rows": rows, "at": seen.at})


async def show(visit: Visit) -> Answer:
    """The examination asks the provider too, so it is made when somebody wants it."""
    provider = visit.named("provider")
    if provider not in PROVIDERS:
        raise NotFound(text("web.no_provider", name=provider))
    wanted = "examine" in visit.query
    doctor = load("doctor.sql", "console")
    async with visit.connections.one() as connection:
        outcomes = await connection.fetch(doctor["outcomes"], provider)
        accepted = await connection.fetch(doctor["accepted"], provider)
        rejected = await connection.fetch(doctor["rejected"], provider)
        newest: datetime | None = await connection.fetchval(doctor["newest"], provider)
        strange = await connection.fetch(load("strangers.sql", "console")["list"], provider, False)
    values: dict[str, Any] = {
        "name": provider,
        "outcomes": outcomes,
        "accepted": accepted,
        "rejected": rejected,
        "newest": newest,
        "strangers": strange,
        "causes": arrange(await examine(visit.settings, provider), lambda one: one.subject)
        if wanted
        else None,
    }
    return Screen("provider.html", provider, f"lunas doctor {provider}", values)


WAYS: tuple[Way, ...] = (shown("/providers", listed), shown("/providers/{provider}", show))
