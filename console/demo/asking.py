"""A customer is asked for money: everything that our application can start, paid on the pages of the fake providers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from console.demo.door import Application
from console.demo.ears import Ears
from console.demo.invariants import Invariant
from console.demo.outcome import DayResult, distinct
from console.demo.till import LOOK_SECONDS, PATIENCE_SECONDS, Till, Told
from console.manual_orders import PROVIDER as BY_HAND
from console.manual_orders import confirm_order
from console.messages import text
from console.output import decimal, number, paint, print_data, rupiah
from eventstore.queries import load
from providers.simulated import Buyer
from runtime.ids import utc_now

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

CUSTOMER, NAME = "rani", "Rani Kusuma"
TOP_UP_IDR, MISSED_IDR = 50_000, 25_000
COURSE = "kelas-python"
PLAN = "pro-bulanan"
A_MONTH, SETTLING = "32d", "3s"

Step = Callable[[Till, "Connection", Ears], Awaitable[int]]
"""Plays and tells one thing; the rupiah that we have after it and did not have before."""


async def ask_and_be_paid(
    connection: Connection, application: Application, settings: Settings, outcome: DayResult
) -> Invariant:
    """Plays it, tells it, and says whether exactly the money that was paid has come."""
    print_data()
    print_data(paint(text("demo.asking", name=NAME, customer=CUSTOMER), "cyan"))
    await application.register([Buyer(f"{CUSTOMER}@example.com", NAME, CUSTOMER)])
    async with (
        Till(application, settings, CUSTOMER) as till,
        Ears(connection, settings, CUSTOMER) as hearing,
    ):
        paid = sum([await step(till, connection, hearing) for step in STEPS])
    return await _came(connection, outcome, paid)


async def _top_up(till: Till, _connection: Connection, hearing: Ears) -> int:
    wish = {"customer_id": CUSTOMER, "amount": TOP_UP_IDR, "payment_method": "qris"}
    made = await till.ask("/topups", wish)
    await till.press(made["provider"], made["payment_id"], "pay")
    started = time.monotonic()
    paid = await till.reads(f"/topups/{made['payment_id']}", _succeeded)
    has = await till.read(f"/customers/{CUSTOMER}/balance", paid["position"])
    print_data(
        text(
            "demo.topped_up",
            amount=rupiah(TOP_UP_IDR),
            code=made["qr_string"][:16],
            seconds=decimal(time.monotonic() - started),
            tokens=number(has["credit_tokens"]),
        )
    )
    live = await hearing.change("balance", lambda row: row["credit_tokens"] == has["credit_tokens"])
    told = await hearing.webhook(lambda data: data["amount"] == TOP_UP_IDR)
    print_data(text("demo.heard", live=decimal(live - started), told=decimal(told - started)))
    return TOP_UP_IDR


async def _missed(till: Till, _connection: Connection, hearing: Ears) -> int:
    """A top-up whose webhook never comes: the provider's own lists say what happened."""
    before, began = (await till.read(f"/customers/{CUSTOMER}/balance"))["credit_tokens"], utc_now()
    made = await till.ask(
        "/topups", {"customer_id": CUSTOMER, "amount": MISSED_IDR, "payment_method": "qris"}
    )
    await till.lose_webhooks_of(made["provider"])
    await till.press(made["provider"], made["payment_id"], "pay")
    first = await till.reconcile(made["provider"], began)
    has = await till.reads(f"/customers/{CUSTOMER}/balance", lambda told: told["credit_tokens"] > before)
    await hearing.webhook(lambda data: data["amount"] == MISSED_IDR)
    second = await till.reconcile(made["provider"], began)
    print_data(
        text(
            "demo.missed",
            amount=rupiah(MISSED_IDR),
            found=first,
            again=second,
            tokens=number(has["credit_tokens"] - before),
        )
    )
    return MISSED_IDR


