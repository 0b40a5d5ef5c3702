"""Forgetting a person, by two persons: what goes, what stays, and that everything is as the log says afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from api.checkout.wanted import look, payer_of
from console import exits
from console.persons.holding import held_about
from processor.fulfilment.rebuild import rebuild
from processor.fulfilment.rounds import CONSUMER
from projections.feeder import Feeder
from runtime.database import Pool
from runtime.settings import Settings
from schemas.problems import Problem
from tests.integration.console.conftest import Run, add_letter
from tests.integration.console.persons.shown import (
    ADDRESS,
    CANARIES,
    GIVEN,
    a_person,
    all_equal,
    forget,
    paid,
    registered,
    seal,
    tables_with,
)
from tests.integration.console.replays import Shop
from tests.integration.processor.fulfilment.test_rounds import write
from tests.personal_key import PERSONAL_KEY, begin_to_seal, personal_key
from tests.unit.processor.cases.facts import capture as capture_fact
from tests.unit.processor.cases.facts import charge, cycle
from tests.unit.processor.intake.envelopes import capture, envelope
from tests.unit.processor.policies.test_own_requests import asked, money, opened


async def test_c162_a_person_is_forgotten_and_books_proofs_and_rebuilds_are_as_before(
    shop: Shop, pool: Pool, store: asyncpg.Connection, lunas: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_person(shop)
    await registered(pool, "c2", "other@contoh.id")
    await shop.take_in(paid("py-9", email="other@contoh.id"))
    await shop.settle()
    await seal(pool)
    before, ledger = await shop.views(), await store.fetch("SELECT * FROM ledger ORDER BY account, unit")
    head = await store.fetchval("SELECT max(position) FROM events")

    certificate = await forget(lunas, monkeypatch)
    assert (certificate["requested_by"], certificate["approved_by"]) == ("sari", "dewi")
    assert (certificate["keys_destroyed"], certificate["complete"]) == (2, True)
    assert certificate["emptied"]["bodies"] == 2
    assert certificate["position"] == head + 1

    async with pool.acquire() as connection:
        await Feeder(connection, batch_max=500).catch_up()
    assert await tables_with(store, *CANARIES) == {}
    assert (
        await store.fetchval("SELECT payer_email FROM payments WHERE payment_id = 'py-9'")
        == "other@contoh.id"
    )
    after = await shop.views()
    assert {name: after[name] for name in ("c1", "c2")} == {name: before[name] for name in ("c1", "c2")}
    assert await store.fetch("SELECT * FROM ledger ORDER BY account, unit") == ledger
    await all_equal(shop)
    await seal(pool)
    verified = await lunas("audit", "verify", "--json")
    assert (verified.code, verified.json["findings"]) == (exits.FINE, [])
    assert verified.json["bodies_gone"] == 2
    assert (await lunas("audit", "prove", "xendit", "py-1")).code == exits.FINE


async def test_a_read_model_that_is_built_anew_after_an_erasure_is_equal(
    shop: Shop, store: asyncpg.Connection, lunas: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_person(shop)
    await forget(lunas, monkeypatch)
    await shop.settle()
    live = await store.fetch("SELECT * FROM payments_v1 ORDER BY record")
    for name in ("payments", "customers", "suspense"):
        built = await lunas("projections", "rebuild", name, "--reason", "test", "--yes")
        assert built.code == exits.FINE, built.err
    generation = await store.fetchval("SELECT max(version) FROM projection_versions WHERE name = 'payments'")
    assert generation == 2
    assert await store.fetch("SELECT * FROM payments_v2 ORDER BY record") == live
    assert await tables_with(store, *CANARIES) == {}


async def test_money_of_before_is_refunded_and_money_of_after_is_a_strangers(
    shop: Shop, store: asyncpg.Connection, lunas: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_person(shop)
    await forget(lunas, monkeypatch)
    await shop.settle()
    credited = await store.fetchval("SELECT topped_up_idr FROM balances WHERE customer_id = 'c1'")
    # The provider tells of the first payment once more, in other bytes: nothing is decided anew.
    again = (
        capture("py-1")
        .replace(b"ratna@contoh.id", ADDRESS.encode())
        .replace(b"payment.capture", b"payment.succeeded")
    )
    await shop.take_in(envelope(again))
    await shop.take_in(paid("py-8", 10_000))
    await shop.settle()
    assert await store.fetchval("SELECT topped_up_idr FROM balances WHERE customer_id = 'c1'") == credited
    held = await store.fetchrow("SELECT reason, amount, customer_id FROM suspense WHERE payment_id = 'py-8'")
    assert tuple(held) == ("customer_unknown", 10_000, None)
    await all_equal(shop)


async def test_c92_money_that_names_who_was_forgotten_waits_and_a_rebuild_is_equal(
    shop: Shop, pool: Pool, store: asyncpg.Connection, lunas: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By our own id, by a request of ours that was open, and by a subscription that goes on."""
    await a_person(shop)
    now = datetime.now(UTC)
    begun, goes_on = now - timedelta(days=5), now + timedelta(days=5)
    await write(pool, asked(customer_id="c1"), opened(), cycle(1, begun, customer_ref="c1"), charge(1, begun))
    await shop.settle()
    before = (await shop.views())["c1"]
    await forget(lunas, monkeypatch)
    await shop.settle()
    assert (await shop.views())["c1"] == before
    renewal = cycle(2, goes_on, customer_ref="c1"), charge(2, goes_on)
    await write(pool, capture_fact("py-7", "pr-7", customer_ref="c1"), money(payment_key="pr-1"), *renewal)
    await shop.settle()
    assert (await shop.views())["c1"] == before
    held = await store.fetch("SELECT payment_id, reason, customer_id FROM suspense ORDER BY payment_id")
    assert [tuple(one) for one in held] == [
        (payment, "customer_unknown", None) for payment in ("py-1", "py-7", "py-cycle-2")
    ]
    await all_equal(shop)
    async with pool.acquire() as connection:
        built = await rebuild(connection, CONSUMER)
    assert (built.undecided, built.differences) == ([], [])
    await shop.settle()
    assert (await shop.views())["c1"] == before


