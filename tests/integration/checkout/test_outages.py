"""Providers that are silent, busy, failing or refuse us: the caller is told what is true, and nothing is charged twice."""

from __future__ import annotations

from typing import Any

import pytest

from console.commands.payments import describe
from console.timeline import find_payments, timeline
from tests.integration.checkout.conftest import Shop, opened
from tests.integration.checkout.xendit_door import XenditDoor, answering, hang_up, silence
from tests.waiting import until

QRIS = {"customer_id": "budi", "amount": 50_000, "payment_method": "qris"}


@pytest.mark.parametrize("done", [True, False])
async def test_c120_after_a_silence_the_request_is_looked_up_by_our_reference(
    shop: Shop, xendit: XenditDoor, done: bool
) -> None:
    await shop.customer()
    (xendit.after if done else xendit.troubles).append(hang_up)
    made = await shop.post("/v1/topups", QRIS, 202, **{"Idempotency-Key": "k"})
    assert (made["status"], made["qr_string"]) == ("unknown", None)

    async def known() -> bool:
        await shop.checkout.opener.resolve()
        return bool((await shop.get(f"/v1/topups/{made['payment_id']}"))["status"] == "pending")

    await until(known)
    again = await shop.post("/v1/topups", QRIS, **{"Idempotency-Key": "k"})
    assert (again["payment_id"], again["xendit_id"]) == (made["payment_id"], "pr-1")
    assert len(xendit.requests) == 1
    assert xendit.made == (1 if done else 2)
    assert ("GET", "/payment_requests") in xendit.calls
    assert await shop.log() == ["checkout.requested", "checkout.opened"]


async def test_c120_what_is_not_answered_in_time_is_looked_up_later(
    shop: Shop, shop_settings: Any, xendit: XenditDoor
) -> None:
    """Only the process whose call nobody answers has little patience: whoever looks it up may take as long as the machine needs."""
    await shop.customer()
    xendit.always = silence
    async with opened(shop_settings(provider_call_timeout_seconds=0.2)) as hasty:
        made = await hasty.post("/v1/topups", QRIS, 202)
    xendit.always = None
    assert made["status"] == "unknown"

    async def known() -> bool:
        await shop.checkout.opener.resolve()
        return bool((await shop.get(f"/v1/topups/{made['payment_id']}"))["status"] == "pending")

    await until(known)
    assert len(xendit.requests) == 1


@pytest.mark.parametrize(
    ("status", "said", "code", "answered"),
    [
        (503, "CHANNEL_UNAVAILABLE", "channel_unavailable", 503),
        (400, "INVALID_AMOUNT", "amount_refused", 422),
        (403, "PAYMENT_METHOD_NOT_ACTIVE", "payment_method_inactive", 409),
        (409, "DUPLICATE_REFERENCE", "duplicate_request", 409),
        (400, "SOMETHING_NEW", "provider_refused", 502),
    ],
)
async def test_c123_refusals_have_stable_codes_and_none_of_the_providers_words(
    shop: Shop, xendit: XenditDoor, status: int, said: str, code: str, answered: int
) -> None:
    await shop.customer()
    xendit.troubles.append(answering(status, said))
    refused = await shop.post("/v1/topups", QRIS, answered, **{"Accept-Language": "id"})
    assert refused["code"] == code
    assert "only operators" not in str(refused)
    assert await shop.pool.fetchval("SELECT said FROM payment_requests") == "what only operators may read"


async def test_c126_a_wrong_key_is_not_tried_again_and_again(shop: Shop, xendit: XenditDoor) -> None:
    await shop.customer()
    xendit.always = answering(401, "INVALID_API_KEY")
    assert (await shop.post("/v1/topups", QRIS, 502))["code"] == "provider_credentials"
    for _ in range(5):
        await shop.post("/v1/topups", QRIS, 503)
    assert xendit.made == 1


