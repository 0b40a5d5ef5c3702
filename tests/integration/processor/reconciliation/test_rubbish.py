"""Lists full of rubbish, read by each provider's own reader: every row of it is told by itself, what is good counts, and the run goes on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from processor.reconciliation.run import ProviderRun, RunLimits
from providers.mayar.lists import MayarLists
from providers.outgoing import CallFailed, Reply
from providers.reconciling import ListClient
from providers.scalev.lists import ScalevLists
from providers.xendit.lists import XenditLists
from runtime.database import Pool
from runtime.ids import utc_now
from tests.integration.processor.reconciliation.scripted import SINCE, captured, till_of

AT = "2026-10-31T03:00:00.000Z"
RECORD = "11111111-2222-4333-8444-555555555555"
PAYMENT = {
    "event": "payment.received",
    "data": {"id": RECORD, "transactionId": RECORD, "status": "SUCCESS", "amount": 50_000, "customerEmail": "budi@example.com",
             "customerName": "Budi", "merchantId": "m-1", "createdAt": AT, "productName": "Silver"},
}  # fmt: skip
ORDER = {
    "id": RECORD, "order_id": "261031AB", "payment_status": "paid", "status": "completed", "gross_revenue": 50_000, "paid_time": AT, "created_at": AT,
    "customer": {"email": "budi@example.com", "name": "Budi"}, "orderlines": [],
}  # fmt: skip
GOOD: dict[str, dict[str, Any]] = {
    "xendit": {"id": "txn_1", "product_id": "py-1", "type": "PAYMENT", "status": "SUCCESS", "amount": 50_000, "cashflow": "MONEY_IN", "created": AT},
    "scalev": ORDER,
    "mayar": {"id": "h-1", "createdAt": AT, "payload": json.dumps(PAYMENT)},
}  # fmt: skip
SAID: dict[str, Any] = {
    "xendit": captured("py-1", 50_000),
    "scalev": ORDER,
    "mayar": {"data": {"id": RECORD, "status": "paid", "amount": 50_000}},
}
READERS: dict[str, Callable[[Any], ListClient]] = {
    "xendit": XenditLists,
    "scalev": ScalevLists,
    "mayar": MayarLists,
}


def deep(levels: int) -> Any:
    value: Any = "bottom"
    for _ in range(levels):
        value = [value]
    return value


EVERYWHERE: list[Any] = [
    None,
    True,
    0,
    -7,
    3.5,
    "",
    "row",
    "\x00",
    "\ud7ff\U0001f4b8",
    [],
    [[]],
    {},
    {"": ""},
    {"id": None},
    deep(200),
]
"""Whatever JSON allows where a row should be."""
WRONG: dict[str, dict[str, list[Any]]] = {
    "xendit": {
        "product_id": [None, "", 5, ["py-1"], {"id": "py-1"}],
        "type": [None, 5, "SOMETHING_NEW", "payment"],
        "status": [None, "", "PAID?", 1, ["SUCCESS"]],
        "amount": [None, "", "fifty", "50.000,00", 0.5, -50_000, 1e300, 10**30, True, [], {"value": 50_000}],
        "currency": ["USD", "idr ", 360, ""],
    },
    "scalev": {
        "payment_status": [None, "", "Lunas", 1, ["paid"]],
        "gross_revenue": [None, "", "fifty", "50.000,00", 0.5, -50_000, 1e300, 10**30, True, [], {"value": 50_000}],
    },
    "mayar": {
        "payload": [None, "", "{", "[]", "null", 5, "{\"event\": 5}", json.dumps({"event": "unheard.of", "data": {}})],
    },
}  # fmt: skip


def rubbish(provider: str) -> list[Any]:
    wrong = [{**GOOD[provider], name: value} for name, values in WRONG[provider].items() for value in values]
    amounts = WRONG["scalev"]["gross_revenue"] if provider == "mayar" else []
    inside = [{**PAYMENT, "data": {**PAYMENT["data"], "amount": value}} for value in amounts]  # type: ignore[dict-item]
    return [*EVERYWHERE, *wrong, *({**GOOD[provider], "payload": json.dumps(one)} for one in inside)]


class Account:
    """A provider's API: one list of all these rows, in pages of ten, and what it says of single payments."""

    def __init__(self, provider: str, rows: list[Any]) -> None:
        self._said, self._rows, self._place = SAID[provider], rows, 0

    async def call(self, operation: str, _method: str, _path: str, **_: Any) -> Reply:
        if operation == "find_plan":
            return Reply(200, {"data": [], "has_more": False})
        if not operation.startswith("list_"):
            return Reply(200, self._said)
        rows, self._place = self._rows[self._place : self._place + 10], self._place + 10
        more = self._place < len(self._rows)
        cursor = f"page-{self._place}"
        # Where a page ends in rubbish, its cursor is in no row of it.
        rows = [*rows, {"id": cursor, "type": "FEE", "order_id": None, "payload": None}] if more else rows
        return Reply(200, {"data": rows, "has_more": more, "hasMore": more, "has_next": more, "next_cursor": cursor, "nextStartingAfter": cursor})  # fmt: skip

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("provider", READERS)
async def test_rubbish_in_a_list_is_told_row_by_row_and_what_is_good_counts(
    pool: Pool, provider: str
) -> None:
    till = await till_of(pool)
    wrong = rubbish(provider)
    rows = [*wrong[::2], GOOD[provider], *wrong[1::2]]
    client = READERS[provider](Account(provider, rows))
    run = ProviderRun(
        pool, provider, client, till, till.store.interpreter,  # type: ignore[arg-type]
        RunLimits(5.0, 1000, 0, timedelta(), 5.0), asyncio.Event(),
    )  # fmt: skip
    done, code = await run.go(SINCE, "test")
    await till.settle()
    assert code is None
    assert [one.provider for one in till.fed] == [provider]
    assert await pool.fetchval("SELECT count(*) FROM deliveries WHERE provider = $1 AND scheme = 'reconciled'", provider) == 1  # fmt: skip
    told = await pool.fetch("SELECT payment_id, reason FROM reconcile_findings WHERE provider = $1 AND kind = 'unreadable'", provider)  # fmt: skip
    # Every row of it: the same rubbish twice is one.
    assert len(told) >= len({repr(one) for one in wrong}) - 2
    assert len({row["reason"] for row in told}) >= 3
    assert all(row["reason"] for row in told)
    assert done.rows >= len(told)
    # And a second run finds nothing new.
    again, code = await ProviderRun(
        pool, provider, READERS[provider](Account(provider, rows)), till, till.store.interpreter,  # type: ignore[arg-type]
        RunLimits(5.0, 1000, 0, timedelta(), 5.0), asyncio.Event(),
    ).go(SINCE, "test")  # fmt: skip
    assert (again.found, again.fed, code) == (0, 0, None)


async def test_a_list_that_cannot_be_read_at_all_ends_the_run_for_now_and_the_next_goes_on(
    pool: Pool,
) -> None:
    till = await till_of(pool)

    class Broken(Account):
        async def call(self, operation: str, method: str, path: str, **more: Any) -> Reply:
            raise CallFailed("refused", "provider_credentials", status=401)

    client = XenditLists(Broken("xendit", []))  # type: ignore[arg-type]
    run = ProviderRun(
        pool, "xendit", client, till, till.store.interpreter,  # type: ignore[arg-type]
        RunLimits(0.1, 1000, 0, timedelta(), 0.1), asyncio.Event(),
    )  # fmt: skip
    _, code = await run.go(utc_now() - timedelta(days=1), "test")
    assert code == "provider_credentials"
