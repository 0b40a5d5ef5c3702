"""The key that personal data is sealed by is exchanged: under way, killed, by a process that was forgotten, and nothing readable is lost."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from console import exits
from eventstore.append import log_transaction
from eventstore.key_exchange import begin_exchange, exchange_keys, prepare_exchange
from eventstore.keyring import check_key
from eventstore.personal import named, opened
from runtime.database import Pool
from runtime.settings import Settings
from schemas.errors import ConfigurationError
from tests.integration.console.conftest import Run
from tests.integration.console.persons.shown import ADDRESS, NAME, a_person, all_equal, forget, paid
from tests.integration.console.replays import Shop
from tests.personal_key import PERSONAL_KEY, begin_to_seal, personal_key

NEW_KEY = "another key for personal data in tests only, 987654321"
STRANGER = "stranger@contoh.id"
LEFT = (
    "SELECT count(*) FROM person_keys WHERE wrapped_by IS DISTINCT FROM (SELECT key_check FROM personal_data)"
)


def both(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands have the new key and the one that it takes the place of."""
    monkeypatch.setenv("LUNAS_PERSONAL_DATA_KEY", NEW_KEY)
    monkeypatch.setenv("LUNAS_PERSONAL_DATA_KEY_BEFORE", PERSONAL_KEY)


async def begun(pool: Pool) -> None:
    """As far as `lunas customers rekey` is when it was killed at once."""
    async with pool.acquire() as connection:
        await prepare_exchange(connection)
        async with log_transaction(connection):
            assert await begin_exchange(connection)


async def told(lunas: Run) -> Any:
    shown = await lunas("customers", "export", "c1", "--json")
    assert shown.code == exits.FINE, shown.err
    return shown.json


async def finding(lunas: Run) -> tuple[str, str]:
    document = (await lunas("doctor", "--json")).json
    [found] = [one for one in document["checks"] if one["check"] == "personal_data"]
    return found["state"], found["detail"] + found["fix"]


