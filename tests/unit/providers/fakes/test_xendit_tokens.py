"""Stored instruments of the fake Xendit: linked on a page, charged without their payer, ended; and hosted pages that begin a subscription."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.facts import PaymentSucceeded
from tests.unit.providers.fakes.stand import Caller, WebhookDoor, facts_of
from tests.unit.providers.fakes.test_xendit_plans import PLAN, events, reports, settled
from tests.unit.providers.fakes.test_xendit_requests import GOPAY, QRIS, ask
from tests.unit.providers.fakes.test_xendit_sessions import SESSION, open_session

TOKEN: dict[str, Any] = {
    "reference_id": "dompet-1",
    "country": "ID",
    "currency": "IDR",
    "channel_code": "GOPAY",
    "customer_id": "cust-1",
    "channel_properties": {"success_return_url": "https://toko.example/kembali"},
}
SCHEDULE = {"interval": "MONTH", "interval_count": 1, "total_retry": 1}


async def stored(caller: Caller, **changes: Any) -> Any:
    status, made, _ = await ask(caller, "POST", "/v3/payment_tokens", TOKEN | changes)
    assert status == 201, made
    return made


async def act(caller: Caller, name: str, what: str) -> int:
    status, _ = await caller.control("POST", f"/payments/xendit/{name}/{what}", {})
    return status


async def read(caller: Caller, token: Any) -> Any:
    return (await ask(caller, "GET", f"/v3/payment_tokens/{token['payment_token_id']}"))[1]


async def test_a_token_is_linked_on_its_page_and_pays_without_its_payer(
    caller: Caller, door: WebhookDoor
) -> None:
    token = await stored(caller)
    assert (token["status"], token["actions"][0]["descriptor"]) == ("REQUIRES_ACTION", "WEB_URL")
    async with caller.session.get(token["actions"][0]["value"] + "?lang=en") as page:
        assert "Link an account" in await page.text()
    assert await act(caller, "dompet-1", "link") == 200
    assert (await read(caller, token))["status"] == "ACTIVE"
    wish = {name: value for name, value in QRIS.items() if not name.startswith("channel")}
    _, paid, _ = await ask(
        caller, "POST", "/v3/payment_requests", wish | {"payment_token_id": token["payment_token_id"]}
    )
    assert (paid["status"], paid["channel_code"], paid["customer_id"]) == ("SUCCEEDED", "GOPAY", "cust-1")
    await settled(caller)
    assert events(door) == ["payment_token.activation", "payment.capture"]
    assert door.taken[1].document["data"]["payment_token_id"] == token["payment_token_id"]


@pytest.mark.parametrize(
    ("what", "status", "event"),
    [("fail", "FAILED", "payment_token.failure"), ("expire", "EXPIRED", "payment_token.expiry")],
)
async def test_a_token_that_has_ended_pays_nothing(
    caller: Caller, door: WebhookDoor, what: str, status: str, event: str
) -> None:
    token = await stored(caller)
    if what == "expire":
        await act(caller, "dompet-1", "link")
    assert await act(caller, "dompet-1", what) == 200
    assert (await read(caller, token))["status"] == status
    await settled(caller)
    assert events(door)[-1] == event
    tokens = [{"payment_token_id": token["payment_token_id"], "rank": 1}]
    refused, said, _ = await ask(caller, "POST", "/recurring/plans", PLAN | {"payment_tokens": tokens})
    assert (refused, said["error_code"]) == (400, "INVALID_TOKEN")


async def test_a_cancelled_token_is_told_to_nobody_and_is_over(caller: Caller, door: WebhookDoor) -> None:
    token = await stored(caller)
    address = f"/v3/payment_tokens/{token['payment_token_id']}/cancel"
    assert (await ask(caller, "POST", address))[1]["status"] == "CANCELED"
    assert (await ask(caller, "POST", address))[1]["error_code"] == "INVALID_VALUE_ERROR"
    assert await act(caller, "dompet-1", "link") == 409
    await settled(caller)
    assert not door.taken


async def test_a_payment_that_saves_leaves_a_token(caller: Caller, door: WebhookDoor) -> None:
    wish = QRIS | GOPAY | {"type": "PAY_AND_SAVE"}
    _, made, _ = await ask(caller, "POST", "/v3/payment_requests", wish)
    await act(caller, "topup-1", "pay")
    await settled(caller)
    assert sorted(events(door)) == ["payment.capture", "payment_token.activation"]
    paid = next(one for one in door.taken if one.document["event"] == "payment.capture")
    token = paid.document["data"]
    assert (await read(caller, token))["status"] == "ACTIVE"
    refused, said, _ = await ask(
        caller, "POST", "/v3/payment_requests", QRIS | {"type": "PAY_AND_SAVE", "reference_id": "kedua"}
    )
    assert (refused, said["error_code"]) == (400, "API_VALIDATION_ERROR"), made


@pytest.mark.parametrize(
    "changes",
    [{"channel_code": "QRIS"}, {"channel_code": "BCA_VIRTUAL_ACCOUNT"}, {"currency": "PHP"}, {"reference_id": ""}],
)  # fmt: skip
async def test_what_is_no_token_is_refused(caller: Caller, changes: dict[str, Any]) -> None:
    status, said, _ = await ask(caller, "POST", "/v3/payment_tokens", TOKEN | changes)
    assert (status, said["error_code"]) == (400, "API_VALIDATION_ERROR")


async def test_a_page_begins_a_subscription_that_is_charged_at_once_and_every_month(
    caller: Caller, door: WebhookDoor
) -> None:
    wish = {"schedule": SCHEDULE, "immediate_payment": True, "failed_cycle_action": "STOP"}
    made = await open_session(caller, session_type="SUBSCRIPTION", amount=200_000, subscription=wish)
    assert await act(caller, "sesi-1", "link") == 200
    await settled(caller)
    assert set(events(door)) == {
        "payment_token.activation",
        "recurring.plan.activated",
        "recurring.cycle.succeeded",
        "recurring.cycle.created",
        "payment.capture",
        "payment_session.completed",
    }
    assert {"activated"} <= set(reports(door))
    _, session, _ = await ask(caller, "GET", f"/sessions/{made['payment_session_id']}")
    assert session["status"] == "COMPLETED"
    _, plan, _ = await ask(caller, "GET", f"/recurring/plans/{session['recurring_plan_id']}")
    assert plan["payment_tokens"] == [{"payment_token_id": session["payment_token_id"], "rank": 1}]
    assert (plan["status"], plan["payment_session_id"]) == ("ACTIVE", made["payment_session_id"])
    await caller.advance("31d")
    money = [fact for one in door.taken for fact in facts_of(one) if isinstance(fact, PaymentSucceeded)]
    assert {fact.amount for fact in money} == {200_000}
    assert len({fact.attempt_id for fact in money if fact.attempt_id}) == 2


@pytest.mark.parametrize(
    "subscription",
    [
        None,
        {"schedule": {"interval": "CENTURY"}},
        {"schedule": SCHEDULE | {"anchor_date": "2026-03-02T03:10:00Z"}},
        {"schedule": SCHEDULE | {"anchor_date": "2026-03-30T03:10:00Z"}},
        {"schedule": SCHEDULE, "failed_cycle_action": "PRAY"},
    ],
)
async def test_a_subscription_that_cannot_begin_is_refused(caller: Caller, subscription: Any) -> None:
    wish = SESSION | {"session_type": "SUBSCRIPTION", "subscription": subscription}
    status, said, _ = await ask(caller, "POST", "/sessions", wish)
    assert (status, said["error_code"]) == (400, "API_VALIDATION_ERROR")
