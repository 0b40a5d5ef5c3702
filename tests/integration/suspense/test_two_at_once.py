"""Held money that two people act on at once, that its provider is silent about, and that cannot go back the way it came."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from api.suspense import returning, speaking
from api.suspense.returning import Return, give_back
from eventstore.append import NewEvent, append, lock_log
from runtime.database import Connection
from runtime.ids import utc_now
from schemas import streams
from schemas.facts import CustomerRegistered
from tests.integration.checkout.street import Street
from tests.integration.refunds.test_silent_providers import made_at_the_provider
from tests.integration.suspense.test_held_money import SARI, held, operator, paid_by_nobody, projections, say
from tests.waiting import until


def before_the_lock(
    monkeypatch: pytest.MonkeyPatch, module: Any, act: Callable[[], Awaitable[object]]
) -> None:
    """Somebody does this while the next one who speaks waits for the log's lock."""

    async def waits(connection: Connection) -> None:
        monkeypatch.setattr(module, "lock_log", lock_log)
        await act()
        await lock_log(connection)

    monkeypatch.setattr(module, "lock_log", waits)


@pytest.mark.parametrize(("verb", "body"), [("claim", {"customer_id": "budi"}), ("write-off", {})])
@pytest.mark.parametrize("proof", [None, "BCA 1"])
async def test_a_word_that_waited_while_the_money_was_sent_back_is_refused_and_grants_nothing(
    street: Street, monkeypatch: pytest.MonkeyPatch, verb: str, body: dict[str, str], proof: str | None
) -> None:
    """Both were done: the customer had the tokens, and the payer the money."""
    entry = await held(street)

    async def sent_back() -> None:
        async with operator(street) as connection, connection.transaction():
            await give_back(connection, Return(entry, None, proof), SARI, "operator")

    before_the_lock(monkeypatch, speaking, sent_back)
    refused = await say(street, entry, verb, 409, **body)
    assert (refused["code"], "already going back" in refused["detail"]) == ("suspense_already_done", True)
    await street.shop.settle()
    assert await street.balance() == 0
    assert await street.shop.log("suspense.claimed") == await street.shop.log("suspense.written_off") == []


