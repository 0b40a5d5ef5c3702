"""Money that goes back after it was spent: a refund or a lost dispute at the provider, and what the catalogue wants done about the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from api.credit.judging import forgive
from processor.fulfilment.catalog_source import publish_catalog
from runtime.settings import Settings
from tests.integration.checkout.street import Street, street_of
from tests.unit.processor.policies.ledgerbook import shipped_catalog

SPEND = {"tokens": 400_000, "reason": "chat", "reference": "r1"}


@asynccontextmanager
async def spent(
    build: Callable[..., Settings], *, policy: str = "debt", disputes: str = "tell"
) -> AsyncIterator[tuple[Street, dict[str, Any]]]:
    """A top-up of 500,000 tokens of which 400,000 were spent, under these policies."""
    catalog = shipped_catalog()
    credit = catalog.credit.model_copy(update={"refund_after_spend": policy})
    provider = catalog.policy("xendit").model_copy(update={"disputes": disputes})
    catalog = catalog.model_copy(
        update={"credit": credit, "providers": catalog.providers | {"xendit": provider}}
    )
    async with street_of(build) as street:
        await publish_catalog(street.shop.pool, catalog)
        await street.shop.settle()
        made = await street.topped_up()
        await street.shop.post("/v1/customers/budi/spends", SPEND, 201)
        yield street, made


async def seen(street: Street) -> tuple[int, int, bool]:
    await street.looked_after()
    balance = await street.shop.get("/v1/customers/budi/balance")
    return balance["credit_tokens"], balance["debt_tokens"], balance["frozen"]


async def test_c80_what_was_spent_is_a_debt_that_the_next_top_up_covers(
    shop_settings: Callable[..., Settings],
) -> None:
    async with spent(shop_settings) as (street, made):
        await street.act(made["payment_id"], "refund")
        assert await seen(street) == (-400_000, 400_000, False)
        refused = await street.shop.post(
            "/v1/customers/budi/spends", SPEND | {"tokens": 1, "reference": "r2"}, 409
        )
        assert refused["code"] == "insufficient_balance"
        await street.topped_up()
        assert await seen(street) == (100_000, 0, False)


async def test_c80_a_debt_freezes_the_account_where_the_catalogue_says_so(
    shop_settings: Callable[..., Settings],
) -> None:
    async with spent(shop_settings, policy="freeze") as (street, made):
        await street.act(made["payment_id"], "refund")
        assert await seen(street) == (-400_000, 400_000, True)
        await street.topped_up()
        refused = await street.shop.post(
            "/v1/customers/budi/spends", SPEND | {"tokens": 1, "reference": "r2"}, 409
        )
        assert refused["code"] == "account_frozen"


async def test_c80_a_debt_is_our_loss_once_an_operator_approved(
    shop_settings: Callable[..., Settings],
) -> None:
    async with spent(shop_settings, policy="forgive") as (street, made):
        await street.act(made["payment_id"], "refund")
        assert await seen(street) == (-400_000, 400_000, False)
        async with street.shop.pool.acquire() as connection:
            await forgive(connection, "budi", "goodwill", "operator")
        await street.shop.settle()
        assert await seen(street) == (0, 0, False)
        assert (await street.shop.get("/v1/ledger"))["balanced"] is True


async def test_c80_a_refund_we_ask_for_sets_aside_what_is_left_and_the_rest_is_a_debt(
    shop_settings: Callable[..., Settings],
) -> None:
    """Not even for a moment is there a debt that is none: where a debt freezes, a refund of what was not spent freezes nobody."""
    async with spent(shop_settings, policy="freeze") as (street, made):
        await street.refund(made["payment_id"], amount=10_000)
        await street.later(seconds=3)
        assert await seen(street) == (0, 0, False)
        await street.refund(made["payment_id"])
        await street.later(seconds=3)
        assert await seen(street) == (-400_000, 400_000, True)


@pytest.mark.parametrize(
    ("disputes", "opened", "lost", "won"),
    [
        ("tell", 100_000, 100_000, 100_000),
        ("clawback", 100_000, -400_000, 100_000),
        ("freeze", -400_000, -400_000, 100_000),
    ],
)
@pytest.mark.parametrize("end", ["lose_dispute", "win_dispute"])
async def test_c81_a_dispute_does_what_the_catalogue_wants(
    shop_settings: Callable[..., Settings], disputes: str, opened: int, lost: int, won: int, end: str
) -> None:
    async with spent(shop_settings, disputes=disputes) as (street, made):
        await street.act(made["payment_id"], "dispute")
        assert (await seen(street))[0] == opened
        await street.act(made["payment_id"], end)
        assert (await seen(street))[0] == (lost if end == "lose_dispute" else won)
        if disputes != "tell" and end == "lose_dispute":
            # The bank has it: nothing is left to give back.
            refused = await street.refund(made["payment_id"], 409)
            assert refused["code"] == "refund_exceeds_payment"


@pytest.mark.parametrize("tokens", [1, 518, 399_999])
async def test_c78_a_part_that_goes_back_is_set_aside_whole_however_much_was_spent_before(
    shop_settings: Callable[..., Settings], tokens: int
) -> None:
    """What a spend leaves of a lot is worth a little more rupiah than its tokens say: ten tokens a rupiah, never nine."""
    async with street_of(shop_settings) as street:
        made = await street.topped_up()
        await street.shop.post("/v1/customers/budi/spends", SPEND | {"tokens": tokens}, 201)
        body = {
            "provider": "xendit",
            "provider_payment_id": made["xendit_id"],
            "amount": 10_000,
            "reason": "x",
        }
        await street.shop.post("/v1/refunds", body)
        await street.shop.settle()
        balance = await street.shop.get("/v1/customers/budi/balance")
        assert balance["reserved_tokens"] == 100_000
        assert balance["credit_tokens"] == 500_000 - tokens - 100_000
