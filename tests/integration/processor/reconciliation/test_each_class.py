"""Each class of difference for each provider, read by its own reader: what is told, what is taken in, and that a second run says nothing anew."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from processor.reconciliation.book import RunState
from processor.reconciliation.run import ProviderRun, RunLimits
from providers.mayar.lists import MayarLists
from providers.outgoing import CallFailed, Reply
from providers.reconciling import ListClient, as_webhook
from providers.scalev.lists import ScalevLists
from providers.xendit.lists import XenditLists
from runtime.database import Pool
from runtime.ids import utc_now, uuid7
from schemas.envelope import Envelope
from tests.integration.processor.reconciliation.scripted import SINCE, Till, captured, till_of, webhook_of

AT, LATER = "2026-10-31T03:00:00.000Z", "2026-10-31T04:00:00.000Z"
RECORD = "11111111-2222-4333-8444-555555555555"
READERS: dict[str, Callable[[Any], ListClient]] = {
    "xendit": XenditLists,
    "scalev": ScalevLists,
    "mayar": MayarLists,
}
ANY_PROVIDER = pytest.mark.parametrize("provider", READERS)
BY_TOKEN = pytest.mark.parametrize("provider", ["xendit", "mayar"])


class Account:
    """A provider of one payment, or none: what it lists, and what it says when it is asked."""

    def __init__(self, rows: list[Any], detail: Any = None) -> None:
        self._rows, self._detail = rows, detail

    async def call(self, operation: str, _method: str, _path: str, **_: Any) -> Reply:
        if operation in ("find_plan", "find_invoice"):
            return Reply(200, {"data": []} if operation == "find_plan" else [])
        if operation.startswith("list_"):
            return Reply(200, {"data": self._rows})
        if self._detail is None:
            raise CallFailed("refused", "provider_refused", status=404)
        return Reply(200, self._detail)

    async def close(self) -> None:
        """Nothing is open."""


def row_of(provider: str, amount: int) -> Any:
    """The payment as its provider lists it."""
    if provider == "xendit":
        return {"id": "txn_1", "product_id": "py-1", "type": "PAYMENT", "status": "SUCCESS", "amount": amount, "cashflow": "MONEY_IN", "created": AT}  # fmt: skip
    if provider == "scalev":
        return detail_of(provider, amount)
    return {"id": "h-1", "createdAt": AT, "payload": json.loads(webhook(provider, amount, at=LATER))}


def detail_of(provider: str, amount: int, status: str = "paid", at: str = LATER) -> Any:
    """The payment as its provider shows it alone."""
    if provider == "xendit":
        word = {"paid": "SUCCEEDED", "failed": "FAILED"}[status]
        captures = [{"capture_id": "cap-1", "capture_amount": amount, "capture_timestamp": at}]
        return captured("py-1", amount, status=word, updated=at, captures=captures)
    if provider == "scalev":
        return {
            "id": RECORD, "order_id": "261031ABCDEF", "status": "completed", "payment_status": {"paid": "paid", "failed": "conflict"}[status],
            "gross_revenue": str(amount), "net_revenue": str(amount), "product_price": str(amount), "paid_time": at, "created_at": AT,
            "last_updated_at": at, "customer": {"email": "budi@example.com", "name": "Budi"}, "orderlines": [],
        }  # fmt: skip
    return {"data": {"id": RECORD, "status": status, "amount": amount, "updatedAt": at}}


def webhook(provider: str, amount: int, at: str = AT) -> bytes:
    """What we heard."""
    if provider == "xendit":
        return webhook_of(detail_of(provider, amount, at=at))
    if provider == "scalev":
        return as_webhook({"event": "order.updated", "data": detail_of(provider, amount, at=at)})
    data = {
        "id": RECORD, "transactionId": RECORD, "status": "SUCCESS", "amount": amount, "customerEmail": "budi@example.com",
        "customerName": "Budi", "merchantId": "m-1", "createdAt": at, "updatedAt": at, "productName": "Paket Token Silver", "membershipTierName": "Silver",
    }  # fmt: skip
    return as_webhook({"event": "payment.received", "data": data})


async def hear(till: Till, provider: str, body: bytes) -> None:
    scheme = "hmac_sha256" if provider == "scalev" else "static_token"
    at = round(utc_now().timestamp() * 1_000_000)
    one = Envelope(str(uuid7()), provider, at, scheme, "", f"/webhooks/{provider}", body)
    await till.store.store([till.store.interpreter.prepare(one)])
    await till.settle()


async def compared(till: Till, provider: str, account: Account) -> RunState:
    run = ProviderRun(
        till.pool, provider, READERS[provider](account), till, till.store.interpreter,  # type: ignore[arg-type]
        RunLimits(5.0, 1000, 1000, timedelta(), 5.0, again=(timedelta(),)), asyncio.Event(),
    )  # fmt: skip
    done, code = await run.go(SINCE, "test")
    await till.settle()
    assert code is None
    return done


async def told(till: Till) -> list[tuple[str, str]]:
    return sorted((kind, reason) for (kind, _), reason in (await till.found()).items())


async def contested(till: Till) -> list[str]:
    rows = await till.pool.fetch("SELECT type FROM events WHERE type LIKE 'dispute.%' ORDER BY position")
    return [row["type"] for row in rows]


async def amounts(till: Till) -> list[int]:
    """What was told of it, in turn; a provider's payments may leave their amounts to their orders."""
    rows = await till.pool.fetch(
        "SELECT coalesce(data ->> 'amount', data ->> 'gross_amount')::int AS amount FROM events"
        " WHERE type IN ('payment.succeeded', 'order.recorded') ORDER BY position"
    )
    return [row["amount"] for row in rows if row["amount"] is not None]


