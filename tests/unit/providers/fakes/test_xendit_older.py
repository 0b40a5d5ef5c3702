"""The second generation, refunds, invoices, money and customers of the fake Xendit, over the state of the third."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.facts import DisputeOpened, PaymentExpired, PaymentSucceeded, RefundFailed, RefundSucceeded
from tests.unit.providers.fakes.stand import Caller, WebhookDoor, facts_of
from tests.unit.providers.fakes.test_xendit_requests import GOPAY, OVO, VA, ask, create
from tests.waiting import until

QR = {"type": "QR_CODE", "reusability": "ONE_TIME_USE", "qr_code": {"channel_code": "QRIS"}}
ACCOUNT = {
    "type": "VIRTUAL_ACCOUNT",
    "reusability": "ONE_TIME_USE",
    "virtual_account": {"channel_code": "BNI", "channel_properties": {"customer_name": "Sari"}},
}
PHONE = {
    "type": "EWALLET",
    "reusability": "ONE_TIME_USE",
    "ewallet": {"channel_code": "OVO", "channel_properties": {"mobile_number": "+6281290011223"}},
}
OLD: dict[str, Any] = {
    "reference_id": "lama-1",
    "currency": "IDR",
    "country": "ID",
    "amount": 50_000,
    "payment_method": QR,
}
INVOICE: dict[str, Any] = {
    "external_id": "faktur-1",
    "amount": 75_000,
    "payer_email": "sari@contoh.id",
    "description": "Kelas",
}


async def paid(caller: Caller, **changes: Any) -> Any:
    made = await create(caller, **changes)
    await caller.control("POST", "/payments/xendit/topup-1/pay", {})
    return made


@pytest.mark.parametrize(
    ("method", "path"),
    [
        (QR, ("qr_code", "channel_properties", "qr_string")),
        (ACCOUNT, ("virtual_account", "channel_properties", "virtual_account_number")),
        (PHONE, ("ewallet", "channel_properties", "mobile_number")),
    ],
)
async def test_an_older_request_is_told_in_its_own_words(
    caller: Caller, door: WebhookDoor, method: dict[str, Any], path: tuple[str, ...]
) -> None:
    status, made, _ = await ask(caller, "POST", "/payment_requests", OLD | {"payment_method": method})
    assert status == 201
    value = made["payment_method"]
    for part in path:
        value = value[part]
    assert value
    await ask(caller, "POST", f"/payment_requests/{made['id']}/payments/simulate")
    await until(lambda: door.taken)
    assert door.taken[0].document["event"] == "payment.succeeded"
    (event,) = [fact for fact in facts_of(door.taken[0]) if isinstance(fact, PaymentSucceeded)]
    assert event.amount == 50_000
    _, newer, _ = await ask(caller, "GET", f"/v3/payment_requests/{made['id']}")
    assert newer["status"] == "SUCCEEDED"  # one state


async def test_an_idempotency_key_binds_the_body(caller: Caller) -> None:
    key = {"idempotency-key": "kunci-1"}
    _, first, _ = await ask(caller, "POST", "/payment_requests", OLD, **key)
    _, again, _ = await ask(caller, "POST", "/payment_requests", OLD, **key)
    assert again == first
    status, said, _ = await ask(caller, "POST", "/payment_requests", OLD | {"amount": 1}, **key)
    assert (status, said["error_code"]) == (409, "IDEMPOTENCY_ERROR")
    status, said, _ = await ask(caller, "POST", "/payment_requests", OLD)
    assert (status, said["error_code"]) == (409, "DUPLICATE_REFERENCE")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"amount": 10_000_001}, 400, "MAX_AMOUNT_LIMIT_ERROR"),
        ({"payment_method": {"type": "CARD", "reusability": "ONE_TIME_USE"}}, 403, "CHANNEL_NOT_ACTIVATED"),
        ({"payment_method": None}, 400, "API_VALIDATION_ERROR"),
        (
            {
                "payment_method": QR
                | {"qr_code": {"channel_properties": {"expires_at": "2026-03-02T04:00:00Z"}}}
            },
            400,
            "API_VALIDATION_ERROR",
        ),
    ],
)
async def test_the_older_codes_are_kept(
    caller: Caller, changes: dict[str, Any], status: int, code: str
) -> None:
    given, said, _ = await ask(caller, "POST", "/payment_requests", OLD | changes)
    assert (given, said["error_code"]) == (status, code)


async def test_what_is_captured_by_hand_is_listed(caller: Caller, door: WebhookDoor) -> None:
    _, made, _ = await ask(caller, "POST", "/payment_requests", OLD | {"capture_method": "MANUAL"})
    await caller.control("POST", "/payments/xendit/lama-1/pay", {})
    _, done, _ = await ask(
        caller, "POST", f"/payment_requests/{made['id']}/captures", {"capture_amount": 30_000}
    )
    assert done["captured_amount"] == 30_000
    _, listed, _ = await ask(caller, "GET", f"/payment_requests/{made['id']}/captures")
    assert [row["captured_amount"] for row in listed["data"]] == [30_000]
    await until(lambda: len(door.taken) == 2)
    assert {one.document["event"] for one in door.taken} == {"payment.awaiting_capture", "payment.succeeded"}


async def test_a_refund_is_pending_first_and_told_later(caller: Caller, door: WebhookDoor) -> None:
    made = await paid(caller)
    wish = {
        "payment_request_id": made["payment_request_id"],
        "reason": "REQUESTED_BY_CUSTOMER",
        "amount": 20_000,
    }
    status, refund, _ = await ask(caller, "POST", "/refunds", wish, **{"idempotency-key": "r-1"})
    assert (status, refund["status"], refund["amount"]) == (200, "PENDING", 20_000)
    _, same, _ = await ask(caller, "POST", "/refunds", wish, **{"idempotency-key": "r-1"})
    assert same["id"] == refund["id"]
    status, said, _ = await ask(caller, "POST", "/refunds", wish)
    assert (status, said["error_code"]) == (400, "REFUND_IN_PROGRESS")
    await caller.advance("2s")
    (event,) = [fact for one in door.taken for fact in facts_of(one) if isinstance(fact, RefundSucceeded)]
    assert event.amount == 20_000
    _, read, _ = await ask(caller, "GET", f"/refunds/{refund['id']}")
    assert read["status"] == "SUCCEEDED"
    _, listed, _ = await ask(caller, "GET", f"/refunds?payment_request_id={made['payment_request_id']}")
    assert [row["id"] for row in listed["data"]] == [refund["id"]]
    status, said, _ = await ask(caller, "POST", "/refunds", wish | {"amount": 30_001})
    assert (status, said["error_code"]) == (400, "REFUND_AMOUNT_EXCEEDED")


async def test_a_refund_can_fail_later(caller: Caller, door: WebhookDoor) -> None:
    made = await paid(caller)
    wish = {"payment_request_id": made["payment_request_id"], "reason": "OTHERS"}
    await ask(caller, "POST", "/refunds", wish, **{"x-fake": "refund_fails"})
    await caller.advance("2s")
    assert [fact for one in door.taken for fact in facts_of(one) if isinstance(fact, RefundFailed)]
    assert (await ask(caller, "POST", "/refunds", wish))[0] == 200  # what failed is still there


@pytest.mark.parametrize(
    ("changes", "wish", "wait", "status", "code"),
    [
        (VA, {}, "1s", 403, "REFUND_NOT_SUPPORTED"),
        (OVO, {"amount": 10_000}, "1s", 403, "PARTIAL_REFUND_NOT_SUPPORTED"),
        ({}, {}, "8d", 400, "INELIGIBLE_TRANSACTION_STATUS"),
        ({}, {"amount": 50_001}, "1s", 400, "REFUND_AMOUNT_EXCEEDED"),
        ({}, {"reason": "BORED"}, "1s", 400, "API_VALIDATION_ERROR"),
        ({}, {"payment_request_id": "pr-none"}, "1s", 404, "DATA_NOT_FOUND"),
    ],
)
async def test_what_a_channel_cannot_give_back_is_said_at_once(
    caller: Caller, changes: dict[str, Any], wish: dict[str, Any], wait: str, status: int, code: str
) -> None:
    made = await paid(caller, **changes)
    await caller.advance(wait)
    wanted = {"payment_request_id": made["payment_request_id"], "reason": "DUPLICATE"} | wish
    given, said, _ = await ask(caller, "POST", "/refunds", wanted)
    assert (given, said["error_code"]) == (status, code)


async def test_unpaid_money_cannot_be_given_back(caller: Caller) -> None:
    made = await create(caller)
    wish = {"payment_request_id": made["payment_request_id"], "reason": "OTHERS"}
    assert (await ask(caller, "POST", "/refunds", wish))[1]["error_code"] == "INELIGIBLE_TRANSACTION_STATUS"


async def test_a_dispute_is_opened_and_decided(caller: Caller, door: WebhookDoor) -> None:
    await paid(caller, **GOPAY)
    for act in ("dispute", "lose_dispute"):
        assert (await caller.control("POST", f"/payments/xendit/topup-1/{act}", {}))[0] == 200
    await until(lambda: len(door.taken) == 3)
    assert {one.document["event"] for one in door.taken[1:]} == {"dispute.action_required", "dispute.lost"}
    assert [fact for one in door.taken for fact in facts_of(one) if isinstance(fact, DisputeOpened)]


async def test_an_invoice_is_paid_and_told_without_a_name(caller: Caller, door: WebhookDoor) -> None:
    status, made, _ = await ask(caller, "POST", "/v2/invoices/", INVOICE)
    assert (status, made["status"], made["payer_email"]) == (200, "PENDING", "sari@contoh.id")
    async with caller.session.get(made["invoice_url"]) as page:
        assert "Rp 75.000" in await page.text()
    await caller.control("POST", f"/payments/xendit/{made['id']}/pay", {})
    await until(lambda: door.taken)
    assert "event" not in door.taken[0].document
    (event,) = [fact for fact in facts_of(door.taken[0]) if isinstance(fact, PaymentSucceeded)]
    assert (event.amount, event.payer_email) == (75_000, "sari@contoh.id")
    _, read, _ = await ask(caller, "GET", f"/v2/invoices/{made['id']}")
    assert read["status"] == "PAID"
    _, listed, _ = await ask(caller, "GET", "/v2/invoices?external_id=faktur-1")
    assert [row["id"] for row in listed] == [made["id"]]
    wish = {"invoice_id": made["id"], "reason": "OTHERS"}
    assert (await ask(caller, "POST", "/refunds", wish))[1]["invoice_id"] == made["id"]


@pytest.mark.parametrize("by_call", [True, False])
async def test_an_invoice_ends_by_our_call_or_by_itself(
    caller: Caller, door: WebhookDoor, by_call: bool
) -> None:
    _, made, _ = await ask(caller, "POST", "/v2/invoices", INVOICE | {"invoice_duration": 600})
    if by_call:
        _, said, _ = await ask(caller, "POST", f"/invoices/{made['id']}/expire!")
        assert said["status"] == "EXPIRED"
    await caller.advance("10m")
    await until(lambda: door.taken)
    assert [type(fact) for fact in facts_of(door.taken[0])] == [PaymentExpired]
    assert len(door.taken) == 1


async def test_the_accounts_money_adds_up(caller: Caller) -> None:
    made = await paid(caller)
    await ask(caller, "POST", "/v2/invoices", INVOICE)
    await caller.control("POST", "/payments/xendit/faktur-1/pay", {"amount": 70_000})
    wish = {"payment_request_id": made["payment_request_id"], "reason": "OTHERS", "amount": 5_000}
    await ask(caller, "POST", "/refunds", wish)
    await caller.advance("2s")
    _, balance, _ = await ask(caller, "GET", "/balance")
    assert balance == {"balance": 115_000}
    _, listed, _ = await ask(caller, "GET", "/transactions")
    assert {(row["type"], row["cashflow"], row["amount"]) for row in listed["data"]} == {
        ("PAYMENT", "MONEY_IN", 50_000),
        ("PAYMENT", "MONEY_IN", 70_000),
        ("REFUND", "MONEY_OUT", 5_000),
    }
    _, one, _ = await ask(caller, "GET", "/transactions?reference_id=topup-1&types=PAYMENT&statuses=SUCCESS")
    assert [row["amount"] for row in one["data"]] == [50_000]
    _, same, _ = await ask(caller, "GET", f"/transactions/{one['data'][0]['id']}")
    assert same == one["data"][0]
    _, first, _ = await ask(caller, "GET", "/transactions?limit=2")
    _, rest, _ = await ask(caller, "GET", f"/transactions?limit=2&after_id={first['data'][-1]['id']}")
    assert (first["has_more"], len(first["data"]), rest["has_more"], len(rest["data"])) == (True, 2, False, 1)


async def test_a_customer_is_known_by_one_reference(caller: Caller) -> None:
    wish = {"reference_id": "pelanggan-1", "type": "INDIVIDUAL", "individual_detail": {"given_names": "Sari"}}
    _, made, _ = await ask(caller, "POST", "/customers", wish)
    assert made["id"].startswith("cust-")
    assert (await ask(caller, "POST", "/customers", wish))[1]["error_code"] == "DUPLICATE_ERROR"
    await ask(caller, "PATCH", f"/customers/{made['id']}", {"email": "sari@contoh.id"})
    _, found, _ = await ask(caller, "GET", "/customers?reference_id=pelanggan-1")
    assert [one["email"] for one in found["data"]] == ["sari@contoh.id"]
    assert (await ask(caller, "GET", "/customers/cust-none"))[0] == 404
