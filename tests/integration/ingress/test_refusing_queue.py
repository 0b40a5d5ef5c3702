"""One work queue refuses, or says nothing, on the real program: every webhook is answered 200, the others are in their queues, and it has its own in the end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aio_pika
import aiohttp
import pytest

from providers.registry import PROVIDERS
from runtime.amqp.broker import Broker, Consumer
from schemas.envelope import unpack
from schemas.topology import RETRY_DELAYS, WEBHOOKS, own_queues, queue_name, routing_key, topology
from tests import services
from tests.integration.broker.silent import controlled, silence
from tests.integration.ingress.conftest import CALM, Ingress, Start
from tests.integration.ingress.requests import XENDIT
from tests.waiting import until

Http = aiohttp.ClientSession
MANY = 60
PARTITIONS = 2
QUEUES = [own_queues(PARTITIONS)["xendit"] + partition for partition in range(PARTITIONS)]
REFUSING = QUEUES[1]
LONG = 120.0


@pytest.fixture(scope="module")
def obedient(rabbitmq: services.BrokerServer) -> Iterator[services.BrokerServer]:
    with controlled(rabbitmq) as server:
        yield server


def body(number: int) -> bytes:
    return json.dumps(
        {"event": "payment.capture", "data": {"payment_id": f"py-{number}"}, "n": number}
    ).encode()


def queue_of(number: int) -> int:
    return QUEUES[PROVIDERS["xendit"].partition(body(number), PARTITIONS)]


async def send(http: Http, ingress: Ingress, numbers: range) -> None:
    for number in numbers:
        async with http.post(ingress.url + "/webhooks/xendit", data=body(number), headers=XENDIT) as response:
            assert response.status == 200


class Taken:
    """Numbers of what came out of each of the queues, which are read all the time. What was sent twice is recognised later."""

    def __init__(self) -> None:
        self.of: dict[int, set[int]] = {queue: set() for queue in QUEUES}

    async def read(self, consumer: Consumer, queue: int) -> None:
        await consumer.start()
        while True:
            for delivery in await consumer.take(1000):
                self.of[queue] |= {json.loads(each.body)["n"] for each in unpack(delivery.body)}
                await consumer.ack_through(delivery.tag)

    async def all(self, last: int, *, but: int | None = None) -> None:
        """Until everything before `last` is out, but for what is for one queue."""
        wanted = {queue: {n for n in range(last) if queue_of(n) == queue} for queue in QUEUES if queue != but}
        await until(lambda: all(wanted[queue] <= self.of[queue] for queue in wanted))


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[Taken]:
    taken = Taken()
    async with Broker(
        url, name="reader", topology=topology(PARTITIONS, RETRY_DELAYS), options=CALM
    ) as broker:
        await broker.ready(LONG)
        readers = [
            asyncio.create_task(taken.read(broker.consumer(queue_name(queue), prefetch=1000), queue))
            for queue in QUEUES
        ]
        yield taken
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)


@asynccontextmanager
async def full(url: str) -> AsyncIterator[None]:
    """Beside the queue another one gets what is for it, which is full: the broker refuses a message that one of its queues refuses."""
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(
            "full",
            durable=True,
            arguments={"x-max-length-bytes": 1, "x-overflow": "reject-publish", "x-queue-type": "quorum"},
        )
        await queue.bind(WEBHOOKS, routing_key(REFUSING))
        yield
        await queue.delete(if_unused=False, if_empty=False)


@pytest.mark.parametrize("how", ["full", "silent"])
async def test_a_queue_that_refuses_holds_up_no_other_and_has_its_own_in_the_end(
    start: Start, http: Http, obedient: services.BrokerServer, how: str
) -> None:
    url = obedient.vhost_url()
    trouble = full(url) if how == "full" else silence(obedient.rabbitmqctl, url, queue_name(REFUSING))
    limits = {"broker_partitions": PARTITIONS, "ingress_journal_window": 4}
    if how == "silent":
        limits["ingress_publish_deadline_seconds"] = 1
    async with start(broker_url=url, **limits) as ingress, reading(url) as taken:
        async with trouble:
            # Far more of the refusing queue than one window holds.
            await send(http, ingress, range(MANY))
            await taken.all(MANY, but=REFUSING)
            await send(http, ingress, range(MANY, 2 * MANY))
            await taken.all(2 * MANY, but=REFUSING)
        await taken.all(2 * MANY)
        # Then the direct way is everybody's again.
        await send(http, ingress, range(2 * MANY, 2 * MANY + 4))
        await taken.all(2 * MANY + 4)
    for queue in QUEUES:
        assert {queue_of(number) for number in taken.of[queue]} == {queue}
