"""`lunas dlq settle`: parked money that a person has read is booked once, whatever the provider sends later."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from console import exits
from eventstore.append import NewEvent, append, log_transaction
from processor.fulfilment.catalog_source import publish_catalog
from projections.feeder import Feeder
from providers.registry import PROVIDERS
from runtime.database import Pool
from schemas import streams
from schemas.facts import CustomerRegistered
from schemas.translation import TranslationContext
from tests.integration.console.conftest import Run, add_letter
from tests.integration.processor.fulfilment.test_rounds import settle as decide
from tests.integration.processor.intake.taking_in import store_of, take_in
from tests.unit.processor.intake.envelopes import RECEIVED_AT, envelope
from tests.unit.processor.policies.ledgerbook import shipped_catalog

BODIES = Path(__file__).parents[2] / "fixtures/providers"
UNREADABLE = b'{"data":{"amount":50000'
Settle = Callable[..., Awaitable[Any]]


@pytest.fixture
async def books(lunas: Run, pool: Pool) -> Pool:
    """Catalogue and one customer."""
    assert (await lunas("migrate")).code == exits.FINE
    await publish_catalog(pool, shipped_catalog())
    async with pool.acquire() as connection, log_transaction(connection):
        await append(
            connection,
            [
                NewEvent(
                    streams.customer("budi"),
                    CustomerRegistered(customer_id="budi", email="budi@example.com"),
                    {},
                )
            ],
        )
    await follow(pool)
    return pool


async def follow(pool: Pool) -> None:
    """Decide and project everything."""
    await decide(pool)
    async with pool.acquire() as connection:
        await Feeder(connection, batch_max=500).catch_up()


async def standing(pool: Pool) -> dict[str, Any]:
    """What there is: the ledger, what budi has, and how many payments brought money."""
    return {
        "ledger": {
            (row[0], row[1]): row[2] for row in await pool.fetch("SELECT account, unit, balance FROM ledger")
        },
        "tokens": await pool.fetchval("SELECT coalesce(sum(credit_tokens), 0)::bigint FROM balances"),
        "courses": [row[0] for row in await pool.fetch("SELECT course FROM enrollments ORDER BY course")],
        "paid": await pool.fetchval("SELECT count(*) FROM payments WHERE amount IS NOT NULL"),
        "held": await pool.fetchval("SELECT count(*) FROM suspense WHERE status = 'held'"),
    }


def words(letter: uuid.UUID, payment: str, amount: int = 50_000, **more: str) -> list[str]:
    given = {
        "customer": "budi",
        "amount": str(amount),
        "payment-id": payment,
        "reason": "read it at Xendit",
    } | more
    options = [part for name, value in given.items() for part in (f"--{name}", value)]
    return ["dlq", "settle", str(letter), *options, "--yes"]


async def test_parked_money_is_credited_audited_and_the_letter_closed(
    lunas: Run, store: asyncpg.Connection, books: Pool
) -> None:
    letter = await add_letter(store, UNREADABLE, reason="unparsable_not_json")
    result = await lunas(*words(letter, "py-77"))
    assert result.code == exits.FINE, result.err
    assert f"lunas dlq unsettle {letter}" in result.out
    await follow(books)
    assert (await standing(books))["tokens"] == 500_000
    row = await store.fetchrow("SELECT status, resolved_by FROM dead_letters")
    assert row is not None
    assert tuple(row) == ("resolved", "sari")
    act = await store.fetchrow("SELECT verb, target, actor, reason, undo FROM operator_acts")
    assert act is not None
    assert (act["verb"], act["target"], act["actor"]) == ("dlq.settle", str(letter), "sari")
    assert act["undo"] in result.out
    said = json.loads(await store.fetchval("SELECT metadata FROM events WHERE type = 'payment.succeeded'"))
    assert (said["source"], said["actor"]) == ("operator", "sari")


def facts_of(provider: str, body: bytes) -> list[Any]:
    context = TranslationContext(RECEIVED_AT, None, False, "0" * 64)
    return [fact.event for fact in PROVIDERS[provider].translate(json.loads(body), context).facts]


@pytest.mark.parametrize(
    ("provider", "name", "product"),
    [
        ("xendit", "payment.capture", "credit"),
        ("xendit", "invoice.paid", "credit"),
        ("xendit", "ewallet.capture", "credit"),
        ("mayar", "payment.received", None),
        ("scalev", "order.updated.paid", None),
    ],
)
@pytest.mark.parametrize("first", ["person", "webhook"])
async def test_a_webhook_of_the_same_payment_that_can_be_read_is_the_same_money(
    lunas: Run,
    store: asyncpg.Connection,
    books: Pool,
    provider: str,
    name: str,
    product: str | None,
    first: str,
) -> None:
    body = (BODIES / provider / f"{name}.json").read_bytes()
    facts = facts_of(provider, body)
    (paid,) = [fact for fact in facts if fact.TYPE in ("payment.succeeded", "payment.settled")]
    order = next((fact for fact in facts if fact.TYPE == "order.recorded"), None)
    amount = order.gross_amount if order else paid.amount
    bought = product or shipped_catalog().products[0].id
    letter = await add_letter(store, UNREADABLE, reason="unparsable_not_json", provider=provider)

    async def person() -> None:
        payment = paid.attempt_id or paid.payment_key
        result = await lunas(*words(letter, payment, amount, product=bought))
        assert result.code == (exits.FINE if first == "person" else exits.REFUSED), result.err

    async def webhook() -> None:
        assert await take_in(store_of(books), envelope(body, provider)) == ["processed"]

    for step in (person, webhook) if first == "person" else (webhook, person):
        await step()
        await follow(books)
        state = await standing(books)
        assert state["paid"] == 1
        # What the provider pays out, and what it keeps of it where it says so: together what was paid, once.
        kept = [state["ledger"].get((f"{account}:{provider}", "IDR"), 0) for account in ("clearing", "fees")]
        assert sum(kept) in (amount, -amount), state["ledger"]
    status = await store.fetchval("SELECT status FROM dead_letters WHERE dead_letter_id = $1", letter)
    assert status == ("resolved" if first == "person" else "open")


async def test_an_order_of_scalev_is_settled_with_what_was_bought(
    lunas: Run, store: asyncpg.Connection, books: Pool
) -> None:
    letter = await add_letter(store, UNREADABLE, reason="unparsable_not_json", provider="scalev")
    refused = await lunas(*words(letter, "260701ABC", 150_000))
    assert refused.code == exits.WRONG_USE
    assert "--product" in refused.err
    course = next(product for product in shipped_catalog().products if product.kind == "course")
    assert (await lunas(*words(letter, "260701ABC", 150_000, product=course.id))).code == exits.FINE
    await follow(books)
    state = await standing(books)
    assert (state["held"], len(state["courses"])) == (0, 1), state


@pytest.mark.parametrize(
    ("more", "change", "code"),
    [
        ({"customer": "nobody"}, {}, exits.WRONG_USE),
        ({"product": "kelas-salah"}, {}, exits.WRONG_USE),
        ({"amount": "0"}, {}, exits.WRONG_USE),
        ({"amount": "12.5"}, {}, exits.WRONG_USE),
        ({}, {"stage": "fulfil", "reason": "payment_reversed"}, exits.REFUSED),
        ({}, {"provider": "unknown"}, exits.REFUSED),
        ({}, {"status": "discarded"}, exits.REFUSED),
    ],
)
async def test_what_cannot_be_settled_changes_nothing(
    lunas: Run,
    store: asyncpg.Connection,
    books: Pool,
    more: dict[str, str],
    change: dict[str, str],
    code: int,
) -> None:
    letter = await add_letter(store, UNREADABLE, **({"reason": "unparsable_not_json"} | change))
    before = await store.fetchval("SELECT count(*) FROM events")
    result = await lunas(*words(letter, "py-1", **more))
    assert result.code == code, result.err
    assert await store.fetchval("SELECT count(*) FROM events") == before
    assert await store.fetchval("SELECT status FROM dead_letters") == change.get("status", "open")
    assert await store.fetchval("SELECT count(*) FROM operator_acts") == 0


async def test_two_people_settle_one_letter_once(lunas: Run, store: asyncpg.Connection, books: Pool) -> None:
    letter = await add_letter(store, UNREADABLE, reason="unparsable_not_json")
    assert (await lunas(*words(letter, "py-1"))).code == exits.FINE
    second = await lunas(*words(letter, "py-2"))
    assert second.code == exits.REFUSED
    assert "resolved by sari" in second.err
    await follow(books)
    assert (await standing(books))["tokens"] == 500_000


async def test_money_that_is_in_the_log_already_is_not_settled_again(
    lunas: Run, store: asyncpg.Connection, books: Pool
) -> None:
    letters = [
        await add_letter(store, UNREADABLE + part, reason="unparsable_not_json") for part in (b"", b" ")
    ]
    assert (await lunas(*words(letters[0], "py-1"))).code == exits.FINE
    second = await lunas(*words(letters[1], "py-1"))
    assert second.code == exits.REFUSED
    assert "lunas payments show xendit py-1" in second.err
    assert await store.fetchval("SELECT count(*) FROM dead_letters WHERE status = 'open'") == 1


async def test_an_operators_login_has_the_rights_for_it(
    lunas: Run, store: asyncpg.Connection, books: Pool, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = await add_letter(store, UNREADABLE, reason="unparsable_not_json")
    monkeypatch.setenv("LUNAS_DATABASE_URL", f"{database_url}?role=lunas_operator")
    result = await lunas(*words(letter, "py-1"))
    assert result.code == exits.FINE, result.err
    await follow(books)
    assert (await standing(books))["tokens"] == 500_000