@ANY_PROVIDER
async def test_c130_missing_here(pool: Pool, provider: str) -> None:
    till = await till_of(pool)
    there = Account([row_of(provider, 50_000)], detail_of(provider, 50_000))
    run = await compared(till, provider, there)
    assert (run.fed, await amounts(till), await told(till)) == (1, [50_000], [])
    again = await compared(till, provider, there)
    assert (again.fed, again.found, await amounts(till)) == (0, 0, [50_000])


@ANY_PROVIDER
async def test_c131_missing_there(pool: Pool, provider: str) -> None:
    till = await till_of(pool)
    await hear(till, provider, webhook(provider, 50_000))
    await compared(till, provider, Account([]))
    assert (await told(till), await contested(till)) == ([("missing_there", "")], ["dispute.opened"])
    # What is at risk is told with it.
    at_risk = "SELECT amount FROM dead_letters WHERE reason = 'payment_disputed'"
    assert await till.pool.fetchval(at_risk) == 50_000
    again = await compared(till, provider, Account([]))
    assert (again.found, await contested(till)) == (0, ["dispute.opened"])


@ANY_PROVIDER
async def test_c132_another_status(pool: Pool, provider: str) -> None:
    till = await till_of(pool)
    await hear(till, provider, webhook(provider, 50_000))
    there = Account([], detail_of(provider, 50_000, "failed"))
    await compared(till, provider, there)
    assert (await told(till), await contested(till)) == ([("status", "")], ["dispute.opened"])
    await compared(till, provider, Account([], detail_of(provider, 50_000)))
    assert (await told(till), await contested(till)) == ([], ["dispute.opened", "dispute.won"])


@ANY_PROVIDER
async def test_c132_another_amount(pool: Pool, provider: str) -> None:
    till = await till_of(pool)
    await hear(till, provider, webhook(provider, 50_000))
    there = Account([row_of(provider, 45_000)], detail_of(provider, 45_000))
    run = await compared(till, provider, there)
    assert (run.fed, run.found, await told(till), await amounts(till)) == (1, 1, [], [50_000, 45_000])
    # The amount of an order that was signed and paid stands: then the lists differ, and that is told until they do not.
    stays = provider == "scalev"
    for found in (int(stays), 0):
        again = await compared(till, provider, there)
        assert (again.fed, again.found, await amounts(till)) == (0, found, [50_000, 45_000])
        assert await told(till) == ([("amount", "")] if stays else [])


