"""Bytes of old webhooks go, a little at a time; what somebody still needs stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg

from processor.watch.retention import empty_old_bodies
from runtime.database import Pool
from tests.integration.console.conftest import add_delivery, add_letter, store

__all__ = ["store"]


async def test_old_bodies_are_emptied_and_young_ones_and_those_in_the_parking_lot_are_not(
    pool: Pool, store: asyncpg.Connection
) -> None:
    now = datetime.now(UTC)
    old = [
        await add_delivery(store, received_at=now - timedelta(days=200 + number), dedupe_key=f"k{number}")
        for number in range(5)
    ]
    waits = await add_delivery(store, received_at=now - timedelta(days=300), dedupe_key="w")
    settled = await add_delivery(store, received_at=now - timedelta(days=301), dedupe_key="s")
    young = await add_delivery(store, received_at=now - timedelta(days=179), dedupe_key="y")
    await add_letter(store, delivery_id=waits)
    await add_letter(store, body=b"other", delivery_id=settled, status="discarded")
    async with pool.acquire() as connection:
        await connection.execute("SET ROLE lunas_processor")
        done = await empty_old_bodies(connection, 180, 2)
        again = await empty_old_bodies(connection, 180, 2)
        await connection.execute("RESET ROLE")
    assert (done.bodies, again.bodies) == (6, 0)
    rows = await store.fetch("SELECT delivery_id, body, redacted_at FROM deliveries")
    assert {row["delivery_id"] for row in rows if row["redacted_at"] is None} == {waits, young}
    assert all((row["body"] == b"") == (row["redacted_at"] is not None) for row in rows)
    letters = await store.fetch("SELECT delivery_id, message FROM dead_letters")
    assert {row["delivery_id"]: row["message"] == b"" for row in letters} == {waits: False, settled: True}
    assert len(old) == 5
