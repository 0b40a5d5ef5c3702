"""What is asked of a broker and of a store, real or simulated, and what both must answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from processor.intake.interpreter import Prepared
from processor.intake.store import Recorded
from runtime.amqp.consumer import Consumer, Incoming
from runtime.amqp.publisher import Message
from schemas.envelope import Envelope
from schemas.errors import Unroutable
from schemas.topology import WEBHOOKS, queue_name, routing_key
from tests.unit.processor.intake.envelopes import capture, envelope, interpreter


class BrokerBench(Protocol):
    """A broker that can be spoken with, and whose connections can be cut."""

    async def publish(self, message: Message) -> None: ...

    async def consumer(self, prefetch: int, *, process: str = "one") -> Consumer: ...

    async def collect(self, consumer: Consumer, number: int) -> list[Incoming]: ...

    async def cut(self) -> None:
        """Every connection of process "one" ends, and is made again."""

    async def end(self, consumer: Consumer) -> None:
        """Its process is gone."""


async def _filled(bench: BrokerBench, number: int) -> None:
    for each in range(number):
        await bench.publish(Message(WEBHOOKS, routing_key(0), b"%d" % each))


def _told(deliveries: list[Incoming]) -> list[tuple[bytes, bool, int]]:
    return [(one.body, one.redelivered, one.count) for one in deliveries]


async def order_and_one_acknowledgement_for_many(bench: BrokerBench) -> object:
    await _filled(bench, 6)
    consumer = await bench.consumer(6)
    deliveries = await bench.collect(consumer, 6)
    settled = await consumer.ack_through(deliveries[3].tag)
    # The window was full: what comes now shows that the acknowledgement has arrived.
    await bench.publish(Message(WEBHOOKS, routing_key(0), b"6"))
    await bench.collect(consumer, 1)
    await bench.cut()
    return _told(deliveries), settled, _told(await bench.collect(consumer, 3))


async def a_window_bounds_what_is_here(bench: BrokerBench) -> object:
    await _filled(bench, 5)
    consumer = await bench.consumer(2)
    deliveries = await bench.collect(consumer, 2)
    waiting = len(consumer)
    await consumer.ack_through(deliveries[-1].tag)
    return waiting, _told(await bench.collect(consumer, 2))


async def a_wider_window_brings_more(bench: BrokerBench) -> object:
    await _filled(bench, 4)
    consumer = await bench.consumer(1)
    deliveries = await bench.collect(consumer, 1)
    await consumer.set_prefetch(10)
    await consumer.ack_through(deliveries[-1].tag)
    return _told(await bench.collect(consumer, 3))


async def another_window_opens_when_the_old_one_is_empty(bench: BrokerBench) -> object:
    await _filled(bench, 5)
    consumer = await bench.consumer(2)
    deliveries = await bench.collect(consumer, 2)
    await consumer.set_prefetch(10)
    await consumer.ack_through(deliveries[0].tag)
    # What a confirm takes there and back is time enough for a delivery.
    await bench.publish(Message(WEBHOOKS, routing_key(0), b"5"))
    waiting = len(consumer)
    await consumer.ack_through(deliveries[1].tag)
    return waiting, _told(await bench.collect(consumer, 4))


async def another_window_opens_after_a_cut(bench: BrokerBench) -> object:
    await _filled(bench, 3)
    consumer = await bench.consumer(2)
    await bench.collect(consumer, 2)
    await consumer.set_prefetch(10)
    await bench.cut()
    return _told(await bench.collect(consumer, 3))


async def old_tags_are_void_after_a_cut(bench: BrokerBench) -> object:
    await _filled(bench, 3)
    consumer = await bench.consumer(10)
    old = await bench.collect(consumer, 3)
    await bench.cut()
    new = await bench.collect(consumer, 3)
    void = await consumer.ack_through(old[-1].tag)
    return _told(new), void, consumer.stale_acks, await consumer.ack_through(new[-1].tag)


async def a_process_that_died_is_counted_by_the_next(bench: BrokerBench) -> object:
    await _filled(bench, 3)
    consumer = await bench.consumer(10)
    await bench.collect(consumer, 3)
    await bench.end(consumer)
    following = await bench.consumer(10, process="two")
    return _told(await bench.collect(following, 3))


async def what_is_given_back_comes_again(bench: BrokerBench) -> object:
    await _filled(bench, 2)
    consumer = await bench.consumer(10)
    first, second = await bench.collect(consumer, 2)
    given_back = await consumer.requeue(second.tag)
    (again,) = await bench.collect(consumer, 1)
    return given_back, again.body, again.redelivered, await consumer.ack_through(again.tag), first.body


async def a_message_that_no_queue_takes_is_an_error(bench: BrokerBench) -> object:
    try:
        await bench.publish(Message(WEBHOOKS, "webhooks.nowhere", b"x"))
    except Unroutable:
        return "Unroutable"
    return "taken"


BROKER: list[tuple[Callable[[BrokerBench], Awaitable[object]], object]] = [
    (
        order_and_one_acknowledgement_for_many,
        ([(b"%d" % n, False, 0) for n in range(6)], True, [(b"%d" % n, True, 0) for n in (4, 5, 6)]),
    ),
    (a_window_bounds_what_is_here, (0, [(b"2", False, 0), (b"3", False, 0)])),
    (a_wider_window_brings_more, [(b"%d" % n, False, 0) for n in (1, 2, 3)]),
    (another_window_opens_when_the_old_one_is_empty, (0, [(b"%d" % n, False, 0) for n in (2, 3, 4, 5)])),
    (another_window_opens_after_a_cut, [(b"0", True, 0), (b"1", True, 0), (b"2", False, 0)]),
    (old_tags_are_void_after_a_cut, ([(b"%d" % n, True, 0) for n in range(3)], False, 1, True)),
    (a_process_that_died_is_counted_by_the_next, [(b"%d" % n, True, 1) for n in range(3)]),
    (what_is_given_back_comes_again, (True, b"1", True, True, b"0")),
    (a_message_that_no_queue_takes_is_an_error, "Unroutable"),
]


class StoreBench(Protocol):
    """What intake asks of its store."""

    async def store(self, batch: list[Prepared]) -> list[Recorded]: ...

    async def deaths(self, messages: list[bytes]) -> list[int]: ...

    async def in_hand(self, messages: list[bytes]) -> list[int]: ...

    async def put_down(self, messages: list[bytes]) -> None: ...

    async def let_go(self, messages: list[bytes]) -> None: ...


async def _statuses(bench: StoreBench, *envelopes: Envelope) -> list[tuple[str, str | None, int]]:
    stored = await bench.store([interpreter().prepare(one) for one in envelopes])
    return [(one.verdict.status, one.verdict.reason, len(one.verdict.facts)) for one in stored]


async def the_same_again(bench: StoreBench) -> object:
    first = envelope()
    return [
        await _statuses(bench, first),
        await _statuses(bench, first),
        await _statuses(bench, envelope(capture(created="2026-07-01T04:00:00Z"))),
        await _statuses(bench, first, envelope(capture("py-2"))),
    ]


async def twice_in_one_batch(bench: StoreBench) -> object:
    one = envelope(capture("py-3"))
    return await _statuses(bench, one, one, envelope(capture("py-3", created="2026-07-01T04:00:00Z")))


async def other_content_under_one_key(bench: StoreBench) -> object:
    return [
        await _statuses(bench, envelope(capture("py-4"))),
        await _statuses(bench, envelope(capture("py-4", 70_000))),
    ]


async def what_cannot_be_read_and_what_is_unknown(bench: StoreBench) -> object:
    unknown = b'{"event": "new.one", "data": {}}'
    return [
        await _statuses(bench, envelope(b"{"), envelope(b"{")),
        await _statuses(bench, envelope(unknown), envelope(unknown)),
    ]


async def in_hand_and_out_of_it(bench: StoreBench) -> object:
    deaths = [await bench.in_hand([b"x"]), await bench.in_hand([b"x", b"y", b"x"])]
    await bench.put_down([b"x"])
    deaths += [await bench.deaths([b"x", b"z"]), await bench.in_hand([b"x"])]
    await bench.let_go([b"x"])
    await bench.put_down([b"x"])
    return [*deaths, await bench.in_hand([b"y", b"x"])]


PROCESSED, DUPLICATE = ("processed", None, 1), ("duplicate", None, 0)
STORE: list[tuple[Callable[[StoreBench], Awaitable[object]], object]] = [
    (the_same_again, [[PROCESSED], [], [DUPLICATE], [PROCESSED]]),
    (twice_in_one_batch, [PROCESSED, DUPLICATE]),
    (other_content_under_one_key, [[PROCESSED], [("conflict", "conflicting_content", 0)]]),
    (what_cannot_be_read_and_what_is_unknown, None),
    (in_hand_and_out_of_it, [[0], [0, 0, 0], [0, 0], [0], [0, 0]]),
]
"""None: whatever the real one answers."""

QUEUE = queue_name(0)