async def test_c122_a_rate_limit_is_waited_for_or_told(shop: Shop, xendit: XenditDoor) -> None:
    await shop.customer()
    xendit.troubles.append(answering(429, "RATE_LIMIT_EXCEEDED", **{"Retry-After": "1"}))
    await shop.post("/v1/topups", QRIS)
    xendit.troubles.append(answering(429, "RATE_LIMIT_EXCEEDED", **{"Retry-After": "60"}))
    refused = await shop.post("/v1/topups", QRIS | {"amount": 25_000}, 503)
    assert refused["code"] == "provider_busy"


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://nowhere.invalid"])
async def test_c122_an_unreachable_provider_is_left_alone(shop_settings: Any, address: str) -> None:
    """Nobody listens, or its name leads nowhere."""
    # Where names are looked up slowly, looking ends as nobody there does.
    given = shop_settings(
        xendit_base_url=address, provider_breaker_failures=3, provider_connect_timeout_seconds=1.0
    )
    async with opened(given) as shop:
        await shop.customer()
        for _ in range(3):
            assert (await shop.post("/v1/topups", QRIS, 503))["code"] == "provider_unavailable"
        assert await shop.log() == ["checkout.requested", "checkout.refused"] * 3


async def test_every_call_for_a_payment_is_on_its_timeline_with_its_end_and_nothing_of_the_payer(
    shop: Shop, xendit: XenditDoor
) -> None:
    await shop.customer()
    xendit.after.append(hang_up)
    made = await shop.post("/v1/topups", QRIS, 202)

    async def known() -> bool:
        await shop.checkout.opener.resolve()
        return bool((await shop.get(f"/v1/topups/{made['payment_id']}"))["status"] == "pending")

    await until(known)
    await shop.settle()
    payment = await shop.get(f"/v1/payments/xendit/{made['payment_id']}")
    calls = [step for step in payment["timeline"] if step["type"] == "provider.called"]
    assert [
        (one["data"]["operation"], one["data"]["outcome"], one["data"].get("status")) for one in calls
    ] == [
        ("create_payment_request", "unknown", None),
        ("find_payment_request", "answered", 200),
        ("read_payment_request", "answered", 200),
    ]
    assert [one["data"].get("code") for one in calls] == ["provider_silent", None, None]
    moments = [one["data"]["occurred_at"] for one in calls]
    assert moments == sorted(moments)
    assert all(one["data"].get("milliseconds", 0) >= 0 for one in calls)
    assert {one["actor"] for one in calls} == {"api"}
    assert "budi@example.com" not in str(calls)
    entries = await timeline_of(shop, made["payment_id"])
    assert [one for one in entries if one.startswith(("create_", "find_"))] == [
        f"create_payment_request: unknown (provider_silent), {calls[0]['data'].get('milliseconds', 0)} ms",
        f"find_payment_request: answered 200, {calls[1]['data'].get('milliseconds', 0)} ms",
    ]


async def timeline_of(shop: Shop, payment: str) -> list[str]:
    """As `lunas payments show` tells it."""
    async with shop.pool.acquire() as connection:
        (found,) = await find_payments(connection, "xendit", payment)
        return [describe(entry) for entry in await timeline(connection, found["case_key"])]


async def test_a_call_that_the_breaker_keeps_back_is_told_as_not_sent(shop_settings: Any) -> None:
    settings = shop_settings(
        xendit_base_url="http://127.0.0.1:9", provider_breaker_failures=1, provider_call_attempts=1
    )
    async with opened(settings) as shop:
        await shop.customer()
        for _ in range(2):
            await shop.post("/v1/topups", QRIS, 503)
        rows = await shop.pool.fetch(
            "SELECT data ->> 'outcome' AS outcome, data ->> 'code' AS code FROM events "
            "WHERE type = 'provider.called' ORDER BY position"
        )
        assert [(row["outcome"], row["code"]) for row in rows] == [
            ("not_sent", "provider_unavailable"),
            ("not_sent", "breaker"),
        ]
