"""Refunds of what was paid on an invoice's page: the older API's path, from the order to the money back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from runtime.settings import Settings
from tests.integration.checkout.street import Street, street_of
from tests.integration.refunds.test_silent_providers import made_at_the_provider

COURSE = {"customer_id": "budi", "items": [{"product": "kelas-python"}]}


@pytest.fixture
async def street(shop_settings: Callable[..., Settings]) -> AsyncIterator[Street]:
    async with street_of(shop_settings, payment_provider="xendit") as one:
        yield one


async def bought(street: Street) -> str:
    """The invoice of a course that was paid for."""
    made = await street.shop.post("/v1/orders", COURSE)
    await street.act(made["provider_order_id"], "pay")
    assert await courses(street) == ["active"]
    invoice: str = made["provider_order_id"]
    return invoice


async def courses(street: Street) -> list[str]:
    shown = await street.shop.get("/v1/customers/budi/enrollments")
    return [one["status"] for one in shown["items"]]


async def test_c78_an_invoice_goes_back_whole_and_takes_its_course_along(street: Street) -> None:
    invoice = await bought(street)
    asked = await street.refund(invoice)
    assert asked["status"] == "pending"
    await street.later(seconds=3)
    assert (await street.payment(invoice))[0] == "refunded"
    assert await courses(street) == ["revoked"]
    assert (await street.shop.get("/v1/ledger"))["balanced"] is True
    assert (await street.shop.get("/v1/suspense"))["items"] == []


@pytest.mark.parametrize("trouble", ["timeout_after", "drop_after", "broken_after"])
async def test_c78_a_refund_of_an_invoice_whose_answer_was_lost_is_found_and_not_made_twice(
    street: Street, trouble: str
) -> None:
    invoice = await bought(street)
    await street.switch(trouble, method="POST", path="/refunds", times=1)
    await street.refund(invoice, 202)
    await street.shop.pool.execute("UPDATE refunds SET next_try_at = clock_timestamp()")
    await street.shop.refunds.refunder.resolve()
    await street.later(seconds=3)
    assert (await street.payment(invoice))[0] == "refunded"
    assert len(made_at_the_provider(street)) == 1
    assert await courses(street) == ["revoked"]
