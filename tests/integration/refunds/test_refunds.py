"""Refunds that our applications ask for, from the call through the fake provider and its webhook to the balance."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from schemas.facts import RefundFailed, RefundSucceeded
from tests.integration.checkout.conftest import all_at_once
from tests.integration.checkout.street import Street


async def test_c78_a_refund_is_reserved_then_pending_and_done_when_the_webhook_says_so(
    street: Street,
) -> None:
    made = await street.topped_up()
    assert await street.balance() == 500_000
    refund = await street.refund(made["payment_id"])
    assert (refund["status"], refund["amount"], refund["customer_id"]) == ("pending", 50_000, "budi")
    assert refund["provider_refund_id"].startswith("rfd-")
    await street.shop.settle()
    assert await street.balance() == 0
    assert await street.payment(made["payment_id"]) == ("succeeded", 0)
    await street.later(seconds=3)
    assert await street.payment(made["payment_id"]) == ("refunded", 50_000)
    seen = await street.shop.get(f"/v1/refunds/{refund['refund_id']}?min_position={refund['position']}")
    assert (seen["status"], seen["failure_code"]) == ("succeeded", None)
    assert seen["settled_at"] is not None
    assert await street.balance() == 0
    assert await street.timeline(made["payment_id"]) == [
        "checkout.requested",
        "provider.called",
        "checkout.opened",
        "payment.succeeded",
        "credit.granted",
        "tier.changed",
        "refund.requested",
        "provider.called",
        "refund.accepted",
        "refund.succeeded",
        "credit.clawed_back",
        "tier.changed",
    ]


async def test_a_refund_that_is_told_again_was_settled_when_it_was_told_first(street: Street) -> None:
    refund = await street.refund((await street.topped_up())["payment_id"])
    await street.later(seconds=3)
    path = f"/v1/refunds/{refund['refund_id']}"
    first = await street.shop.get(path)
    told = await street.shop.pool.fetchval("SELECT data FROM events WHERE type = 'refund.succeeded'")
    done = RefundSucceeded.model_validate_json(told)
    await street.shop.hear(done.amended(occurred_at=done.occurred_at + timedelta(hours=1)))
    again = await street.shop.get(path)
    assert (again["status"], again["settled_at"]) == ("succeeded", first["settled_at"])
    assert again["position"] > first["position"]


async def test_c78_a_refund_that_fails_gives_back_what_was_set_aside_and_may_be_asked_for_again(
    street: Street,
) -> None:
    made = await street.topped_up()
    await street.switch("refund_fails", times=1)
    refund = await street.refund(made["payment_id"])
    await street.shop.settle()
    assert await street.balance() == 0
    await street.later(seconds=3)
    await street.shop.refunds.refunder.resolve()
    seen = await street.shop.get(f"/v1/refunds/{refund['refund_id']}")
    assert (seen["status"], seen["failure_code"]) == ("failed", "INSUFFICIENT_BALANCE")
    assert await street.balance() == 500_000
    assert await street.payment(made["payment_id"]) == ("succeeded", 0)
    again = await street.refund(made["payment_id"])
    await street.later(seconds=3)
    assert again["refund_id"] != refund["refund_id"]
    assert await street.payment(made["payment_id"]) == ("refunded", 50_000)
    assert await street.balance() == 0


async def test_credit_that_a_refund_will_take_cannot_be_spent_meanwhile(street: Street) -> None:
    made = await street.topped_up()
    await street.refund(made["payment_id"], amount=20_000)
    spend = {"tokens": 300_001, "reason": "chat", "reference": "r1"}
    refused = await street.shop.post("/v1/customers/budi/spends", spend, 409)
    assert (refused["code"], refused["credit_tokens"]) == ("insufficient_balance", 300_000)
    await street.shop.post("/v1/customers/budi/spends", spend | {"tokens": 300_000}, 201)
    await street.later(seconds=3)
    assert await street.balance() == 0
    seen = await street.shop.get("/v1/customers/budi/balance")
    assert (seen["debt_tokens"], seen["reserved_tokens"]) == (0, 0)


async def test_two_refunds_at_once_never_exceed_their_payment(street: Street) -> None:
    made = await street.topped_up()
    answers = await all_at_once(
        [
            street.shop.client.post(
                "/v1/refunds",
                json={
                    "provider": "xendit",
                    "provider_payment_id": made["payment_id"],
                    "amount": 30_000,
                    "reason": "asked twice",
                },
                headers={"Authorization": "Bearer dev-api-key", "Idempotency-Key": f"k{number}"},
            )
            for number in range(12)
        ]
    )
    codes = sorted([(answer.status, (await answer.json()).get("code")) for answer in answers], key=str)
    assert codes == [(201, None)] + [(409, "refund_exceeds_payment")] * 11
    await street.later(seconds=3)
    assert await street.payment(made["payment_id"]) == ("partially_refunded", 30_000)
    too_much = await street.refund(made["payment_id"], 409, amount=20_001, **{"Accept-Language": "id"})
    assert too_much["detail"].endswith("yang masih dapat dikembalikan Rp 20000.")
    rest = await street.refund(made["payment_id"])
    assert rest["amount"] == 20_000
    await street.later(seconds=3)
    assert await street.payment(made["payment_id"]) == ("refunded", 50_000)
    nothing_left = await street.refund(made["payment_id"], 409)
    assert nothing_left["code"] == "refund_exceeds_payment"
    assert await street.balance() == 0


async def test_c79_a_refund_at_the_dashboard_counts_once_and_against_those_we_ask_for(street: Street) -> None:
    made = await street.topped_up()
    await street.switch("double_webhooks", method="ACT")
    await street.act(made["payment_id"], "refund", 35_000)
    assert street.door.taken[-2:] == ["processed", "duplicate"]
    assert await street.payment(made["payment_id"]) == ("partially_refunded", 35_000)
    assert await street.balance() == 150_000
    refused = await street.refund(made["payment_id"], 409, amount=15_001)
    assert refused["code"] == "refund_exceeds_payment"
    ledger = street.world.providers["xendit"].ledger  # type: ignore[attr-defined]
    (refund_id,) = ledger.state.refunds
    seen = await street.shop.get(f"/v1/refunds/xendit:{refund_id}")
    assert (seen["made_by"], seen["status"], seen["amount"]) == ("provider", "succeeded", 35_000)
    await street.refund(made["payment_id"], amount=15_000)
    await street.later(seconds=3)
    assert await street.payment(made["payment_id"]) == ("refunded", 50_000)


async def test_a_repeated_request_is_the_same_refund_and_another_body_is_refused(street: Street) -> None:
    made = await street.topped_up()
    first = await street.refund(made["payment_id"], amount=10_000, **{"Idempotency-Key": "k"})
    again = await street.refund(made["payment_id"], amount=10_000, **{"Idempotency-Key": "k"})
    assert (first["created"], again["created"]) == (True, False)
    assert first["refund_id"] == again["refund_id"]
    other = await street.refund(made["payment_id"], 422, amount=10_001, **{"Idempotency-Key": "k"})
    assert other["code"] == "idempotency_key_reused"
    # Without a key an equal refund that is under way is that one: a double click gives nothing back twice.
    clicked = await street.refund(made["payment_id"], amount=10_000)
    assert (clicked["refund_id"], clicked["created"]) == (first["refund_id"], False)
    assert await street.shop.pool.fetchval("SELECT count(*) FROM refunds") == 1


async def test_a_second_click_on_all_of_it_is_the_first_one(street: Street) -> None:
    made = await street.topped_up()
    first = await street.refund(made["payment_id"])
    again = await street.refund(made["payment_id"])
    assert (first["created"], again["created"], first["amount"]) == (True, False, 50_000)
    assert first["refund_id"] == again["refund_id"]
    other = await street.refund(made["payment_id"], 409, more={"reason": "another reason"})
    assert other["code"] == "refund_exceeds_payment"
    await street.later(seconds=3)
    over = await street.refund(made["payment_id"], 409)
    assert over["code"] == "refund_exceeds_payment"
    assert await street.payment(made["payment_id"]) == ("refunded", 50_000)


async def test_of_somebody_elses_payment_a_refund_knows_nothing(street: Street) -> None:
    made = await street.topped_up()
    refused = await street.refund(made["payment_id"], 404, more={"customer_id": "siapa"})
    assert (refused["code"], refused["field"]) == ("payment_not_found", "provider_payment_id")
    assert await street.shop.log("refund.") == []
    own = await street.refund(made["payment_id"], more={"customer_id": made["customer_id"]})
    assert own["amount"] == 50_000


VA = {"payment_method": "va", "va_channel": "BCA"}
OVO = {"payment_method": "ewallet", "ewallet_channel": "OVO", "mobile_number": "081234567890"}


@pytest.mark.parametrize(
    ("wish", "amount", "said"),
    [
        (VA, None, "kanal ini tidak dapat mengembalikan uang"),
        (OVO, 10_000, "kanal ini hanya mengembalikan seluruh nominal"),
    ],
    ids=["account", "part-of-ovo"],
)
async def test_what_a_channel_cannot_give_back_is_said_at_once_and_nothing_is_written(
    street: Street, wish: dict[str, Any], amount: int | None, said: str
) -> None:
    made = await street.topped_up(**wish)
    refused = await street.refund(made["payment_id"], 409, amount=amount, **{"Accept-Language": "id"})
    assert refused["code"] == "refund_not_supported"
    assert said in refused["detail"]
    assert await street.shop.log("refund.") == []
    assert await street.balance() == 500_000


async def test_c64_money_that_waits_in_suspense_goes_back_and_leaves_it(street: Street) -> None:
    """The same code paid twice: the second payment is held, and what goes back is that one."""
    made = await street.topped_up()
    await street.act(made["payment_id"], "pay")
    (held,) = (await street.shop.get("/v1/suspense"))["items"]
    assert (held["reason"], held["amount"]) == ("duplicate_purchase", 50_000)
    second = held["provider_payment_id"]
    refund = await street.refund(second)
    assert refund["provider_payment_id"] == second
    await street.later(seconds=3)
    assert (await street.shop.get("/v1/suspense"))["items"] == []
    assert await street.payment(second) == ("refunded", 50_000)
    assert await street.balance() == 500_000


async def test_what_the_provider_would_not_do_is_told_in_our_words(street: Street) -> None:
    made = await street.topped_up()
    said = {"status": 403, "code": "REFUND_NOT_SUPPORTED"}
    await street.switch("refuse", method="POST", path="/refunds", times=1, **said)
    refused = await street.refund(made["payment_id"], 409)
    assert refused["code"] == "refund_not_supported"
    assert "REFUND_NOT_SUPPORTED" not in str(refused)
    await street.looked_after()
    await street.shop.refunds.refunder.resolve()
    await street.looked_after()
    assert await street.balance() == 500_000
    assert (await street.timeline(made["payment_id"]))[-3:] == [
        "refund.requested",
        "provider.called",
        "refund.refused",
    ]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"provider": "xendit", "provider_payment_id": "py-nobody", "reason": "r"}, 404, "payment_not_found"),
        ({"provider": "nobody", "provider_payment_id": "py-1", "reason": "r"}, 404, "payment_not_found"),
        (
            {"provider": "xendit", "provider_payment_id": "py-1", "reason": "r", "amount": 0},
            422,
            "invalid_body",
        ),
        (
            {"provider": "xendit", "provider_payment_id": "py-1", "reason": "r", "amount": 1.5},
            422,
            "invalid_body",
        ),
        ({"provider": "xendit", "provider_payment_id": "py-1"}, 422, "invalid_body"),
    ],
    ids=["unknown", "no-provider", "nothing", "half", "no-reason"],
)
async def test_a_wish_that_makes_no_sense_writes_nothing(
    street: Street, body: dict[str, Any], status: int, code: str
) -> None:
    refused = await street.shop.post("/v1/refunds", body, status)
    assert refused["code"] == code
    assert await street.shop.log("refund.") == []


@pytest.mark.parametrize(("later", "left"), [(1, 50_000), (-1, 15_000), (0, 15_000)])
async def test_c78_a_refund_that_failed_after_it_was_called_done_can_be_asked_for_again(
    street: Street, later: int, left: int
) -> None:
    """Of the provider's two words the later one counts, by its own clock, whichever we heard first."""
    made = await street.topped_up()
    await street.act(made["payment_id"], "refund", 35_000)
    assert await street.balance() == 150_000
    ledger = street.world.providers["xendit"].ledger  # type: ignore[attr-defined]
    (refund_id,) = ledger.state.refunds
    told = await street.shop.pool.fetchval("SELECT data FROM events WHERE type = 'refund.succeeded'")
    done = RefundSucceeded.model_validate_json(told)
    at = done.occurred_at + timedelta(minutes=later)
    if later > 0:
        ledger.state.refunds[refund_id].status = "FAILED"
    failed = RefundFailed(**done.model_dump() | {"occurred_at": at, "failure_code": "INSUFFICIENT_BALANCE"})
    await street.shop.hear(failed)
    assert await street.payment(made["payment_id"]) == (
        ("succeeded", 0) if left == 50_000 else ("partially_refunded", 35_000)
    )
    assert await street.balance() == left * 10
    seen = await street.shop.get(f"/v1/refunds/xendit:{refund_id}")
    assert seen["status"] == ("failed" if left == 50_000 else "succeeded")
    refused = await street.refund(made["payment_id"], 409, amount=left + 1)
    assert refused["code"] == "refund_exceeds_payment"
    await street.refund(made["payment_id"], amount=left)