@BY_TOKEN
async def test_c05_unconfirmed(pool: Pool, provider: str) -> None:
    till = await till_of(pool)
    await hear(till, provider, webhook(provider, 900_000))
    await compared(till, provider, Account([], detail_of(provider, 900_000, "failed")))
    assert (await told(till), await contested(till)) == ([("unconfirmed", "not_confirmed")], [])
    run = await compared(till, provider, Account([], detail_of(provider, 900_000)))
    assert (run.fed, await told(till)) == (1, [])


async def refunds(till: Till) -> list[tuple[int, str, str]]:
    rows = await till.pool.fetch("SELECT data FROM events WHERE type = 'refund.succeeded' ORDER BY position")
    facts = [json.loads(row["data"]) for row in rows]
    return [(fact["amount"], fact["refund_id"], fact["attestation"]) for fact in facts]


def mayar_shows(**more: Any) -> Any:
    return {"data": detail_of("mayar", 50_000)["data"] | more}


async def test_c79_a_refund_at_a_dashboard_that_no_webhook_tells_is_found_and_takes_back_once(
    pool: Pool,
) -> None:
    till = await till_of(pool)
    await hear(till, "mayar", webhook("mayar", 50_000))
    rows = [row_of("mayar", 50_000)]
    await compared(till, "mayar", Account(rows, mayar_shows()))
    assert await refunds(till) == []
    part = Account(rows, mayar_shows(amountRefunded=20_000))
    for _ in range(2):
        await compared(till, "mayar", part)
        assert await refunds(till) == [(20_000, f"{RECORD}-back-20000", "api_confirmed")]
    whole = Account(rows, mayar_shows(status="refunded"))
    for _ in range(2):
        await compared(till, "mayar", whole)
        assert [amount for amount, _, _ in await refunds(till)] == [20_000, 30_000]
    # A refund as any other: what was bought is gone, nobody disputes anything, and no difference is left.
    assert (await contested(till), await told(till)) == ([], [])
    taken = "SELECT sum((data::jsonb ->> 'amount_idr')::int) FROM events WHERE type LIKE '%.clawed_back' OR type = 'sale.refunded'"
    assert await till.pool.fetchval(taken) == 50_000


async def test_c79_a_webhook_that_tells_it_after_all_is_the_same_refund(pool: Pool) -> None:
    till = await till_of(pool)
    await hear(till, "mayar", webhook("mayar", 50_000))
    await compared(till, "mayar", Account([row_of("mayar", 50_000)], mayar_shows(amountRefunded=20_000)))
    data = {"transactionId": RECORD, "id": RECORD, "amountRefunded": 20_000, "merchantId": "m-1"}
    await hear(till, "mayar", as_webhook({"event": "payment.refunded", "data": data}))
    told_twice = [(amount, name) for amount, name, _ in await refunds(till)]
    assert told_twice == [(20_000, f"{RECORD}-back-20000")] * 2
    taken = "SELECT count(*) FROM events WHERE type LIKE '%.clawed_back' OR type = 'sale.refunded'"
    assert await till.pool.fetchval(taken) == 1


async def test_c79_what_was_paid_and_went_back_before_we_heard_of_it_is_both(pool: Pool) -> None:
    till = await till_of(pool)
    run = await compared(till, "mayar", Account([row_of("mayar", 50_000)], mayar_shows(status="refunded")))
    assert (run.fed, await amounts(till)) == (1, [50_000])
    assert [amount for amount, _, _ in await refunds(till)] == [50_000]
    assert (await contested(till), await told(till)) == ([], [])


async def test_c79_a_part_whose_size_mayar_does_not_say_waits_for_a_person(pool: Pool) -> None:
    till = await till_of(pool)
    await hear(till, "mayar", webhook("mayar", 50_000))
    there = Account([row_of("mayar", 50_000)], mayar_shows(status="partially_refunded"))
    await compared(till, "mayar", there)
    assert (await refunds(till), await told(till)) == ([], [("status", "went_back")])
