"""Deliveries in order, acknowledged in bulk; after a reconnect nothing is lost and old acknowledgements do no harm."""

from __future__ import annotations

import asyncio

import aio_pika

from runtime.amqp.broker import Broker, LinkOptions, Message, Publisher
from schemas.topology import WEBHOOKS, queue_name, routing_key
from tests.integration.broker.conftest import TOPOLOGY, collect
from tests.integration.broker.proxy import Proxy, proxied
from tests.waiting import until

Channel = aio_pika.abc.AbstractChannel
Pair = tuple[Proxy, Broker]


async def fill(broker: Broker, count: int) -> list[bytes]:
    bodies = [b"%d" % number for number in range(count)]
    for body in bodies:
        await broker.publisher.publish(Message(WEBHOOKS, routing_key(0), body), deadline=60.0)
    return bodies


async def depth(admin: Channel) -> int:
    queue = await admin.declare_queue(queue_name(0), passive=True)
    return queue.declaration_result.message_count or 0


async def test_deliveries_come_in_order_and_one_ack_settles_all_before_it(broker: Broker) -> None:
    bodies = await fill(broker, 50)
    consumer = broker.consumer(queue_name(0), prefetch=100)
    await consumer.start()
    deliveries = await collect(consumer, 50)
    assert [delivery.body for delivery in deliveries] == bodies
    assert not any(delivery.redelivered or delivery.count for delivery in deliveries)
    assert await consumer.ack_through(deliveries[29].tag)
    consumer_again = broker.consumer(queue_name(0), prefetch=100)
    await consumer.pause()
    for delivery in deliveries[30:]:
        await consumer.requeue(delivery.tag)
    await consumer_again.start()
    again = await collect(consumer_again, 20)
    assert sorted(int(delivery.body) for delivery in again) == list(range(30, 50))
    assert all(delivery.count == 1 for delivery in again)


async def test_prefetch_bounds_what_is_here(broker: Broker, admin: Channel) -> None:
    await fill(broker, 30)
    consumer = broker.consumer(queue_name(0), prefetch=7)
    await consumer.start()
    await until(lambda: len(consumer) >= 7)
    assert await depth(admin) == 23
    assert len(consumer) == 7


async def test_what_is_given_back_comes_again_and_what_was_acknowledged_does_not(
    broker: Broker, admin: Channel
) -> None:
    await fill(broker, 3)
    consumer = broker.consumer(queue_name(0), prefetch=10)
    await consumer.start()
    first, second, third = await collect(consumer, 3)
    assert await consumer.ack_through(first.tag)
    await consumer.requeue(second.tag)
    (again,) = await collect(consumer, 1)
    assert again.body == second.body
    assert await consumer.ack_through(third.tag)


async def test_a_pause_stops_deliveries_but_not_acknowledgements(broker: Broker, admin: Channel) -> None:
    await fill(broker, 4)
    consumer = broker.consumer(queue_name(0), prefetch=2)
    await consumer.start()
    deliveries = await collect(consumer, 2)
    await consumer.pause()
    assert await consumer.ack_through(deliveries[-1].tag)
    # The confirm of a later message shows that the broker is done with the acknowledgement.
    await broker.publisher.publish(Message(WEBHOOKS, routing_key(0), b"4"), deadline=60.0)
    assert await depth(admin) == 3
    assert len(consumer) == 0
    await consumer.resume()
    assert [delivery.body for delivery in await collect(consumer, 2)] == [b"2", b"3"]


async def test_after_a_reconnect_everything_unacknowledged_comes_again_and_old_tags_are_void(
    proxy_and_broker: Pair,
) -> None:
    proxy, broker = proxy_and_broker
    await fill(broker, 10)
    consumer = broker.consumer(queue_name(0), prefetch=100)
    await consumer.start()
    old = await collect(consumer, 10)
    proxy.cut()
    new = await collect(consumer, 10)
    assert sorted(delivery.body for delivery in new) == sorted(delivery.body for delivery in old)
    assert all(delivery.redelivered for delivery in new)
    assert not await consumer.ack_through(old[-1].tag)
    assert consumer.stale_acks == 1
    assert await consumer.ack_through(new[-1].tag)


