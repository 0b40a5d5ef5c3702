"""The witness finds what was planted in the tables that it reads: letters and lines that stayed, books that do not add up, courses that nobody paid for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from projections.app import prepare
from runtime.database import Pool
from tests.witness.record import Record
from tests.witness.verdict import judge
from tests.witness.webhooks import Webhook, plan

PLAN = plan(11, 400)
FORGED = next(webhook for webhook in PLAN if not webhook.genuine)
ORDER = next(webhook for webhook in PLAN if webhook.course)
PARTS = [webhook for webhook in PLAN if webhook.number == ORDER.number and webhook.course]

DELIVERY = """
INSERT INTO deliveries (delivery_id, provider, received_at, processing_ms, path, headers, body, body_sha256, scheme, secret_id, status)
VALUES (gen_random_uuid(), 'scalev', now(), 1, '/webhooks/scalev', '{}', $1, sha256($1), 'hmac', '1', 'processed')
"""
LETTER = """
INSERT INTO dead_letters (dead_letter_id, provider, stage, reason, message, body_sha256, status)
VALUES (gen_random_uuid(), 'xendit', 'append', 'conflict', '', sha256($1), $2)
"""
OPENED = """
INSERT INTO {table} (customer_id, course, status, order_id, provider, payment_id, granted_at, position)
VALUES ($1, $2, 'active', 'o', 'scalev', 'p', now(), 1)
"""


@pytest.fixture
async def owner(pool: Pool, database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Of empty read models; past every guard."""
    await prepare(pool)
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "lunas"})
    try:
        await connection.execute("SET session_replication_role = replica")
        yield connection
    finally:
        await connection.close()


async def broken(database_url: str, folder: Path, *sent: Webhook) -> dict[str, list[str]]:
    """What is found, where these were sent and nobody heard an answer."""
    async with Record(folder / "record") as record:
        for webhook in sent:
            await record.keep(what="sent", digest=webhook.digest, genuine=webhook.genuine, attempt=1)
    return (await judge(folder / "record", PLAN, database_url)).broken


async def table_of(owner: asyncpg.Connection, view: str) -> str:
    """Of the generation that is shown."""
    found: str = await owner.fetchval(
        "SELECT table_name FROM information_schema.view_table_usage WHERE view_schema = 'lunas' AND view_name = $1",
        view,
    )
    return found


async def test_nothing_planted_is_nothing_found(
    owner: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    await owner.execute(LETTER, b"dealt with", "resolved")
    assert await broken(database_url, tmp_path, FORGED) == {}


@pytest.mark.parametrize("status", ["open", "replaying"])
async def test_a_letter_that_waits_for_a_person_is_named(
    owner: asyncpg.Connection, database_url: str, tmp_path: Path, status: str
) -> None:
    await owner.execute(LETTER, b"x", status)
    assert await broken(database_url, tmp_path) == {"I9 left for a person": ["append conflict: 1"]}


async def test_books_that_do_not_add_up_are_named(
    owner: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    await owner.execute(
        f"INSERT INTO {await table_of(owner, 'ledger')} (account, unit, balance, position)"
        " VALUES ('customer', 'IDR', 7, 1), ('cash', 'IDR', -6, 1)"
    )
    assert await broken(database_url, tmp_path) == {"I4 ledger": ["sums to 1"]}


async def test_a_course_that_was_paid_for_and_is_closed_is_named(
    owner: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    await owner.executemany(DELIVERY, [(webhook.body,) for webhook in PARTS])
    pair = (ORDER.customer, ORDER.course)
    assert await broken(database_url, tmp_path, *PARTS) == {"I4 courses that are not open": [str(pair)]}
    await owner.execute(OPENED.format(table=await table_of(owner, "enrollments")), *pair)
    assert await broken(database_url, tmp_path, *PARTS) == {}


async def test_a_course_that_nobody_bought_is_named(
    owner: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    """One half of an order is no order."""
    await owner.execute(DELIVERY, PARTS[0].body)
    pair = (ORDER.customer, ORDER.course)
    await owner.execute(OPENED.format(table=await table_of(owner, "enrollments")), *pair)
    assert await broken(database_url, tmp_path, PARTS[0]) == {"I3 courses nobody bought": [str(pair)]}


async def test_a_course_that_was_opened_twice_is_named(
    owner: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    """Its table refuses that; the witness does not rely on it."""
    await owner.executemany(DELIVERY, [(webhook.body,) for webhook in PARTS])
    table, pair = await table_of(owner, "enrollments"), (ORDER.customer, ORDER.course)
    await owner.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey")
    await owner.executemany(OPENED.format(table=table), [pair, pair])
    assert await broken(database_url, tmp_path, *PARTS) == {"I2 courses opened twice": [str(pair)]}