async def _order(till: Till, connection: Connection, _hearing: Ears) -> int:
    made = await till.ask("/orders", {"customer_id": CUSTOMER, "items": [{"product": COURSE}]})
    act = await confirm_order(
        connection,
        made["order_id"],
        "demo",
        "transfer 0042",
        text("manual.confirm_undo", id=made["order_id"]),
    )
    await till.reads(f"/orders/{made['order_id']}", _succeeded)
    await till.reads(f"/customers/{CUSTOMER}/enrollments", lambda told: told["items"])
    print_data(text("demo.ordered", course=COURSE, amount=rupiah(made["amount"]), provider=BY_HAND, act=act))
    return int(made["amount"])


async def _subscribe(till: Till, _connection: Connection, _hearing: Ears) -> int:
    """A month and the next: the customer links an account once, the second charge comes by the clock."""
    made = await till.ask("/subscriptions", {"customer_id": CUSTOMER, "plan": PLAN})
    path = f"/subscriptions/{made['subscription_id']}"
    await till.press(made["provider"], made["provider_subscription_id"], "link")
    first = await till.reads(
        path, lambda told: told["has_access"] and told["expires_at"] > told["started_at"]
    )
    await till.pass_time(A_MONTH)
    second = await till.reads(path, lambda told: told["expires_at"] != first["expires_at"])
    has = await till.read(f"/customers/{CUSTOMER}/entitlements")
    print_data(
        text(
            "demo.subscribed",
            plan=PLAN,
            amount=rupiah(made["amount"]),
            tier=has["tier"],
            first=first["expires_at"][:10],
            second=second["expires_at"][:10],
        )
    )
    return 2 * int(made["amount"])


async def _refund(till: Till, _connection: Connection, _hearing: Ears) -> int:
    """Half of the last top-up goes back, and its tokens with it."""
    (last,) = [one for one in (await till.read(f"/customers/{CUSTOMER}/topups"))["items"] if _succeeded(one)]
    back, balance = last["amount"] // 2, f"/customers/{CUSTOMER}/balance"
    left = (await till.read(balance))["credit_tokens"] // 2
    wish = {
        "provider": last["provider"],
        "provider_payment_id": last["payment_id"],
        "amount": back,
        "reason": "demo",
    }
    made = await till.ask("/refunds", wish)
    await till.pass_time(SETTLING)
    await till.reads(f"/refunds/{made['refund_id']}", _succeeded)
    has = await till.reads(balance, lambda told: told["credit_tokens"] == left)
    print_data(
        text(
            "demo.given_back",
            back=rupiah(back),
            amount=rupiah(last["amount"]),
            tokens=number(has["credit_tokens"]),
        )
    )
    return -int(back)


STEPS: tuple[Step, ...] = (_top_up, _order, _refund, _missed, _subscribe)


def _succeeded(told: Told) -> bool:
    return bool(told["status"] == "succeeded")


async def _came(connection: Connection, before: DayResult, paid: int) -> Invariant:
    """Against the books of the day. What was told last may still be on its way, so the last look counts."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE_SECONDS
    off = await _differences(connection, before, paid)
    while loop.time() < deadline and off:
        await asyncio.sleep(LOOK_SECONDS)
        off = await _differences(connection, before, paid)
    return Invariant(text("invariant.asked", amount=rupiah(paid)), off)


async def _differences(connection: Connection, before: DayResult, paid: int) -> list[str]:
    """What came since is what was paid, nothing more is held or parked, and the books still sum to zero."""
    sql = load("demo.sql", "console")
    received = await connection.fetchval(sql["received"]) - before.received
    held = {row["reason"]: (row["count"], row["amount"]) for row in await connection.fetch(sql["held"])}
    parked = distinct(await connection.fetch(sql["parked"]))
    off = [] if received == paid else [f"{rupiah(received)} ≠ {rupiah(paid)}"]
    off += [f"{now} ≠ {then}" for now, then in ((held, before.held), (parked, before.parked)) if now != then]
    return off + [
        f"{row['unit']}: {row['sum']}" for row in await connection.fetch(sql["ledger"]) if row["sum"]
    ]
