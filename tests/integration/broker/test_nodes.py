"""Several nodes in one address: one that is dead costs an attempt, not the connection."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from runtime.amqp.broker import Broker, LinkOptions, Message
from runtime.amqp.look import AWAY, count, exchange_exists, open_look
from schemas.topology import WEBHOOKS, queue_name, routing_key
from tests.integration.broker.conftest import FAST, TOPOLOGY, collect
from tests.integration.broker.proxy import proxied
from tests.waiting import turns, until

DEAD = "127.0.0.1:1"
LOOKS = 100  # more than any client makes before it learns that it was cut off


def with_dead_first(url: str, style: str) -> str:
    """Both spellings of "a dead node, then this one"."""
    parts = urlsplit(url)
    hosts = f"{DEAD},{parts.hostname}:{parts.port}"
    if style == "hosts":
        return url.replace(f"{parts.hostname}:{parts.port}", hosts)
    return f"{url.replace(f'{parts.hostname}:{parts.port}', DEAD)}, {url}"


@pytest.mark.parametrize("style", ["hosts", "addresses"])
async def test_a_dead_first_node_leads_to_the_second(broker_url: str, style: str) -> None:
    url = with_dead_first(broker_url, style)
    async with Broker(url, name="test", topology=TOPOLOGY, options=FAST) as broker:
        await broker.ready(60.0)
        await broker.publisher.publish(Message(WEBHOOKS, routing_key(0), b"x"), deadline=60.0)
        consumer = broker.consumer(queue_name(0), prefetch=5)
        await consumer.start()
        assert [delivery.body for delivery in await collect(consumer, 1)] == [b"x"]
    async with open_look(url, "test", timeout=60.0) as connection:
        assert await count(connection, queue_name(0)) is not None


async def test_a_node_that_dies_is_followed_by_the_next(broker_url: str) -> None:
    async with proxied(broker_url) as (first, url), proxied(broker_url) as (second, other):
        both = f"{url},{other}"
        async with Broker(both, name="test", topology=TOPOLOGY, options=FAST) as broker:
            await broker.ready(60.0)
            assert (first.accepted, second.accepted) == (1, 0)
            await first.close()
            await broker.publisher.publish(Message(WEBHOOKS, routing_key(0), b"y"), deadline=60.0)
            await until(lambda: broker.is_ready(stalled_seconds=5.0))
            assert second.accepted == 1


async def test_the_next_node_is_tried_at_once_and_none_is_again_and_again(broker_url: str) -> None:
    """An hour's pause: whoever waits for it does not see the end of this test."""
    patient = LinkOptions(heartbeat=60, connect_timeout=30.0, reconnect_pause=3600.0)
    async with (
        proxied(broker_url) as (first, url),
        proxied(broker_url) as (second, other),
        Broker(f"{url},{other}", name="test", topology=TOPOLOGY, options=patient) as broker,
    ):
        await broker.ready(60.0)
        await first.close()
        await broker.publisher.publish(Message(WEBHOOKS, routing_key(0), b"z"), deadline=60.0)
        assert second.accepted == 1
        broker.publishing.invalidate("hung up again")
        await until(lambda: not broker.publisher.is_ready)
        await turns()
        assert (second.accepted, broker.publisher.is_ready) == (1, False)


async def test_with_all_nodes_dead_nobody_looks_at_queues(broker_url: str) -> None:
    dead = broker_url.replace(urlsplit(broker_url).netloc.rpartition("@")[2], f"{DEAD},127.0.0.1:2")
    with pytest.raises(AWAY):
        async with open_look(dead, "test", timeout=60.0):
            raise AssertionError("nobody is there")


async def test_a_connection_that_ends_under_a_look_is_one_that_is_away(broker_url: str) -> None:
    """Seen in `lunas ingress republish`, which asked while a broker went down: `This should not happen (RuntimeError: <Connection> closed)`."""

    async def look_while_it_ends() -> None:
        async with proxied(broker_url) as (proxy, url), open_look(url, "test", timeout=60.0) as connection:
            assert not await exchange_exists(connection, "nobody.has.this")
            await proxy.close()
            for _ in range(LOOKS):
                await exchange_exists(connection, "nobody.has.this")

    with pytest.raises(AWAY):
        await look_while_it_ends()
