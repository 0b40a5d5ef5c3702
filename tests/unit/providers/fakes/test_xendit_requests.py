"""The third generation of the fake Xendit: what it asks for, what it refuses, and what it tells."""

from __future__ import annotations

from typing import Any

import pytest
from multidict import CIMultiDict

from schemas.facts import PaymentSucceeded, RefundSucceeded
from tests.unit.providers.fakes.stand import KEYS, Caller, WebhookDoor, basic, facts_of
from tests.waiting import until

QRIS: dict[str, Any] = {
    "reference_id": "topup-1",
    "type": "PAY",
    "country": "ID",
    "currency": "IDR",
    "request_amount": 50_000,
    "capture_method": "AUTOMATIC",
    "channel_code": "QRIS",
    "channel_properties": {},
    "description": "Isi saldo",
    "metadata": {"payment_type": "credit_topup", "customer_id": "pelanggan-1"},
}
VA = {"channel_code": "BCA_VIRTUAL_ACCOUNT", "channel_properties": {"display_name": "Sari"}}
OVO = {"channel_code": "OVO", "channel_properties": {"account_mobile_number": "+6281290011223"}}
GOPAY = {"channel_code": "GOPAY", "channel_properties": {"success_return_url": "https://toko.example/ya"}}


async def ask(
    caller: Caller, method: str, path: str, document: Any = None, **headers: str
) -> tuple[int, Any, CIMultiDict[str]]:
    usual = {"Authorization": basic(KEYS["xendit"]), "api-version": "2024-11-11"}
    return await caller.call("xendit", method, path, document, **(usual | headers))


async def create(caller: Caller, **changes: Any) -> Any:
    status, made, _ = await ask(caller, "POST", "/v3/payment_requests", QRIS | changes)
    assert status == 201, made
    return made


@pytest.mark.parametrize(
    ("changes", "action", "begins"),
    [
        ({}, ("PRESENT_TO_CUSTOMER", "QR_STRING"), "000201"),
        (VA, ("PRESENT_TO_CUSTOMER", "VIRTUAL_ACCOUNT_NUMBER"), "107660"),
        (GOPAY, ("REDIRECT_CUSTOMER", "WEB_URL"), "http://127.0.0.1"),
    ],
)
async def test_a_request_says_what_the_payer_needs(
    caller: Caller, changes: dict[str, Any], action: tuple[str, str], begins: str
) -> None:
    made = await create(caller, **changes)
    assert made["status"] == "REQUIRES_ACTION"
    assert made["payment_request_id"].startswith("pr-")
    assert made["metadata"] == QRIS["metadata"]
    (only,) = made["actions"]
    assert (only["type"], only["descriptor"]) == action
    assert only["value"].startswith(begins)


async def test_ovo_asks_the_phone_and_gives_no_action(caller: Caller) -> None:
    assert (await create(caller, **OVO))["actions"] == []


async def test_a_request_is_found_by_its_id_and_by_our_reference(caller: Caller) -> None:
    made = await create(caller)
    _, read, _ = await ask(caller, "GET", f"/v3/payment_requests/{made['payment_request_id']}")
    assert read == made
    _, listed, _ = await ask(caller, "GET", "/payment_requests?reference_id=topup-1")
    assert [(row["id"], row["reference_id"]) for row in listed["data"]] == [
        (made["payment_request_id"], "topup-1")
    ]
    _, none, _ = await ask(caller, "GET", "/payment_requests?reference_id=never-asked")
    assert none == {"data": [], "has_more": False}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"channel_properties": {"expires_at": "2026-03-02T04:00:00Z"}}, "API_VALIDATION_ERROR"),
        ({"channel_code": "PAYPAL"}, "API_VALIDATION_ERROR"),
        ({"request_amount": 10_000_001}, "INVALID_VALUE_ERROR"),
        ({"request_amount": 0}, "INVALID_VALUE_ERROR"),
        ({"request_amount": "50000"}, "API_VALIDATION_ERROR"),
        ({"request_amount": 50_000.5}, "API_VALIDATION_ERROR"),
        ({"request_amount": None}, "API_VALIDATION_ERROR"),
        ({"reference_id": ""}, "API_VALIDATION_ERROR"),
        ({"reference_id": "x" * 256}, "API_VALIDATION_ERROR"),
        ({"currency": "USD"}, "API_VALIDATION_ERROR"),
        ({"type": "LEND"}, "API_VALIDATION_ERROR"),
        ({"metadata": {"note": "x" * 501}}, "API_VALIDATION_ERROR"),
        (VA | {"request_amount": 9_999}, "INVALID_VALUE_ERROR"),
        (
            VA | {"channel_properties": {"display_name": "S", "expires_at": "yesterday"}},
            "API_VALIDATION_ERROR",
        ),
        (
            VA | {"channel_properties": {"display_name": "S", "expires_at": "2026-03-02T03:00:00Z"}},
            "API_VALIDATION_ERROR",
        ),
        (
            {"channel_code": "OVO", "channel_properties": {"account_mobile_number": "0812"}},
            "API_VALIDATION_ERROR",
        ),
    ],
)
async def test_what_the_reference_forbids_is_refused_and_leaves_nothing(
    caller: Caller, changes: dict[str, Any], code: str
) -> None:
    status, said, _ = await ask(caller, "POST", "/v3/payment_requests", QRIS | changes)
    assert (status, said["error_code"]) == (400, code)
    assert said["message"]
    assert (await caller.control("GET", "/payments"))[1] == []


