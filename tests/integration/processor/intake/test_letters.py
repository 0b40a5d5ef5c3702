"""Alarms do not vanish: what names a letter, who may close it, and what a replay of it brings back."""

from __future__ import annotations

import dataclasses
import json
import uuid
from typing import Any

import pytest

from console.replay import envelopes_of_letter
from eventstore.append import NewEvent, append, log_transaction
from processor.fulfilment import work as work_module
from processor.fulfilment.desk import Cause
from processor.fulfilment.rounds import Fulfilment, _park
from processor.fulfilment.work import ForAPerson, PolicyFailed
from processor.intake.interpreter import parked
from runtime.database import Pool
from schemas import streams
from schemas.envelope import Envelope, unpack
from schemas.facts import CustomerRegistered
from tests.integration.processor.fulfilment.test_rounds import log, settle
from tests.integration.processor.intake.taking_in import rows, store_of, take_in
from tests.unit.processor.intake.envelopes import capture, envelope, interpreter

__all__ = ["log"]


def refund(amount: int, payment: str = "py-1", refund_id: str = "rfd-1") -> bytes:
    """Xendit says that money went back."""
    data = {
        "id": refund_id,
        "payment_id": payment,
        "payment_request_id": f"pr-{payment}",
        "amount": amount,
        "currency": "IDR",
        "status": "SUCCEEDED",
        "created": "2026-07-02T03:04:05Z",
        "updated": "2026-07-02T03:04:05Z",
    }
    return json.dumps({"event": "refund.succeeded", "business_id": "biz-1", "data": data}).encode()


async def too_large_a_refund(log: Pool) -> Envelope:
    """A payment of 50,000 of which 60,000 went back; the delivery that says so."""
    async with log.acquire() as connection, log_transaction(connection):
        ratna = CustomerRegistered(customer_id="c1", email="ratna@contoh.id")
        await append(connection, [NewEvent(streams.customer("c1"), ratna, {})])
    sent = envelope(refund(60_000), headers={"content-type": "application/json", "webhook-id": "w-1"})
    assert await take_in(store_of(log), envelope(), sent) == ["processed", "processed"]
    await settle(log)
    (letter,) = await letters(log)
    assert (letter["stage"], letter["reason"], letter["status"]) == (
        "fulfil",
        "refund_exceeds_payment",
        "open",
    )
    return sent


async def letters(pool: Pool) -> list[dict[str, Any]]:
    return await rows(pool, "SELECT * FROM dead_letters ORDER BY first_seen, dead_letter_id")


async def replay(pool: Pool, letter: dict[str, Any]) -> list[str]:
    """As `lunas dlq replay` does: claim it, send it again."""
    await pool.execute(
        "UPDATE dead_letters SET status = 'replaying', resolved_by = 'ani', resolved_at = now() WHERE dead_letter_id = $1",
        letter["dead_letter_id"],
    )
    (again,) = envelopes_of_letter(letter["message"], letter["dead_letter_id"], "ani")
    return await take_in(store_of(pool), again)


async def test_a_providers_redelivery_closes_no_alarm_of_fulfilment(log: Pool) -> None:
    sent = await too_large_a_refund(log)
    for _ in range(2):
        again = dataclasses.replace(sent, delivery_id=str(uuid.uuid4()))
        assert await take_in(store_of(log), again) == ["duplicate"]
    (letter,) = await letters(log)
    assert (letter["status"], letter["resolved_by"]) == ("open", None)


async def test_a_replay_that_mends_nothing_leaves_the_alarm_open(log: Pool) -> None:
    await too_large_a_refund(log)
    (letter,) = await letters(log)
    assert await replay(log, letter) == ["duplicate"]
    (after,) = await letters(log)
    assert (after["status"], after["resolved_by"], after["resolved_at"]) == ("open", None, None)


async def test_a_replay_of_another_letter_with_the_same_bytes_leaves_the_alarm_alone(log: Pool) -> None:
    sent = await too_large_a_refund(log)
    again = dataclasses.replace(sent, delivery_id=str(uuid.uuid4()))
    prepared = parked(interpreter().prepare(again), "append", "retries_exhausted", "busy", 5)
    await store_of(log).store([prepared])
    alarm, late = await letters(log)
    assert await replay(log, late) == ["duplicate"]
    assert [letter["status"] for letter in await letters(log)] == ["open", "resolved"]
    assert alarm["status"] == "open"


