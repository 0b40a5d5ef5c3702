"""Corrections: read over what a provider said, by a second person's leave where much is at stake, and back exactly."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from console import exits
from console.correcting import approve, correct, revert
from console.exits import Refused, WrongUse
from providers.simulated import Buyer
from providers.simulation import simulate_day
from runtime.database import Pool
from runtime.settings import Settings
from schemas.payment_words import PaymentPatch
from tests.integration.console.conftest import Run
from tests.integration.console.replays import Shop, delivered
from tests.unit.processor.intake.envelopes import capture, envelope

START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=3)
RATNA, BUDI = Buyer("ratna@contoh.id", customer_id="c1"), Buyer("budi@contoh.id", customer_id="c2")


@pytest.fixture
async def shop(pool: Pool, database_url: str, settings: Callable[..., Settings]) -> Shop:
    return await Shop(pool, settings(database_url=database_url)).open()


async def everything(shop: Shop) -> dict[str, Any]:
    """What every read model shows, without where in the log it stands; what was held and is released counts no more."""
    shown: dict[str, Any] = {}
    for view in ("balances", "enrollments", "subscriptions", "payments", "ledger_totals"):
        rows = await shop.pool.fetch(f"SELECT * FROM {view}")
        kept = [{k: v for k, v in dict(row).items() if "position" not in k} for row in rows]
        shown[view] = sorted(map(repr, kept))
    held = await shop.pool.fetch(
        "SELECT suspense_id, amount, reason, customer_id FROM suspense WHERE status = 'held'"
    )
    shown["held"] = sorted(map(repr, map(dict, held)))
    return shown


async def test_a_correction_moves_what_was_granted_and_its_revert_restores_everything(
    shop: Shop, store: asyncpg.Connection
) -> None:
    await shop.register([RATNA, BUDI])
    await shop.take_in(envelope(capture("py-1")))
    await shop.settle()
    before = await everything(shop)
    patch = PaymentPatch(customer_id="c2")
    done = await correct(store, shop.settings, "xendit", "py-1", patch, "typed wrong", by="sari")
    assert done.status == "applied"
    await shop.settle()
    views = await shop.views()
    assert (views["c1"]["credit_tokens"], views["c2"]["credit_tokens"]) == (0, 500_000)
    assert (
        await shop.pool.fetchval(
            "SELECT count(*) FROM deliveries WHERE position('50000' IN convert_from(body, 'UTF8')) > 0"
        )
        == 1
    )
    await shop.take_in(envelope(capture("py-1")))  # the provider says it again: the correction stands
    await shop.settle()
    assert (await shop.views())["c2"]["credit_tokens"] == 500_000
    await revert(store, done.change_id, "it was right", by="sari")
    await shop.settle()
    after = await everything(shop)
    assert (await shop.views())["c1"]["credit_tokens"] == 500_000
    # A customer who has nothing any more still has a row of zeros.
    assert {k: v for k, v in after.items() if k not in ("balances", "ledger_totals")} == {
        k: v for k, v in before.items() if k not in ("balances", "ledger_totals")
    }
    assert set(before["balances"]) <= set(after["balances"])
    with pytest.raises(Refused, match="by sari"):
        await revert(store, done.change_id, "again", by="joko")


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_corrected_a_revert_restores_it(
    shop: Shop, store: asyncpg.Connection, seed: int
) -> None:
    """Any payment of any day, corrected in any way, also twice and over the head of others, and taken back in any order."""
    dice = random.Random(seed)
    day = simulate_day(seed=seed, customers=4, count=25, start=START)
    await shop.register(list(day.customers))
    for webhook in day.webhooks:
        await shop.take_in(delivered(webhook))
    await shop.settle()
    views = await shop.views()
    rows = await shop.pool.fetch(
        "SELECT provider, payment_id FROM payments WHERE provider <> 'scalev' ORDER BY record"
    )
    made = []
    for row in dice.sample(rows, min(4, len(rows))):
        patch = PaymentPatch(
            amount=dice.choice([None, 11_000, 77_000]),
            customer_id=dice.choice([one.customer_id for one in day.customers]),
        )
        made.append(
            await correct(store, shop.settings, row["provider"], row["payment_id"], patch, "drawn", by="sari")
        )
        await shop.settle()
    dice.shuffle(made)
    for one in made:
        await revert(store, one.change_id, "drawn", by="joko")
        await shop.settle()
    assert _without_empty(await shop.views()) == _without_empty(views)


def _without_empty(views: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Held money that was released, and rows of zeros, are no difference."""
    return {
        customer: kept
        for customer, shown in views.items()
        if (
            kept := {
                name: said
                for name, said in shown.items()
                if said not in (0, None, "revoked", "gratis")
                and not (isinstance(said, dict) and "resolution" in said)
            }
        )
    }


