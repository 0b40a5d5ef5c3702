"""One customer: what they can spend and from which top-ups, what is open to them, what they paid."""

from __future__ import annotations

from api.credit import judging
from api.credit.judging import NothingToJudge
from api.reads.shapes import TOKENS_PER_CREDIT_IDR
from console.account_acts import judge
from console.exits import NotFound
from console.messages import text
from console.web.visit import Answer, Screen, Visit, Way, done, moved, shown
from eventstore.queries import load

SHOWN = 50
"""Rows of each list; a customer with more is looked at through the API's pages."""


async def show(visit: Visit) -> Answer:
    customer = visit.named("customer")
    reads = load("reads.sql", "api")
    async with visit.connections.one() as connection:
        who = await connection.fetchrow(reads["customer"], customer)
        balance = await connection.fetchrow(reads["balance"], customer)
        if who is None or balance is None or not (who["known"] or balance["known"]):
            raise NotFound(text("credit.unknown", customer=customer))
        plans = await connection.fetch(reads["subscriptions"], customer, None, SHOWN)
        courses = await connection.fetch(reads["enrollments"], customer, None, None, SHOWN)
        payments = await connection.fetch(reads["payments"], customer, None, SHOWN)
        acts = await connection.fetch(load("payments.sql", "console")["acts"], [customer])
        try:
            account = await judging.look_at(connection, customer)
        except NothingToJudge:
            account = None
    values = {
        "who": who,
        "balance": balance,
        "account": account,
        "credit_idr": (balance["credit_tokens"] or 0) // TOKENS_PER_CREDIT_IDR,
        "plans": [row for row in plans if row["customer_id"]],
        "courses": [row for row in courses if row["customer_id"]],
        "payments": [row for row in payments if row["customer_id"]],
        "acts": acts,
        "shown": SHOWN,
    }
    return Screen("customer.html", customer, f"lunas credit show {customer}", values)


async def freeze(visit: Visit) -> Answer:
    return await _judged(visit, "freeze")


async def unfreeze(visit: Visit) -> Answer:
    return await _judged(visit, "unfreeze")


async def _judged(visit: Visit, verb: str) -> Answer:
    async with visit.connections.one() as connection:
        said = await judge(connection, verb, visit.named("customer"), visit.reason())
    return moved(f"/audit/{said.act_id}?done")


WAYS: tuple[Way, ...] = (
    shown("/customers/{customer}", show),
    done("/customers/{customer}/freeze", freeze),
    done("/customers/{customer}/unfreeze", unfreeze),
)
