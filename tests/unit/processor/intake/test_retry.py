"""Detours of a single delivery: which exchange, which headers, and when it is parked instead."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection

import orjson
import pytest

from deploy.rabbitmq.make_definitions import PERMISSIONS
from processor.intake.interpreter import ERROR_LIMIT, ERRORS_MAX, WhyParked
from processor.intake.retry import Detours, attempt_of, errors_of, is_undecided, why_parked
from runtime.amqp.consumer import Incoming
from runtime.amqp.publisher import Message
from schemas.envelope import unpack
from schemas.errors import NotConfirmed
from tests.unit.processor.intake.envelopes import envelope, message


class _Publisher:
    def __init__(self, dead: Collection[str] = ()) -> None:
        self.sent: list[Message] = []
        self._dead = dead

    async def publish(self, message: Message, *, deadline: float) -> None:
        assert deadline == 5.0
        if message.exchange in self._dead:
            raise NotConfirmed("its queue has ended")
        self.sent.append(message)


def _detours(publisher: _Publisher, attempts: int = 5) -> Detours:
    return Detours(publisher, 3, (5, 30, 300), attempts, 5.0)


@pytest.mark.parametrize(
    ("attempt", "exchange"), [(0, "lunas.retry.5s"), (1, "lunas.retry.30s"), (2, "lunas.retry.300s")]
)
async def test_c29_each_attempt_goes_through_its_tier_and_counts_by_our_own_header(
    attempt: int, exchange: str
) -> None:
    publisher, delivery = _Publisher(), envelope()
    delay = await _detours(publisher).later(delivery, attempt, "DeadlockDetectedError 40P01")
    (sent,) = publisher.sent
    assert (sent.exchange, sent.routing_key) == (exchange, "webhooks.p3")
    errors = '["DeadlockDetectedError 40P01"]'
    assert sent.headers == {"lunas-attempt": attempt + 1, "lunas-partition": 3, "lunas-errors": errors}
    assert unpack(sent.body) == [delivery]
    assert delay in (5, 30, 300)


@pytest.mark.parametrize(("attempt", "attempts"), [(3, 5), (2, 2), (0, 0)])
async def test_c28_after_the_last_tier_it_is_parked_with_its_history(attempt: int, attempts: int) -> None:
    publisher, delivery = _Publisher(), envelope()
    assert await _detours(publisher, attempts).later(delivery, attempt, "DeadlockDetectedError 40P01") is None
    (sent,) = publisher.sent
    assert sent.exchange == "lunas.dead"
    assert why_parked(sent.headers) == WhyParked(
        "append", "retries_exhausted", "DeadlockDetectedError 40P01", attempt
    )
    assert unpack(sent.body) == [delivery]


async def test_c28_every_trip_carries_what_each_before_it_failed_with() -> None:
    publisher, delivery = _Publisher(), envelope()
    told: tuple[str, ...] = ()
    for attempt in range(4):
        await _detours(publisher).later(
            delivery, attempt, f"busy for the {attempt + 1}. time" + "!" * 300, told
        )
        told = errors_of(publisher.sent[-1].headers)
    why = why_parked(publisher.sent[-1].headers)
    assert (why.reason, why.attempts, why.detail[:20]) == ("retries_exhausted", 3, "busy for the 4. time")
    assert [one[:20] for one in why.errors] == [f"busy for the {number}. time" for number in (1, 2, 3)]
    assert {len(one) for one in why.errors} == {ERROR_LIMIT}


@pytest.mark.parametrize("header", [None, 7, "no json", "{}", "[1, null]", '"text"'])
def test_c28_a_header_that_is_not_ours_tells_nothing(header: object) -> None:
    assert errors_of({"lunas-errors": header}) == ()
    many = orjson.dumps([str(number) for number in range(100)]).decode()
    assert errors_of({"lunas-errors": many}) == tuple(str(number) for number in range(100 - ERRORS_MAX, 100))


async def test_a_delivery_comes_back_alone_the_way_its_process_may_write() -> None:
    """Broker users may do what their process does: the processor publishes to retry tiers and the parking lot only."""
    publisher, delivery = _Publisher(), envelope()
    await _detours(publisher).alone(delivery)
    (sent,) = publisher.sent
    assert (sent.exchange, sent.routing_key) == ("lunas.retry.5s", "webhooks.p3")
    assert sent.headers == {"lunas-partition": 3}
    assert unpack(sent.body) == [delivery]
    allowed = re.compile(PERMISSIONS["lunas-processor"]["write"])
    assert allowed.search(sent.exchange)


async def test_a_tier_that_takes_nothing_holds_up_nobody() -> None:
    publisher, delivery = _Publisher({"lunas.retry.5s"}), envelope()
    detours = _detours(publisher)
    assert await detours.later(delivery, 0, "busy") == 30
    await detours.alone(delivery)
    await detours.back(_taken_out(), 8)
    assert [one.exchange for one in publisher.sent] == ["lunas.retry.30s"] * 3


async def test_where_no_tier_takes_it_the_message_stays_with_who_has_it() -> None:
    publisher, delivery = _Publisher({"lunas.retry.300s"}), envelope()
    with pytest.raises(NotConfirmed):
        await _detours(publisher).later(delivery, 2, "busy")
    publisher = _Publisher({"lunas.retry.5s", "lunas.retry.30s", "lunas.retry.300s"})
    with pytest.raises(NotConfirmed):
        await _detours(publisher).alone(delivery)
    assert publisher.sent == []


def test_headers_of_others_are_never_trusted_as_attempts() -> None:
    assert attempt_of({}) == 0
    assert attempt_of({"lunas-attempt": 2, "x-death": [{"count": 9}]}) == 2
    assert attempt_of({"lunas-attempt": "2"}) == 0
    assert attempt_of({"lunas-attempt": -1}) == 0


def test_what_the_broker_took_out_is_told_by_its_own_headers() -> None:
    headers = {"x-first-death-reason": "delivery_limit", "x-first-death-queue": "lunas.webhooks.p0"}
    assert why_parked(headers) == WhyParked(
        "broker", "delivery_limit", "taken out of lunas.webhooks.p0 by the broker"
    )
    assert why_parked({}) == WhyParked("broker", "dead_lettered")


def _taken_out(**headers: object) -> Incoming:
    return dataclasses.replace(message(envelope()), headers=headers, routing_key="webhooks.p7")


async def test_what_the_broker_took_out_goes_back_to_its_queue_with_its_history() -> None:
    publisher = _Publisher()
    taken_out = _taken_out(**{"lunas-attempt": 2, "lunas-partition": 7, "x-death": [], "other": "x"})
    await _detours(publisher).back(taken_out, 2)
    (sent,) = publisher.sent
    assert (sent.exchange, sent.routing_key, sent.body) == (
        "lunas.retry.5s",
        "webhooks.p7",
        taken_out.body,
    )
    assert sent.headers == {"lunas-attempt": 2, "lunas-partition": 7, "lunas-suspect": True}


async def test_what_was_taken_out_of_a_queue_that_is_left_over_goes_to_one_that_stays() -> None:
    publisher = _Publisher()
    await _detours(publisher).back(_taken_out(), 1)
    assert [sent.routing_key for sent in publisher.sent] == ["webhooks.p0"]


LIMIT, EXPIRED = {"reason": "delivery_limit"}, {"reason": "expired"}


@pytest.mark.parametrize(
    ("headers", "undecided"),
    [
        ({"x-first-death-reason": "delivery_limit"}, True),
        ({"x-first-death-reason": "expired", "x-death": [LIMIT, EXPIRED]}, True),
        ({"x-first-death-reason": "expired", "x-last-death-reason": "delivery_limit"}, True),
        ({"x-first-death-reason": "delivery_limit", "x-death": [EXPIRED, LIMIT]}, False),
        ({"x-first-death-reason": "rejected"}, False),
        ({"x-first-death-reason": "delivery_limit", "lunas-stage": "append"}, False),
        ({}, False),
    ],
)
def test_how_often_something_was_delivered_decides_nothing(
    headers: dict[str, object], undecided: bool
) -> None:
    assert is_undecided(_taken_out(**headers)) is undecided


def test_what_has_no_way_back_is_decided() -> None:
    lost = dataclasses.replace(_taken_out(**{"x-first-death-reason": "delivery_limit"}), routing_key="")
    assert not is_undecided(lost)