async def test_money_that_waited_to_be_sent_back_while_somebody_claimed_it_stays(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await held(street)

    async def claimed() -> None:
        async with operator(street) as connection, connection.transaction():
            await speaking.claim(connection, entry, "budi", None, SARI)

    before_the_lock(monkeypatch, returning, claimed)
    refused = await say(street, entry, "refund", 409, proof="BCA 1")
    assert "already claimed for budi by sari" in refused["detail"]
    await street.shop.settle()
    assert (await street.balance(), await street.shop.log("refund.")) == (500_000, [])


async def test_whoever_speaks_is_not_refused_because_readers_are_behind_what_others_write(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where something is written all the time a second part of held money could not go back: it was said to be on its way already."""
    entry = await held(street)
    await say(street, entry, "refund", 201, amount=20_000, proof="BCA 1")
    await street.shop.settle()

    async def others_write() -> None:
        async with street.shop.pool.acquire() as connection, connection.transaction():
            await lock_log(connection)
            told = CustomerRegistered(customer_id="siti", email="siti@contoh.id")
            await append(connection, [NewEvent(streams.customer("siti"), told, {"correlation_id": "c"})])

    before_the_lock(monkeypatch, returning, others_write)
    made = await say(street, entry, "refund", 201, amount=10_000, proof="BCA 2")
    assert made["status"] == "succeeded"
    await street.shop.settle()
    assert (await street.shop.get(f"/v1/suspense/{entry}"))["amount"] == 20_000
    before_the_lock(monkeypatch, speaking, others_write)
    await say(street, entry, "claim", customer_id="budi")
    await street.shop.settle()
    assert await street.balance() == 200_000


async def test_a_key_is_not_bound_to_a_refund_that_no_provider_ever_heard_of(street: Street) -> None:
    entry = await paid_by_nobody(street)
    key = {"Idempotency-Key": "k"}
    await street.switch("rate_limited", method="POST", path="/refunds")
    path = f"/v1/suspense/{entry}/refund"
    body = {"reason": "the payer called"}
    busy = await street.shop.post(path, body, 503, **key)
    assert busy["code"] == "provider_busy"
    street.world.switches.turn_off(None)
    street.shop.checkout.clients.payments["xendit"]._api._paused_until = 0.0  # type: ignore[attr-defined]
    done = await street.shop.post(path, body, 201, **key)
    assert done["status"] == "pending"
    assert (await street.shop.post(path, body, 201, **key))["refund_id"] == done["refund_id"]
    assert made_at_the_provider(street) == [done["refund_id"]]


@pytest.mark.parametrize("silence", ["drop_after", "timeout_after", "timeout"])
async def test_held_money_whose_refund_was_made_without_an_answer_goes_back_once_and_to_nobody_else(
    street: Street, silence: str
) -> None:
    entry = await paid_by_nobody(street)
    await street.switch(silence, method="POST", path="/refunds", times=1)
    made = await say(street, entry, "refund", 202)
    assert made["status"] == "reserved"
    for verb, body in (("claim", {"customer_id": "budi"}), ("write-off", {}), ("refund", {})):
        refused = await say(street, entry, verb, 409, **body)
        assert "already going back" in refused["detail"], verb

    async def known() -> bool:
        await street.shop.refunds.refunder.resolve()
        return bool((await street.shop.get(f"/v1/refunds/{made['refund_id']}"))["status"] == "pending")

    await until(known)
    assert made_at_the_provider(street) == [made["refund_id"]]
    await street.later(seconds=3)
    seen = await street.shop.get(f"/v1/suspense/{entry}")
    assert (seen["status"], seen["resolution"]) == ("released", "refunded")
    assert await street.balance() == 0
    assert (await street.shop.get("/v1/ledger"))["balanced"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"method": "retail", "channel": "ALFAMART"}, "never gives any back"),
        ({"method": "va", "channel": "BCA"}, "never gives any back"),
        ({"method": "qris", "channel": "QRIS", "occurred_at": utc_now() - timedelta(days=8)}, "are over"),
    ],
)
async def test_what_its_channel_does_not_give_back_goes_back_by_hand_with_a_proof(
    street: Street, more: dict[str, Any], why: str
) -> None:
    entry = await held(street, **more)
    refused = await say(street, entry, "refund", 409)
    assert (refused["code"], why in refused["detail"]) == ("refund_not_supported", True)
    assert (await street.shop.get(f"/v1/suspense/{entry}"))["acts"] == []
    await say(street, entry, "refund", 201, proof="BCA 0612-7741")
    await street.shop.settle()
    seen = await street.shop.get(f"/v1/suspense/{entry}")
    assert (seen["status"], seen["resolution"]) == ("released", "refunded")
    assert (await say(street, entry, "refund", 409, proof="BCA 2"))["code"] == "suspense_already_done"


async def test_a_claim_that_is_taken_back_while_its_money_goes_back_ends_as_if_nobody_had_claimed_it(
    street: Street,
) -> None:
    """Whoever it had been claimed for by mistake owed the tokens that were set aside for the refund, for two weeks."""
    untouched = await paid_by_nobody(street)
    payment = (await street.shop.get(f"/v1/suspense/{untouched}"))["provider_payment_id"]
    before = await projections(street)
    await say(street, untouched, "claim", customer_id="budi")
    await street.shop.settle()
    assert await street.balance() == 500_000
    made = await street.refund(payment)
    assert made["status"] == "pending"
    assert (await say(street, untouched, "refund", 409))["code"] == "suspense_already_done"
    await say(street, untouched, "undo")
    await street.shop.settle()
    assert await street.balance() == 0
    for _ in range(2):
        await street.later(seconds=3)
        await street.shop.refunds.refunder.resolve()
    await street.looked_after()
    seen = await street.shop.get(f"/v1/suspense/{untouched}")
    assert (seen["status"], seen["resolution"]) == ("released", "refunded")
    assert await street.balance() == 0
    balance = await street.shop.get("/v1/customers/budi/balance")
    assert (balance["reserved_tokens"], balance["debt_tokens"], balance["frozen"]) == (0, 0, False)
    assert (await street.shop.get("/v1/ledger"))["balanced"]
    assert (await projections(street))["customers"] == before["customers"]
