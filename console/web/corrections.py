"""Corrections: what is read otherwise than a provider said, both versions side by side; approved by another person, and taken back."""

from __future__ import annotations

import json
from typing import Any

from console.agreeing import agree as agree_to
from console.agreeing import proposed
from console.correcting import SQL, STATUSES, correct, correction
from console.exits import WrongUse
from console.messages import text
from console.options import PROVIDERS
from console.products import check_product
from console.taking_back import act_to_take_back
from console.taking_back import take_back as take_back_act
from console.web.deliveries import as_id
from console.web.filters import command_of
from console.web.payment import amount_of
from console.web.visit import Answer, Screen, Visit, Way, done, moved, shown
from eventstore.queries import load
from schemas.payment_words import PaymentPatch


async def listed(visit: Visit) -> Answer:
    asked = {name: visit.asked(name) for name in ("provider", "status")}
    if asked["status"] is not None and asked["status"] not in STATUSES:
        raise WrongUse(text("web.no_filter", given=asked["status"]))
    limit = visit.settings.console_rows_max
    async with visit.connections.one() as connection:
        rows = await connection.fetch(SQL["list"], asked["provider"], asked["status"], limit)
        waiting = await connection.fetchrow(SQL["waiting"])
    values = {
        "rows": [dict(row) | {"changes": changes(row)} for row in rows],
        "waiting": waiting,
        "asked": asked,
        "providers": PROVIDERS,
        "statuses": STATUSES,
        "limit": limit,
    }
    return Screen(
        "corrections.html", text("web.way.corrections"), command_of("lunas corrections", asked), values
    )


async def show(visit: Visit) -> Answer:
    change_id = as_id(visit.named("change"))
    async with visit.connections.one() as connection:
        row = await correction(connection, change_id)
        acts = await connection.fetch(load("payments.sql", "console")["acts"], [str(change_id)])
    values = {
        "row": row,
        "changes": changes(row),
        "acts": acts,
        "proposed": proposed(row),
        "may_approve": visit.may("approver") and row["author"] != visit.signed.actor,
        "mine": row["author"] == visit.signed.actor,
    }
    command = f"lunas {'approve' if row['status'] == 'proposed' else 'revert'} {change_id}"
    title = text("web.correction_of", provider=row["provider"], id=row["payment_id"])
    return Screen("correction.html", title, command, values)


async def make(visit: Visit) -> Answer:
    """From a payment's page."""
    product = visit.given("product")
    check_product(visit.settings, product)
    amount = amount_of(visit.given("amount"))
    patch = PaymentPatch(amount=amount, customer_id=visit.given("customer"), product=product)
    provider, payment = visit.named("provider"), visit.named("payment")
    async with visit.connections.one() as connection:
        made = await correct(connection, visit.settings, provider, payment, patch, visit.reason())
    return moved(f"/corrections/{made.change_id}")


async def agree(visit: Visit) -> Answer:
    change_id = as_id(visit.named("change"))
    async with visit.connections.one() as connection:
        agreed = await agree_to(connection, change_id, visit.reason())
    return moved(f"/audit/{agreed.act_id}?done")


async def take_back(visit: Visit) -> Answer:
    change_id = as_id(visit.named("change"))
    async with visit.connections.one() as connection:
        taken = await take_back_act(
            connection, visit.settings, await act_to_take_back(connection, change_id), visit.reason()
        )
    return moved(f"/audit/{taken.act_id}?done")


def changes(row: Any) -> list[tuple[str, Any, Any]]:
    """What the patch names: name, as it was read before, as it is read with it."""
    before = json.loads(row["before"])
    return [(name, before.get(name), said) for name, said in json.loads(row["patch"]).items()]


WAYS: tuple[Way, ...] = (
    shown("/corrections", listed),
    shown("/corrections/{change}", show),
    done("/payments/{provider}/{payment}/correct", make),
    done("/corrections/{change}/approve", agree, "approver"),
    done("/corrections/{change}/revert", take_back),
)
