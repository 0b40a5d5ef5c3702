"""The fake Scalev store: orders in both generations, products, and webhooks that our own translator understands."""

from __future__ import annotations

from typing import Any

import pytest
from multidict import CIMultiDict

from schemas.facts import (
    OrderCancelled,
    OrderDeleted,
    OrderRecorded,
    PaymentFailed,
    PaymentSettled,
    PaymentSucceeded,
)
from tests.unit.providers.fakes.stand import CHEAP, COURSE, GOODS, KEYS, Caller, WebhookDoor, facts_of
from tests.waiting import until

STORE = "akun-scalev"
ORDER: dict[str, Any] = {
    "store_unique_id": STORE,
    "customer_name": "Ratna Wulandari",
    "customer_phone": "081290011223",
    "customer_email": "ratna.wulandari@contoh.id",
    "ordervariants": [{"quantity": 2, "variant_unique_id": COURSE.variant_id}],
    "payment_method": "payment_link",
    "metadata": {"checkout_id": "pesanan-1"},
}


async def ask(
    caller: Caller, method: str, path: str, document: Any = None, **headers: str
) -> tuple[int, Any, CIMultiDict[str]]:
    usual = {"Authorization": f"Bearer {KEYS['scalev']}"}
    return await caller.call("scalev", method, path, document, **(usual | headers))


async def create(caller: Caller, **changes: Any) -> Any:
    status, made, _ = await ask(caller, "POST", "/v3/orders", ORDER | changes)
    assert status == 200, made
    return made


async def test_an_order_has_an_amount_a_page_and_is_told(caller: Caller, door: WebhookDoor) -> None:
    made = await create(caller)
    assert (made["gross_revenue"], made["payment_status"], made["status"]) == (
        "300000.00",
        "unpaid",
        "pending",
    )
    assert made["metadata"] == ORDER["metadata"]
    assert made["payment_url"] == made["public_order_url"] + "/success"
    async with caller.session.get(made["payment_url"]) as page:
        assert page.status == 200
        assert "Rp 300.000" in await page.text()
    await until(lambda: door.taken)
    (event,) = [fact for fact in facts_of(door.taken[0]) if isinstance(fact, OrderRecorded)]
    assert (event.gross_amount, event.payer_email) == (300_000, ORDER["customer_email"])


async def test_a_bundle_is_sold_at_its_price_option(caller: Caller) -> None:
    bundles = [{"quantity": 1, "bundle_price_option_unique_id": COURSE.bundle_id}]
    made = await create(
        caller, ordervariants=[], orderbundles=bundles, product_discount=10_000, other_income=2_500
    )
    assert made["gross_revenue"] == "142500.00"
    assert made["orderbundles"][0]["bundle_price_option_unique_id"] == COURSE.bundle_id


async def test_the_same_order_twice_is_two_orders(caller: Caller) -> None:
    first, second = await create(caller), await create(caller)
    assert first["id"] != second["id"]
    _, found, _ = await ask(
        caller, "GET", "/v3/orders?search=ratna.wulandari@contoh.id&search_field=customer_email"
    )
    assert [row["id"] for row in found["data"]] == [second["id"], first["id"]]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"store_unique_id": "store_another"}, 404),
        ({"customer_name": ""}, 400),
        ({"payment_method": "barter"}, 400),
        ({"ordervariants": []}, 400),
        ({"ordervariants": [{"quantity": 1, "variant_unique_id": "variant_none"}]}, 400),
        ({"ordervariants": [{"quantity": 0, "variant_unique_id": COURSE.variant_id}]}, 400),
    ],
)
async def test_what_cannot_be_ordered_is_refused_in_the_providers_form(
    caller: Caller, changes: dict[str, Any], status: int
) -> None:
    given, said, _ = await ask(caller, "POST", "/v3/orders", ORDER | changes)
    assert (given, said["code"]) == (status, status)
    assert said["error"]


