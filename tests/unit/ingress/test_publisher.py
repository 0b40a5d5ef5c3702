"""Grouping changes how deliveries travel, never whether or in which order they do."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from ingress.metrics import Metrics
from ingress.publisher import Bounds, GroupingPublisher
from runtime.broker import Message
from schemas.envelope import Envelope, unpack
from schemas.errors import NotConfirmed, Unroutable
from schemas.topology import partition_of


class Wire:
    """A broker that confirms when told to."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.gates: list[asyncio.Future[None]] = []

    async def publish(self, message: Message, *, deadline: float) -> None:
        assert deadline > 0
        self.messages.append(message)
        gate = asyncio.get_running_loop().create_future()
        self.gates.append(gate)
        await gate

    def groups(self) -> list[list[bytes]]:
        return [[envelope.body for envelope in unpack(message.body)] for message in self.messages]


def bounds(**changes: float) -> Bounds:
    values: dict[str, float] = {
        "deadline": 5.0,
        "group_envelopes": 64,
        "group_bytes": 1_000_000,
        "in_flight": 1,
        "pending": 1000,
        "pending_bytes": 1_000_000,
    }
    return Bounds(**(values | changes))  # type: ignore[arg-type]


def grouping(wire: Wire, partitions: int = 1, **changes: float) -> GroupingPublisher:
    return GroupingPublisher(wire, partitions, bounds(**changes), Metrics(CollectorRegistry()))  # type: ignore[arg-type]


def deliver(publisher: GroupingPublisher, body: bytes, key: str = "") -> asyncio.Task[None]:
    envelope = Envelope("id", "xendit", 1, "static_token", "abc", "/webhooks/xendit", body)
    return asyncio.create_task(publisher.deliver(envelope, key))


async def settle() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


async def test_a_lone_delivery_travels_at_once_and_alone() -> None:
    wire = Wire()
    task = deliver(grouping(wire), b"a")
    await settle()
    assert wire.groups() == [[b"a"]]
    assert not task.done()
    wire.gates[0].set_result(None)
    await task


async def test_what_arrives_during_a_publish_travels_together_next_in_order() -> None:
    wire = Wire()
    publisher = grouping(wire)
    first = deliver(publisher, b"first")
    await settle()
    rest = [deliver(publisher, b"%d" % number) for number in range(10)]
    await settle()
    assert wire.groups() == [[b"first"]]
    wire.gates[0].set_result(None)
    await settle()
    assert wire.groups()[1:] == [[b"%d" % number for number in range(10)]]
    assert first.done()
    assert not any(task.done() for task in rest)
    wire.gates[1].set_result(None)
    await asyncio.gather(*rest)


async def test_a_group_is_bounded_by_count_and_by_bytes() -> None:
    wire = Wire()
    publisher = grouping(wire, group_envelopes=3, group_bytes=1000)
    tasks = [deliver(publisher, b"x") for _ in range(4)] + [deliver(publisher, b"y" * 600) for _ in range(2)]
    await settle()
    for index in range(4):
        wire.gates[index].set_result(None)
        await settle()
        if all(task.done() for task in tasks):
            break
    await asyncio.gather(*tasks)
    sizes = [[len(body) for body in group] for group in wire.groups()]
    assert sizes == [[1, 1, 1], [1, 600], [600]]


async def test_one_delivery_larger_than_the_bound_still_travels() -> None:
    wire = Wire()
    task = deliver(grouping(wire, group_bytes=10), b"z" * 500)
    await settle()
    wire.gates[0].set_result(None)
    await task


@pytest.mark.parametrize("error", [NotConfirmed("late"), Unroutable("nowhere")])
async def test_a_failed_group_fails_every_delivery_in_it(error: NotConfirmed | Unroutable) -> None:
    wire = Wire()
    publisher = grouping(wire)
    tasks = [deliver(publisher, b"x") for _ in range(3)]
    await settle()
    wire.gates[0].set_exception(error)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(error)] * 3
    assert len({id(outcome) for outcome in outcomes}) == 3
    later = deliver(publisher, b"later")
    await settle()
    wire.gates[1].set_result(None)
    await later


async def test_the_deadline_counts_from_arrival_and_what_was_answered_503_is_not_published() -> None:
    wire = Wire()
    publisher = grouping(wire, deadline=0.05)
    tasks = [deliver(publisher, b"stuck")]
    await settle()
    tasks.append(deliver(publisher, b"waits behind it"))
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [NotConfirmed, NotConfirmed]
    fresh = deliver(publisher, b"fresh")
    wire.gates[0].set_exception(NotConfirmed())
    await settle()
    assert wire.groups() == [[b"stuck"], [b"fresh"]]
    wire.gates[1].set_result(None)
    await fresh
    assert publisher.waiting == 0


@pytest.mark.parametrize("limit", [{"pending": 2}, {"pending_bytes": 20}])
async def test_beyond_the_memory_bounds_the_answer_is_no_at_once(limit: dict[str, int]) -> None:
    wire = Wire()
    publisher = grouping(wire, **limit)
    tasks = [deliver(publisher, b"x" * 10) for _ in range(2)]
    await settle()
    with pytest.raises(NotConfirmed, match="too many"):
        await deliver(publisher, b"x" * 10)
    for gate in wire.gates:
        gate.set_result(None)
    await asyncio.gather(*tasks)


async def test_partitions_do_not_wait_for_each_other() -> None:
    wire = Wire()
    publisher = grouping(wire, partitions=4)
    keys = [f"key-{number}" for number in range(40)]
    tasks = [deliver(publisher, key.encode(), key) for key in keys]
    await settle()
    assert {message.routing_key for message in wire.messages} == {f"webhooks.p{n}" for n in range(4)}
    for message in wire.messages:
        number = int(message.routing_key.removeprefix("webhooks.p"))
        assert message.headers["lunas-partition"] == number
        assert all(partition_of(item.body, 4) == number for item in unpack(message.body))
    for gate in wire.gates:
        gate.set_result(None)
    await asyncio.gather(*tasks)


async def test_an_abandoned_request_does_not_hold_up_its_group() -> None:
    wire = Wire()
    publisher = grouping(wire)
    tasks = [deliver(publisher, b"x") for _ in range(3)]
    await settle()
    tasks[1].cancel()
    await settle()
    wire.gates[0].set_result(None)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [outcome is None for outcome in outcomes] == [True, False, True]
    assert publisher.waiting == 0
