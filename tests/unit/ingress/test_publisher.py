"""Grouping changes how deliveries travel, never whether or in which order they do."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from ingress.lane import GOOD_GROUP
from ingress.metrics import Metrics
from ingress.publisher import Bounds, GroupingPublisher
from runtime.amqp.broker import Message
from schemas.envelope import Envelope, pack_one, unpack
from schemas.errors import NotConfirmed, Unroutable
from tests.unit.ingress.jumping import at, play


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


def deliver(publisher: GroupingPublisher, body: bytes, partition: int = 0) -> asyncio.Task[None]:
    envelope = Envelope("id", "xendit", 1, "static_token", "abc", "/webhooks/xendit", body)
    return asyncio.create_task(publisher.deliver(pack_one(envelope), partition))


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


@pytest.mark.parametrize("limit", [{"pending": 2}, {"pending_bytes": 3000}])
async def test_beyond_the_memory_bounds_the_answer_is_no_at_once(limit: dict[str, int]) -> None:
    wire = Wire()
    publisher = grouping(wire, **limit)
    tasks = [deliver(publisher, b"x" * 1000) for _ in range(2)]
    await settle()
    with pytest.raises(NotConfirmed, match="too many"):
        await deliver(publisher, b"x" * 1000)
    for gate in wire.gates:
        gate.set_result(None)
    await asyncio.gather(*tasks)


async def test_partitions_do_not_wait_for_each_other() -> None:
    wire = Wire()
    publisher = grouping(wire, partitions=4)
    tasks = [deliver(publisher, b"%d" % number, number % 4) for number in range(40)]
    await settle()
    assert {message.routing_key for message in wire.messages} == {f"webhooks.p{n}" for n in range(4)}
    for message in wire.messages:
        number = int(message.routing_key.removeprefix("webhooks.p"))
        assert message.headers["lunas-partition"] == number
        assert [int(item.body) for item in unpack(message.body)] == list(range(number, 40, 4))
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


class Quick(Wire):
    """A broker that confirms at once; `at` is when each message was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.at: list[float] = []

    async def publish(self, message: Message, *, deadline: float) -> None:
        self.messages.append(message)
        self.at.append(asyncio.get_running_loop().time())


def test_small_groups_keep_a_pause_and_the_first_after_a_quiet_time_does_not_wait() -> None:
    wire = Quick()

    async def scene() -> None:
        publisher = grouping(wire, pause=0.01)
        arrivals = [0.0, 0.001, 0.004, 0.012, 0.5]
        tasks = []
        for number, moment in enumerate(arrivals):
            await at(moment)
            tasks.append(deliver(publisher, b"%d" % number))
        await asyncio.gather(*tasks)

    play(scene)
    assert wire.groups() == [[b"0"], [b"1", b"2"], [b"3"], [b"4"]]
    assert wire.at == pytest.approx([0.0, 0.01, 0.02, 0.5])


def test_a_good_group_is_not_held_back() -> None:
    wire = Quick()

    async def scene() -> None:
        publisher = grouping(wire, pause=0.01)
        await deliver(publisher, b"first")
        few = [deliver(publisher, b"few") for _ in range(GOOD_GROUP - 1)]
        await at(0.005)
        await asyncio.gather(deliver(publisher, b"one more"), *few)

    play(scene)
    assert [len(group) for group in wire.groups()] == [1, GOOD_GROUP]
    assert wire.at == pytest.approx([0.0, 0.005])


def test_a_group_that_cannot_grow_is_not_held_back() -> None:
    wire = Quick()

    async def scene() -> None:
        publisher = grouping(wire, pause=0.01, group_envelopes=1)
        await asyncio.gather(*(deliver(publisher, b"%d" % number) for number in range(3)))

    play(scene)
    assert wire.at == [0.0, 0.0, 0.0]


def test_without_a_pause_nothing_waits() -> None:
    wire = Quick()

    async def scene() -> None:
        publisher = grouping(wire, pause=0.0)
        for number in range(3):
            await deliver(publisher, b"%d" % number)

    play(scene)
    assert wire.at == [0.0, 0.0, 0.0]


def test_each_delivery_has_its_own_deadline() -> None:
    """One timer serves all; nobody's answer is early or late because of another's."""
    wire = Wire()
    answered: list[tuple[str, float]] = []

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        publisher = grouping(wire, deadline=1.0)
        for moment in (0.0, 0.3, 0.4):
            await at(moment)
            envelope = Envelope("id", "xendit", 1, "static_token", "abc", "/webhooks/xendit", b"x")
            publisher.submit(
                envelope, 0, lambda failure: answered.append((type(failure).__name__, loop.time()))
            )
        await at(1.4)
        await settle()
        assert publisher.waiting == 0
        wire.gates[0].set_result(None)
        await settle()

    play(scene)
    assert answered == [("NotConfirmed", pytest.approx(moment)) for moment in (1.0, 1.3, 1.4)]
    assert len(wire.messages) == 1, "what was answered 503 before its turn is not sent"


def test_a_delivery_whose_deadline_passes_during_the_pause_is_not_sent() -> None:
    wire = Quick()

    async def scene() -> None:
        publisher = grouping(wire, pause=2.0, deadline=1.0)
        await deliver(publisher, b"first")
        with pytest.raises(NotConfirmed):
            await deliver(publisher, b"too late")
        await at(5.0)

    play(scene)
    assert wire.groups() == [[b"first"]]


async def test_what_goes_wrong_in_one_answer_is_not_the_others_trouble() -> None:
    wire = Wire()
    publisher = grouping(wire)
    answered: list[object] = []
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _loop, context: complaints.append(repr(context.get("exception")))
    )

    def broken(_failure: object) -> None:
        raise RuntimeError("a bug")

    envelope = Envelope("id", "xendit", 1, "static_token", "abc", "/webhooks/xendit", b"x")
    for answer in (answered.append, broken, answered.append):
        publisher.submit(envelope, 0, answer)
    await settle()
    wire.gates[0].set_result(None)
    await settle()
    assert answered == [None, None]
    assert complaints == ["RuntimeError('a bug')"]
