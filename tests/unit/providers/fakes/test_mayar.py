"""The fake Mayar merchant: invoices, payments, transactions with their known holes, licences, members, history."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from multidict import CIMultiDict

from schemas.facts import PaymentPending, PaymentSucceeded, SubscriptionReported
from tests.unit.providers.fakes.stand import COURSE, KEYS, SILVER, START, Caller, WebhookDoor, facts_of
from tests.waiting import until

INVOICE: dict[str, Any] = {
    "name": "Ratna Wulandari",
    "email": "ratna.wulandari@contoh.id",
    "mobile": "081290011223",
    "description": "Kelas Python",
    "expiredAt": "2026-03-03T03:04:05.678Z",
    "items": [{"quantity": 2, "rate": 75_000, "description": "Kelas"}],
    "redirectUrl": "https://toko.example/terima-kasih",
    "extraData": {"customerId": "pelanggan-1", "checkoutId": "pesanan-1"},
}
MEMBER = {"product": SILVER.title, "email": "siti@contoh.id", "name": "Siti"}


async def ask(
    caller: Caller, method: str, path: str, document: Any = None, **headers: str
) -> tuple[int, Any, CIMultiDict[str]]:
    usual = {"Authorization": f"Bearer {KEYS['mayar']}"}
    return await caller.call("mayar", method, path, document, **(usual | headers))


async def create(caller: Caller, path: str = "/hl/v2/invoices/create", **changes: Any) -> Any:
    status, made, _ = await ask(caller, "POST", path, INVOICE | changes)
    assert (status, made["statusCode"]) == (200, 200), made
    return made["data"]


async def member(caller: Caller) -> tuple[dict[str, Any], dict[str, str]]:
    """A member's page, and what a licence call sends."""
    await caller.control("POST", "/sales/mayar", MEMBER)
    _, found = await caller.control("GET", "/payments?provider=mayar")
    bill = found[-1]
    return bill, {"licenseCode": bill["reference"], "productId": SILVER.product_id}


@pytest.mark.parametrize("path", ["/hl/v1/invoice/create", "/hl/v2/invoices/create"])
async def test_an_invoice_has_a_page_and_echoes_what_we_sent(caller: Caller, path: str) -> None:
    made = await create(caller, path)
    assert made["extraData"] == INVOICE["extraData"]
    assert made["expiredAt"] == int((START + timedelta(days=1)).timestamp() * 1000)
    async with caller.session.get(made["link"]) as page:
        assert "Rp 150.000" in await page.text()
    _, detail, _ = await ask(caller, "GET", f"/hl/v2/transactions/{made['transactionId']}")
    assert (detail["data"]["status"], detail["data"]["amount"]) == ("created", 150_000)


async def test_a_payment_of_the_first_version_says_its_id_twice(caller: Caller) -> None:
    wish = {name: INVOICE[name] for name in ("name", "email", "mobile", "description")} | {"amount": 50_000}
    _, first, _ = await ask(caller, "POST", "/hl/v1/payment/create", wish)
    assert first["data"]["transaction_id"] == first["data"]["transactionId"]
    _, second, _ = await ask(caller, "POST", "/hl/v2/payments/create", wish | {"paymentMethod": "va/bni"})
    assert "transaction_id" not in second["data"]


@pytest.mark.parametrize(("switch", "says"), [(None, "paid"), ("paid_says_created", "created")])
async def test_money_is_told_and_found_by_the_detail_call_at_once(
    caller: Caller, door: WebhookDoor, switch: str | None, says: str
) -> None:
    made = await create(caller)
    if switch:
        await caller.control("POST", "/switches", {"do": switch, "provider": "mayar"})
    await caller.control("POST", f"/payments/mayar/{made['id']}/pay", {})
    await until(lambda: door.taken)
    (webhook,) = door.taken
    data = webhook.document["data"]
    assert (data["transactionId"], data["transactionStatus"]) == (made["transactionId"], says)
    assert data["extraData"] == INVOICE["extraData"]
    (event,) = [fact for fact in facts_of(webhook) if isinstance(fact, PaymentSucceeded)]
    assert (event.amount, event.payer_email) == (150_000, INVOICE["email"])
    _, detail, _ = await ask(caller, "GET", f"/hl/v2/transactions/{made['transactionId']}")
    assert detail["data"]["status"] == "paid"


