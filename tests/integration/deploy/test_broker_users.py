"""A real broker imports our definitions, and each user may do exactly what its process does."""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aio_pika.exceptions import AMQPException, ChannelClosed

from deploy.rabbitmq.make_definitions import definitions
from runtime.broker import Broker, LinkOptions
from schemas.errors import NotConfirmed
from schemas.topology import (
    DEAD,
    PARKED,
    QUARANTINE,
    QUARANTINE_KEY,
    WEBHOOKS,
    queue_name,
    routing_key,
    topology,
)
from tests import services

USERS = ("ingress", "processor", "operator")


class Imported:
    """The definitions in a broker, under names of this test only."""

    def __init__(self, host: str, vhost: str, passwords: dict[str, str]) -> None:
        self._host, self._vhost, self._passwords = host, vhost, passwords

    def url(self, user: str, password: str | None = None) -> str:
        name = f"{self._vhost}-{user}"
        return f"amqp://{name}:{password or self._passwords[name]}@{self._host}/{self._vhost}"

    @asynccontextmanager
    async def channel(self, user: str) -> AsyncIterator[AbstractChannel]:
        connection = await aio_pika.connect(self.url(user))
        async with connection:
            yield await connection.channel(on_return_raises=True)


@pytest.fixture(scope="module")
def broker(rabbitmq: services.BrokerServer) -> Iterator[Imported]:
    with _with_control(rabbitmq) as (url, rabbitmqctl):
        vhost = f"deploy-{os.getpid()}-{secrets.token_hex(3)}"
        # Users belong to the whole broker: own names keep parallel runs apart.
        document = json.dumps(definitions(vhost=vhost)).replace('"lunas-', f'"{vhost}-')
        passwords = {f"{vhost}-{user}": secrets.token_urlsafe(8) for user in USERS}
        hashed = definitions({f"lunas-{user}": passwords[f"{vhost}-{user}"] for user in USERS})["users"]
        parsed = json.loads(document)
        for user, real in zip(parsed["users"], hashed, strict=True):
            user["password_hash"] = real["password_hash"]
        # Through `eval`, because a rabbitmqctl inside a container has no standard input and sees none of our files.
        encoded = base64.b64encode(json.dumps(parsed).encode()).decode()
        _run([*rabbitmqctl, "eval", f'ok = rabbit_definitions:import_raw(base64:decode("{encoded}")).'])
        try:
            parts = urlsplit(url)
            yield Imported(f"{parts.hostname}:{parts.port}", vhost, passwords)
        finally:
            _run([*rabbitmqctl, "delete_vhost", vhost])
            for user in passwords:
                _run([*rabbitmqctl, "delete_user", user])


@contextmanager
def _with_control(given: services.BrokerServer) -> Iterator[tuple[str, Sequence[str]]]:
    """Importing needs rabbitmqctl; a broker that was given without it is of no use here, so a private one is started."""
    if given.rabbitmqctl:
        yield given.url, given.rabbitmqctl
        return
    with ExitStack() as stack:
        urls = stack.enter_context(services._private(database_url="unused"))
        yield urls.broker_url, urls.rabbitmqctl


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


async def _ignore(_message: AbstractIncomingMessage) -> None:
    """Takes nothing: the message goes back when the channel closes."""


async def _publish(channel: AbstractChannel, exchange: str, key: str) -> None:
    target = await channel.get_exchange(exchange, ensure=False)
    await target.publish(aio_pika.Message(b"x"), key, mandatory=True, timeout=5)


async def test_s09_ingress_publishes_what_it_verified_and_what_it_refused(broker: Imported) -> None:
    async with broker.channel("ingress") as channel:
        await _publish(channel, WEBHOOKS, routing_key(0))
        await _publish(channel, QUARANTINE, QUARANTINE_KEY)


@pytest.mark.parametrize("queue", [queue_name(0), QUARANTINE, PARKED])
async def test_s09_ingress_reads_no_queue(broker: Imported, queue: str) -> None:
    async with broker.channel("ingress") as channel:
        found = await channel.get_queue(queue, ensure=False)
        with pytest.raises(ChannelClosed, match="ACCESS_REFUSED"):
            await found.consume(_ignore)


@pytest.mark.parametrize("exchange", [DEAD, "lunas.retry.5s", "amq.direct"])
async def test_s09_ingress_publishes_nowhere_else(broker: Imported, exchange: str) -> None:
    async with broker.channel("ingress") as channel:
        with pytest.raises(AMQPException, match="ACCESS_REFUSED"):
            await _publish(channel, exchange, routing_key(0))


async def test_s09_processor_consumes_its_queues(broker: Imported) -> None:
    for name in (queue_name(0), PARKED, QUARANTINE):
        async with broker.channel("processor") as channel:
            queue = await channel.get_queue(name, ensure=False)
            tag = await queue.consume(_ignore)
            await queue.cancel(tag)


@pytest.mark.parametrize("exchange", [DEAD, "lunas.retry.5s", "lunas.retry.7200s"])
async def test_s09_processor_publishes_detours(broker: Imported, exchange: str) -> None:
    async with broker.channel("processor") as channel:
        await _publish(channel, exchange, routing_key(0))


async def test_s09_processor_cannot_invent_webhooks(broker: Imported) -> None:
    async with broker.channel("processor") as channel:
        with pytest.raises(AMQPException, match="ACCESS_REFUSED"):
            await _publish(channel, WEBHOOKS, routing_key(0))


async def test_s09_operator_sends_again_and_counts(broker: Imported) -> None:
    async with broker.channel("operator") as channel:
        await _publish(channel, WEBHOOKS, routing_key(0))
        state = await channel.declare_queue(queue_name(0), passive=True)
        assert state.declaration_result.message_count is not None


@pytest.mark.parametrize("user", USERS)
async def test_s09_nobody_declares_or_deletes(broker: Imported, user: str) -> None:
    async with broker.channel(user) as channel:
        with pytest.raises(ChannelClosed, match="ACCESS_REFUSED"):
            await channel.declare_queue("something", durable=True)
    async with broker.channel(user) as channel:
        with pytest.raises(ChannelClosed, match="ACCESS_REFUSED"):
            await channel.queue_delete(queue_name(0))


async def test_s09_a_wrong_password_is_refused(broker: Imported) -> None:
    with pytest.raises(AMQPException):
        await aio_pika.connect(broker.url("ingress", password="wrong"))


@pytest.mark.parametrize("user", USERS)
async def test_our_own_client_starts_without_the_right_to_configure(broker: Imported, user: str) -> None:
    async with Broker(broker.url(user), name="test", topology=topology(), options=LinkOptions()) as ours:
        await ours.ready(10)


async def test_our_own_client_says_what_is_missing(broker: Imported) -> None:
    async with Broker(
        broker.url("ingress"), name="test", topology=topology(partitions=2), options=LinkOptions()
    ) as ours:
        with pytest.raises(Exception, match=r"lunas\.webhooks\.p1") as caught:
            await ours.ready(10)
    assert not isinstance(caught.value, NotConfirmed)
