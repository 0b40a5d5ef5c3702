"""Orders that are paid outside any provider: what waits for a person who has seen the money, and what they say of it."""

from __future__ import annotations

from typing import Any

import orjson

from console.agreeing import act, of_order
from console.exits import NotFound
from console.manual_orders import PROVIDER, reject_order
from console.messages import text
from console.web.payment import seen
from console.web.visit import Answer, Screen, Visit, Way, done, moved, shown
from eventstore.queries import load

_SQL = load("manual.sql", "console")


async def listed(visit: Visit) -> Answer:
    everything, limit = visit.asked("all") is not None, visit.settings.console_rows_max
    async with visit.connections.one() as connection:
        rows = await connection.fetch(_SQL["waiting"], everything, limit)
        waiting = await connection.fetch(_SQL["waiting"], False, limit) if everything else rows
    values = {
        "rows": [dict(row) | {"items": orjson.loads(row["items"]), "state": _state(row)} for row in rows],
        "everything": everything,
        "limit": limit,
        "count": len(waiting),
        "amount": sum(row["amount_idr"] for row in waiting),
        "oldest": waiting[0]["created_at"] if waiting else None,
    }
    command = "lunas manual list" + (" --all" if everything else "")
    return Screen("orders.html", text("web.way.orders"), command, values)


async def show(visit: Visit) -> Answer:
    order = visit.named("order")
    async with visit.connections.one() as connection:
        row = await connection.fetchrow(_SQL["order"], order)
        if row is None:
            raise NotFound(text("manual.unknown", id=order))
        acts = await connection.fetch(load("payments.sql", "console")["acts"], [order])
        proof = await connection.fetchval(_SQL["proof"], order)
    state = _state(row)
    values = {
        "row": row,
        "items": orjson.loads(row["items"]),
        "state": state,
        "acts": acts,
        "proof": proof,
        "payment": f"/payments/{PROVIDER}/{order}",
    }
    verb = {"waits": "confirm", "confirmed": "unconfirm"}.get(state)
    command = f"lunas manual {verb} {order} --reason …" if verb else "lunas manual list --all"
    return Screen("order.html", text("web.manual.order", id=order), command, values)


async def confirm(visit: Visit) -> Answer:
    """Its money has come, in full."""
    order, proof, reason = visit.named("order"), visit.given("proof"), visit.reason()
    async with visit.connections.one() as connection:
        made = await act(connection, visit.settings, await of_order(connection, order, proof), reason)
    return seen(made)


async def reject(visit: Visit) -> Answer:
    """It will not come."""
    order, reason = visit.named("order"), visit.reason()
    async with visit.connections.one() as connection:
        act_id = await reject_order(connection, order, reason, text("manual.reject_undo"))
    return moved(f"/audit/{act_id}?done")


def _state(row: Any) -> str:
    """`waits`, `confirmed` or `rejected`, as the read models have it; what somebody does asks the log."""
    if row["status"] == "refused":
        return "rejected"
    return "confirmed" if row["paid"] else "waits"


WAYS: tuple[Way, ...] = (
    shown("/orders", listed),
    shown("/orders/{order}", show),
    done("/orders/{order}/confirm", confirm),
    done("/orders/{order}/reject", reject),
)
