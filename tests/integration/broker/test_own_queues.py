"""When a provider's own queues are used: not beside a processor that does not know them, and not where they do not exist."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from runtime.amqp import own_queues as module
from runtime.amqp.broker import Broker
from runtime.amqp.own_queues import OwnQueues
from schemas.topology import APART, WEBHOOKS, Topology, own_queues, queue_name, topology, work_queues
from tests.integration.broker.conftest import FAST
from tests.integration.broker.imported import imported
from tests.services import BrokerServer
from tests.waiting import until

ONE = topology(1)


@asynccontextmanager
async def publishing(url: str, shape: Topology = ONE) -> AsyncIterator[tuple[Broker, OwnQueues]]:
    """As ingress connects; it looks again and again."""
    own = OwnQueues(1)
    async with Broker(url, name="publisher", topology=shape, options=FAST, own=own) as broker:
        await broker.ready(60.0)
        looking = asyncio.create_task(own.run())
        try:
            yield broker, own
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(module, "ANSWER_SECONDS", 60.0)


async def reading(url: str, numbers: range, name: str) -> Broker:
    """A processor that reads these work queues."""
    broker = Broker(url, name=name, topology=None, options=FAST)
    await broker.__aenter__()
    await broker.ready(60.0)
    for number in numbers:
        await broker.consumer(queue_name(number), prefetch=1).start()
    return broker


async def test_while_no_processor_is_there_each_provider_has_its_own(broker_url: str) -> None:
    """Also for what comes first of all: it is known before anything is published."""
    async with publishing(broker_url) as (_, own):
        assert own.offsets == own_queues(1)


async def test_beside_a_processor_of_an_earlier_version_they_are_not_used_until_one_of_this_version_is_there(
    broker_url: str,
) -> None:
    async with Broker(broker_url, name="declares", topology=ONE, options=FAST) as declaring:
        await declaring.ready(60.0)
        earlier = await reading(broker_url, range(1), "earlier")
        try:
            async with publishing(broker_url) as (_, own):
                assert own.offsets == {}
                this = await reading(broker_url, range(work_queues(1)), "this")
                await until(lambda: own.offsets == own_queues(1))
                await this.__aexit__(None, None, None)
                # It was a mistake, and the earlier one did not start anew: then it would have found them, as queues that are left over.
                await until(lambda: own.offsets == {})
        finally:
            await earlier.__aexit__(None, None, None)


async def test_where_processes_may_not_create_them_they_are_used_once_they_are_imported(
    rabbitmq: BrokerServer,
) -> None:
    """An upgrade of the containers: the definitions in the broker are those of the release before until somebody imports the new ones."""

    def of_the_release_before(document: dict[str, Any]) -> None:
        new = {queue_name(number) for number in range(1, work_queues(1))}
        document["queues"] = [each for each in document["queues"] if each["name"] not in new]
        document["bindings"] = [each for each in document["bindings"] if each["destination"] not in new]

    with imported(rabbitmq) as import_them:
        address = import_them(of_the_release_before)
        async with publishing(address("lunas-ingress")) as (broker, own):
            assert own.offsets == {}
            async with Broker(
                address("lunas-processor"), name="processor", topology=ONE, options=FAST
            ) as processor:
                await processor.ready(60.0)
                consumers = [
                    processor.consumer(queue_name(number), prefetch=1, may_vanish=number > 0)
                    for number in range(work_queues(1))
                ]
                for consumer in consumers:
                    await consumer.start()
                await until(lambda: processor.consuming.is_up)
                assert [consumer.is_up for consumer in consumers] == [True, *(False for _ in APART)]
            await asyncio.to_thread(import_them)
            await until(lambda: own.offsets == own_queues(1))
            assert broker.publisher.is_ready


def looks(*readers: dict[int, int]) -> dict[str, int]:
    own = OwnQueues(1)
    for each in readers:
        own.learn(each)
    return own.offsets


def everybody(readers: int, shared: int) -> dict[int, int]:
    return {0: shared} | dict.fromkeys(range(1, work_queues(1)), readers)


@pytest.mark.parametrize(
    ("seen", "used"),
    [
        ([everybody(1, 1)], True),
        ([everybody(0, 0)], True),
        ([everybody(0, 1)], False),
        ([everybody(1, 1), everybody(0, 1), everybody(0, 1)], True),
        ([everybody(1, 1), *[everybody(0, 1)] * 3], False),
        ([everybody(1, 1), *[everybody(0, 1)] * 2, everybody(1, 1), *[everybody(0, 1)] * 2], True),
        ([everybody(1, 1), {0: 1}], False),
        ([everybody(0, 1), everybody(1, 2)], True),
        ([everybody(0, 1), *[everybody(0, 0)] * 2], False),
        ([everybody(0, 1), *[everybody(0, 0)] * 2, everybody(0, 1), *[everybody(0, 0)] * 2], False),
        ([everybody(0, 1), *[everybody(0, 0)] * 3], True),
        ([{0: 1}, everybody(0, 0)], True),
    ],
    ids=[
        "read",
        "the processor is away",
        "an earlier processor",
        "a processor that starts reads one after the other",
        "an earlier processor stays",
        "two restarts",
        "deleted",
        "one of this version beside an earlier one",
        "an earlier processor connects anew, or is restarted",
        "twice",
        "an earlier processor ended",
        "there are some now, and nobody reads any",
    ],
)
def test_what_is_learned_from_who_reads(seen: list[dict[int, int]], used: bool) -> None:
    assert looks(*seen) == (own_queues(1) if used else {})


def test_one_provider_without_its_queue_takes_nothing_from_the_others() -> None:
    readers = everybody(1, 1)
    del readers[own_queues(1)["mayar"]]
    assert looks(readers).keys() == set(APART) - {"mayar"}


def test_names_of_own_queues_are_such_as_an_earlier_processor_finds_and_empties() -> None:
    """It asks for one number after the other from its own on; and its broker user may read them."""
    names = [queue.name for queue in topology(3).queues if queue.name.startswith(WEBHOOKS)]
    assert names == [queue_name(number) for number in range(work_queues(3))]
    needed: Callable[[str], bool] = {queue.name: queue.needed for queue in topology(3).queues}.__getitem__
    assert [needed(name) for name in names] == [number < 3 for number in range(work_queues(3))]
