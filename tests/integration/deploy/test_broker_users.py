"""A real broker imports our definitions, and each user may do exactly what its process does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aio_pika.exceptions import AMQPException, ChannelClosed

from runtime.amqp.broker import Broker, LinkOptions
from schemas.errors import NotConfirmed
from schemas.topology import (
    CHANGES,
    DEAD,
    PARKED,
    QUARANTINE,
    QUARANTINE_KEY,
    WEBHOOKS,
    changes,
    queue_name,
    routing_key,
    topology,
    work_queues,
)
from tests.deployed import BROKER_USERS, Deployment, deployed_broker
from tests.services import BrokerServer


@pytest.fixture(scope="module")
def broker(rabbitmq: BrokerServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed_broker(rabbitmq, tmp_path_factory.mktemp("deploy") / "secrets") as deployment:
        yield deployment


@asynccontextmanager
async def channel_of(broker: Deployment, user: str) -> AsyncIterator[AbstractChannel]:
    connection = await aio_pika.connect(broker.broker_url(user))
    async with connection:
        yield await connection.channel(on_return_raises=True)


async def _ignore(_message: AbstractIncomingMessage) -> None:
    """Takes nothing: the message goes back when the channel closes."""


async def _publish(channel: AbstractChannel, exchange: str, key: str) -> None:
    target = await channel.get_exchange(exchange, ensure=False)
    await target.publish(aio_pika.Message(b"x"), key, mandatory=True, timeout=60)


async def test_s09_ingress_publishes_what_it_verified_and_what_it_refused(broker: Deployment) -> None:
    async with channel_of(broker, "ingress") as channel:
        await _publish(channel, WEBHOOKS, routing_key(0))
        await _publish(channel, QUARANTINE, QUARANTINE_KEY)


@pytest.mark.parametrize("queue", [queue_name(0), QUARANTINE, PARKED])
async def test_s09_ingress_reads_no_queue(broker: Deployment, queue: str) -> None:
    async with channel_of(broker, "ingress") as channel:
        found = await channel.get_queue(queue, ensure=False)
        with pytest.raises(ChannelClosed, match="ACCESS_REFUSED"):
            await found.consume(_ignore)


@pytest.mark.parametrize("exchange", [DEAD, "lunas.retry.5s", "amq.direct"])
async def test_s09_ingress_publishes_nowhere_else(broker: Deployment, exchange: str) -> None:
    async with channel_of(broker, "ingress") as channel:
        with pytest.raises(AMQPException, match="ACCESS_REFUSED"):
            await _publish(channel, exchange, routing_key(0))


async def test_s09_processor_consumes_its_queues(broker: Deployment) -> None:
    for name in (queue_name(0), PARKED, QUARANTINE):
        async with channel_of(broker, "processor") as channel:
            queue = await channel.get_queue(name, ensure=False)
            tag = await queue.consume(_ignore)
            await queue.cancel(tag)


@pytest.mark.parametrize("exchange", [DEAD, "lunas.retry.5s", "lunas.retry.7200s"])
async def test_s09_processor_publishes_detours(broker: Deployment, exchange: str) -> None:
    async with channel_of(broker, "processor") as channel:
        await _publish(channel, exchange, routing_key(0))


async def test_s09_processor_cannot_invent_webhooks(broker: Deployment) -> None:
    async with channel_of(broker, "processor") as channel:
        with pytest.raises(AMQPException, match="ACCESS_REFUSED"):
            await _publish(channel, WEBHOOKS, routing_key(0))


async def test_s09_operator_sends_again_and_counts(broker: Deployment) -> None:
    async with channel_of(broker, "operator") as channel:
        await _publish(channel, WEBHOOKS, routing_key(0))
        state = await channel.declare_queue(queue_name(0), passive=True)
        assert state.declaration_result.message_count is not None


@pytest.mark.parametrize("user", BROKER_USERS)
async def test_s09_nobody_declares_or_deletes(broker: Deployment, user: str) -> None:
    async with channel_of(broker, user) as channel:
        with pytest.raises(ChannelClosed, match="ACCESS_REFUSED"):
            await channel.declare_queue("something", durable=True)
    async with channel_of(broker, user) as channel:
        with pytest.raises(ChannelClosed, match="ACCESS_REFUSED"):
            await channel.queue_delete(queue_name(0))


async def test_s09_a_wrong_password_is_refused(broker: Deployment) -> None:
    parts = urlsplit(broker.broker_url("ingress"))
    wrong = parts._replace(netloc=f"{parts.username}:wrong@{parts.hostname}:{parts.port}")
    with pytest.raises(AMQPException):
        await aio_pika.connect(urlunsplit(wrong))


@pytest.mark.parametrize("user", BROKER_USERS)
async def test_our_own_client_starts_without_the_right_to_configure(broker: Deployment, user: str) -> None:
    async with Broker(
        broker.broker_url(user), name="test", topology=topology(), options=LinkOptions()
    ) as ours:
        await ours.ready(10)


async def test_our_own_client_says_what_is_missing(broker: Deployment) -> None:
    async with Broker(
        broker.broker_url("ingress"),
        name="test",
        topology=topology(partitions=work_queues(1) + 1),
        options=LinkOptions(),
    ) as ours:
        with pytest.raises(Exception, match=rf"lunas\.webhooks\.p{work_queues(1)}") as caught:
            await ours.ready(10)
    assert not isinstance(caught.value, NotConfirmed)


@pytest.mark.parametrize("user", BROKER_USERS)
async def test_whoever_may_only_look_finds_queues_that_are_left_over(broker: Deployment, user: str) -> None:
    async with Broker(
        broker.broker_url(user), name="test", topology=topology(), options=LinkOptions()
    ) as ours:
        assert await ours.leftovers(0) == list(range(work_queues(1)))
        assert await ours.leftovers(1) == []


async def test_s09_the_api_tells_what_changed_and_does_nothing_else(broker: Deployment) -> None:
    async with channel_of(broker, "api") as channel:
        target = await channel.get_exchange(CHANGES, ensure=False)
        await target.publish(aio_pika.Message(b"x"), "payment.budi", mandatory=False, timeout=60)
    for exchange in (WEBHOOKS, QUARANTINE, DEAD, "amq.topic"):
        async with channel_of(broker, "api") as channel:
            with pytest.raises(AMQPException, match="ACCESS_REFUSED"):
                await _publish(channel, exchange, routing_key(0))
    for queue in (queue_name(0), QUARANTINE, PARKED):
        async with channel_of(broker, "api") as channel:
            found = await channel.get_queue(queue, ensure=False)
            with pytest.raises(ChannelClosed, match="ACCESS_REFUSED"):
                await found.consume(_ignore)


@pytest.mark.parametrize("user", ["ingress", "processor", "operator"])
async def test_s09_nobody_else_says_what_changed(broker: Deployment, user: str) -> None:
    async with channel_of(broker, user) as channel:
        with pytest.raises(AMQPException, match="ACCESS_REFUSED"):
            await _publish(channel, CHANGES, "payment.budi")


async def test_who_tells_the_exchange_needs_no_right_to_make_it(broker: Deployment) -> None:
    async with Broker(
        broker.broker_url("api"), name="test", topology=changes(), options=LinkOptions()
    ) as ours:
        await ours.ready(10)
