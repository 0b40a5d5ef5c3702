"""`lunas reconcile statement … --record`: what ties is marked as paid out, and what the provider kept of it is booked, once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from console import exits
from console.statements import digest_of, record_statement
from processor.reconciliation.statement import Recordable
from projections.feeder import Feeder
from runtime.database import Pool
from tests.integration.console.conftest import Run
from tests.integration.console.test_close import EVENING, FIRST, LAST_MOMENT, Shop, shop
from tests.integration.processor.fulfilment.test_rounds import settle
from tests.unit.processor.cases.facts import capture

__all__ = ["shop"]
WORDS = ("--record", "--reason", "settlement of March", "--yes")


@pytest.fixture(autouse=True)
def _fees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUNAS_BOOK_FEES", "true")


async def decided(shop: Shop, store: asyncpg.Connection) -> dict[str, Any]:
    """Accounts of the ledger once everything is decided on and shown."""
    await settle(shop.pool)
    await Feeder(store, batch_max=100).catch_up()
    rows = await store.fetch("SELECT account, balance FROM ledger WHERE unit = 'IDR' AND balance <> 0")
    return {row["account"]: row["balance"] for row in rows}


def written(file: Path, *lines: str) -> str:
    file.write_text("\n".join(("Payment ID,Amount,Fee,Net Amount", *lines, "")), encoding="utf-8")
    return str(file)


async def test_c68_a_statement_that_is_recorded_books_its_fees_once(
    lunas: Run, shop: Shop, store: asyncpg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.at(LAST_MOMENT, capture("py-3", "pr-3", 40_000, fee_amount=280, paid_at=EVENING))
    before = await decided(shop, store)
    file = written(
        tmp_path / "march.csv", "py-1,50000,350,49650", "py-2,60000,,59580", "py-3,40000,300,39700"
    )
    asked = await lunas("reconcile", "statement", "xendit", file, "--record", "--reason", "settlement")
    assert (asked.code, "3 payments" in asked.err, "Rp 1,070" in asked.err) == (exits.REFUSED, True, True), (
        asked.err
    )
    assert await decided(shop, store) == before
    done = await lunas("reconcile", "statement", "xendit", file, *WORDS, "--json")
    assert done.code == exits.FINE, done.err
    recorded = done.json["recorded"]
    assert (recorded["lines"], recorded["fees"], recorded["more"]) == (3, 1_070, 790)
    after = await decided(shop, store)
    assert after["fees:xendit"] == 1_070
    assert after["clearing:xendit"] == before["clearing:xendit"] - 790 == 150_000 - 1_070
    same = {name: amount for name, amount in after.items() if name not in ("fees:xendit", "clearing:xendit")}
    assert same == {name: amount for name, amount in before.items() if name in same}
    assert await store.fetchval("SELECT count(*) FROM payments WHERE NOT settled") == 0
    kept = await lunas("audit", "show", recorded["act_id"], "--json")
    assert kept.code == exits.FINE, kept.err
    monkeypatch.setenv("LUNAS_OPERATOR", "tono")
    again = await lunas("reconcile", "statement", "xendit", file, *WORDS)
    assert (again.code, "sari" in again.err) == (exits.REFUSED, True), again.err
    assert await decided(shop, store) == after
    copied = await lunas(
        "reconcile", "statement", "xendit", written(tmp_path / "copy.csv", "py-1,50000,350,49650"), *WORDS
    )
    assert (copied.code, "Nothing of it is new" in copied.err) == (exits.REFUSED, True), copied.err


async def test_c68_what_does_not_tie_is_not_recorded(
    lunas: Run, shop: Shop, store: asyncpg.Connection, tmp_path: Path
) -> None:
    file = written(
        tmp_path / "march.csv",
        "py-1,50000,350,49650",
        "py-2,61000,420,60580",
        "py-unknown,1000,7,993",
        "pr-1,50000,1,49999",
        "py-2,60000,60001,",
    )
    done = await lunas("reconcile", "statement", "xendit", file, *WORDS)
    assert (done.code, "1 payments recorded" in done.out) == (exits.PROBLEMS, True), done.out + done.err
    assert (await decided(shop, store))["fees:xendit"] == 350
    assert await store.fetchval("SELECT payment_id FROM payments WHERE settled") == "py-1"


async def test_c68_two_who_record_one_statement_at_once_have_recorded_it_once(
    lunas: Run, shop: Shop, store: asyncpg.Connection, tmp_path: Path
) -> None:
    file = tmp_path / "march.csv"
    written(file, "py-1,50000,350,49650")
    lines = [Recordable(2, "py-1", "py-1", 50_000, 350, 0)]

    async def one(pool: Pool) -> object:
        async with pool.acquire() as connection:
            return await record_statement(connection, "xendit", digest_of(file), lines, "settlement")

    done = await asyncio.gather(one(shop.pool), one(shop.pool), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["RecordedStatement", "Refused"]
    assert await store.fetchval("SELECT count(*) FROM events WHERE type = 'settlement.stated'") == 1
    assert (await decided(shop, store))["fees:xendit"] == 350


async def test_c68_fees_are_recorded_only_where_they_are_booked(
    lunas: Run, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path / "march.csv", "py-1,50000,350,49650")
    without = await lunas("reconcile", "statement", "xendit", file, "--record", "--yes")
    assert without.code == exits.WRONG_USE
    monkeypatch.setenv("LUNAS_BOOK_FEES", "false")
    refused = await lunas("reconcile", "statement", "xendit", file, *WORDS)
    assert (refused.code, "LUNAS_BOOK_FEES" in refused.err) == (exits.WRONG_USE, True), refused.err
    assert (await lunas("close", FIRST.isoformat(), "--json")).json["providers"]["xendit"]["fees"] is None