async def test_who_is_told_of_in_packed_cases_is_found_and_forgotten_as_well(
    shop: Shop, pool: Pool, store: asyncpg.Connection, lunas: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_person(shop)
    readable = await held_about(store, "c1")
    async with pool.acquire() as connection:
        await rebuild(connection, CONSUMER, pack=True)
    await shop.settle()
    assert await store.fetchval("SELECT count(*) FROM fulfilment_cases WHERE state ->> 'z1' IS NOT NULL") == 2
    assert await held_about(store, "c1") == readable
    certificate = await forget(lunas, monkeypatch)
    assert (certificate["keys_destroyed"], certificate["complete"]) == (2, True)
    await shop.settle()
    await all_equal(shop)


async def test_one_person_alone_forgets_nobody(shop: Shop, store: asyncpg.Connection, lunas: Run) -> None:
    await a_person(shop)
    assert (await lunas("customers", "erase", "c1", "--reason", "by letter", "--yes")).code == exits.FINE
    again = await lunas("customers", "erase", "c1", "--reason", "once more", "--yes")
    assert again.code == exits.REFUSED
    assert "another person" in again.err
    keys = "SELECT count(*) FROM person_keys WHERE destroyed_at IS NOT NULL"
    assert await store.fetchval(keys) == 0
    erasure = await store.fetchval("SELECT erasure_id FROM erasures")
    await store.execute("SET ROLE lunas_operator")
    for statement in (
        f"SELECT destroy_keys('{erasure}', 'sari', ARRAY(SELECT name FROM person_keys))",
        "SELECT destroy_keys(gen_random_uuid(), 'dewi', ARRAY(SELECT name FROM person_keys))",
        "UPDATE person_keys SET wrapped_key = NULL",
        "DELETE FROM person_keys",
        "UPDATE erasures SET requested_by = 'ali'",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await store.execute(statement)
    await store.execute("RESET ROLE")
    assert await store.fetchval(keys) == 0


async def test_what_was_forgotten_is_not_forgotten_again(
    shop: Shop, lunas: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_person(shop)
    await forget(lunas, monkeypatch)
    await shop.settle()
    again = await lunas("customers", "erase", "c1", "--reason", "again", "--yes")
    assert again.code == exits.REFUSED
    assert "by dewi" in again.err
    unknown = await lunas("customers", "erase", "nobody", "--reason", "x", "--yes")
    assert unknown.code == exits.WRONG_USE
    assert "nobody" in unknown.err


async def test_an_address_of_two_stays_and_the_certificate_says_so(
    shop: Shop, pool: Pool, store: asyncpg.Connection, lunas: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_person(shop)
    await registered(pool, "c2", ADDRESS)
    await shop.settle()
    certificate = await forget(lunas, monkeypatch)
    assert (certificate["addresses_shared_and_kept"], certificate["complete"]) == (1, False)
    await shop.settle()
    assert await store.fetchval("SELECT email FROM customers WHERE customer_id = 'c2'") == ADDRESS
    assert await store.fetchval("SELECT email FROM customers WHERE customer_id = 'c1'") is None
    await all_equal(shop)


async def test_a_webhook_that_waits_for_somebody_is_not_emptied(
    shop: Shop, store: asyncpg.Connection, lunas: Run
) -> None:
    await a_person(shop)
    delivery = await store.fetchval("SELECT delivery_id FROM deliveries LIMIT 1")
    await add_letter(store, delivery_id=delivery)
    refused = await lunas("customers", "erase", "c1", "--reason", "by letter", "--yes")
    assert refused.code == exits.REFUSED
    assert "lunas dlq" in refused.err
    assert await store.fetchval("SELECT count(*) FROM erasures") == 0


async def test_who_was_met_before_the_key_keeps_their_money_and_is_forgotten_in_part(
    pool: Pool, database_url: str, settings: Callable[..., Settings], store: asyncpg.Connection, lunas: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    shop = await Shop(pool, settings(database_url=database_url)).open()
    await a_person(shop)
    monkeypatch.setenv("LUNAS_PERSONAL_DATA_KEY", PERSONAL_KEY)
    with personal_key():
        assert await begin_to_seal(pool)
        assert not await begin_to_seal(pool)
        await shop.take_in(paid("py-3", 10_000), paid("py-4", email="nobody@contoh.id"))
        await shop.settle()
        assert await store.fetchval("SELECT topped_up_idr FROM balances WHERE customer_id = 'c1'") == 85_000
        assert await tables_with(store, "nobody@contoh.id") == {
            "nobody@contoh.id": {"payments_v1", "suspense_v1", "deliveries"}
        }
        certificate = await forget(lunas, monkeypatch)
        assert (certificate["complete"], certificate["addresses_in_clear_in_the_log"]) == (False, 1)
        await shop.settle()
        assert await store.fetchval("SELECT count(*) FROM payments WHERE payer_email = $1", ADDRESS) == 0
        await all_equal(shop)


async def test_who_comes_back_with_the_same_data_is_here_again(
    pool: Pool, database_url: str, settings: Callable[..., Settings], store: asyncpg.Connection, lunas: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Also where the log still holds what they gave: it was met before there was a key, or is somebody else's too."""
    shop = await Shop(pool, settings(database_url=database_url)).open()
    await a_person(shop)
    monkeypatch.setenv("LUNAS_PERSONAL_DATA_KEY", PERSONAL_KEY)
    with personal_key():
        assert await begin_to_seal(pool)
        await registered(pool, "c2", "other@contoh.id")
        await registered(pool, "c3", "other@contoh.id")
        await forget(lunas, monkeypatch)
        monkeypatch.delenv("LUNAS_OPERATOR")
        await forget(lunas, monkeypatch, "c2")
        await shop.take_in(paid("py-5", 10_000))
        await shop.settle()
        assert await store.fetchval("SELECT topped_up_idr FROM balances WHERE customer_id = 'c1'") == 75_000
        for customer, email in (("c1", GIVEN), ("c2", "other@contoh.id")):
            async with pool.acquire() as connection:
                with pytest.raises(Problem, match="customer_not_found"):
                    payer_of(await look(connection, customer), customer)
            assert (await registered(pool, customer, email))["changed"]
            assert not (await registered(pool, customer, email))["changed"]
            async with pool.acquire() as connection:
                assert payer_of(await look(connection, customer), customer).email == email
        await shop.settle()
        assert await store.fetchval("SELECT topped_up_idr FROM balances WHERE customer_id = 'c1'") == 85_000
        assert (
            await store.fetchval("SELECT email FROM customers WHERE customer_id = 'c2'") == "other@contoh.id"
        )
        await all_equal(shop)


async def test_bytes_that_are_gone_are_told_and_not_sent_again(
    shop: Shop, store: asyncpg.Connection, lunas: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_person(shop)
    await forget(lunas, monkeypatch)
    delivery = str(
        await store.fetchval("SELECT delivery_id FROM deliveries WHERE redacted_at IS NOT NULL LIMIT 1")
    )
    for command in (("raw", delivery), ("replay", delivery, "--yes")):
        answer = await lunas("webhooks", *command)
        assert answer.code == exits.REFUSED, answer
        assert "are gone" in answer.err
    # The same webhook once more is a duplicate, whatever became of the first one's bytes.
    assert await shop.take_in(paid("py-2", 25_000)) == ["duplicate"]


async def test_a_body_is_emptied_once_and_nothing_else_of_it_changes(
    shop: Shop, store: asyncpg.Connection
) -> None:
    await a_person(shop)
    for statement in (
        "UPDATE deliveries SET body = ''",
        "UPDATE deliveries SET body = 'x', redacted_at = now()",
        "UPDATE deliveries SET redacted_at = now()",
        "UPDATE deliveries SET body = '', redacted_at = now(), status = 'parked'",
        "DELETE FROM deliveries",
    ):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await store.execute(statement)
    await store.execute("UPDATE deliveries SET body = '', redacted_at = now()")
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await store.execute("UPDATE deliveries SET redacted_at = now()")