async def test_the_old_short_success_names_nothing(caller: Caller, door: WebhookDoor) -> None:
    await caller.control("POST", "/switches", {"do": "short_success", "method": "ACT", "path": "/pay"})
    made = await create(caller)
    await caller.control("POST", f"/payments/mayar/{made['id']}/pay", {})
    await until(lambda: door.taken)
    assert set(door.taken[0].document["data"]) == {"package", "customerEmail"}


async def test_the_list_of_settled_money_has_its_documented_holes(caller: Caller) -> None:
    made = [await create(caller, description=f"no {number}") for number in range(4)]
    for one in made:
        await caller.control("POST", f"/payments/mayar/{one['id']}/pay", {})

    async def rows(query: str) -> list[str]:
        _, listed, _ = await ask(caller, "GET", f"/hl/v2/transactions{query}")
        return [row["paymentLinkTransactionId"] for row in listed["data"]]

    newest_first = [one["transactionId"] for one in reversed(made)]
    assert await rows("") == []  # it lags
    await caller.advance("2m")
    assert await rows("?limit=40&startAt=2030-01-01") == newest_first  # dates are ignored
    assert await rows("?limit=50") == []  # an old page
    assert await rows("?status=paid") == newest_first[::2]  # rows are lost
    assert await rows(f"?limit=1&startingAfter={newest_first[0]}") == newest_first[1:2]


async def test_unpaid_is_reminded_of_after_29_minutes_and_expires_silently(
    caller: Caller, door: WebhookDoor
) -> None:
    made = await create(caller)
    await caller.advance("28m")
    assert door.taken == []
    await caller.advance("1m")
    (reminder,) = door.taken
    assert (reminder.document["event"], reminder.document["data"]["status"]) == (
        "payment.reminder",
        "SUCCESS",
    )
    assert [type(fact) for fact in facts_of(reminder)] == [PaymentPending]
    await caller.advance("2d")
    assert len(door.taken) == 1
    _, unpaid, _ = await ask(caller, "GET", "/hl/v2/transactions/unpaid")
    assert [(row["id"], row["status"]) for row in unpaid["data"]] == [(made["transactionId"], "expired")]
    await caller.control("POST", f"/payments/mayar/{made['id']}/pay", {})  # late
    await until(lambda: len(door.taken) == 2)
    assert door.taken[1].document["event"] == "payment.received"


@pytest.mark.parametrize("path", ["/hl/v1/invoice/close/{id}", "/hl/v2/invoices/{id}/close"])
async def test_a_closed_invoice_is_not_payable(caller: Caller, path: str) -> None:
    made = await create(caller)
    await ask(caller, "POST", path.format(id=made["id"]))
    _, read, _ = await ask(caller, "GET", f"/hl/v1/invoice/{made['id']}")
    assert read["data"]["status"] == "closed"
    assert (await caller.control("POST", f"/payments/mayar/{made['id']}/pay", {}))[0] == 409


@pytest.mark.parametrize(
    "changes",
    [
        {"email": ""},
        {"items": []},
        {"items": [{"quantity": 1, "rate": "9"}]},
        {"expiredAt": "2020-01-01"},
        {"name": None},
    ],
)
async def test_what_is_wrong_is_refused_in_the_envelope(caller: Caller, changes: dict[str, Any]) -> None:
    status, said, _ = await ask(caller, "POST", "/hl/v2/invoices/create", INVOICE | changes)
    assert (status, said["statusCode"], said["messages"]) == (400, 400, "failed")
    status, said, _ = await ask(
        caller, "POST", "/hl/v2/invoices/create", INVOICE | changes, **{"x-fake": "failure_in_200"}
    )
    assert (status, said["statusCode"], said["messages"]) == (200, 400, "failed")


async def test_the_same_create_twice_within_a_minute_is_refused(caller: Caller) -> None:
    await create(caller)
    status, said, headers = await ask(caller, "POST", "/hl/v2/invoices/create", INVOICE)
    assert (status, said["statusCode"]) == (429, 429)
    assert headers["Retry-After"]
    await caller.advance("1m")
    await create(caller)


