"""Customers use what they bought: many clients at once on one balance, and a quota that is used up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from api.credit.audit import verify_accounts
from console.demo.door import Application
from console.demo.invariants import Invariant
from console.demo.outcome import DayResult
from console.messages import text
from console.output import number, paint, print_data
from console.times import parse_moment, short_moment
from runtime.ids import utc_now

if TYPE_CHECKING:
    from runtime.database import Connection

CLIENTS = 20
SHARE = 4
"""Each client asks for this part of the balance: so many can get it."""


async def use_what_was_bought(
    connection: Connection, application: Application, outcome: DayResult
) -> Invariant:
    """Plays it, tells it, and says whether what is left is what there was less what was spent."""
    print_data()
    print_data(paint(text("demo.using"), "cyan"))
    off = [*await _spend(application, outcome), *await _use(application, outcome)]
    checked = await verify_accounts(connection)
    return Invariant(text("invariant.accounts", count=number(checked.accounts)), off + checked.differences)


async def _spend(application: Application, outcome: DayResult) -> list[str]:
    richest = max(outcome.holdings.values(), key=lambda one: one.credit_tokens)
    cost = richest.credit_tokens // SHARE
    if not cost:
        return []
    path = f"/customers/{richest.customer_id}/spends"
    answers = await asyncio.gather(
        *(
            application.ask(path, {"tokens": cost, "reason": "demo", "reference": f"demo-{client}"})
            for client in range(CLIENTS)
        )
    )
    served = [answer for status, answer in answers if status == 201]
    left = min((answer["credit_tokens"] for answer in served), default=richest.credit_tokens)
    print_data(
        text(
            "demo.spent",
            customer=richest.customer_id,
            clients=CLIENTS,
            cost=number(cost),
            had=number(richest.credit_tokens),
            served=len(served),
            left=number(left),
        )
    )
    fine = len(served) == SHARE and left == richest.credit_tokens - SHARE * cost
    return [] if fine else [f"{richest.customer_id}: {len(served)} × {cost}, {left}"]


async def _use(application: Application, outcome: DayResult) -> list[str]:
    """The first customer whose tier has a quota for the day uses all of it, and then one token more."""
    for customer_id in sorted(outcome.holdings):
        quota = (await application.entitlements(customer_id))["quotas"]["day"]
        if quota["limit"]:
            break
    else:
        return []
    path = f"/customers/{customer_id}/usage"
    first, _ = await application.ask(path, {"tokens": quota["limit"], "reference": "demo-all"})
    second, refused = await application.ask(path, {"tokens": 1, "reference": "demo-more"})
    at = parse_moment(refused.get("resets_at", quota["resets_at"]), utc_now())
    print_data(
        text(
            "demo.used_up",
            customer=customer_id,
            limit=number(quota["limit"]),
            code=refused.get("code", ""),
            at=short_moment(at),
        )
    )
    return [] if (first, second) == (201, 409) else [f"{customer_id}: {first}, {second}"]
