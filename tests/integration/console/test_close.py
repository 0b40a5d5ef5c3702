"""`lunas close`: what a day brought ties to the ledger to the rupiah, is sealed once, and shows beside the seal what came later."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from console import exits
from console.closing.reading import read_close
from console.closing.sealing import seal_day
from console.exits import Refused
from console.options import acting_as
from console.times import WIB
from processor.fulfilment.catalog_source import publish_catalog
from projections.feeder import Feeder
from projections.versions import ensure
from runtime.database import Pool, open_pool
from runtime.settings import Settings
from schemas.event_model import EventModel
from schemas.facts import CustomerRegistered
from tests.integration.console.conftest import Run
from tests.integration.processor.fulfilment.test_rounds import settle, write
from tests.unit.processor.cases.facts import capture, refund
from tests.unit.processor.policies.ledgerbook import shipped_catalog

FIRST, SECOND, THIRD = date(2026, 3, 5), date(2026, 3, 6), date(2026, 3, 7)
LAST_MOMENT = datetime(2026, 3, 5, 23, 59, 59, tzinfo=WIB)
FIRST_MOMENT = datetime(2026, 3, 6, 0, 0, 0, tzinfo=WIB)
EVENING = datetime(2026, 3, 5, 14, 0, tzinfo=UTC)


class Shop:
    """Facts are recorded and decided at a time that the test says."""

    def __init__(self, pool: Pool, store: asyncpg.Connection) -> None:
        self.pool, self._store = pool, store

    async def at(self, moment: datetime, *facts: EventModel) -> None:
        before = await self._store.fetchval("SELECT coalesce(max(position), 0) FROM events")
        await write(self.pool, *facts)
        await settle(self.pool)
        await Feeder(self._store, batch_max=100).catch_up()
        async with self._store.transaction():
            # The log takes no change; nor does it let anybody say when something was written.
            await self._store.execute("SET LOCAL session_replication_role = replica")
            await self._store.execute(
                "UPDATE events SET recorded_at = $1 WHERE position > $2", moment, before
            )


@pytest.fixture
async def shop(
    database_url: str, settings: Callable[..., Settings], store: asyncpg.Connection
) -> AsyncIterator[Shop]:
    async with open_pool(settings(database_url=database_url), "test") as pool:
        await ensure(store)
        await publish_catalog(pool, shipped_catalog())
        await store.execute("SET session_replication_role = replica")
        await store.execute("UPDATE events SET recorded_at = '2026-03-01'")
        await store.execute("SET session_replication_role = origin")
        shop = Shop(pool, store)
        known = CustomerRegistered(customer_id="ratna", email="ratna@contoh.id")
        stranger = capture("py-2", "pr-2", 60_000, payer_email="siapa@contoh.id", paid_at=EVENING)
        await shop.at(LAST_MOMENT, known, capture(paid_at=EVENING), stranger)
        yield shop


async def test_the_payments_of_a_day_are_told_one_by_one_and_come_to_its_figures(
    lunas: Run, shop: Shop
) -> None:
    await shop.at(FIRST_MOMENT, refund(), capture("py-3", "pr-3", 70_000, paid_at=FIRST_MOMENT))
    first = (await lunas("close", FIRST.isoformat(), "--payments", "xendit", "--json")).json
    moved = {one["payment_id"]: (one["received"], one["refunded"], one["new"]) for one in first["payments"]}
    assert moved == {"py-1": (50_000, 0, True), "py-2": (60_000, 0, True)}
    second = (await lunas("close", SECOND.isoformat(), "--payments", "xendit", "--json")).json
    moved = {one["payment_id"]: (one["received"], one["refunded"], one["new"]) for one in second["payments"]}
    assert moved == {"py-1": (0, 50_000, False), "py-3": (70_000, 0, True)}
    day = second["providers"]["xendit"]
    assert sum(one["received"] for one in second["payments"]) == day["received"]
    assert sum(one["refunded"] for one in second["payments"]) == day["refunded"]
    assert sum(one["new"] for one in second["payments"]) == day["payments"]
    told = await lunas("close", SECOND.isoformat(), "--payments", "xendit")
    assert "py-3" in told.out
    assert "payments" not in (await lunas("close", SECOND.isoformat(), "--json")).json
    assert (await lunas("close", SECOND.isoformat(), "--payments", "mayar", "--json")).json["payments"] == []


async def test_every_rupiah_of_a_day_is_received_given_back_credited_or_held(lunas: Run, shop: Shop) -> None:
    await shop.at(FIRST_MOMENT, refund(), capture("py-3", "pr-3", 70_000, paid_at=FIRST_MOMENT))
    first = await lunas("close", FIRST.isoformat(), "--json")
    assert (first.code, first.err) == (exits.FINE, "")
    day = first.json["providers"]["xendit"]
    assert {key: day[key] for key in ("received", "refunded", "credited", "held", "clearing", "payments")} == {
        "received": 110_000, "refunded": 0, "credited": 50_000, "held": 60_000, "clearing": 110_000, "payments": 2,
    }  # fmt: skip
    assert (day["fees"], day["expected_settlement"], day["clearing_before"]) == (None, 110_000, 0)
    second = (await lunas("close", SECOND.isoformat(), "--json")).json
    day = second["providers"]["xendit"]
    assert (day["received"], day["refunded"], day["credited"]) == (70_000, 50_000, 20_000)
    assert (day["clearing_before"], day["clearing"], day["held"]) == (110_000, 130_000, 60_000)
    assert second["differences"] == []
    empty = (await lunas("close", THIRD.isoformat(), "--json")).json
    assert empty["providers"]["xendit"]["received"] == 0
    assert (
        empty["providers"]["xendit"]["clearing_before"] == empty["providers"]["xendit"]["clearing"] == 130_000
    )


async def test_a_sealed_day_stays_and_what_is_heard_later_stands_beside_it(lunas: Run, shop: Shop) -> None:
    sealed = await lunas("close", FIRST.isoformat(), "--seal", "--reason", "end of day", "--yes", "--json")
    assert sealed.code == exits.FINE, sealed.err
    assert sealed.json["sealed"]["by"] == "sari"
    await shop.at(FIRST_MOMENT, capture("py-9", "pr-9", 25_000, paid_at=EVENING))
    late = await lunas("close", FIRST.isoformat(), "--json")
    assert late.code == exits.PROBLEMS
    assert late.json["differences"] == [
        {"kind": "late", "provider": "xendit", "amount": 25_000, "detail": "1"}
    ]
    assert late.json["providers"] == sealed.json["providers"] == late.json["sealed"]["providers"]
    again = await lunas("close", FIRST.isoformat(), "--seal", "--reason", "once more", "--yes")
    assert again.code == exits.REFUSED
    assert "sari" in again.err
    next_day = (await lunas("close", SECOND.isoformat(), "--json")).json
    assert next_day["differences"] == []
    assert next_day["providers"]["xendit"]["received"] == 25_000


async def test_what_does_not_tie_is_named(lunas: Run, shop: Shop, store: asyncpg.Connection) -> None:
    await lunas("close", FIRST.isoformat(), "--seal", "--reason", "end of day", "--yes")
    async with store.transaction():
        await store.execute("SET LOCAL session_replication_role = replica")
        # Somebody with all rights changes a row of the ledger, and one of the log.
        await store.execute("UPDATE ledger SET balance = balance + 1000 WHERE account = 'clearing:xendit'")
        await store.execute(
            "UPDATE events SET data = replace(data::text, '\"amount\":60000', '\"amount\":61000')::json"
            " WHERE type = 'payment.assessed'"
        )
    told = (await lunas("close", FIRST.isoformat(), "--json")).json["differences"]
    assert {one["kind"] for one in told} >= {"ledger", "changed"}
    assert {"kind": "ledger", "provider": "xendit", "amount": -1000, "detail": "clearing:xendit"} in told
    opening = (await lunas("close", SECOND.isoformat(), "--json")).json["differences"]
    assert {"kind": "opening", "provider": "xendit", "amount": 1000, "detail": "clearing:xendit"} in opening


async def test_of_two_who_seal_at_once_the_second_is_told_of_the_first(
    shop: Shop, store: asyncpg.Connection
) -> None:
    async with shop.pool.acquire() as one, shop.pool.acquire() as other:
        seen = await read_close(one, FIRST)
        with acting_as("sari"):
            ended = await asyncio.gather(
                seal_day(one, seen, "end of day"), seal_day(other, seen, "me too"), return_exceptions=True
            )
    (refused,) = [each for each in ended if isinstance(each, BaseException)]
    assert isinstance(refused, Refused)
    assert "by sari" in refused.message
    assert await store.fetchval("SELECT count(*) FROM operator_acts WHERE verb = 'close.seal'") == 1


@pytest.mark.parametrize("named", ["yesterday", "kemarin", "%d/%m", "%d-%m-%Y"])
async def test_a_day_is_named_as_people_name_it(lunas: Run, shop: Shop, named: str) -> None:
    yesterday = [datetime.now(WIB).date() - timedelta(days=1)]
    told = (await lunas("close", f"{yesterday[0]:{named}}" if "%" in named else named, "--json")).json["day"]
    yesterday.append(datetime.now(WIB).date() - timedelta(days=1))  # it may be midnight
    assert told in {day.isoformat() for day in yesterday}


async def test_a_seal_without_a_reason_is_none(lunas: Run, shop: Shop, store: asyncpg.Connection) -> None:
    for reason in ([], ["--reason", "  "]):
        assert (await lunas("close", FIRST.isoformat(), "--seal", "--yes", *reason)).code == exits.WRONG_USE
    assert await store.fetchval("SELECT count(*) FROM operator_acts") == 0


async def test_what_a_providers_list_says_otherwise_stands_on_its_own_day(
    lunas: Run, shop: Shop, store: asyncpg.Connection
) -> None:
    for payment, at in (("py-1", LAST_MOMENT), ("py-2", FIRST_MOMENT), ("py-3", None)):
        await store.execute(
            "INSERT INTO reconcile_findings (provider, kind, payment_id, finding_id, their_amount, at, first_run, last_run, first_seen_at)"
            " VALUES ('xendit', 'amount', $1, gen_random_uuid(), 5, $2, gen_random_uuid(), gen_random_uuid(), $3)",
            payment,
            at,
            FIRST_MOMENT,
        )
    found = {
        day: [
            one["detail"]
            for one in (await lunas("close", day.isoformat(), "--json")).json["differences"]
            if one["kind"] == "provider"
        ]
        for day in (FIRST, SECOND, THIRD)
    }
    assert found == {FIRST: ["1 × amount"], SECOND: ["2 × amount"], THIRD: []}


async def test_a_day_that_is_not_over_is_not_sealed(lunas: Run, shop: Shop) -> None:
    told = await lunas("close", "9999-01-01", "--seal", "--reason", "end of day", "--yes")
    assert told.code == exits.REFUSED
    assert (await lunas("close", "2026-02-30")).code == exits.WRONG_USE


async def test_the_rows_and_the_page_say_what_the_screen_says(lunas: Run, shop: Shop, tmp_path: Path) -> None:
    rows, page = tmp_path / "close.csv", tmp_path / "close.html"
    told = await lunas("close", FIRST.isoformat(), "--csv", str(rows), "--page", str(page))
    assert told.code == exits.FINE, told.err
    assert "Rp 110,000" in told.out
    (row,) = csv.DictReader(io.StringIO(rows.read_text("utf-8")))
    assert (row["provider"], row["received"], row["held"], row["fees"]) == ("xendit", "110000", "60000", "")
    text = page.read_text("utf-8")
    assert "Rp 110.000" in text  # Indonesian first, whatever the terminal speaks
    assert text.index("diterima") < text.index("received")
    assert "http" not in text
    assert (await lunas("--lang", "id", "close", FIRST.isoformat())).out.startswith("Tutup hari 2026-03-05")
