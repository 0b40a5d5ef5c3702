"""Declared once, checked at every start, never deleted."""

from __future__ import annotations

import re

import aio_pika
import pytest

from runtime.amqp import topology as topology_module
from runtime.amqp.broker import Broker, Message, TopologyMismatch
from runtime.amqp.topology import Binding
from schemas.topology import PARKED, WEBHOOKS, queue_name, routing_key, topology
from tests.integration.broker.conftest import FAST, TOPOLOGY, collect

Channel = aio_pika.abc.AbstractChannel


async def test_a_second_process_finds_everything_as_it_should_be(broker: Broker, broker_url: str) -> None:
    async with Broker(broker_url, name="second", topology=TOPOLOGY, options=FAST) as second:
        await second.ready(60.0)
        await second.publisher.publish(Message(WEBHOOKS, routing_key(1), b"x"), deadline=60.0)


async def test_other_arguments_stop_the_start_naming_queue_and_argument_and_change_nothing(
    admin: Channel, broker_url: str
) -> None:
    arguments = {**TOPOLOGY.queues[0].arguments, "x-delivery-limit": 7}
    await admin.declare_queue(queue_name(0), durable=True, arguments=arguments)
    await admin.default_exchange.publish(aio_pika.Message(b"precious"), queue_name(0))
    async with Broker(broker_url, name="test", topology=TOPOLOGY, options=FAST) as broker:
        with pytest.raises(TopologyMismatch) as caught:
            await broker.ready(60.0)
        with pytest.raises(TopologyMismatch):
            await broker.failure()
    text = str(caught.value)
    assert "x-delivery-limit" in text
    assert queue_name(0) in text
    assert re.search(r"received .*20.* but current is .*7", text)
    assert "delete_queue" in text
    left = await admin.declare_queue(queue_name(0), passive=True)
    assert left.declaration_result.message_count == 1


async def test_every_difference_is_named_at_once(admin: Channel, broker_url: str) -> None:
    await admin.declare_queue(PARKED, durable=True)
    await admin.declare_exchange(WEBHOOKS, aio_pika.ExchangeType.TOPIC, durable=True)
    async with Broker(broker_url, name="test", topology=TOPOLOGY, options=FAST) as broker:
        with pytest.raises(TopologyMismatch) as caught:
            await broker.ready(60.0)
    assert len(caught.value.problems) == 2
    assert PARKED in str(caught.value)
    assert f"exchange '{WEBHOOKS}'" in str(caught.value)


async def test_a_queue_that_is_deleted_while_it_is_bound_is_declared_again(
    admin: Channel, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever starts just then ends for nothing otherwise: there is no queue of another kind, there is none."""
    binding, deleted = topology_module._binding, 0

    def deleting(item: Binding) -> topology_module.Doing:
        async def bind(channel: Channel) -> None:
            nonlocal deleted
            if not deleted:
                deleted = 1
                await admin.queue_delete(item.queue)
            await binding(item)(channel)

        return bind

    monkeypatch.setattr(topology_module, "_binding", deleting)
    async with Broker(broker_url, name="test", topology=TOPOLOGY, options=FAST) as broker:
        await broker.ready(60.0)
    assert deleted


async def test_a_retry_tier_gives_a_message_back_to_its_own_partition(broker: Broker) -> None:
    message = Message("lunas.retry.0.3s", routing_key(1), b"again", headers={"lunas-attempt": 3})
    await broker.publisher.publish(message, deadline=60.0)
    consumer = broker.consumer(queue_name(1), prefetch=5)
    await consumer.start()
    (delivery,) = await collect(consumer, 1)
    assert (delivery.body, delivery.headers["lunas-attempt"]) == (b"again", 3)
    assert delivery.routing_key == routing_key(1)


async def test_a_message_that_kills_its_consumer_too_often_is_parked_not_dropped(
    broker: Broker, broker_url: str
) -> None:
    await broker.publisher.publish(Message(WEBHOOKS, routing_key(0), b"poison"), deadline=60.0)
    consumer = broker.consumer(queue_name(0), prefetch=1)
    await consumer.start()
    for _ in range(21):
        (delivery,) = await collect(consumer, 1)
        await consumer.requeue(delivery.tag)
    parked = broker.consumer(PARKED, prefetch=5)
    await parked.start()
    (delivery,) = await collect(parked, 1)
    assert delivery.body == b"poison"


async def test_parked_message_survives_fifty_looks(broker: Broker) -> None:
    await broker.publisher.publish(Message("lunas.dead", "", b"parked"), deadline=60.0)
    parked = broker.consumer(PARKED, prefetch=1)
    await parked.start()
    for look in range(50):
        (delivery,) = await collect(parked, 1)
        # What this process lived through is no crash.
        assert (delivery.body, delivery.count) == (b"parked", 0), look
        await parked.requeue(delivery.tag)
    (delivery,) = await collect(parked, 1)
    assert delivery.body == b"parked"


def test_partitions_of_a_test_are_the_shipped_topology_with_shorter_tiers() -> None:
    assert TOPOLOGY.queues[0] == topology(2).queues[0]
