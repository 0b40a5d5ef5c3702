"""A publish that returns is in a queue. A publish that does not is an error, in time, whatever the broker does."""

from __future__ import annotations

import asyncio

import aio_pika
import pytest

from runtime.amqp.broker import Broker, LinkOptions, Message
from schemas.errors import NotConfirmed, Unroutable
from schemas.topology import WEBHOOKS, queue_name, routing_key
from tests.integration.broker.conftest import FAST, TOPOLOGY, collect
from tests.integration.broker.proxy import Proxy, knocking, proxied
from tests.waiting import until

Channel = aio_pika.abc.AbstractChannel
Pair = tuple[Proxy, Broker]


def message(body: bytes = b"x", key: str = routing_key(0)) -> Message:
    return Message(WEBHOOKS, key, body)


async def bodies(broker: Broker, count: int) -> list[bytes]:
    consumer = broker.consumer(queue_name(0), prefetch=1000)
    await consumer.start()
    return [delivery.body for delivery in await collect(consumer, count)]


async def test_c21_unroutable_publish_is_an_error(broker: Broker, admin: Channel) -> None:
    with pytest.raises(Unroutable, match=r"webhooks\.p99"):
        await broker.publisher.publish(message(key="webhooks.p99"), deadline=60.0)
    queue = await admin.get_queue(queue_name(0))
    await queue.unbind(WEBHOOKS, routing_key(0))
    with pytest.raises(Unroutable):
        await broker.publisher.publish(message(), deadline=60.0)


async def test_every_concurrent_publish_gets_its_own_outcome(broker: Broker) -> None:
    """aiormq matches returned messages by message id; ids that repeat would swap the outcomes."""
    keys = [routing_key(0) if number % 3 else "webhooks.nowhere" for number in range(60)]
    outcomes = await asyncio.gather(
        *(broker.publisher.publish(message(key=key), deadline=60.0) for key in keys), return_exceptions=True
    )
    for key, outcome in zip(keys, outcomes, strict=True):
        assert (outcome is None) == (key == routing_key(0))
        assert outcome is None or isinstance(outcome, Unroutable)


async def test_order_is_kept(broker: Broker) -> None:
    expected = [b"%d" % number for number in range(200)]
    await asyncio.gather(*(broker.publisher.publish(message(body), deadline=60.0) for body in expected))
    assert await bodies(broker, 200) == expected


async def test_a_full_queue_refuses_and_that_is_an_error(broker: Broker, admin: Channel) -> None:
    full = await admin.declare_queue(
        "full", durable=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"}
    )
    await full.bind(WEBHOOKS, "full")
    publishes = [broker.publisher.publish(message(key="full"), deadline=60.0) for _ in range(10)]
    with pytest.raises(NotConfirmed, match="refused"):
        await asyncio.gather(*publishes)


async def test_publish_deadline_holds_while_the_broker_is_down(proxy_and_broker: Pair) -> None:
    proxy, broker = proxy_and_broker
    await proxy.close()
    with pytest.raises(NotConfirmed):
        await broker.publisher.publish(message(), deadline=0.5)
    assert not broker.is_ready(stalled_seconds=5.0)


async def test_publish_deadline_holds_while_the_broker_is_frozen(proxy_and_broker: Pair) -> None:
    """More than the socket buffers hold: the library itself blocks on its socket and on its write queue."""
    proxy, broker = proxy_and_broker
    proxy.freeze()
    outcomes = await asyncio.gather(
        *(broker.publisher.publish(message(b"z" * 500_000), deadline=0.7) for _ in range(100)),
        return_exceptions=True,
    )
    assert {type(outcome) for outcome in outcomes} == {NotConfirmed}
    assert not broker.is_ready(stalled_seconds=0.5)


async def test_a_frozen_broker_that_misses_its_heartbeats_is_no_cancellation(broker_url: str) -> None:
    """aiormq then raises CancelledError into the publish, which `except Exception` does not catch."""
    impatient = LinkOptions(heartbeat=1, connect_timeout=30.0, reconnect_pause=0.1)
    async with (
        proxied(broker_url) as (proxy, url),
        Broker(url, name="test", topology=TOPOLOGY, options=impatient) as broker,
    ):
        await broker.ready(60.0)
        proxy.freeze()
        with pytest.raises(NotConfirmed):
            await broker.publisher.publish(message(), deadline=9.0)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_frozen_broker_is_used_again_after_the_thaw_and_what_was_late_arrives(
    proxy_and_broker: Pair,
) -> None:
    proxy, broker = proxy_and_broker
    proxy.freeze()
    with pytest.raises(NotConfirmed):
        await broker.publisher.publish(message(b"late"), deadline=0.3)
    proxy.thaw()
    await broker.publisher.publish(message(b"fresh"), deadline=60.0)
    # "Not confirmed" means unknown: this one did arrive, and dedupe has to absorb the provider's second try.
    assert await bodies(broker, 2) == [b"late", b"fresh"]
    await until(lambda: broker.is_ready(stalled_seconds=0.5))


async def test_a_cut_connection_costs_a_retry_not_an_error(proxy_and_broker: Pair) -> None:
    proxy, broker = proxy_and_broker
    proxy.freeze()
    publish = asyncio.create_task(broker.publisher.publish(message(b"once"), deadline=60.0))
    await until(lambda: proxy.held)
    proxy.cut()
    proxy.thaw()
    await publish
    assert b"once" in await bodies(broker, 1)


async def test_publishes_flow_again_after_the_broker_was_away(proxy_and_broker: Pair) -> None:
    proxy, broker = proxy_and_broker
    await proxy.close()
    waiting = asyncio.create_task(broker.publisher.publish(message(b"waited"), deadline=60.0))
    with knocking(proxy.port) as knocks:
        await until(lambda: len(knocks) >= 3)
    assert not waiting.done()
    await proxy.open()
    await waiting
    assert await bodies(broker, 1) == [b"waited"]


async def test_the_broker_may_be_away_at_start(broker_url: str) -> None:
    async with proxied(broker_url) as (proxy, url):
        await proxy.close()
        async with Broker(url, name="test", topology=TOPOLOGY, options=FAST) as broker:
            with pytest.raises(NotConfirmed):
                await broker.ready(0.3)
            await proxy.open()
            await broker.ready(60.0)
            await broker.publisher.publish(message(), deadline=60.0)


async def test_nothing_is_left_running_after_the_end(broker_url: str) -> None:
    before = asyncio.all_tasks()
    async with (
        proxied(broker_url) as (proxy, url),
        Broker(url, name="test", topology=TOPOLOGY, options=FAST) as broker,
    ):
        await broker.ready(60.0)
        proxy.freeze()
        with pytest.raises(NotConfirmed):
            await broker.publisher.publish(message(b"z" * 5_000_000), deadline=0.2)
    async with asyncio.timeout(60):
        while asyncio.all_tasks() - before:
            await asyncio.sleep(0.05)
