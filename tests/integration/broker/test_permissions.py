"""The table of broker users, held against a real broker: what each may publish to, consume from and declare, and nothing else.

The patterns themselves are compared with the topology in tests/contract/deploy/test_broker_definitions.py; here the broker applies them.
"""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit, urlunsplit

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aio_pika.exceptions import AMQPError, ChannelNotFoundEntity
from aiormq.exceptions import ChannelAccessRefused

from deploy.rabbitmq.make_definitions import PERMISSIONS, definitions
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
)
from tests.services import BrokerServer

MATRIX: dict[str, tuple[set[str], set[str]]] = {
    # user: publishes to these exchanges, consumes these queues
    "lunas-ingress": ({WEBHOOKS, QUARANTINE}, set()),
    "lunas-processor": (
        {*(retry_name(delay) for delay in RETRY_DELAYS), DEAD},
        {queue_name(0), PARKED, QUARANTINE, OLD_QUARANTINE},
    ),
    "lunas-api": ({CHANGES}, set()),
    "lunas-operator": ({WEBHOOKS}, set()),
}
Connect = Callable[[str], str]


@pytest.fixture(scope="module")
def connect(rabbitmq: BrokerServer) -> Iterator[Connect]:
    """Address of a user of the shipped definitions, imported under names and into a vhost of this test's own."""
    if not rabbitmq.rabbitmqctl:
        pytest.fail("this test needs the broker's control program: LUNAS_TEST_RABBITMQCTL")
    suffix, password = secrets.token_hex(3), secrets.token_hex(12)
    vhost = f"permissions-{suffix}"
    document = definitions(dict.fromkeys(PERMISSIONS, password), vhost=vhost)
    for user in document["users"]:
        user["name"] += suffix
    for permission in document["permissions"]:
        permission["user"] += suffix
    raw = base64.b64encode(json.dumps(document).encode()).decode()
    _control(rabbitmq, "eval", f'ok = rabbit_definitions:import_raw(base64:decode(<<"{raw}">>)).')
    parts = urlsplit(rabbitmq.url)
    yield lambda user: urlunsplit(
        (parts.scheme, f"{user}{suffix}:{password}@{parts.hostname}:{parts.port}", f"/{vhost}", "", "")
    )
    users = ",".join(f'<<"{user}{suffix}">>' for user in PERMISSIONS)
    _control(
        rabbitmq,
        "eval",
        f'catch rabbit_vhost:delete(<<"{vhost}">>, <<"t">>), [catch rabbit_auth_backend_internal:delete_user(U, <<"t">>) || U <- [{users}]].',
    )


def _control(server: BrokerServer, *arguments: str) -> None:
    done = subprocess.run([*server.rabbitmqctl, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


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
