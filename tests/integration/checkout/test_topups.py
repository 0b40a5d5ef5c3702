"""A top-up from a customer's click to the balance: asked for once, whatever callers and providers do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from processor.fulfilment.catalog_source import publish_catalog
from schemas.facts import PaymentSucceeded
from tests.integration.checkout.conftest import Shop, all_at_once
from tests.integration.checkout.xendit_door import XenditDoor
from tests.unit.processor.policies.ledgerbook import shipped_catalog

QRIS = {"customer_id": "budi", "amount": 50_000, "payment_method": "qris"}


def paid(xendit_id: str, amount: int = 50_000, **more: Any) -> PaymentSucceeded:
    """Xendit's webhook, as intake understands it."""
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "provider": "xendit",
        "payment_key": f"py-{xendit_id}",
        "attempt_id": f"py-{xendit_id}",
        "group_id": xendit_id,
        "amount": amount,
        "token_only": True,
        "occurred_at": now,
        "paid_at": now,
    }
    return PaymentSucceeded(**(values | more))


async def test_a_top_up_is_asked_for_paid_and_credited(shop: Shop, xendit: XenditDoor) -> None:
    await shop.customer()
    made = await shop.post("/v1/topups", QRIS)
    assert (made["status"], made["xendit_id"], made["amount"]) == ("pending", "pr-1", 50_000)
    assert made["qr_string"] == "000201010212261"
    assert made["created"] is True
    await shop.settle()
    seen = await shop.get(f"/v1/topups/{made['payment_id']}?min_position={made['position']}")
    assert seen["status"] == "pending"
    await shop.hear(paid("pr-1"))
    assert (await shop.get("/v1/customers/budi/balance"))["credit_tokens"] == 500_000
    seen = await shop.get(f"/v1/topups/{made['payment_id']}")
    assert (seen["status"], seen["late"]) == ("succeeded", False)
    listed = await shop.get("/v1/customers/budi/topups")
    assert [item["payment_id"] for item in listed["items"]] == [made["payment_id"]]


async def test_c94_a_topup_is_credited_at_the_rate_of_when_it_was_asked_for_whatever_the_catalogue_says_later(
    shop: Shop,
) -> None:
    await shop.customer()
    made = await shop.post("/v1/topups", QRIS)
    asked = "SELECT (data ->> 'tokens_per_idr')::int FROM events WHERE type = 'checkout.requested'"
    assert await shop.pool.fetchval(asked) == 10
    catalog = shipped_catalog()
    dearer = catalog.credit.model_copy(update={"tokens_per_idr": 7})
    assert await publish_catalog(shop.pool, catalog.model_copy(update={"credit": dearer}))
    await shop.settle()
    await shop.hear(paid(made["xendit_id"]))
    assert (await shop.get("/v1/customers/budi/balance"))["credit_tokens"] == 500_000


async def test_the_request_and_the_call_are_on_the_payments_timeline(shop: Shop) -> None:
    await shop.customer()
    made = await shop.post("/v1/topups", QRIS)
    await shop.settle()
    for name in (made["payment_id"], made["xendit_id"]):
        payment = await shop.get(f"/v1/payments/xendit/{name}")
        types = [step["type"] for step in payment["timeline"]]
        assert [one for one in types if one != "payment.assessed"] == [
            "checkout.requested",
            "provider.called",
            "checkout.opened",
        ]
        assert payment["customer_id"] == "budi"


async def test_xendit_is_told_what_the_payment_is_for_and_of_whom(shop: Shop, xendit: XenditDoor) -> None:
    await shop.customer()
    made = await shop.post("/v1/topups", QRIS)
    (body,) = xendit.bodies
    assert body["reference_id"] == made["payment_id"] == xendit.keys[0]
    assert body["metadata"] == {"payment_type": "credit_topup", "customer_id": "budi"}
    assert (body["request_amount"], body["channel_code"], body["currency"]) == (50_000, "QRIS", "IDR")
    assert body["channel_properties"] == {}


@pytest.mark.parametrize("channel", ["BCA", "BNI", "BRI", "MANDIRI"])
async def test_a_virtual_account_lasts_as_long_as_the_catalogue_says(
    shop: Shop, xendit: XenditDoor, channel: str
) -> None:
    await shop.customer()
    code = f"{channel}_VIRTUAL_ACCOUNT"
    made = await shop.post("/v1/topups", QRIS | {"payment_method": "va", "va_channel": code})
    assert (made["va_number"], made["va_channel"]) == ("107660000001", code)
    ends, began = (datetime.fromisoformat(made[name]) for name in ("expires_at", "created_at"))
    assert ends - began == timedelta(hours=24)
    told = datetime.fromisoformat(xendit.bodies[0]["channel_properties"]["expires_at"])
    assert abs(told - ends) < timedelta(seconds=1)


