"""A refund whose provider is silent, and one whose process dies: it is looked up by our reference and never made twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runtime.settings import Settings
from tests.integration.checkout.street import Street, street_of
from tests.waiting import until


def made_at_the_provider(street: Street) -> list[str]:
    ledger = street.world.providers["xendit"].ledger  # type: ignore[attr-defined]
    return [one.reference_id for one in ledger.state.refunds.values()]


@pytest.mark.parametrize("silence", ["drop_after", "timeout_after", "timeout"])
async def test_c78_after_a_silence_the_refund_is_looked_up_by_our_reference(
    street: Street, silence: str
) -> None:
    made = await street.topped_up()
    await street.switch(silence, method="POST", path="/refunds", times=1)
    refund = await street.refund(made["payment_id"], 202)
    assert (refund["status"], refund["provider_refund_id"]) == ("reserved", None)
    # While nobody knows, nothing of it can go back a second time.
    refused = await street.refund(made["payment_id"], 409, more={"reason": "duplicate"})
    assert refused["code"] == "refund_exceeds_payment"

    async def known() -> bool:
        await street.shop.refunds.refunder.resolve()
        return bool((await street.shop.get(f"/v1/refunds/{refund['refund_id']}"))["status"] == "pending")

    await until(known)
    clicked = await street.refund(made["payment_id"])
    assert (clicked["refund_id"], clicked["created"]) == (refund["refund_id"], False)
    assert made_at_the_provider(street) == [refund["refund_id"]]
    await street.later(seconds=3)
    assert await street.payment(made["payment_id"]) == ("refunded", 50_000)
    assert await street.balance() == 0


async def test_a_webhook_that_is_faster_than_our_own_record_ends_the_refund(street: Street) -> None:
    made = await street.topped_up()
    await street.switch("drop_after", method="POST", path="/refunds", times=1)
    refund = await street.refund(made["payment_id"], 202)
    await street.later(seconds=3)
    seen = await street.shop.get(f"/v1/refunds/{refund['refund_id']}")
    assert (seen["status"], seen["made_by"]) == ("succeeded", "api")
    assert await street.shop.pool.fetchval("SELECT count(*) FROM refunds") == 1
    assert await street.balance() == 0


async def test_c78_a_webhook_that_never_comes_is_made_up_for_by_asking(street: Street) -> None:
    made = await street.topped_up()
    refund = await street.refund(made["payment_id"])
    street.door.lost = True
    await street.later(seconds=3)
    assert await street.payment(made["payment_id"]) == ("succeeded", 0)
    await street.shop.pool.execute("UPDATE refunds SET next_try_at = clock_timestamp()")
    await street.shop.refunds.refunder.resolve()
    await street.shop.settle()
    assert (await street.shop.get(f"/v1/refunds/{refund['refund_id']}"))["status"] == "succeeded"
    assert await street.payment(made["payment_id"]) == ("refunded", 50_000)
    assert await street.balance() == 0
    # And when it comes after all it changes nothing.
    street.door.lost = False
    for sent in street.world.outbox.of("xendit"):
        street.world.outbox.again(sent.number)
    await street.later(seconds=1)
    assert await street.payment(made["payment_id"]) == ("refunded", 50_000)
    assert await street.balance() == 0


async def test_a_provider_that_cannot_be_reached_was_asked_for_nothing(street: Street) -> None:
    made = await street.topped_up()
    await street.switch("rate_limited", method="POST", path="/refunds")
    key = {"Idempotency-Key": "k"}
    busy = await street.refund(made["payment_id"], 503, **key)
    assert busy["code"] == "provider_busy"
    street.world.switches.turn_off(None)
    await street.shop.refunds.refunder.resolve()
    # The key is free again: nobody was asked for anything.
    street.shop.checkout.clients.payments["xendit"]._api._paused_until = 0.0  # type: ignore[attr-defined]
    done = await street.refund(made["payment_id"], **key)
    assert done["status"] == "pending"
    assert made_at_the_provider(street) == [done["refund_id"]]


async def test_c122_what_a_silent_provider_says_again_is_written_once_and_each_call_by_its_name(
    shop_settings: Callable[..., Settings],
) -> None:
    async with street_of(shop_settings, provider_breaker_failures=1000) as street:
        made = await street.topped_up()
        await street.switch("drop_after", method="POST", path="/refunds", times=1)
        await street.switch("refuse", status=500, code="SERVER_ERROR", method="GET", path="/refunds")
        refund = await street.refund(made["payment_id"], 202)
        pool, due = street.shop.pool, "UPDATE refunds SET next_try_at = clock_timestamp() RETURNING attempts"

        async def asked_often() -> bool:
            await street.shop.refunds.refunder.resolve()
            return int(await pool.fetchval(due)) >= 5

        await until(asked_often)
        street.world.switches.turn_off(None)
        await pool.fetchval(due)
        await street.shop.refunds.refunder.resolve()
        rows = await pool.fetch(
            "SELECT data ->> 'operation' AS operation, data ->> 'outcome' AS outcome FROM events "
            "WHERE type = 'provider.called' AND stream = $1 ORDER BY position",
            f"refund-{refund['refund_id']}",
        )
        told = [(row["operation"], row["outcome"]) for row in rows]
        silent = [one for one in told if one == ("find_refund", "unknown")]
        assert told[0] == ("create_refund", "unknown")
        assert len(silent) == 3  # the tries of one turn
        assert told[-1] == ("find_refund", "answered")
        assert len(told) == 5