async def test_the_21st_call_in_a_minute_waits(caller: Caller) -> None:
    for _ in range(20):
        assert (await ask(caller, "GET", "/hl/v2/transactions"))[0] == 200
    status, _, headers = await ask(caller, "GET", "/hl/v2/transactions")
    assert status == 429
    assert 0 < int(headers["Retry-After"]) <= 61


@pytest.mark.parametrize("route", ["/software/v1", "/software/v2", "/saas/v1", "/saas/v2"])
async def test_a_licence_is_verified_switched_off_and_on(caller: Caller, route: str) -> None:
    _, wish = await member(caller)
    _, said, _ = await ask(caller, "POST", f"{route}/license/verify", wish)
    assert (said["statusCode"], said["isLicenseActive"], said["licenseCode"]["customerEmail"]) == (
        200,
        True,
        MEMBER["email"],
    )
    assert ("membershipTierName" in said["licenseCode"]) == route.startswith("/saas")
    assert ("memberStatus" in said["licenseCode"]) == (route == "/saas/v2")
    assert (await ask(caller, "POST", f"{route}/license/activate", wish))[:2] == (
        400,
        {"statusCode": 400, "message": "License is already active"},
    )
    assert (await ask(caller, "POST", f"{route}/license/deactivate", wish))[0] == 200
    _, said, _ = await ask(caller, "POST", f"{route}/license/verify", wish)
    assert said["isLicenseActive"] is False
    assert (await ask(caller, "POST", f"{route}/license/activate", wish))[0] == 200


async def test_an_unknown_licence_is_a_failure_inside_a_good_answer(caller: Caller) -> None:
    _, wish = await member(caller)
    for other in ({"licenseCode": "X"}, {"productId": COURSE.product_id}):
        status, said, _ = await ask(caller, "POST", "/software/v1/license/verify", wish | other)
        assert (status, said["statusCode"]) == (200, 400)
        assert "no license" in said["message"]


async def test_the_saas_route_can_refuse_a_key_that_software_takes(caller: Caller) -> None:
    _, wish = await member(caller)
    odd = {"x-fake": "saas_unauthorized"}
    status, said, _ = await ask(caller, "POST", "/saas/v2/license/verify", wish, **odd)
    assert (status, said["message"]) == (401, "Failed authentication!")
    assert (await ask(caller, "POST", "/software/v2/license/verify", wish, **odd))[1][
        "isLicenseActive"
    ] is True


async def test_a_membership_begins_with_money_and_ends_on_time(caller: Caller, door: WebhookDoor) -> None:
    _, wish = await member(caller)
    await until(lambda: len(door.taken) == 2)
    assert {one.document["event"] for one in door.taken} == {
        "payment.received",
        "membership.newMemberRegistered",
    }
    assert any(isinstance(fact, SubscriptionReported) for one in door.taken for fact in facts_of(one))
    await caller.advance("29d")
    assert len(door.taken) == 2
    await caller.advance("1d")
    assert door.taken[-1].document["event"] == "membership.memberExpired"
    _, said, _ = await ask(caller, "POST", "/saas/v1/license/verify", wish)
    assert (said["isLicenseActive"], said["licenseCode"]["status"]) == (False, "EXPIRED")


async def test_a_renewal_is_another_payment_and_moves_the_end(caller: Caller, door: WebhookDoor) -> None:
    bill, wish = await member(caller)
    await caller.advance("20d")
    await caller.control("POST", f"/payments/mayar/{bill['key']}/renew", {})
    await until(lambda: len(door.taken) == 3)
    await caller.advance("39d")
    assert len(door.taken) == 3
    _, said, _ = await ask(caller, "POST", "/saas/v1/license/verify", wish)
    assert said["isLicenseActive"] is True
    await caller.advance("1d")
    assert door.taken[-1].document["event"] == "membership.memberExpired"


@pytest.mark.parametrize(
    ("act", "event"),
    [
        ("unsubscribe", "membership.memberUnsubscribed"),
        ("lapse", "membership.memberExpired"),
        ("change_tier", "membership.changeTierMemberRegistered"),
    ],
)
async def test_what_happens_to_a_member_is_told(
    caller: Caller, door: WebhookDoor, act: str, event: str
) -> None:
    bill, _ = await member(caller)
    await caller.control("POST", f"/payments/mayar/{bill['key']}/{act}", {})
    await until(lambda: len(door.taken) == 3)
    assert event in {one.document["event"] for one in door.taken}


