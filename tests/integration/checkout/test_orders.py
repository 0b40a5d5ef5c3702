"""Orders: the price of the day, one open order at a time, and the whole way without any provider."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from console.exits import NotFound, Refused
from console.manual_orders import confirm_order, reject_order
from console.store import open_store
from runtime.settings import Settings
from tests.integration.checkout.conftest import Shop, all_at_once, opened

COURSE = {"customer_id": "budi", "items": [{"product": "kelas-python"}]}


@pytest.fixture
def by_hand(shop_settings: Callable[..., Settings]) -> Settings:
    return shop_settings(payment_provider="manual", manual_payment_url="https://shop.example/transfer")


@pytest.fixture
async def shop(by_hand: Settings) -> AsyncIterator[Shop]:
    async with opened(by_hand) as one:
        yield one


async def test_s3_an_order_by_hand_waits_for_a_person_and_then_opens_the_course(
    shop: Shop, by_hand: Settings
) -> None:
    await shop.customer()
    made = await shop.post("/v1/orders", COURSE)
    assert (made["provider"], made["status"], made["payment_url"]) == (
        "manual",
        "pending",
        "https://shop.example/transfer",
    )
    assert made["items"] == [
        {"product": "kelas-python", "quantity": 1, "price_idr": made["amount"], "title": "Kelas Python"}
    ]
    await shop.settle()
    assert (await shop.get("/v1/customers/budi/enrollments"))["items"] == []
    async with open_store(by_hand) as connection:
        act = await confirm_order(connection, made["order_id"], "seen on the statement", "BCA 0412", "none")
        assert (
            await connection.fetchval("SELECT verb FROM operator_acts WHERE act_id = $1", act)
            == "manual.confirm"
        )
    await shop.settle()
    (enrolled,) = (await shop.get("/v1/customers/budi/enrollments"))["items"]
    assert (enrolled["course"], enrolled["status"]) == ("kelas-python", "active")
    assert (await shop.get(f"/v1/orders/{made['order_id']}"))["status"] == "succeeded"
    assert (await shop.get("/v1/suspense"))["items"] == []
    assert (await shop.get("/v1/ledger"))["balanced"] is True


async def test_two_people_who_confirm_one_order_at_once_grant_it_once(shop: Shop, by_hand: Settings) -> None:
    await shop.customer()
    made = await shop.post("/v1/orders", COURSE)

    async def confirm() -> str:
        async with open_store(by_hand) as connection:
            try:
                await confirm_order(connection, made["order_id"], "seen", None, "none")
            except Refused:
                return "already"
        return "done"

    assert sorted(await asyncio.gather(*(confirm() for _ in range(4)))) == ["already"] * 3 + ["done"]
    await shop.settle()
    assert len((await shop.get("/v1/customers/budi/enrollments"))["items"]) == 1


async def test_a_rejected_order_fails_cannot_be_confirmed_and_makes_room_for_a_new_one(
    shop: Shop, by_hand: Settings
) -> None:
    await shop.customer()
    made = await shop.post("/v1/orders", COURSE)
    async with open_store(by_hand) as connection:
        await reject_order(connection, made["order_id"], "never paid", "none")
        with pytest.raises(Refused):
            await confirm_order(connection, made["order_id"], "late", None, "none")
        with pytest.raises(NotFound):
            await confirm_order(connection, "req_" + "0" * 32, "?", None, "none")
    await shop.settle()
    assert (await shop.get(f"/v1/orders/{made['order_id']}"))["status"] == "failed"
    again = await shop.post("/v1/orders", COURSE)
    assert again["order_id"] != made["order_id"]


async def test_c121_clicks_at_once_make_one_order(shop: Shop) -> None:
    await shop.customer()
    made = await all_at_once([shop.post("/v1/orders", COURSE) for _ in range(20)])
    assert len({one["order_id"] for one in made}) == 1
    assert sum(one["created"] for one in made) == 1


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        ({"customer_id": "budi", "items": []}, "invalid_body", 422),
        ({"customer_id": "budi", "items": [{"product": "nobody-sells-this"}]}, "product_unknown", 422),
        ({"customer_id": "nobody", "items": [{"product": "kelas-python"}]}, "customer_not_found", 404),
        (
            {"customer_id": "budi", "items": [{"product": "kelas-python", "quantity": -1}]},
            "invalid_body",
            422,
        ),
        (
            {"customer_id": "budi", "items": [{"product": "kelas-python", "quantity": "2"}]},
            "invalid_body",
            422,
        ),
    ],
)
async def test_what_cannot_be_sold_is_refused_and_nothing_is_written(
    shop: Shop, body: dict[str, Any], code: str, status: int
) -> None:
    await shop.customer()
    refused = await shop.post("/v1/orders", body, status)
    assert refused["code"] == code
    assert await shop.log() == []


async def test_a_second_equal_order_is_made_only_when_asked_for(shop: Shop) -> None:
    await shop.customer()
    first = await shop.post("/v1/orders", COURSE)
    assert (await shop.post("/v1/orders", COURSE))["order_id"] == first["order_id"]
    second = await shop.post("/v1/orders", COURSE | {"allow_second": True})
    assert (second["order_id"] != first["order_id"], second["created"]) == (True, True)
