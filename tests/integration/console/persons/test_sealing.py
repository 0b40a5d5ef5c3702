"""Personal data from the first webhook on: sealed in the log, shown to whoever may see it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from console import exits
from eventstore.append import log_transaction
from eventstore.keyring import KEYRING
from eventstore.migrations import migrate
from eventstore.personal import named
from runtime.database import Pool, open_pool
from runtime.settings import Settings
from tests.integration.console.conftest import Run
from tests.integration.console.persons.shown import (
    ADDRESS,
    CANARIES,
    GIVEN,
    NAME,
    PHONE,
    a_person,
    all_equal,
    paid,
    registered,
    tables_with,
)
from tests.integration.console.replays import Shop
from tests.personal_key import PERSONAL_KEY, begin_to_seal, personal_key


async def test_nothing_personal_stands_in_the_log_or_in_cases_and_whoever_may_sees_it(
    shop: Shop, store: asyncpg.Connection, lunas: Run
) -> None:
    await a_person(shop)
    found = await tables_with(store, *CANARIES)
    places = set().union(*found.values())
    assert places == {"customers_v1", "payments_v1", "suspense_v1", "registered_addresses", "deliveries"}
    row = await store.fetchrow("SELECT * FROM customers")
    assert (row["email"], row["email_normalized"], row["name"], row["phone"]) == (GIVEN, ADDRESS, NAME, PHONE)
    assert {row["payer_email"] for row in await store.fetch("SELECT payer_email FROM payments")} == {ADDRESS}
    assert await store.fetchval("SELECT topped_up_idr FROM balances") == 75_000
    for what in (ADDRESS, PHONE):
        assert "c1" in (await lunas("find", what)).out
    shown = await lunas("payments", "show", "xendit", "py-2", "--json")
    assert ADDRESS in shown.out
    assert "~" not in json.dumps(shown.json)


async def test_the_same_is_decided_with_a_key_and_without(
    pool: Pool, database_url: str, empty_database_url: str, settings: Callable[..., Settings]
) -> None:
    async def day(shop: Shop) -> dict[str, Any]:
        await a_person(await shop.open())
        await registered(shop.pool, "c2", "other@contoh.id")
        await shop.take_in(paid("py-3", email="nobody@contoh.id"), paid("py-4", email="other@contoh.id"))
        await shop.settle()
        await registered(shop.pool, "c1", "moved@contoh.id")
        await shop.take_in(paid("py-5"), paid("py-6", email="moved@contoh.id"))
        await shop.settle()
        await registered(shop.pool, "c2", "moved@contoh.id")
        await shop.take_in(paid("py-7", email="moved@contoh.id"))
        await shop.settle()
        await all_equal(shop)
        return await shop.views()

    plain = await day(Shop(pool, settings(database_url=database_url)))
    await migrate(empty_database_url)
    other = settings(database_url=empty_database_url)
    with personal_key():
        async with open_pool(other, "test") as beside:
            await begin_to_seal(beside)
            assert await day(Shop(beside, other)) == plain
    assert plain["c1"]


async def test_a_log_in_clear_is_told_apart(
    pool: Pool, database_url: str, settings: Callable[..., Settings], lunas: Run
) -> None:
    shop = await Shop(pool, settings(database_url=database_url)).open()
    await a_person(shop)
    refused = await lunas("customers", "erase", "c1", "--reason", "by letter", "--yes")
    assert refused.code == exits.REFUSED
    assert "LUNAS_PERSONAL_DATA_KEY" in refused.err


async def test_no_process_starts_with_another_key_or_without_one(
    pool: Pool, database_url: str, settings: Callable[..., Settings]
) -> None:
    from eventstore.personal_start import take_key
    from schemas.errors import ConfigurationError

    with personal_key():
        await take_key(pool, settings(database_url=database_url, personal_data_key=PERSONAL_KEY), begins=True)
        for wrong in (None, PERSONAL_KEY + "x"):
            with pytest.raises(ConfigurationError, match="LUNAS_PERSONAL_DATA_KEY"):
                await take_key(pool, settings(database_url=database_url, personal_data_key=wrong))
        assert await pool.fetchval("SELECT since FROM personal_data") == 0
    assert KEYRING.sealer is None


async def test_intake_and_readers_read_no_key(shop: Shop, pool: Pool) -> None:
    await a_person(shop)
    async with pool.acquire() as connection:
        for role, statement in (
            ("lunas_processor", "SELECT wrapped_key FROM person_keys"),
            ("lunas_processor", "SELECT sealed FROM person_keys"),
            ("lunas_reader", "SELECT name FROM person_keys"),
            ("lunas_projector", "SELECT address_index FROM person_keys"),
        ):
            async with connection.transaction():
                await connection.execute(f"SET LOCAL ROLE {role}")
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    async with connection.transaction():
                        await connection.fetch(statement)


async def test_two_batches_that_meet_a_stranger_at_once_call_them_the_same(pool: Pool) -> None:
    """Looked up under the log's lock: two names of one person would be two persons."""

    async def batch() -> dict[str, str]:
        async with pool.acquire() as connection, log_transaction(connection):
            return await named(connection, [ADDRESS])

    with personal_key():
        await begin_to_seal(pool)
        first, *others = await asyncio.gather(*(batch() for _ in range(4)))
        assert others == [first] * 3
        async with pool.acquire() as connection:
            assert await named(connection, [ADDRESS, "x@contoh.id"], make=False) == first