async def test_what_a_consumer_lived_through_is_not_counted_as_a_crash(
    proxy_and_broker: Pair, broker_url: str
) -> None:
    """The database hangs longer than the broker waits for an acknowledgement: everything held comes again and again, and nobody died of it."""
    proxy, broker = proxy_and_broker
    await fill(broker, 3)
    consumer = broker.consumer(queue_name(0), prefetch=10)
    await consumer.start()
    for _ in range(4):
        deliveries = await collect(consumer, 3)
        assert [delivery.count for delivery in deliveries] == [0, 0, 0]
        proxy.cut()
    await collect(consumer, 3)
    await consumer.pause()
    proxy.cut()
    async with Broker(broker_url, name="another", topology=TOPOLOGY) as other:
        fresh = other.consumer(queue_name(0), prefetch=10)
        await fresh.start()
        assert min(delivery.count for delivery in await collect(fresh, 3)) >= 4


async def test_what_waited_here_during_a_reconnect_is_not_handed_out_twice(proxy_and_broker: Pair) -> None:
    proxy, broker = proxy_and_broker
    await fill(broker, 10)
    consumer = broker.consumer(queue_name(0), prefetch=100)
    await consumer.start()
    while len(consumer) < 10:
        await asyncio.sleep(0.01)
    proxy.cut()
    while len(consumer):
        await asyncio.sleep(0.01)
    deliveries = await collect(consumer, 10)
    await broker.publisher.publish(Message(WEBHOOKS, routing_key(0), b"next"), deadline=60.0)
    (following,) = await collect(consumer, 1)
    assert len(deliveries) == 10
    assert following.body == b"next"


async def test_an_ack_to_a_frozen_broker_ends_in_time(broker_url: str) -> None:
    """The library's writer is stuck in the socket; heartbeats would notice after a quarter of an hour."""
    slow_to_notice = LinkOptions(heartbeat=300, connect_timeout=30.0, reconnect_pause=0.1)
    async with (
        proxied(broker_url) as (proxy, url),
        Broker(url, name="test", topology=TOPOLOGY, options=slow_to_notice) as broker,
    ):
        await broker.ready(60.0)
        await fill(broker, 1)
        consumer = broker.consumer(queue_name(0), prefetch=10)
        await consumer.start()
        (delivery,) = await collect(consumer, 1)
        beside = Publisher()
        await broker.consuming.add(beside)
        proxy.freeze()
        large = Message(WEBHOOKS, routing_key(0), b"z" * 8_000_000)
        writing = asyncio.create_task(beside.publish(large, deadline=3600.0))
        connection = broker.consuming._connection
        assert connection is not None
        writer = connection._socket._writer
        assert writer is not None
        # What comes from now on stands behind it.
        await until(lambda: writer.transport.get_write_buffer_size() > 0)
        async with asyncio.timeout(120):
            assert not all(await asyncio.gather(*(consumer.ack_through(delivery.tag) for _ in range(50))))
        writing.cancel()
        await asyncio.wait({writing})


async def test_a_consumer_cancelled_by_the_broker_comes_back(broker: Broker, admin: Channel) -> None:
    consumer = broker.consumer("short-lived", prefetch=10)
    await admin.declare_queue("short-lived", durable=True)
    await consumer.start()
    await admin.queue_delete("short-lived")
    await admin.declare_queue("short-lived", durable=True)
    await admin.default_exchange.publish(aio_pika.Message(b"hello"), "short-lived")
    (delivery,) = await collect(consumer, 1)
    assert delivery.body == b"hello"


async def test_several_consumers_share_a_connection(broker: Broker) -> None:
    consumers = [broker.consumer(queue_name(number), prefetch=10) for number in range(2)]
    for number, consumer in enumerate(consumers):
        await broker.publisher.publish(Message(WEBHOOKS, routing_key(number), b"%d" % number), deadline=60.0)
        await consumer.start()
    for number, consumer in enumerate(consumers):
        (delivery,) = await collect(consumer, 1)
        assert delivery.body == b"%d" % number
        assert await consumer.ack_through(delivery.tag)


async def test_take_returns_what_is_there_after_the_fill_time(broker: Broker) -> None:
    await fill(broker, 3)
    consumer = broker.consumer(queue_name(0), prefetch=10)
    await consumer.start()
    await until(lambda: len(consumer) == 3)
    async with asyncio.timeout(60):
        taken = await consumer.take(100, fill_seconds=0.3)
    assert len(taken) == 3
