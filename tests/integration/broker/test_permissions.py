"""The table of broker users, held against a real broker: what each may publish to, consume from and declare, and nothing else.

The patterns themselves are compared with the topology in tests/contract/deploy/test_broker_definitions.py; here the broker applies them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aio_pika.exceptions import AMQPError, ChannelNotFoundEntity
from aiormq.exceptions import ChannelAccessRefused

from deploy.rabbitmq.make_definitions import PERMISSIONS
from schemas.topology import (
    CHANGES,
    DEAD,
    OLD_QUARANTINE,
    PARKED,
    QUARANTINE,
    RETRY_DELAYS,
    WEBHOOKS,
    queue_name,
    retry_name,
    work_queues,
)
from tests.integration.broker.imported import Connect, imported
from tests.services import BrokerServer

MATRIX: dict[str, tuple[set[str], set[str]]] = {
    # user: publishes to these exchanges, consumes these queues
    "lunas-ingress": ({WEBHOOKS, QUARANTINE}, set()),
    "lunas-processor": (
        {*(retry_name(delay) for delay in RETRY_DELAYS), DEAD},
        {*(queue_name(number) for number in range(work_queues(1))), PARKED, QUARANTINE, OLD_QUARANTINE},
    ),
    "lunas-api": ({CHANGES}, set()),
    "lunas-operator": ({WEBHOOKS}, set()),
}


@pytest.fixture(scope="module")
def connect(rabbitmq: BrokerServer) -> Iterator[Connect]:
    """Address of a user of the shipped definitions, imported under names and into a vhost of this test's own."""
    with imported(rabbitmq) as import_again:
        yield import_again()


async def may(url: str, act: Callable[[AbstractChannel], object]) -> bool:
    """Whether the broker lets it happen; a queue that is not there counts as yes, for then it was looked for."""
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel(publisher_confirms=True)
        try:
            await act(channel)  # type: ignore[misc]
        except ChannelAccessRefused:
            return False
        except ChannelNotFoundEntity:
            return True
        return True


def exchanges() -> Sequence[str]:
    return sorted({name for published, _ in MATRIX.values() for name in published})


def queues() -> Sequence[str]:
    return sorted({name for _, consumed in MATRIX.values() for name in consumed})


def test_every_user_there_is_stands_in_the_matrix() -> None:
    assert MATRIX.keys() == PERMISSIONS.keys()


@pytest.mark.parametrize("user", MATRIX)
async def test_a_broker_user_may_do_what_the_matrix_says_and_nothing_else(
    connect: Connect, user: str
) -> None:
    published, consumed, url = *MATRIX[user], connect(user)

    async def publish(channel: AbstractChannel, name: str) -> None:
        exchange = await channel.get_exchange(name, ensure=False)
        await exchange.publish(aio_pika.Message(b""), routing_key="nowhere", mandatory=False)

    async def consume(channel: AbstractChannel, name: str) -> None:
        queue = await channel.get_queue(name, ensure=False)
        await queue.consume(nothing)

    async def declare(channel: AbstractChannel, name: str) -> None:
        await channel.declare_queue(name, durable=True)

    assert {name for name in exchanges() if await may(url, lambda c, n=name: publish(c, n))} == published  # type: ignore[misc]
    assert {name for name in queues() if await may(url, lambda c, n=name: consume(c, n))} == consumed  # type: ignore[misc]
    for name in ("lunas.another", "another", queue_name(7)):
        assert not await may(url, lambda c, n=name: declare(c, n)), name  # type: ignore[misc]
    assert not await may(url, lambda c: publish_by_default(c))


async def nothing(_: AbstractIncomingMessage) -> None:
    """Whatever comes is left to the end of the connection."""


async def publish_by_default(channel: AbstractChannel) -> None:
    """Past every exchange of ours, straight into a queue."""
    message = aio_pika.Message(b"")
    await channel.default_exchange.publish(message, routing_key=queue_name(0), mandatory=False)


@pytest.mark.parametrize("user", MATRIX)
async def test_a_broker_user_opens_no_other_vhost(connect: Connect, user: str) -> None:
    url = connect(user).rpartition("/")[0] + "/%2F"
    with pytest.raises((AMQPError, OSError)):
        await aio_pika.connect(url)