async def test_the_message_for_an_expiry_of_qris_names_the_field_and_the_channel(caller: Caller) -> None:
    wish = QRIS | {"channel_properties": {"expires_at": "2026-03-02T04:00:00Z"}}
    _, said, _ = await ask(caller, "POST", "/v3/payment_requests", wish)
    assert "expires_at" in said["message"]
    assert "QRIS" in said["message"]


async def test_a_reference_can_be_used_once(caller: Caller) -> None:
    await create(caller)
    status, said, _ = await ask(caller, "POST", "/v3/payment_requests", QRIS | {"request_amount": 60_000})
    assert (status, said["error_code"]) == (409, "DUPLICATE_ERROR")


@pytest.mark.parametrize("key", ["", "Bearer dev-xendit-key", basic("another"), "Basic !!!"])
async def test_another_key_opens_nothing(caller: Caller, key: str) -> None:
    status, said, _ = await ask(caller, "POST", "/v3/payment_requests", QRIS, Authorization=key)
    assert (status, said["error_code"]) == (401, "INVALID_API_KEY")


async def test_the_version_of_the_api_is_asked_for(caller: Caller) -> None:
    status, said, _ = await ask(caller, "POST", "/v3/payment_requests", QRIS, **{"api-version": "2020-01-01"})
    assert (status, said["error_code"]) == (400, "API_VALIDATION_ERROR")


@pytest.mark.parametrize("path", ["/v3/payment_requests/pr-none", "/v3/payments/py-none", "/nowhere"])
async def test_what_is_not_there_is_said_in_the_providers_form(caller: Caller, path: str) -> None:
    status, said, _ = await ask(caller, "GET", path)
    assert (status, said["error_code"]) == (404, "DATA_NOT_FOUND")


