"""What a person said of money is undone like any correction: everything is as before, and reverting the undo brings everything back."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from console.correcting import approve, revert
from console.exits import Refused
from console.letter_acts import one_letter
from console.manual_orders import confirm_order
from console.settlement import Settlement, settle
from console.unsaying import unconfirm, unsettle
from eventstore.append import NewEvent, append, log_transaction
from providers.simulation import simulate_day
from runtime.database import Pool
from runtime.settings import Settings
from schemas import streams
from schemas.request_facts import CheckoutRequested, RequestedItem
from tests.integration.console.conftest import add_letter
from tests.integration.console.replays import Shop, delivered
from tests.integration.console.test_correct import BUDI, RATNA, START, _without_empty, everything
from tests.unit.processor.intake.envelopes import capture, envelope

AT = START + timedelta(hours=2, microseconds=7)
UNREADABLE = b"no JSON at all"


@pytest.fixture
async def shop(pool: Pool, database_url: str, settings: Callable[..., Settings]) -> Shop:
    return await Shop(pool, settings(database_url=database_url)).open()


async def settled(
    shop: Shop, store: asyncpg.Connection, payment: str = "py-9", amount: int = 50_000, customer: str = "c1",
    product: str | None = None, provider: str = "xendit",
) -> uuid.UUID:  # fmt: skip
    """A letter that a person has read; its id."""
    body = UNREADABLE + payment.encode()
    letter = await add_letter(store, body, provider=provider, reason="unparsable_not_json")
    row = await one_letter(store, letter)
    said = Settlement(provider, customer, amount, payment, product, AT)
    await settle(store, row, said, "read it there", "undo")
    await shop.settle()
    return letter


async def taken_back(shop: Shop, store: asyncpg.Connection, letter: uuid.UUID, by: str = "sari") -> Any:
    done = await unsettle(store, shop.settings, await one_letter(store, letter), "read it wrongly", by=by)
    await shop.settle()
    return done


async def status(store: asyncpg.Connection, letter: uuid.UUID) -> str:
    found: str = await store.fetchval("SELECT status FROM dead_letters WHERE dead_letter_id = $1", letter)
    return found


@pytest.mark.parametrize(
    ("provider", "product"),
    [("xendit", None), ("xendit", "kelas-python"), ("mayar", None), ("scalev", "kelas-python")],
)
async def test_a_settlement_is_taken_back_and_let_count_again(
    shop: Shop, store: asyncpg.Connection, provider: str, product: str | None
) -> None:
    await shop.register([RATNA, BUDI])
    await shop.settle()
    before = await shop.views()
    letter = await settled(shop, store, product=product, provider=provider, amount=150_000)
    granted = await shop.views()
    assert granted != before
    done = await taken_back(shop, store, letter)
    assert _without_empty(await shop.views()) == _without_empty(before)
    assert await status(store, letter) == "open"
    shown = await store.fetchrow("SELECT status, failure_code, amount, held FROM payments")
    assert shown is not None
    assert (shown["status"], shown["failure_code"], shown["held"]) == ("failed", "taken_back", None)
    ledger = await store.fetch(
        "SELECT account, unit, balance FROM ledger WHERE balance <> 0 AND unit = 'IDR'"
    )
    assert ledger == []
    with pytest.raises(Refused, match="sari took that back already"):
        await taken_back(shop, store, letter, by="joko")
    await revert(store, done.change_id, "it was right", by="joko")
    await shop.settle()
    assert await shop.views() == granted
    assert await status(store, letter) == "resolved"


async def test_what_its_provider_says_counts_after_it_was_taken_back(
    shop: Shop, store: asyncpg.Connection
) -> None:
    """Though it is older by the clock than what the person had said, and says otherwise whose it is and how much."""
    await shop.register([RATNA, BUDI])
    letter = await settled(shop, store, "py-1", amount=90_000, customer="c2")
    await taken_back(shop, store, letter)
    await shop.take_in(envelope(capture("py-1", 50_000)))
    await shop.settle()
    views = await shop.views()
    assert views["c1"]["credit_tokens"] == 500_000
    assert views.get("c2", {}).get("credit_tokens", 0) == 0


async def test_what_its_provider_says_as_well_is_corrected_and_not_taken_back(
    shop: Shop, store: asyncpg.Connection
) -> None:
    await shop.register([RATNA, BUDI])
    letter = await settled(shop, store, "py-1", amount=50_000, customer="c1")
    await shop.take_in(envelope(capture("py-1", 50_000)))
    await shop.settle()
    with pytest.raises(Refused, match="xendit itself says"):
        await taken_back(shop, store, letter)
    assert (await shop.views())["c1"]["credit_tokens"] == 500_000


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_else_happens_taking_back_restores_and_reverting_brings_back(
    shop: Shop, store: asyncpg.Connection, seed: int
) -> None:
    """Among any day of payments, several settlements taken back in any order, and let count again in another."""
    dice = random.Random(seed)
    day = simulate_day(seed=seed, customers=4, count=20, start=START)
    await shop.register(list(day.customers))
    for webhook in day.webhooks:
        await shop.take_in(delivered(webhook))
    await shop.settle()
    before, books = await shop.views(), await everything(shop)
    customers = [one.customer_id for one in day.customers if one.customer_id]
    letters = [
        await settled(
            shop, store, f"py-settled-{number}", dice.choice([25_000, 150_000]), dice.choice(customers),
            dice.choice([None, "kelas-python"]),
        )
        for number in range(3)
    ]  # fmt: skip
    granted = await shop.views()
    dice.shuffle(letters)
    words = [await taken_back(shop, store, letter) for letter in letters]
    assert _without_empty(await shop.views()) == _without_empty(before)
    after = await everything(shop)
    for view in ("enrollments", "subscriptions", "held"):
        assert after[view] == books[view], view
    dice.shuffle(words)
    for word in words:
        await revert(store, word.change_id, "it was right", by="joko")
        await shop.settle()
    assert _without_empty(await shop.views()) == _without_empty(granted)


async def test_much_money_is_taken_back_by_two(shop: Shop, store: asyncpg.Connection) -> None:
    await shop.register([RATNA])
    letter = await settled(shop, store, amount=2_000_000)
    granted = await shop.views()
    done = await taken_back(shop, store, letter)
    assert (done.status, await shop.views(), await status(store, letter)) == ("proposed", granted, "resolved")
    await approve(store, done.change_id, "seen", by="joko")
    await shop.settle()
    assert (await shop.views())["c1"]["credit_tokens"] == 0
    assert await status(store, letter) == "open"


async def test_what_nobody_settled_is_not_taken_back(shop: Shop, store: asyncpg.Connection) -> None:
    letter = await add_letter(store)
    with pytest.raises(Refused, match="Nobody settled"):
        await taken_back(shop, store, letter)
    with pytest.raises(Refused, match="nothing to take back"):
        await unconfirm(store, shop.settings, "ord_none", "x", by="sari")


async def test_a_confirmation_by_hand_is_taken_back_and_the_order_waits_again(
    shop: Shop, store: asyncpg.Connection
) -> None:
    await shop.register([RATNA])
    await _ordered(shop, store)
    await shop.settle()
    before, paid_for = await shop.views(), await everything(shop)
    await confirm_order(store, "ord_1", "seen on the statement", "no. 17", "undo")
    await shop.settle()
    granted = await shop.views()
    assert granted != before
    done = await unconfirm(store, shop.settings, "ord_1", "another order's money", by="sari")
    await shop.settle()
    assert _without_empty(await shop.views()) == _without_empty(before)
    assert (await everything(shop))["payments"] == paid_for["payments"]
    with pytest.raises(Refused, match="sari took that back already"):
        await unconfirm(store, shop.settings, "ord_1", "again", by="joko")
    await confirm_order(store, "ord_1", "now it came", "no. 18", "undo")
    await shop.settle()
    assert _without_empty(await shop.views()) == _without_empty(granted)
    assert done.status == "applied"


async def _ordered(shop: Shop, store: asyncpg.Connection) -> None:
    """An order of one course, to be paid by transfer."""
    wish = CheckoutRequested(
        request_id="ord_1", kind="order", provider="manual", reference="ord_1", customer_id="c1", amount_idr=150_000, method="manual",
        items=(RequestedItem(product="kelas-python", kind="course", price_idr=150_000),), occurred_at=datetime.now(UTC) - timedelta(hours=1),
    )  # fmt: skip
    async with shop.pool.acquire() as connection, log_transaction(connection):
        await append(connection, [NewEvent(streams.request("ord_1"), wish, {"correlation_id": "o"})])
    await store.execute(
        "INSERT INTO payment_requests (request_id, kind, customer_id, provider, amount_idr, method, channel, status, position, page_secret,"
        " page_digest) VALUES ('ord_1', 'order', 'c1', 'manual', 150000, 'manual', 'manual', 'open', 1, 's', '\\x00')"
    )
