"""Projections: every generation of every read model, which one is shown, how far each is."""

from __future__ import annotations

from console.messages import text
from console.web.visit import Answer, Screen, Visit, Way, shown
from projections.versions import generations


async def listed(visit: Visit) -> Answer:
    async with visit.connections.one() as connection:
        found = await generations(connection)
    head = max((one.head for one in found), default=0)
    values = {
        "generations": [(one, _share(one.position, head)) for one in found],
        "behind": [one for one in found if one.status == "live" and (one.lag_positions or one.parked)],
        "head": head,
    }
    return Screen("projections.html", text("web.way.projections"), "lunas projections status", values)


def _share(position: int | None, head: int) -> int:
    """Percent of the log, for a bar."""
    return round(100 * min(position or 0, head) / head) if head else 0


WAYS: tuple[Way, ...] = (shown("/projections", listed),)
