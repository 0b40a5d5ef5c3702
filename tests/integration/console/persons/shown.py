"""A person with two payments, and where they stand."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from api.checkout.customers import register
from console import exits
from eventstore.sealing import seal_next
from processor.fulfilment.rebuild import verify as verify_cases
from processor.fulfilment.rounds import CONSUMER
from projections.verify import verify_all
from runtime.database import Pool
from schemas.api import CustomerBody
from tests.integration.console.conftest import Run
from tests.integration.console.replays import Shop
from tests.unit.processor.intake.envelopes import capture, envelope

ADDRESS, NAME, PHONE = "ratna.canary@contoh.id", "Ratna Canary Dewi", "0812-7777-8881"
GIVEN = "Ratna.Canary@Contoh.id"
CANARIES = (ADDRESS, GIVEN, NAME, PHONE, "81277778881")


def paid(payment: str, amount: int = 50_000, email: str = ADDRESS) -> Any:
    return envelope(capture(payment, amount).replace(b"ratna@contoh.id", email.encode()))


async def registered(pool: Pool, customer_id: str = "c1", email: str = GIVEN) -> dict[str, Any]:
    """What whoever registers them is told."""
    async with pool.acquire() as connection, connection.transaction():
        more = {"name": NAME, "phone": PHONE} if customer_id == "c1" else {}
        answer = await register(connection, customer_id, CustomerBody(email=email, **more))
    return answer.document


async def a_person(shop: Shop) -> None:
    """One who paid before anybody knew them, registered, and paid again."""
    await shop.take_in(paid("py-1"))
    await shop.settle()
    await registered(shop.pool)
    await shop.settle()
    await shop.take_in(paid("py-2", 25_000))
    await shop.settle()


async def tables_with(store: asyncpg.Connection, *texts: str) -> dict[str, set[str]]:
    """Every table in which a text stands, as text or as bytes."""
    found: dict[str, set[str]] = {}
    names = await store.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'lunas'")
    for table in (row["tablename"] for row in names):
        for text in texts:
            hexadecimal = text.encode().hex()
            statement = f"SELECT count(*) FROM {table} AS t WHERE position($1 IN t::text) > 0 OR position($2 IN t::text) > 0"
            if await store.fetchval(statement, text, hexadecimal):
                found.setdefault(text, set()).add(table)
    return found


async def seal(pool: Pool) -> None:
    async with pool.acquire() as connection:
        while await seal_next(connection, 5) is not None:
            pass


async def forget(lunas: Run, monkeypatch: pytest.MonkeyPatch, customer: str = "c1") -> dict[str, Any]:
    """By two persons; the certificate."""
    asked = await lunas("customers", "erase", customer, "--reason", "by letter", "--yes")
    assert asked.code == exits.FINE, asked.err
    monkeypatch.setenv("LUNAS_OPERATOR", "dewi")
    done = await lunas("customers", "erase", customer, "--reason", "checked", "--yes", "--json")
    assert done.code == exits.FINE, done.err
    document: dict[str, Any] = done.json
    return document


async def all_equal(shop: Shop) -> None:
    """Every read model, and what fulfilment keeps, are what the log makes of them."""
    for each in await verify_all(shop.pool):
        assert (each.differences, each.wrong) == ([], []), each
    async with shop.pool.acquire() as connection:
        compared = await verify_cases(connection, CONSUMER)
    assert not compared.differences, compared