@pytest.mark.parametrize(
    "written", ["081234567890", "81234567890", "6281234567890", "+62 812-3456-7890", " 0812 3456 7890 "]
)
async def test_c124_ovo_numbers_have_one_form(shop: Shop, xendit: XenditDoor, written: str) -> None:
    await shop.customer()
    wish = QRIS | {"payment_method": "ewallet", "ewallet_channel": "OVO", "mobile_number": written}
    made = await shop.post("/v1/topups", wish)
    assert xendit.bodies[0]["channel_properties"] == {"account_mobile_number": "+6281234567890"}
    assert made["note"] == "confirm_in_app"


async def test_gopay_sends_the_payer_to_its_page_and_back(shop: Shop, xendit: XenditDoor) -> None:
    await shop.customer()
    made = await shop.post("/v1/topups", QRIS | {"payment_method": "ewallet", "ewallet_channel": "GOPAY"})
    assert made["redirect_url"] == "https://gopay.example/1"
    assert xendit.bodies[0]["channel_properties"] == {
        "success_return_url": "http://app.example/subscription/topup/success",
        "failure_return_url": "http://app.example/subscription/topup/failed",
        "cancel_return_url": "http://app.example/subscription/topup",
    }


async def test_c125_gopay_without_a_page_says_that_it_is_the_sandbox(shop: Shop, xendit: XenditDoor) -> None:
    await shop.customer()
    xendit.quirk = "no_actions"
    made = await shop.post("/v1/topups", QRIS | {"payment_method": "ewallet", "ewallet_channel": "GOPAY"})
    assert (made["redirect_url"], made["note"]) == (None, "sandbox_without_redirect")


async def test_c121_two_hundred_clicks_at_once_ask_for_one_payment(shop: Shop, xendit: XenditDoor) -> None:
    await shop.customer()
    answers = await all_at_once([shop.post("/v1/topups", QRIS) for _ in range(200)])
    assert len({one["payment_id"] for one in answers}) == 1
    assert sum(one["created"] for one in answers) == 1
    assert {one["qr_string"] for one in answers} == {"000201010212261"}
    assert xendit.made == 1
    assert await shop.log() == ["checkout.requested", "checkout.opened"]


async def test_c121_two_hundred_clicks_with_one_key_ask_for_one_payment(
    shop: Shop, xendit: XenditDoor
) -> None:
    await shop.customer()
    wish = QRIS | {"allow_second": True}
    posts = [shop.post("/v1/topups", wish, **{"Idempotency-Key": "click-1"}) for _ in range(200)]
    answers = await all_at_once(posts)
    assert len({one["payment_id"] for one in answers}) == 1
    assert xendit.made == 1


async def test_a_second_one_on_purpose_is_a_second_one(shop: Shop, xendit: XenditDoor) -> None:
    await shop.customer()
    first = await shop.post("/v1/topups", QRIS)
    second = await shop.post("/v1/topups", QRIS | {"allow_second": True})
    assert first["payment_id"] != second["payment_id"]
    assert (await shop.post("/v1/topups", QRIS))["payment_id"] == first["payment_id"]


@pytest.mark.parametrize(
    "other",
    [
        {"amount": 25_000},
        {"customer_id": "sari"},
        {"payment_method": "va", "va_channel": "BCA_VIRTUAL_ACCOUNT"},
    ],
)
async def test_another_amount_customer_or_method_is_another_request(
    shop: Shop, other: dict[str, Any]
) -> None:
    await shop.customer()
    await shop.customer("sari", "sari@example.com")
    first = await shop.post("/v1/topups", QRIS)
    assert (await shop.post("/v1/topups", QRIS | other))["payment_id"] != first["payment_id"]


async def test_once_paid_the_next_click_asks_for_a_new_payment(shop: Shop) -> None:
    await shop.customer()
    first = await shop.post("/v1/topups", QRIS)
    await shop.settle()
    await shop.hear(paid("pr-1"))
    second = await shop.post("/v1/topups", QRIS)
    assert second["payment_id"] != first["payment_id"]
    assert second["created"] is True


async def test_once_expired_the_next_click_asks_for_a_new_payment(shop: Shop) -> None:
    await shop.customer()
    first = await shop.post("/v1/topups", QRIS)
    await shop.pool.execute("UPDATE payment_requests SET expires_at = clock_timestamp() - interval '1 s'")
    assert (await shop.post("/v1/topups", QRIS))["payment_id"] != first["payment_id"]