async def test_the_sixty_first_call_in_a_minute_is_refused_with_the_documented_headers(
    caller: Caller,
) -> None:
    for left in range(59, -1, -1):
        status, _, headers = await ask(caller, "GET", "/v3/payment_requests/pr-none")
        assert (status, headers["Rate-Limit-Limit"], headers["Rate-Limit-Remaining"]) == (
            404,
            "60",
            str(left),
        )
    status, said, headers = await ask(caller, "GET", "/v3/payment_requests/pr-another")
    assert (status, said["error_code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert int(headers["Rate-Limit-Reset"]) > 0
    assert (await create(caller))["status"] == "REQUIRES_ACTION"  # counted by itself
    await caller.advance("1m")
    assert (await ask(caller, "GET", "/v3/payment_requests/pr-none"))[0] == 404


async def test_a_simulated_payment_is_told_by_a_webhook_that_our_own_translator_understands(
    caller: Caller, door: WebhookDoor
) -> None:
    made = await create(caller)
    path = f"/v3/payment_requests/{made['payment_request_id']}"
    status, said, _ = await ask(caller, "POST", f"{path}/simulate", {"amount": 50_000})
    assert (status, said["status"]) == (200, "PENDING")
    await until(lambda: door.taken)
    (webhook,) = door.taken
    assert webhook.document["event"] == "payment.capture"
    (event,) = [fact for fact in facts_of(webhook) if isinstance(fact, PaymentSucceeded)]
    assert event.amount == 50_000
    _, read, _ = await ask(caller, "GET", path)
    assert read["status"] == "SUCCEEDED"
    _, payment, _ = await ask(caller, "GET", f"/v3/payments/{read['latest_payment_id']}")
    assert payment["captures"][0]["capture_amount"] == 50_000


@pytest.mark.parametrize("amounts", [[30_000], [80_000], [50_000, 50_000]])
async def test_one_pays_too_little_too_much_or_twice_and_every_payment_is_told(
    caller: Caller, door: WebhookDoor, amounts: list[int]
) -> None:
    made = await create(caller)
    for amount in amounts:
        await caller.control("POST", "/payments/xendit/topup-1/pay", {"amount": amount})
    await until(lambda: len(door.taken) == len(amounts))
    told = [webhook.document["data"] for webhook in door.taken]
    assert sorted(one["captures"][0]["capture_amount"] for one in told) == sorted(amounts)
    assert len({one["payment_id"] for one in told}) == len(amounts)
    assert {one["request_amount"] for one in told} == {50_000}
    assert {one["payment_request_id"] for one in told} == {made["payment_request_id"]}


async def test_odd_shapes_mean_the_same(caller: Caller, door: WebhookDoor) -> None:
    await create(caller)
    await caller.control("POST", "/switches", {"provider": "xendit", "do": "odd_shapes"})
    await caller.control("POST", "/payments/xendit/topup-1/pay", {})
    await caller.control("POST", "/payments/xendit/topup-1/refund", {"amount": 20_000})
    await until(lambda: len(door.taken) == 2)
    by_event = {one.document["event"]: one for one in door.taken}
    assert by_event["payment.capture"].document["data"]["captures"][0]["capture_amount"] == "50000.00"
    assert set(by_event["refund.succeeded"].document["data"]) == {"data"}
    (paid,) = [fact for fact in facts_of(by_event["payment.capture"]) if isinstance(fact, PaymentSucceeded)]
    (refund,) = [fact for fact in facts_of(by_event["refund.succeeded"]) if isinstance(fact, RefundSucceeded)]
    assert (paid.amount, refund.amount) == (50_000, 20_000)


async def test_what_is_not_paid_in_time_expires_and_late_money_still_arrives(
    caller: Caller, door: WebhookDoor
) -> None:
    made = await create(caller, **OVO)
    await caller.advance("54s")
    assert door.taken == []
    await caller.advance("1s")
    assert [webhook.document["event"] for webhook in door.taken] == ["payment_request.expiry"]
    await caller.control("POST", "/payments/xendit/topup-1/pay", {})
    await until(lambda: len(door.taken) == 2)
    assert door.taken[1].document["event"] == "payment.capture"
    _, read, _ = await ask(caller, "GET", f"/v3/payment_requests/{made['payment_request_id']}")
    assert read["status"] == "EXPIRED"


async def test_an_account_number_lives_until_the_moment_that_was_asked_for(
    caller: Caller, door: WebhookDoor
) -> None:
    properties = {"display_name": "Sari", "expires_at": "2026-03-03T03:04:05.678Z"}
    await create(caller, **VA | {"channel_properties": properties})
    await caller.advance("23h59m")
    assert door.taken == []
    await caller.advance("1m")
    assert [webhook.document["data"]["status"] for webhook in door.taken] == ["EXPIRED"]


async def test_cancelling_tells_nobody_and_works_while_the_request_is_open(
    caller: Caller, door: WebhookDoor
) -> None:
    made = await create(caller)
    path = f"/v3/payment_requests/{made['payment_request_id']}/cancel"
    status, cancelled, _ = await ask(caller, "POST", path)
    assert (status, cancelled["status"]) == (200, "CANCELED")
    assert (await ask(caller, "POST", path))[0] == 400
    await caller.advance("3d")
    assert door.taken == []


@pytest.mark.parametrize(
    ("changes", "after"), [({}, "REQUIRES_ACTION"), (VA, "REQUIRES_ACTION"), (OVO, "FAILED")]
)
async def test_a_failed_attempt_ends_a_wallets_request_only(
    caller: Caller, door: WebhookDoor, changes: dict[str, Any], after: str
) -> None:
    await create(caller, **changes)
    _, bill = await caller.control("POST", "/payments/xendit/topup-1/fail", {})
    assert bill["status"] == after
    await until(lambda: door.taken)
    assert door.taken[0].document["event"] == "payment.failure"
    assert door.taken[0].document["data"]["failure_code"]


async def test_manual_capture_reserves_first_and_takes_the_money_on_our_call(
    caller: Caller, door: WebhookDoor
) -> None:
    await create(caller, capture_method="MANUAL", **GOPAY)
    await caller.control("POST", "/payments/xendit/topup-1/pay", {})
    await until(lambda: door.taken)
    reserved = door.taken[0].document
    assert (reserved["event"], "captures" in reserved["data"]) == ("payment.authorization", False)
    status, payment, _ = await ask(
        caller, "POST", f"/v3/payments/{reserved['data']['payment_id']}/capture", {"capture_amount": 40_000}
    )
    assert (status, payment["captures"][0]["capture_amount"]) == (200, 40_000)
    await until(lambda: len(door.taken) == 2)
    assert door.taken[1].document["event"] == "payment.capture"


async def test_the_same_calls_give_the_same_ids_on_another_day(caller: Caller) -> None:
    made = await create(caller)
    assert made["payment_request_id"] == "pr-2884f94a-bdab-4406-bf2c-bf6ee12ae772"
