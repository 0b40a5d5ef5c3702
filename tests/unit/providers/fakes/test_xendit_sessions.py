"""Hosted pages of the fake Xendit, and addresses of webhooks by their type."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.facts import PaymentSucceeded
from tests.unit.providers.fakes.stand import Caller, WebhookDoor, facts_of
from tests.unit.providers.fakes.test_xendit_plans import PLAN
from tests.unit.providers.fakes.test_xendit_requests import ask, create
from tests.waiting import until

SESSION: dict[str, Any] = {
    "reference_id": "sesi-1",
    "session_type": "PAY",
    "country": "ID",
    "currency": "IDR",
    "amount": 90_000,
    "mode": "PAYMENT_LINK",
    "metadata": {"customer_id": "pelanggan-1"},
}


async def open_session(caller: Caller, **changes: Any) -> Any:
    status, made, _ = await ask(caller, "POST", "/sessions", SESSION | changes)
    assert status == 201, made
    return made


async def test_a_session_is_paid_on_its_page_and_told_with_its_payment(
    caller: Caller, door: WebhookDoor
) -> None:
    made = await open_session(caller)
    assert (made["status"], made["payment_session_id"][:3]) == ("ACTIVE", "ps-")
    async with caller.session.get(made["payment_link_url"]) as page:
        assert "Rp 90.000" in await page.text()
    await caller.control("POST", "/payments/xendit/sesi-1/pay", {})
    await until(lambda: len(door.taken) == 2)
    assert {one.document["event"] for one in door.taken} == {"payment.capture", "payment_session.completed"}
    money = [fact for one in door.taken for fact in facts_of(one) if isinstance(fact, PaymentSucceeded)]
    assert {(fact.attempt_id, fact.amount) for fact in money if fact.attempt_id} == {
        (money[0].attempt_id, 90_000)
    }
    _, read, _ = await ask(caller, "GET", f"/sessions/{made['payment_session_id']}")
    assert (read["status"], bool(read["payment_id"])) == ("COMPLETED", True)


async def test_a_session_ends_after_half_an_hour_or_by_our_call(caller: Caller, door: WebhookDoor) -> None:
    first = await open_session(caller)
    second = await open_session(caller, reference_id="sesi-2")
    _, said, _ = await ask(caller, "POST", f"/sessions/{second['payment_session_id']}/cancel")
    assert said["status"] == "CANCELED"
    await caller.advance("30m")
    assert [one.document["event"] for one in door.taken] == ["payment_session.expired"]
    assert door.taken[0].document["data"]["payment_session_id"] == first["payment_session_id"]


async def test_a_stored_instrument_pays_a_plan(caller: Caller, door: WebhookDoor) -> None:
    made = await open_session(caller, session_type="SAVE", amount=None)
    await caller.control("POST", "/payments/xendit/sesi-1/link", {})
    await until(lambda: len(door.taken) == 2)
    _, read, _ = await ask(caller, "GET", f"/sessions/{made['payment_session_id']}")
    token = {"payment_token_id": read["payment_token_id"], "rank": 1}
    _, plan, _ = await ask(caller, "POST", "/recurring/plans", PLAN | {"payment_tokens": [token]})
    assert plan["status"] == "ACTIVE"


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 0},
        {"session_type": "LEND"},
        {"reference_id": "x" * 65},
        {"currency": "USD"},
        {"expires_at": "soon"},
    ],
)
async def test_what_is_no_session_is_refused(caller: Caller, changes: dict[str, Any]) -> None:
    status, said, _ = await ask(caller, "POST", "/sessions", SESSION | changes)
    assert (status, said["error_code"]) == (400, "API_VALIDATION_ERROR")


async def test_each_type_of_webhook_can_have_an_address_of_its_own(caller: Caller, door: WebhookDoor) -> None:
    status, said, _ = await ask(
        caller, "POST", "/callback_urls/payment", {"url": f"{door.address}/webhooks/elsewhere"}
    )
    assert (status, said["status"]) == (200, "SUCCESSFUL")
    await create(caller)
    for act in ("pay", "refund"):
        await caller.control("POST", f"/payments/xendit/topup-1/{act}", {})
    await until(lambda: len(door.taken) == 2)
    assert {one.document["event"]: one.provider for one in door.taken} == {
        "payment.capture": "elsewhere",
        "refund.succeeded": "xendit",
    }
    assert (await ask(caller, "POST", "/callback_urls/payment", {"url": "ftp://x"}))[0] == 400
