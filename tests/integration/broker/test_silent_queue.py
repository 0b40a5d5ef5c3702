"""A queue that never answers, on the real program: the others are published to as if nothing were."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from runtime.amqp.broker import Broker, Message
from schemas.errors import NotConfirmed
from schemas.topology import WEBHOOKS, queue_name, routing_key
from tests import services
from tests.integration.broker.conftest import FAST, TOPOLOGY, collect
from tests.integration.broker.silent import controlled, silence
from tests.waiting import until

LONG = 120.0
MANY = 100  # far more than all slots that there are


@pytest.fixture(scope="module")
def obedient(rabbitmq: services.BrokerServer) -> Iterator[services.BrokerServer]:
    with controlled(rabbitmq) as server:
        yield server


async def test_a_queue_without_a_leader_holds_up_no_other_and_gets_what_it_was_fed_when_it_has_one(
    obedient: services.BrokerServer,
) -> None:
    url = obedient.vhost_url()
    async with Broker(url, name="test", topology=TOPOLOGY, options=FAST) as broker:
        await broker.ready(LONG)

        async def refused(body: bytes) -> None:
            with pytest.raises(NotConfirmed):
                await broker.publisher.publish(Message(WEBHOOKS, routing_key(1), body), deadline=1.0)

        for number in (0, 1):
            await broker.publisher.publish(Message(WEBHOOKS, routing_key(number), b"before"), deadline=LONG)
        async with silence(obedient.rabbitmqctl, url, queue_name(1)):
            await asyncio.gather(*(refused(b"%d" % number) for number in range(MANY)))
            for number in range(MANY):
                await broker.publisher.publish(
                    Message(WEBHOOKS, routing_key(0), b"%d" % number), deadline=LONG
                )
            # Nor to a process that comes while it is so.
            async with Broker(url, name="other", topology=TOPOLOGY, options=FAST) as other:
                await other.ready(LONG)
                silent = asyncio.create_task(
                    other.publisher.publish(Message(WEBHOOKS, routing_key(1), b"other"), deadline=LONG)
                )
                await until(lambda: other.publisher.stalled_seconds() > 0)
                await other.publisher.publish(Message(WEBHOOKS, routing_key(0), b"other"), deadline=LONG)
                assert not silent.done()
                silent.cancel()
        # No connection was lost for it, and the silence ends with what was said into it.
        await broker.publisher.publish(Message(WEBHOOKS, routing_key(1), b"after"), deadline=LONG)
        assert broker.publisher.losses == 0
        consumer = broker.consumer(queue_name(1), prefetch=1000)
        await consumer.start()
        taken: list[bytes] = []
        while b"after" not in taken:
            taken += [each.body for each in await collect(consumer, 1, seconds=LONG)]
        # The other one's message may be among them: it went on when its caller gave up.
        fed = [b"%d" % number for number in range(broker.publisher.share)]
        assert [body for body in taken if body != b"other"] == [b"before", *fed, b"after"]