async def test_c161_much_money_needs_another_person(shop: Shop, store: asyncpg.Connection) -> None:
    await shop.register([RATNA, BUDI])
    await shop.take_in(envelope(capture("py-1", amount=400_000)))
    await shop.settle()
    strict = shop.settings.model_copy(update={"correction_approval_idr": 100_000})
    done = await correct(store, strict, "xendit", "py-1", PaymentPatch(customer_id="c2"), "his", by="sari")
    assert done.status == "proposed"
    await shop.settle()
    assert (await shop.views())["c1"]["credit_tokens"] == 4_000_000
    with pytest.raises(Refused, match="another person"):
        await approve(store, done.change_id, "mine", by="sari")
    await approve(store, done.change_id, "seen the receipt", by="joko")
    with pytest.raises(Refused, match="by joko"):
        await approve(store, done.change_id, "me too", by="tono")
    await shop.settle()
    assert (await shop.views())["c2"]["credit_tokens"] == 4_000_000
    said = await shop.pool.fetchrow(
        "SELECT data ->> 'actor' AS author, data ->> 'approver' AS approver FROM events WHERE type = 'payment.corrected'"
    )
    assert said is not None
    assert (said["author"], said["approver"]) == ("sari", "joko")


async def test_what_cannot_be_corrected_is_refused(shop: Shop, store: asyncpg.Connection) -> None:
    await shop.register([RATNA])
    await shop.take_in(envelope(capture("py-1")))
    await shop.settle()
    for patch in (PaymentPatch(), PaymentPatch(customer_id="nobody")):
        with pytest.raises(WrongUse):
            await correct(store, shop.settings, "xendit", "py-1", patch, "x", by="sari")


async def test_the_commands_say_what_they_did_and_how_to_undo_it(lunas: Run, shop: Shop) -> None:
    await shop.register([RATNA, BUDI])
    await shop.take_in(envelope(capture("py-1")))
    await shop.settle()
    empty = await lunas("correct", "xendit", "py-1", "--reason", "no patch, and nobody is asked about none")
    assert (empty.code, "--amount" in empty.err) == (exits.WRONG_USE, True)
    done = await lunas("correct", "xendit", "py-1", "--customer", "c2", "--reason", "his", "--yes", "--json")
    assert done.code == exits.FINE, done.err
    [item] = done.json["items"]
    change = item["undo"].split()[2]
    await shop.settle()
    [listed] = (await lunas("corrections", "--json")).json["items"]
    assert (listed["before"]["customer_id"], listed["patch"]) == ("c1", {"customer_id": "c2"})
    assert "customer_id: c1" in (await lunas("corrections")).out
    timeline = (await lunas("payments", "show", "xendit", "py-1", "--json")).json["items"][0]["timeline"]
    assert "payment.corrected" in [entry["what"] for entry in timeline]
    assert (await lunas("revert", change, "--reason", "no", "--yes")).code == exits.FINE
    assert (await lunas("revert", change, "--reason", "no", "--yes")).code == exits.REFUSED