async def test_a_replay_after_the_fix_closes_the_letter_of_a_bug_and_before_it_does_not(
    log: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide = work_module.decide

    def broken(_case: Any, _situation: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(work_module, "decide", broken)
    await take_in(store_of(log), envelope())
    worker = Fulfilment(log, limit=100)
    with pytest.raises(PolicyFailed) as failed:
        await worker.round()
    worker.leave_out(failed.value)
    await worker.round()
    (letter,) = await letters(log)
    assert letter["reason"] == "policy_failed"
    assert await replay(log, letter) == ["duplicate"]
    (letter,) = await letters(log)
    assert letter["status"] == "open"
    monkeypatch.setattr(work_module, "decide", decide)
    await Fulfilment(log, limit=100).round()
    assert await replay(log, letter) == ["duplicate"]
    (letter,) = await letters(log)
    assert (letter["status"], letter["resolved_by"]) == ("resolved", "ani")


async def test_every_alarm_of_one_delivery_is_a_letter_and_the_same_alarm_again_is_counted(log: Pool) -> None:
    sent = envelope()
    await take_in(store_of(log), sent)
    cause = Cause(1, None, None, sent.delivery_id)
    alarms = [
        ("rfd-1", "refund_exceeds_payment"),
        ("rfd-2", "refund_exceeds_payment"),
        ("pr-1", "payment_counted_twice"),
        ("rfd-1", "refund_exceeds_payment"),
    ]
    async with log.acquire() as connection:
        for detail, reason in alarms:
            await _park(connection, ForAPerson("xendit", detail, reason, cause))
    found = [(letter["reason"], letter["detail"], letter["deliveries"]) for letter in await letters(log)]
    assert found == [
        ("refund_exceeds_payment", "rfd-1", 2),
        ("refund_exceeds_payment", "rfd-2", 1),
        ("payment_counted_twice", "pr-1", 1),
    ]


async def test_bytes_that_fail_for_another_reason_are_another_letter(log: Pool) -> None:
    """Also beside an alarm of fulfilment, which a failure at the door must not overwrite."""
    sent = await too_large_a_refund(log)
    store = store_of(log)
    for reason in ("retries_exhausted", "retries_exhausted", "not_storable"):
        again = dataclasses.replace(sent, delivery_id=str(uuid.uuid4()))
        await store.store([parked(interpreter().prepare(again), "append", reason, uuid.uuid4().hex)])
    found = [(letter["reason"], letter["deliveries"], letter["status"]) for letter in await letters(log)]
    assert found == [
        ("refund_exceeds_payment", 1, "open"),
        ("retries_exhausted", 2, "open"),
        ("not_storable", 1, "open"),
    ]


async def test_a_replay_that_fails_for_another_reason_hands_over_to_the_new_letter(log: Pool) -> None:
    sent = envelope(capture(amount="12.5"))
    late = parked(interpreter().prepare(sent), "append", "retries_exhausted", "busy", 5)
    await store_of(log).store([late])
    (letter,) = await letters(log)
    assert await replay(log, letter) == ["parked"]
    found = [(letter["reason"], letter["status"], letter["resolved_by"]) for letter in await letters(log)]
    assert found == [("retries_exhausted", "resolved", "ani"), ("amount_fractional", "open", None)]


async def test_the_letter_of_an_alarm_holds_the_delivery_as_it_came(log: Pool) -> None:
    sent = await too_large_a_refund(log)
    (letter,) = await letters(log)
    assert unpack(letter["message"]) == [sent]
    (again,) = envelopes_of_letter(letter["message"], letter["dead_letter_id"], "ani")
    assert (again.headers, again.received_at, again.body) == (sent.headers, sent.received_at, sent.body)


async def test_c30_an_alarm_is_open_again_only_while_nobody_raised_it_anew(log: Pool) -> None:
    sent = envelope()
    await take_in(store_of(log), sent)
    cause = Cause(1, None, None, sent.delivery_id)
    async with log.acquire() as connection:
        await _park(connection, ForAPerson("xendit", "rfd-1", "refund_exceeds_payment", cause))
        await connection.execute("UPDATE dead_letters SET status = 'discarded'")
        await _park(connection, ForAPerson("xendit", "rfd-1", "refund_exceeds_payment", cause))
    assert [letter["status"] for letter in await letters(log)] == ["discarded", "open"]
