"""Orders at Scalev, against its fake as a real server: made once, found again, paid on its page, and open afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from runtime.settings import Settings
from tests.integration.checkout.conftest import Shop, all_at_once, opened
from tests.integration.checkout.fakes import FakeStand, fake_providers, goods_catalog
from tests.waiting import until

COURSE = {"customer_id": "budi", "items": [{"product": "kelas-python"}]}
ORDERS = {"method": "POST", "path": "/v3/orders"}


@pytest.fixture
async def fakes() -> AsyncIterator[FakeStand]:
    async with fake_providers() as stand:
        yield stand


@pytest.fixture
def at_scalev(shop_settings: Callable[..., Settings], fakes: FakeStand) -> Callable[..., Settings]:
    def build(**more: Any) -> Settings:
        return shop_settings(**fakes.settings | {"payment_provider": "scalev"} | more)

    return build


@pytest.fixture
async def shop(at_scalev: Callable[..., Settings]) -> AsyncIterator[Shop]:
    async with opened(at_scalev(), goods_catalog()) as one:
        yield one


async def test_s2_an_order_is_paid_on_scalevs_page_and_opens_the_course(shop: Shop, fakes: FakeStand) -> None:
    await shop.customer()
    made = await shop.post("/v1/orders", COURSE)
    (bill,) = fakes.bills("scalev")
    assert (made["provider"], made["status"], made["amount"]) == ("scalev", "pending", 150_000)
    assert made["provider_order_id"] == bill.reference
    async with fakes.session.get(made["payment_url"]) as page:
        assert page.status == 200
        assert "Kelas Python" in await page.text()
    await fakes.pay("scalev", bill.key)
    assert "payment.succeeded" in await fakes.hear(shop.pool, 3)
    await shop.settle()
    (enrolled,) = (await shop.get("/v1/customers/budi/enrollments"))["items"]
    assert (enrolled["course"], enrolled["status"]) == ("kelas-python", "active")
    assert (await shop.get(f"/v1/orders/{made['order_id']}"))["status"] == "succeeded"
    assert (await shop.get("/v1/suspense"))["items"] == []


async def test_s2_a_bundle_is_ordered_by_its_price_option(shop: Shop, fakes: FakeStand) -> None:
    await shop.customer()
    items = [{"product": "paket-kelas"}, {"product": "kelas-python"}]
    made = await shop.post("/v1/orders", {"customer_id": "budi", "items": items})
    (bill,) = fakes.bills("scalev")
    assert (made["amount"], bill.amount) == (550_000, 550_000)
    await fakes.pay("scalev", bill.key)
    await fakes.hear(shop.pool, 3)
    await shop.settle()
    enrolled = (await shop.get("/v1/customers/budi/enrollments"))["items"]
    assert sorted(one["course"] for one in enrolled) == ["kelas-python", "paket-kelas"]


@pytest.mark.parametrize("trouble", ["timeout_after", "drop_after"])
async def test_c120_an_order_whose_answer_was_lost_is_found_among_the_customers_orders(
    shop: Shop, fakes: FakeStand, trouble: str
) -> None:
    await shop.customer()
    await fakes.switch(trouble, "scalev", times=1, **ORDERS)
    waiting = await shop.post("/v1/orders", COURSE, 202, **{"Idempotency-Key": "k"})
    assert (waiting["status"], waiting["payment_url"]) == ("unknown", None)

    async def known() -> bool:
        await shop.checkout.opener.resolve()
        return bool((await shop.get(f"/v1/orders/{waiting['order_id']}"))["status"] == "pending")

    await until(known)
    again = await shop.post("/v1/orders", COURSE, **{"Idempotency-Key": "k"})
    (bill,) = fakes.bills("scalev")
    assert (again["order_id"], again["provider_order_id"]) == (waiting["order_id"], bill.reference)


async def test_c120_clicks_at_once_make_one_order_at_scalev(shop: Shop, fakes: FakeStand) -> None:
    await shop.customer()
    made = await all_at_once([shop.post("/v1/orders", COURSE, **{"Idempotency-Key": "k"}) for _ in range(20)])
    assert len({one["order_id"] for one in made}) == 1
    assert len(fakes.bills("scalev")) == 1


async def test_c120_what_scalev_may_still_be_making_is_looked_for_and_not_made_again(
    at_scalev: Callable[..., Settings], fakes: FakeStand
) -> None:
    async with opened(at_scalev(checkout_repeat_after_seconds=3600), goods_catalog()) as shop:
        await shop.customer()
        await fakes.switch("drop_after", "scalev", times=1, **ORDERS)
        # The list does not show it yet.
        hidden = {"data": [], "next_cursor": None, "has_next": False}
        await fakes.switch(
            "answer", "scalev", method="GET", path="/v3/orders", times=3, status=200, body=hidden
        )
        waiting = await shop.post("/v1/orders", COURSE, 202)

        async def known() -> bool:
            await shop.checkout.opener.resolve()
            return bool((await shop.get(f"/v1/orders/{waiting['order_id']}"))["status"] == "pending")

        await until(known)
        assert len(fakes.bills("scalev")) == 1
        # One that made it, three that were shown an old list, and the one that found it.
        assert await shop.pool.fetchval("SELECT attempts FROM payment_requests") == 5


async def test_an_order_is_made_again_when_it_was_long_enough_not_found(
    at_scalev: Callable[..., Settings], fakes: FakeStand
) -> None:
    async with opened(at_scalev(checkout_repeat_after_seconds=3600), goods_catalog()) as shop:
        await shop.customer()
        await fakes.switch("refuse", "scalev", times=1, status=500, **ORDERS)
        waiting = await shop.post("/v1/orders", COURSE, 202)
        await until(lambda: shop.checkout.opener.resolve())
        assert fakes.bills("scalev") == []
        await shop.pool.execute("UPDATE payment_requests SET asked_at = asked_at - interval '2 hours'")

        async def known() -> bool:
            await shop.checkout.opener.resolve()
            return bool((await shop.get(f"/v1/orders/{waiting['order_id']}"))["status"] == "pending")

        await until(known)
        assert len(fakes.bills("scalev")) == 1


async def test_scalevs_own_price_is_told_and_paid_where_it_is_another_than_ours(
    at_scalev: Callable[..., Settings], fakes: FakeStand
) -> None:
    catalog = goods_catalog()
    products = tuple(
        product.model_copy(update={"price_idr": 190_000}) if product.id == "kelas-python" else product
        for product in catalog.products
    )
    async with opened(at_scalev(), catalog.model_copy(update={"products": products})) as shop:
        await shop.customer()
        made = await shop.post("/v1/orders", COURSE)
        assert (made["amount"], made["items"][0]["price_idr"]) == (150_000, 190_000)
        await fakes.pay("scalev", made["provider_order_id"])
        await fakes.hear(shop.pool, 3)
        await shop.settle()
        assert (await shop.get("/v1/suspense"))["items"] == []
        (enrolled,) = (await shop.get("/v1/customers/budi/enrollments"))["items"]
        assert enrolled["status"] == "active"


async def test_without_a_store_of_its_own_in_the_settings_the_keys_only_store_is_used(
    at_scalev: Callable[..., Settings], fakes: FakeStand
) -> None:
    two = {"data": [{"unique_id": "store_a"}, {"unique_id": "store_b"}], "next_cursor": None}
    async with opened(at_scalev(), goods_catalog()) as shop:
        await shop.customer()
        await fakes.switch("answer", "scalev", path="/v3/stores", times=1, status=200, body=two)
        assert (await shop.post("/v1/orders", COURSE, 502))["code"] == "store_unnamed"
        await shop.post("/v1/orders", COURSE)
    async with opened(at_scalev(scalev_store_unique_id="store_of_another_key"), goods_catalog()) as shop:
        refused = await shop.post("/v1/orders", COURSE | {"allow_second": True}, 502)
        assert refused["code"] == "store_mismatch"
