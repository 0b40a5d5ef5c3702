"""The zone in which a provider wrote a time stays beside the fact that keeps its moment."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from runtime.database import Pool
from runtime.settings import Settings
from tests.integration.console.replays import Shop
from tests.integration.fourth_provider import TOKO
from tests.unit.processor.intake.envelopes import capture, envelope


@pytest.fixture
async def shop(pool: Pool, database_url: str, settings: Callable[..., Settings]) -> Shop:
    return await Shop(pool, settings(database_url=database_url)).open()


def _paid(number: str, at: str) -> bytes:
    return json.dumps({"kind": "sold", "sale": {"number": number, "rupiah": 50_000, "at": at}}).encode()


async def test_c106_the_zone_that_was_written_is_kept_beside_the_moment_in_utc(
    shop: Shop, pool: Pool
) -> None:
    written = {
        "s-1": "2026-07-01T10:04:05+07:00",
        "s-2": "2026-07-01T10:04:05",
        "s-3": "2026-07-01T03:04:05Z",
    }
    for number, at in written.items():
        body = _paid(number, at)
        taken = await shop.take_in(envelope(body, provider="toko"), providers={"toko": TOKO})
        assert taken == ["processed"]
    rows = await pool.fetch(
        "SELECT data ->> 'occurred_at' AS at, metadata -> 'zones' ->> 'occurred_at' AS zone FROM events"
        " WHERE type = 'payment.succeeded' ORDER BY position"
    )
    assert {row["at"] for row in rows} == {"2026-07-01T03:04:05Z"}
    assert [row["zone"] for row in rows] == ["+07:00", "none:Asia/Jakarta", None]


async def test_c106_a_body_in_utc_costs_no_word_more(shop: Shop, pool: Pool) -> None:
    await shop.take_in(envelope(capture()))
    assert await pool.fetchval("SELECT count(*) FROM events WHERE metadata::text LIKE '%zones%'") == 0