async def test_the_key_is_exchanged_while_people_pay_and_nothing_readable_is_lost(
    shop: Shop, pool: Pool, store: asyncpg.Connection, lunas: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    both(monkeypatch)
    await a_person(shop)
    names = {row["name"] for row in await store.fetch("SELECT name FROM person_keys")}
    with personal_key(NEW_KEY, PERSONAL_KEY):
        # Every process has both, and nobody has begun: the database says by which one is sealed.
        await shop.take_in(paid("py-3"), paid("py-4", email=STRANGER))
        assert await store.fetchval("SELECT count(DISTINCT wrapped_by) FROM person_keys") == 1
        state, detail = await finding(lunas)
        assert (state, "lunas customers rekey" in detail) == ("note", True)

        await begun(pool)
        await shop.take_in(paid("py-5"), paid("py-6", email="later@contoh.id"))
        assert await store.fetchval(LEFT) == 3
        assert "3 keys" in (await finding(lunas))[1]
        done = await lunas("customers", "rekey", "--reason", "each year", "--yes")
        assert done.code == exits.FINE, done.err
        assert "3 keys of persons were sealed anew" in done.out
        assert await store.fetchval(LEFT) == 0
        assert "may go" in (await finding(lunas))[1] or "take it away" in (await finding(lunas))[1]
        await shop.take_in(paid("py-7"), paid("py-8", email=STRANGER))

    monkeypatch.delenv("LUNAS_PERSONAL_DATA_KEY_BEFORE")
    with personal_key(NEW_KEY):
        await shop.take_in(paid("py-9"), paid("py-10", email=STRANGER))
        await shop.settle()
        assert (await finding(lunas))[0] == "ok"
        known = {row["name"] for row in await store.fetch("SELECT name FROM person_keys")}
        assert (names < known, len(known)) == (True, 4)
        document = await told(lunas)
        assert (document["customer"]["email"].lower(), document["customer"]["name"]) == (ADDRESS, NAME)
        assert {row["payer_email"] for row in document["payments"]} == {ADDRESS}
        assert len(document["payments"]) == 6
        assert await store.fetchval("SELECT count(*) FROM suspense WHERE payer_email = $1", STRANGER) == 3
        await all_equal(shop)
        assert (await forget(lunas, monkeypatch))["keys_destroyed"] == 2
    acts = await store.fetch("SELECT verb FROM operator_acts WHERE verb LIKE 'customers.rekey%'")
    assert [row["verb"] for row in acts] == ["customers.rekey"]


async def test_an_exchange_that_was_begun_by_the_command_is_in_the_audit_record_twice(
    shop: Shop, store: asyncpg.Connection, lunas: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_person(shop)
    both(monkeypatch)
    assert (await lunas("customers", "rekey", "--reason", "each year", "--yes")).code == exits.FINE
    acts = await store.fetch(
        "SELECT verb, reason FROM operator_acts WHERE verb LIKE 'customers.rekey%' ORDER BY act_id"
    )
    assert [tuple(row) for row in acts] == [
        ("customers.rekey_begun", "each year"),
        ("customers.rekey", "each year"),
    ]


@pytest.mark.parametrize("place", ["before_commit:2", "after_commit:2"])
async def test_killed_half_way_it_goes_on_and_everything_stays_readable(
    shop: Shop, store: asyncpg.Connection, lunas: Run, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    await a_person(shop)
    before = await told(lunas)
    both(monkeypatch)
    monkeypatch.setenv("LUNAS_PERSONAL_DATA_REKEY_BATCH", "1")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "console.main", "customers", "rekey", "--reason", "each year", "--yes",
        env={**os.environ, "LUNAS_FAULTS": f"rekey.{place}", "LUNAS_DOTENV": os.devnull},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await process.communicate()
    assert process.returncode == -signal.SIGKILL, said.decode()
    assert await store.fetchval(LEFT) == (0 if place == "after_commit:2" else 1)
    assert await store.fetchval("SELECT key_check_before IS NOT NULL FROM personal_data")
    assert alike(await told(lunas)) == alike(before)
    done = await lunas("customers", "rekey", "--reason", "once more", "--yes", "--json")
    assert done.code == exits.FINE, done.err
    monkeypatch.delenv("LUNAS_PERSONAL_DATA_KEY_BEFORE")
    assert alike(await told(lunas)) == alike(before)
    assert await store.fetchval("SELECT key_check_before IS NULL FROM personal_data")


def alike(document: Any) -> str:
    """What was said of the person; when it was asked, and that it was, differs."""
    return json.dumps(
        {name: document[name] for name in ("customer", "balances", "payments", "events", "webhooks")}
    )


async def test_a_process_that_was_not_started_again_makes_no_second_person(
    shop: Shop, pool: Pool, store: asyncpg.Connection
) -> None:
    await a_person(shop)
    events = await store.fetchval("SELECT count(*) FROM events")
    with personal_key(NEW_KEY, PERSONAL_KEY):
        await begun(pool)
        async with pool.acquire() as connection:
            assert sum([done async for done in exchange_keys(connection, 1)]) == 2
    with personal_key(PERSONAL_KEY):
        for who in (ADDRESS, STRANGER):  # the one it knew before, and one whom nobody knew
            async with pool.acquire() as connection:
                with pytest.raises(ConfigurationError, match="exchanged since this process began"):
                    async with log_transaction(connection):
                        await named(connection, [who])
        async with pool.acquire() as connection:
            rows = await connection.fetch("SELECT data FROM events WHERE type = 'customer.registered'")
            with pytest.raises(ConfigurationError, match="not the key"):
                await opened(connection, [row["data"] for row in rows])
    assert await store.fetchval("SELECT count(*) FROM person_keys") == 2
    assert await store.fetchval("SELECT count(*) FROM events") == events
    with personal_key(NEW_KEY):
        async with pool.acquire() as connection:
            with pytest.raises(ConfigurationError, match="LUNAS_PERSONAL_DATA_KEY_BEFORE"):
                await check_key(connection)


async def test_addresses_that_the_log_holds_in_clear_are_known_by_the_new_key_too(
    pool: Pool, database_url: str, settings: Callable[..., Settings], store: asyncpg.Connection, lunas: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    shop = await Shop(pool, settings(database_url=database_url)).open()
    await a_person(shop)
    with personal_key():
        assert await begin_to_seal(pool)
        await shop.take_in(paid("py-4", email=STRANGER))
    both(monkeypatch)
    clear = await store.fetch("SELECT address_index FROM addresses_in_clear")
    assert (await lunas("customers", "rekey", "--reason", "each year", "--yes")).code == exits.FINE
    with personal_key(NEW_KEY):
        await shop.take_in(paid("py-3"), paid("py-5", email=STRANGER))
        await shop.settle()
        await all_equal(shop)
    assert await store.fetchval("SELECT topped_up_idr FROM balances") == 125_000
    assert await store.fetchval("SELECT count(*) FROM person_keys") == 1
    now = await store.fetch("SELECT address_index FROM addresses_in_clear")
    assert (len(now), set(now) & set(clear)) == (len(clear), set())


async def test_a_key_that_was_destroyed_is_not_brought_back_and_nobody_exchanges_one_by_a_statement(
    shop: Shop, pool: Pool, store: asyncpg.Connection
) -> None:
    await a_person(shop)
    row = await store.fetchrow("SELECT name, wrapped_key FROM person_keys WHERE customer_id IS NOT NULL")
    exchange = (
        "SELECT exchange_keys(ARRAY[$1::text], ARRAY[$2::bytea], ARRAY['\\x01'::bytea], ARRAY[NULL::bytea])"
    )
    assert await store.fetchval(exchange, *row) == 0  # none is under way
    with personal_key(NEW_KEY, PERSONAL_KEY):
        await begun(pool)
    assert await store.fetchval("SELECT end_key_exchange()") is False
    await store.execute(
        "UPDATE person_keys SET wrapped_key = NULL, destroyed_at = now(), erasure_id = gen_random_uuid() WHERE name = $1",
        row["name"],
    )
    assert await store.fetchval(exchange, *row) == 0
    await store.execute("SET ROLE lunas_processor")
    for statement in (
        "SELECT begin_key_exchange('\\x02')",
        "SELECT end_key_exchange()",
        "SELECT exchange_keys('{}', '{}', '{}', '{}')",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await store.execute(statement)
    await store.execute("SET ROLE lunas_operator")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await store.execute("UPDATE personal_data SET key_check = '\\x02'")


async def test_what_cannot_be_exchanged_is_refused_and_says_what_to_set(
    pool: Pool, lunas: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("customers", "rekey", "--reason", "each year", "--yes")
    in_clear = await lunas(*words)
    assert (in_clear.code, "in clear" in in_clear.err) == (exits.REFUSED, True)
    monkeypatch.setenv("LUNAS_PERSONAL_DATA_KEY", PERSONAL_KEY)
    with personal_key():
        await begin_to_seal(pool)
        one = await lunas(*words)
        assert (one.code, "LUNAS_PERSONAL_DATA_KEY_BEFORE" in one.err) == (exits.REFUSED, True)
        monkeypatch.setenv("LUNAS_PERSONAL_DATA_KEY_BEFORE", NEW_KEY)
        over = await lunas(*words)
        assert (over.code, "exchange the two" in over.err) == (exits.REFUSED, True)