async def test_a_cheap_order_cannot_be_paid_by_a_channel_with_a_floor(caller: Caller) -> None:
    cheap = {"ordervariants": [{"quantity": 1, "variant_unique_id": CHEAP.variant_id}]}
    assert (await ask(caller, "POST", "/v3/orders", ORDER | cheap | {"payment_method": "va_bca"}))[0] == 400
    assert (await create(caller, **cheap, payment_method="qris"))["gross_revenue"] == "5000.00"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("qris", ("payment_method", "qr_code", "channel_properties", "qr_string")),
        ("va_bni", ("payment_method", "virtual_account", "channel_properties", "virtual_account_number")),
        ("payment_link", ("payment_url",)),
    ],
)
async def test_the_gateway_says_how_to_pay(caller: Caller, method: str, path: tuple[str, ...]) -> None:
    made = await create(caller, payment_method=method)
    _, info, _ = await ask(caller, "POST", f"/v3/orders/{made['id']}/payment")
    for part in path:
        info = info[part]
    assert info
    _, read, _ = await ask(caller, "GET", f"/v3/orders/{made['id']}")
    _, same, _ = await ask(caller, "GET", f"/v2/order/pg-reference-id/{read['pg_reference_id']}")
    assert same["data"]["id"] == made["id"]


async def test_money_is_told_twice_under_two_names_and_settled_later(
    caller: Caller, door: WebhookDoor
) -> None:
    made = await create(caller, payment_method="qris")
    for act in ("pay", "settle"):
        await caller.control("POST", f"/payments/scalev/{made['order_id']}/{act}", {})
    await until(lambda: len(door.taken) == 6)
    by_event = {
        (one.document["event"], one.document["data"].get("payment_status")): one for one in door.taken
    }
    for event in ("order.payment_status_changed", "payment.received"):
        assert any(isinstance(fact, PaymentSucceeded) for fact in facts_of(by_event[event, "paid"]))
        assert any(isinstance(fact, PaymentSettled) for fact in facts_of(by_event[event, "settled"]))
        assert "gross_revenue" not in by_event[event, "paid"].document["data"]
    assert len({one.document["unique_id"] for one in door.taken}) == 6
    _, rows, _ = await ask(caller, "GET", "/v3/orders?payment_status=settled")
    assert [row["id"] for row in rows["data"]] == [made["id"]]


async def test_another_amount_is_a_conflict_that_can_be_resolved(caller: Caller, door: WebhookDoor) -> None:
    made = await create(caller)
    _, bill = await caller.control("POST", f"/payments/scalev/{made['id']}/pay", {"amount": 1_000})
    assert bill["status"].startswith("conflict")
    await until(lambda: len(door.taken) == 3)
    assert any(isinstance(fact, PaymentFailed) for one in door.taken for fact in facts_of(one))
    _, bill = await caller.control("POST", f"/payments/scalev/{made['id']}/pay", {})
    assert bill["status"].startswith("paid")


@pytest.mark.parametrize(("act", "kind"), [("cancel", OrderCancelled), ("delete", OrderDeleted)])
async def test_an_order_ends_without_money(caller: Caller, door: WebhookDoor, act: str, kind: type) -> None:
    made = await create(caller)
    await caller.control("POST", f"/payments/scalev/{made['id']}/{act}", {})
    await until(lambda: len(door.taken) == 2)
    assert any(isinstance(fact, kind) for one in door.taken for fact in facts_of(one))


async def test_a_paid_order_is_set_back_by_hand(caller: Caller, door: WebhookDoor) -> None:
    made = await create(caller)
    await caller.control("POST", f"/payments/scalev/{made['id']}/pay", {})
    _, bill = await caller.control("POST", f"/payments/scalev/{made['id']}/reverse", {})
    assert bill["status"].startswith("unpaid")
    await until(lambda: len(door.taken) == 4)


async def test_the_older_api_answers_in_its_envelope_over_the_same_orders(caller: Caller) -> None:
    status, made, _ = await ask(caller, "POST", "/v2/order", ORDER)
    assert (status, made["code"], made["status"]) == (200, 200, "Success")
    _, read, _ = await ask(caller, "GET", f"/v3/orders/{made['data']['id']}")
    assert read["order_id"] == made["data"]["order_id"]
    _, listed, _ = await ask(caller, "GET", "/v2/order")
    assert [row["id"] for row in listed["data"]["results"]] == [made["data"]["id"]]