async def test_a_key_that_was_used_for_another_body_is_refused(shop: Shop) -> None:
    await shop.customer()
    key = {"Idempotency-Key": "k-1"}
    await shop.post("/v1/topups", QRIS, **key)
    refused = await shop.post("/v1/topups", QRIS | {"amount": 25_000}, 422, **key)
    assert refused["code"] == "idempotency_key_reused"


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"amount": 50_001}, "amount_not_offered", "amount"),
    ({"amount": 0}, "amount_not_offered", "amount"),
    ({"amount": -50_000}, "amount_not_offered", "amount"),
    ({"amount": "50000"}, "invalid_body", "amount"),
    ({"amount": 50_000.5}, "invalid_body", "amount"),
    ({"amount": 10**20}, "invalid_body", "amount"),
    ({"amount": True}, "invalid_body", "amount"),
    ({"payment_method": "cash"}, "invalid_body", "payment_method"),
    ({"payment_method": "va"}, "channel_required", "va_channel"),
    ({"payment_method": "va", "va_channel": "OVO"}, "channel_unknown", "va_channel"),
    ({"payment_method": "ewallet"}, "channel_required", "ewallet_channel"),
    ({"payment_method": "ewallet", "ewallet_channel": "DANA"}, "channel_unknown", "ewallet_channel"),
    ({"payment_method": "ewallet", "ewallet_channel": "OVO"}, "phone_required", "mobile_number"),
    (
        {"payment_method": "ewallet", "ewallet_channel": "OVO", "mobile_number": "+6591234567"},
        "phone_invalid",
        "mobile_number",
    ),
    (
        {"payment_method": "ewallet", "ewallet_channel": "OVO", "mobile_number": "021 5551234"},
        "phone_invalid",
        "mobile_number",
    ),
    ({"customer_id": "a b"}, "invalid_body", "customer_id"),
    ({"surprise": 1}, "invalid_body", "surprise"),
]


@pytest.mark.parametrize(("wrong", "code", "field"), BAD)
async def test_what_is_wrong_is_named_in_two_languages_and_nothing_is_written(
    shop: Shop, xendit: XenditDoor, wrong: dict[str, Any], code: str, field: str
) -> None:
    await shop.customer()
    said = []
    for language in ("en", "id"):
        refused = await shop.post("/v1/topups", QRIS | wrong, 422, **{"Accept-Language": language})
        assert (refused["code"], refused["field"]) == (code, field)
        said.append(refused["detail"])
    assert said[0] != said[1]
    assert await shop.log() == []
    assert await shop.pool.fetchval("SELECT count(*) FROM payment_requests") == 0
    assert xendit.calls == []


async def test_a_customer_nobody_registered_is_refused_and_nothing_is_written(
    shop: Shop, xendit: XenditDoor
) -> None:
    refused = await shop.post("/v1/topups", QRIS, 404, **{"Idempotency-Key": "k"})
    assert (refused["code"], refused["field"]) == ("customer_not_found", "customer_id")
    assert await shop.log() == []
    assert xendit.calls == []
    await shop.customer()
    await shop.post("/v1/topups", QRIS, **{"Idempotency-Key": "k"})


async def test_a_top_up_nobody_made_is_not_found(shop: Shop) -> None:
    for name in ("req_" + "0" * 32, "nonsense", "%00"):
        assert (await shop.get(f"/v1/topups/{name}", 404))["code"] == "request_not_found"
    assert (await shop.get("/v1/customers/nobody/topups", 404))["code"] == "customer_not_found"


async def test_c61_less_than_asked_for_is_held_and_credits_nothing(shop: Shop) -> None:
    await shop.customer()
    await shop.post("/v1/topups", QRIS)
    await shop.settle()
    await shop.hear(paid("pr-1", 20_000, requested_amount=20_000))
    assert (await shop.get("/v1/customers/budi/balance"))["credit_tokens"] == 0
    held = await shop.get("/v1/suspense")
    assert [(item["reason"], item["amount"]) for item in held["items"]] == [("underpaid", 20_000)]


async def test_c70_a_top_up_paid_late_is_credited_and_marked(shop: Shop) -> None:
    await shop.customer()
    made = await shop.post("/v1/topups", QRIS)
    await shop.settle()
    then = datetime.now(UTC) + timedelta(minutes=31)
    await shop.hear(paid("pr-1", occurred_at=then, paid_at=then))
    assert (await shop.get("/v1/customers/budi/balance"))["credit_tokens"] == 500_000
    assert (await shop.get(f"/v1/topups/{made['payment_id']}"))["late"] is True


async def test_without_a_key_for_xendit_the_caller_is_told_so(shop_settings: Any) -> None:
    from tests.integration.checkout.conftest import opened

    async with opened(shop_settings(xendit_secret_key=None)) as shop:
        await shop.customer()
        refused = await shop.post("/v1/topups", QRIS, 501)
        assert refused["code"] == "provider_not_configured"
