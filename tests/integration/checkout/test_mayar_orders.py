"""Orders at Mayar, against its fake as a real server: invoices found again by what only a transaction's detail shows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from runtime.settings import Settings
from tests.integration.checkout.conftest import Shop, opened
from tests.integration.checkout.fakes import FakeStand, fake_providers, goods_catalog
from tests.waiting import until

COURSE = {"customer_id": "budi", "items": [{"product": "kelas-python"}]}
INVOICES = {"method": "POST", "path": "/hl/v1/invoice/create"}


@pytest.fixture
async def fakes() -> AsyncIterator[FakeStand]:
    async with fake_providers() as stand:
        yield stand


@pytest.fixture
def at_mayar(shop_settings: Callable[..., Settings], fakes: FakeStand) -> Callable[..., Settings]:
    def build(**more: Any) -> Settings:
        return shop_settings(
            **fakes.settings | {"payment_provider": "mayar", "outgoing_mayar_per_minute": 10_000} | more
        )

    return build


@pytest.fixture
async def shop(at_mayar: Callable[..., Settings]) -> AsyncIterator[Shop]:
    async with opened(at_mayar(), goods_catalog()) as one:
        yield one


async def test_an_invoice_is_paid_on_mayars_page_and_opens_the_course(shop: Shop, fakes: FakeStand) -> None:
    await shop.customer(phone="081234567890")
    made = await shop.post("/v1/orders", COURSE)
    (bill,) = fakes.bills("mayar")
    assert (made["provider"], made["status"], made["amount"]) == ("mayar", "pending", 150_000)
    async with fakes.session.get(made["payment_url"]) as page:
        assert page.status == 200
    await fakes.pay("mayar", bill.key)
    await fakes.hear(shop.pool, 1)
    await shop.settle()
    (enrolled,) = (await shop.get("/v1/customers/budi/enrollments"))["items"]
    assert (enrolled["course"], enrolled["status"]) == ("kelas-python", "active")
    assert (await shop.get(f"/v1/orders/{made['order_id']}"))["status"] == "succeeded"
    assert (await shop.get("/v1/suspense"))["items"] == []


@pytest.mark.parametrize("trouble", ["timeout_after", "drop_after"])
@pytest.mark.parametrize("paid", [False, True])
async def test_c120_an_invoice_whose_answer_was_lost_is_found_by_our_reference(
    shop: Shop, fakes: FakeStand, trouble: str, paid: bool
) -> None:
    await shop.customer(phone="081234567890")
    await shop.post("/v1/orders", COURSE | {"allow_second": True})
    await fakes.switch(trouble, "mayar", times=1, **INVOICES)
    waiting = await shop.post("/v1/orders", COURSE, 202)
    if paid:
        await fakes.pay("mayar", fakes.bills("mayar")[-1].key)
        await fakes.control("POST", "/clock", {"advance": "2m"})

    async def known() -> bool:
        await shop.checkout.opener.resolve()
        return bool((await shop.get(f"/v1/orders/{waiting['order_id']}"))["status"] == "pending")

    await until(known)
    assert len(fakes.bills("mayar")) == 2
    found = await shop.get(f"/v1/orders/{waiting['order_id']}")
    assert found["payment_url"].endswith(fakes.bills("mayar")[-1].key)


async def test_what_mayar_must_know_of_a_customer_is_asked_before_the_call(
    shop: Shop, fakes: FakeStand
) -> None:
    await shop.customer()
    refused = await shop.post("/v1/orders", COURSE, 422, **{"Accept-Language": "id"})
    assert (refused["code"], refused["field"], refused["missing"]) == (
        "customer_incomplete",
        "customer_id",
        "phone",
    )
    assert fakes.bills("mayar") == []
    assert await shop.log() == []
    await shop.call(
        "PUT", "/v1/customers/budi", 200, {"email": "budi@example.com", "name": "Budi", "phone": "0812345678"}
    )
    await shop.post("/v1/orders", COURSE)
    assert len(fakes.bills("mayar")) == 1