async def test_lists_come_in_pages_of_25(caller: Caller) -> None:
    made = [(await create(caller))["id"] for _ in range(27)]
    _, first, _ = await ask(caller, "GET", "/v3/orders")
    _, second, _ = await ask(caller, "GET", f"/v3/orders?cursor={first['next_cursor']}")
    assert (len(first["data"]), first["has_next"], second["has_next"]) == (25, True, False)
    assert [row["id"] for row in first["data"] + second["data"]] == made[::-1]
    _, older, _ = await ask(caller, "GET", f"/v2/order?last_id={first['data'][-1]['id']}")
    assert [row["id"] for row in older["data"]["results"]] == made[1::-1]


async def test_the_store_shows_what_it_sells(caller: Caller) -> None:
    _, stores, _ = await ask(caller, "GET", "/v3/stores/simplified?search=palsu")
    assert [row["unique_id"] for row in stores["data"]] == [STORE]
    _, products, _ = await ask(caller, "GET", f"/v3/stores/{STORE}/products")
    variants = [row["variants"][0] for row in products["data"]]
    assert [(row["unique_id"], row["price"]) for row in variants] == [
        (good.variant_id, good.price) for good in GOODS
    ]
    _, one, _ = await ask(caller, "GET", f"/v3/stores/{STORE}/variants/{COURSE.variant_id}")
    assert one == variants[0]
    _, bundles, _ = await ask(caller, "GET", f"/v3/stores/{STORE}/bundles")
    _, options, _ = await ask(caller, "GET", f"/v3/bundles/{bundles['data'][0]['id']}/bundle-price-options")
    assert (options["data"][0]["unique_id"], options["data"][0]["price"]) == (COURSE.bundle_id, 150_000)
    assert (await ask(caller, "GET", "/v3/stores/store_none/products"))[0] == 404


async def test_the_storefront_shows_where_to_go_and_asks_for_its_own_key(caller: Caller) -> None:
    made = await create(caller)
    path = f"/v3/stores/{STORE}/public/orders/{made['secret_slug']}"
    front = {"Authorization": "", "X-Scalev-Storefront-Api-Key": "sfpk_x"}
    _, seen, _ = await ask(caller, "GET", path, **front)
    assert seen["redirect_url"] == made["public_order_url"]
    assert "customer" not in seen
    assert (await ask(caller, "GET", path, Authorization=""))[0] == 401


@pytest.mark.parametrize("key", ["", "Bearer wrong", "Basic x"])
async def test_another_key_opens_nothing(caller: Caller, key: str) -> None:
    status, said, _ = await ask(caller, "GET", "/v3/orders", Authorization=key)
    assert (status, said) == (401, {"error": "Invalid API key", "status": "Unauthorized", "code": 401})


async def test_one_call_too_many_is_answered_in_plain_text(caller: Caller) -> None:
    status, said, headers = await ask(caller, "GET", "/v3/orders", **{"x-fake": "rate_limited"})
    assert (status, said) == (429, "Too Many Requests")
    assert headers["X-Ratelimit-Remaining"] == "0"


async def test_the_connection_is_tested_as_the_settings_page_does(caller: Caller, door: WebhookDoor) -> None:
    await caller.control("POST", "/webhooks/test/scalev")
    await until(lambda: door.taken)
    assert door.taken[0].document["event"] == "business.test_event"
    assert facts_of(door.taken[0]) == []


async def test_a_repeated_event_keeps_its_id_and_signature(caller: Caller, door: WebhookDoor) -> None:
    door.answers = [500]
    await create(caller)
    await until(lambda: door.taken)
    await caller.advance("1m")
    assert len(door.taken) == 2
    assert door.taken[0].body == door.taken[1].body
    assert facts_of(door.taken[1])
