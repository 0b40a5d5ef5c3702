"""A membership dearer than a token's word may begin waits, is asked about at its provider, and begins when that says the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from processor.app import interpreter_of
from processor.reconciliation.confirming import answer_about
from processor.reconciliation.feeding import way_in
from processor.reconciliation.keeping import Reconciliation
from processor.reconciliation.memberships import asked_of
from providers.fakes.goods import FakeGood
from providers.listers import listers_of
from providers.reconciling import AskedMembership, ToldMembership, as_webhook
from runtime.settings import Settings
from schemas.catalog import Catalog
from tests.integration.processor.reconciliation.stand import CATALOG, Branch, branch_of
from tests.unit.processor.policies.test_attested_memberships import ENDS, NEXT, book, told
from tests.unit.providers.fakes.stand import SECRET
from tests.waiting import until

KLUB = FakeGood(
    "Klub", 900_000, "variant_klub", "bpo_klub", "77777777-2222-4333-8444-555555555555", "plan", "Klub"
)
SOLD = f"""
[[products]]
id = "klub"
kind = "plan"
tier = "pro"
price_idr = 900000
period = "1 month"
mayar = {{ tier_names = ["klub"], product_ids = ["{KLUB.product_id}"] }}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "catalog.toml"
    path.write_text(CATALOG.read_text(encoding="utf-8") + SOLD, encoding="utf-8")
    return path


@asynccontextmanager
async def asking(branch: Branch) -> AsyncIterator[None]:
    """The processor's room that asks providers."""
    stop = asyncio.Event()
    exchange = way_in(branch.settings.broker_retry_delays_seconds)
    room = Reconciliation(
        branch.settings, branch.pool, branch.broker, interpreter_of(branch.settings), listers_of(branch.settings), exchange=exchange
    )  # fmt: skip
    kept = asyncio.create_task(room.keep(stop))
    try:
        yield
    finally:
        stop.set()
        await kept


async def standing(branch: Branch, customer: str) -> tuple[str, str | None] | None:
    """Status of a customer's one subscription, and why more of it waits."""
    await branch.settled()
    row = await branch.pool.fetchrow(
        "SELECT status, held FROM subscriptions WHERE customer_id = $1", customer
    )
    return None if row is None else (row["status"], row["held"])


async def posted(branch: Branch, document: dict[str, Any]) -> None:
    """Whoever knows the token sends a webhook."""
    address = branch.webhooks.replace("/xendit", "/mayar")
    async with branch.session.post(
        address, data=as_webhook(document), headers={"x-callback-token": SECRET}
    ) as answer:
        assert answer.status == 200
    await branch.told()


async def test_c05_a_dear_membership_begins_by_its_providers_word_and_a_forged_one_does_not(
    settings: Callable[..., Settings], database_url: str, broker_url: str, shop: Path
) -> None:
    async with branch_of(
        settings, database_url, broker_url, goods=(KLUB,), catalog=shop, confirm_look_seconds=0.05
    ) as branch:
        await branch.register("budi", "mallory")
        branch.door.loses = lambda body: b"payment.received" in body
        forged = {"status": "ACTIVE", "memberId": "F0RGED01", "productId": KLUB.product_id, "membershipTierName": "Klub", "customerEmail": "mallory@example.com", "expiredAt": "2036-01-01T00:00:00Z"}  # fmt: skip
        await posted(branch, {"event": "membership.newMemberRegistered", "data": forged})
        async with branch.session.post(f"{branch.fakes.address}/fake/sales/mayar", json={"product": KLUB.product_id, "email": "budi@example.com"}) as sale:  # fmt: skip
            assert sale.status < 300, await sale.text()
        await branch.told()

        async def both_wait() -> bool:
            return {await standing(branch, who) for who in ("budi", "mallory")} == {
                ("pending", "awaiting_confirmation")
            }

        await until(both_wait)
        async with asking(branch):

            async def begun() -> bool:
                return await standing(branch, "budi") == ("active", None)

            async def only_the_forged_is_left() -> bool:
                rows = await branch.pool.fetch("SELECT payment_id, answer FROM confirmations")
                return [tuple(row) for row in rows] == [("F0RGED01", "unknown")]

            await until(begun)
            await until(only_the_forged_is_left)
        assert await standing(branch, "mallory") == ("pending", "awaiting_confirmation")
        held = await branch.pool.fetch(
            "SELECT payment_id, amount, reason FROM suspense WHERE status = 'held'"
        )
        assert [tuple(row) for row in held] == [("F0RGED01", None, "awaiting_confirmation")]
        said = await branch.pool.fetchval("SELECT count(*) FROM deliveries WHERE scheme = 'reconciled'")
        assert said == 1


def case_of(*facts: Any) -> Any:
    (case,) = book().give(*facts).cases.values()
    return case


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (None, "unknown"),
        (ToldMembership(active=False, status="inactive"), "unpaid"),
        (ToldMembership(active=True, status="active", expires_at=ENDS), "unpaid"),
        (ToldMembership(active=True, status="active", expires_at=NEXT), "confirmed"),
        (ToldMembership(active=True, status="active"), "confirmed"),
    ],
)
def test_an_answer_is_held_against_the_end_that_was_announced(said: ToldMembership | None, word: str) -> None:
    case = case_of(told(level="api_confirmed"), told("renewed", NEXT))
    assert answer_about(case, said).word == word


def test_it_is_asked_for_by_every_name_and_by_the_products_of_the_catalogue() -> None:
    case = case_of(told(member_id="ABCD1234", aliases=("ABCD1234",)))
    assert asked_of(case, Catalog()) == AskedMembership(members=("ABCD1234",), licences=("LCN-1",))
    named = book().catalog
    products = [
        one.model_copy(update={"mayar": one.mayar.model_copy(update={"product_ids": ("prod-1",)})}) if one.id == "klub-a" and one.mayar else one
        for one in named.products
    ]  # fmt: skip
    assert asked_of(case, named.model_copy(update={"products": tuple(products)})).products == ("prod-1",)
