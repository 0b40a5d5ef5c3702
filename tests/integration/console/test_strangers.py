"""What bodies of webhooks begin to carry: counted apart from the pipeline, told with one example, acknowledged by an operator."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from console import exits
from processor.watch.strangers import look_at_bodies
from runtime.database import Pool
from runtime.ids import uuid7
from tests.integration.console.conftest import Run

KNOWN = {"event": "payment.capture", "created": "2026-01-01T00:00:00Z", "business_id": "b"}


class Street:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._came, self._began_ms = 0, round(datetime.now(UTC).timestamp() * 1000)

    async def come(self, body: object, *, provider: str = "xendit", reason: str | None = None, event: str = "payment.capture",
                   scheme: str = "static_token", ago: timedelta = timedelta(minutes=2)) -> uuid.UUID:  # fmt: skip
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        # Each in a millisecond of its own, as the first example is the one that came first.
        self._came += 1
        delivery = uuid7(now_ms=lambda: self._began_ms + self._came)
        await self._pool.execute(
            "INSERT INTO deliveries (delivery_id, provider, received_at, processing_ms, path, headers, body, body_sha256, scheme, secret_id,"
            " event_name, status, reason) VALUES ($1, $2, $3, 5, '/', '{}', $4, 'y', $5, 's', $6, 'processed', $7)",
            delivery, provider, datetime.now(UTC) - ago, raw, scheme, event, reason,
        )  # fmt: skip
        return delivery

    async def look(self, most: int = 1000) -> int:
        async with self._pool.acquire() as connection:
            await connection.execute("SET ROLE lunas_processor")
            try:
                return await look_at_bodies(connection, datetime.now(UTC), most)
            finally:
                await connection.execute("RESET ROLE")

    async def strangers(self) -> list[tuple[Any, ...]]:
        rows = await self._pool.fetch(
            "SELECT provider, kind, path, shape, seen FROM strangers ORDER BY 1, 2, 3, 4"
        )
        return [tuple(row) for row in rows]


async def test_what_is_not_known_is_counted_with_its_first_example_and_without_what_stands_there(
    pool: Pool, lunas: Run
) -> None:
    street = Street(pool)
    await street.come(KNOWN)
    first = await street.come(KNOWN | {"loyalty_tier": "gold", "budi@contoh.id": 1})
    await street.come(KNOWN | {"loyalty_tier": "silver", "business_id": 7})
    await street.come(
        {"event": "payment.teleported", "x": 1}, event="payment.teleported", reason="unknown_event"
    )
    assert await street.look() == 4
    assert await street.strangers() == [
        ("xendit", "event", "payment.teleported", "", 1),
        ("xendit", "field", "*", "number", 1),
        ("xendit", "field", "business_id", "number", 1),
        ("xendit", "field", "loyalty_tier", "string", 2),
    ]
    shown = await lunas("webhooks", "strangers", "--json")
    assert shown.code == exits.PROBLEMS
    assert {row["path"]: row["delivery_id"] for row in shown.json["items"]}["loyalty_tier"] == str(first)
    for command in (("webhooks", "strangers"), ("webhooks", "strangers", "--json"), ("status",), ("doctor",)):
        out = (await lunas(*command)).out
        assert "gold" not in out
        assert "budi" not in out
    assert "xendit carry 4 fields or events" in (await lunas("status")).out
    assert "`lunas webhooks acknowledge xendit" in (await lunas("doctor")).out


async def test_each_body_counts_once_and_none_that_the_provider_did_not_send(pool: Pool) -> None:
    street = Street(pool)
    await street.come(KNOWN | {"new": 1})
    assert (await street.look(), await street.look()) == (1, 0)
    await street.come(KNOWN | {"new": 1}, scheme="reconciled")
    await street.come(b"not json at all")
    await street.come(KNOWN | {"later": 1}, ago=timedelta(0))  # what was received just now is looked at later
    await street.look()
    assert [row[2:] for row in await street.strangers()] == [("new", "number", 1)]


async def test_of_a_flood_the_rest_is_left_out_and_what_comes_after_it_is_looked_at(pool: Pool) -> None:
    street = Street(pool)
    for number in range(250):
        await street.come(KNOWN | {"new": number})
    assert await street.look(most=100) == 100
    await street.come(KNOWN | {"newer": 1})
    assert await street.look() == 1
    assert [row[2:] for row in await street.strangers()] == [("new", "number", 100), ("newer", "number", 1)]


async def test_an_operator_acknowledges_what_is_known_now_and_what_is_newer_is_told_again(
    pool: Pool, lunas: Run, store: asyncpg.Connection
) -> None:
    street = Street(pool)
    await street.come(KNOWN | {"a_new": 1, "b_new": 1})
    await street.look()
    done = await lunas(
        "webhooks", "acknowledge", "xendit", "--path", "a_new", "--reason", "in their changelog", "--json"
    )
    assert done.code == exits.FINE, done.err
    assert done.json["items"][0]["act_id"]
    assert (await lunas("webhooks", "strangers")).code == exits.PROBLEMS
    assert (await lunas("webhooks", "acknowledge", "xendit", "--reason", "the rest too")).code == exits.FINE
    again = await lunas("webhooks", "acknowledge", "xendit", "--reason", "twice")
    assert again.code == exits.WRONG_USE
    assert (await lunas("webhooks", "strangers")).code == exits.FINE
    assert len((await lunas("webhooks", "strangers", "--all", "--json")).json["items"]) == 2
    await street.come(KNOWN | {"a_new": 2, "c_new": 1})
    await street.look()
    open_now = (await lunas("webhooks", "strangers", "--json")).json["items"]
    assert [row["path"] for row in open_now] == ["c_new"]
    acts = await store.fetch("SELECT verb, reason FROM operator_acts ORDER BY act_id")
    assert [tuple(row) for row in acts] == [
        ("webhooks.acknowledge", "in their changelog"), ("webhooks.acknowledge", "the rest too"),
    ]  # fmt: skip
