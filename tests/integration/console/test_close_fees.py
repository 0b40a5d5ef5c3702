"""What providers keep, through the close: from facts to the ledger to the day's figures, rows and page; what a statement says otherwise is named."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import asyncpg

from console import exits
from schemas import facts as f
from tests.integration.console.conftest import Run
from tests.integration.console.test_close import EVENING, FIRST, FIRST_MOMENT, LAST_MOMENT, SECOND, Shop, shop
from tests.unit.processor.cases.facts import capture, refund, request_fact
from tests.unit.processor.policies.test_fees import stated

__all__ = ["shop"]


async def balances(store: asyncpg.Connection) -> dict[str, int]:
    rows = await store.fetch("SELECT account, balance FROM ledger WHERE unit = 'IDR' AND balance <> 0")
    return {row["account"]: row["balance"] for row in rows}


async def test_c68_a_day_shows_fees_from_the_ledger_and_ties_to_the_rupiah(
    lunas: Run, shop: Shop, store: asyncpg.Connection, tmp_path: Path
) -> None:
    await shop.at(LAST_MOMENT, capture("py-3", "pr-3", 40_000, fee_amount=280, paid_at=EVENING))
    await shop.at(LAST_MOMENT, capture("py-3", "pr-3", 40_000, fee_amount=280, paid_at=EVENING))
    first = await lunas("close", FIRST.isoformat(), "--json")
    assert (first.code, first.err, first.json["differences"]) == (exits.FINE, "", [])
    day = first.json["providers"]["xendit"]
    assert (day["received"], day["fees"], day["expected_settlement"], day["clearing"]) == (
        150_000,
        280,
        149_720,
        149_720,
    )
    assert (day["credited"], day["held"]) == (90_000, 60_000)
    assert (await balances(store))["fees:xendit"] == 280
    assert await store.fetchval("SELECT sum(balance) FROM ledger WHERE unit = 'IDR'") == 0
    rows, page = tmp_path / "close.csv", tmp_path / "close.html"
    told = await lunas("--lang", "id", "close", FIRST.isoformat(), "--csv", str(rows), "--page", str(page))
    assert (told.code, "biaya" in told.out, "Rp 280" in told.out) == (exits.FINE, True, True), told.out
    (row,) = csv.DictReader(io.StringIO(rows.read_text("utf-8")))
    assert (row["fees"], row["expected_settlement"]) == ("280", "149720")
    assert "Rp 280" in page.read_text("utf-8")
    await shop.at(FIRST_MOMENT, refund("rfd-3", 40_000, "py-3", group_id="pr-3"))
    second = (await lunas("close", SECOND.isoformat(), "--json")).json
    day = second["providers"]["xendit"]
    assert (day["refunded"], day["fees"], day["expected_settlement"], second["differences"]) == (
        40_000,
        None,
        -40_000,
        [],
    )


async def test_c68_a_fee_that_comes_with_the_settlement_is_a_later_days(
    lunas: Run, shop: Shop, store: asyncpg.Connection
) -> None:
    sealed = await lunas("close", FIRST.isoformat(), "--seal", "--reason", "end of day", "--yes", "--json")
    paid_out = request_fact(
        f.PaymentSettled,
        payment_key="py-1",
        attempt_id="py-1",
        amount=50_000,
        fee_amount=350,
        occurred_at=FIRST_MOMENT,
    )
    await shop.at(FIRST_MOMENT, paid_out)
    first = (await lunas("close", FIRST.isoformat(), "--json")).json
    assert (first["providers"], first["differences"]) == (sealed.json["providers"], [])
    day = (await lunas("close", SECOND.isoformat(), "--json")).json["providers"]["xendit"]
    assert (day["received"], day["fees"], day["clearing_before"], day["clearing"]) == (
        0,
        350,
        110_000,
        109_650,
    )


async def test_c68_a_statement_that_says_another_fee_is_named(lunas: Run, shop: Shop) -> None:
    await shop.at(LAST_MOMENT, capture("py-3", "pr-3", 40_000, fee_amount=280, paid_at=EVENING))
    await shop.at(FIRST_MOMENT, stated(300, "py-3", amount=40_000), stated(350))
    second = await lunas("close", SECOND.isoformat(), "--json")
    assert second.code == exits.PROBLEMS
    assert second.json["differences"] == [
        {"kind": "fee_claimed", "provider": "xendit", "amount": 20, "detail": "1"}
    ]
    assert second.json["providers"]["xendit"]["fees"] == 20 + 350
    shown = await lunas("--lang", "id", "close", SECOND.isoformat())
    assert "laporan penyelesaian" in shown.out
    assert (await lunas("close", FIRST.isoformat())).code == exits.FINE


async def test_c68_a_ledger_with_other_fees_is_named(
    lunas: Run, shop: Shop, store: asyncpg.Connection
) -> None:
    """Somebody with all rights takes a booked fee out of the log: what was said of the payment still says it."""
    await shop.at(LAST_MOMENT, capture("py-3", "pr-3", 40_000, fee_amount=280, paid_at=EVENING))
    async with store.transaction():
        await store.execute("SET LOCAL session_replication_role = replica")
        await store.execute(
            "UPDATE events SET data = replace(data::text, '280', '180')::json WHERE type = 'fee.booked'"
        )
    found = (await lunas("close", FIRST.isoformat(), "--json")).json["differences"]
    assert {"kind": "fees", "provider": "xendit", "amount": -100, "detail": "fees:xendit"} in found