async def test_members_are_those_of_a_product_and_nobody_is_told_their_codes(caller: Caller) -> None:
    """docs.mayar.id/api-reference-v2, membership: a code is told to its buyer alone."""
    bill, wish = await member(caller)
    members, product = "/hl/v2/memberships/members", wish["productId"]
    for path in (members, f"{members}/{bill['key']}"):
        status, said, _ = await ask(caller, "GET", path)
        assert (status, said["error"]) == (400, "Invalid query parameters")
    _, rows, _ = await ask(caller, "GET", f"{members}?productId={product}")
    [row] = rows["data"]
    assert (row["customer.email"], row["status"]) == (MEMBER["email"], "active")
    _, one, _ = await ask(caller, "GET", f"{members}/{row['memberId']}?productId={product}")
    assert one["data"]["customer"]["email"] == MEMBER["email"]
    assert wish["licenseCode"] not in json.dumps([rows, one])
    assert (await ask(caller, "GET", f"{members}/{row['memberId']}?productId=other"))[0] == 404
    assert (await ask(caller, "GET", f"{members}?productId=other"))[1]["data"] == []


@pytest.mark.parametrize(
    "path", ["/hl/v1/webhook/history", "/hl/v2/webhooks/history", "/hl/v2/webhooks/new-history"]
)
async def test_the_history_holds_what_was_sent_and_sends_it_again(
    caller: Caller, door: WebhookDoor, path: str
) -> None:
    door.answers = [500]
    made = await create(caller)
    await caller.control("POST", f"/payments/mayar/{made['id']}/pay", {})
    await until(lambda: door.taken)
    await until(lambda: caller.served.world.outbox.of("mayar")[0].attempts)
    _, found, _ = await ask(caller, "GET", f"{path}?status=FAILED")
    (row,) = found["data"]
    assert (row["type"], row["paymentLinkTransactionId"]) == ("payment.received", made["transactionId"])
    assert row["nextDelivery"]
    assert json.loads(row["payload"])["data"]["amount"] == 150_000
    assert (await ask(caller, "POST", "/hl/v1/webhook/retry", {"webhookHistoryId": row["id"]}))[0] == 200
    await until(lambda: len(door.taken) == 2)
    await until(lambda: caller.served.world.outbox.of("mayar")[0].state == "delivered")
    _, found, _ = await ask(caller, "GET", f"{path}?status=SUCCESS&type=payment.received")
    assert [(one["id"], one["source"]) for one in found["data"]] == [(row["id"], "MANUAL")]
    assert (await ask(caller, "POST", "/hl/v2/webhooks/retry", {"webhookHistoryId": "none"}))[0] == 404


async def test_the_address_is_registered_and_tested(caller: Caller, door: WebhookDoor) -> None:
    await ask(caller, "POST", "/hl/v1/webhook/register", {"urlHook": f"{door.address}/webhooks/mayar"})
    await ask(caller, "POST", "/hl/v2/webhooks/test", {"urlHook": f"{door.address}/webhooks/mayar"})
    await until(lambda: door.taken)
    assert door.taken[0].document["event"] == "testing"
    assert facts_of(door.taken[0]) == []
    assert (await ask(caller, "POST", "/hl/v1/webhook/register", {}))[0] == 400


async def test_products_are_listed_with_their_ids(caller: Caller) -> None:
    _, found, _ = await ask(caller, "GET", "/hl/v2/products")
    assert [(row["id"], row["amount"]) for row in found["data"]][:1] == [(COURSE.product_id, 150_000)]


async def test_a_qr_code_alone_cannot_be_told_from_another(caller: Caller) -> None:
    _, made, _ = await ask(caller, "POST", "/hl/v2/qr-codes/create", {"amount": 10_000})
    assert set(made["data"]) == {"url", "amount"}


@pytest.mark.parametrize("key", ["", "Bearer wrong"])
async def test_another_key_opens_nothing(caller: Caller, key: str) -> None:
    status, said, _ = await ask(caller, "GET", "/hl/v2/transactions", Authorization=key)
    assert (status, said["statusCode"]) == (401, 401)
