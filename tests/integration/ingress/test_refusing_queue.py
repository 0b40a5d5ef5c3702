"""One work queue refuses, or says nothing, on the real program: every webhook is answered 200, the others are in their queues, and it has its own in the end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aio_pika
import aiohttp
import pytest

from providers.registry import PROVIDERS
from schemas.topology import WEBHOOKS, queue_name, routing_key
from tests import services
from tests.integration.broker.silent import controlled, silence
from tests.integration.ingress.conftest import Ingress, Outbox, Start
from tests.integration.ingress.requests import XENDIT
from tests.waiting import until

Http = aiohttp.ClientSession
MANY = 60
PARTITIONS = 2
REFUSING = 1


@pytest.fixture(scope="module")
def obedient(rabbitmq: services.BrokerServer) -> Iterator[services.BrokerServer]:
    with controlled(rabbitmq) as server:
        yield server


def body(number: int) -> bytes:
    return json.dumps({"data": {"payment_id": f"py-{number}"}, "n": number}).encode()


def partition(number: int) -> int:
    return PROVIDERS["xendit"].partition(body(number), PARTITIONS)


def of(queue: int, *, first: int = 0, last: int = MANY) -> set[int]:
    return {number for number in range(first, last) if partition(number) == queue}


async def send(http: Http, ingress: Ingress, numbers: range) -> None:
    for number in numbers:
        async with http.post(ingress.url + "/webhooks/xendit", data=body(number), headers=XENDIT) as response:
            assert response.status == 200


async def taken(outbox: Outbox, queue: int, wanted: set[int]) -> None:
    """Until all of them came out of it. What was sent twice is recognised later."""
    found: set[int] = set()

    async def more() -> bool:
        envelopes = await outbox.envelopes(1, partition=queue)
        found.update(json.loads(each.body)["n"] for each in envelopes)
        return wanted <= found

    await until(more)
    assert {partition(number) for number in found} == {queue}


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
    start: Start, http: Http, settings: Any, obedient: services.BrokerServer, how: str
) -> None:
    url = obedient.vhost_url()
    trouble = full(url) if how == "full" else silence(obedient.rabbitmqctl, url, queue_name(REFUSING))
    limits = {"broker_partitions": PARTITIONS, "ingress_journal_window": 4}
    if how == "silent":
        limits["ingress_publish_deadline_seconds"] = 1
    async with (
        start(broker_url=url, **limits) as ingress,
        Outbox(url, settings(broker_partitions=PARTITIONS)) as outbox,
    ):
        async with trouble:
            # Far more of the refusing queue than one window holds.
            await send(http, ingress, range(MANY))
            await taken(outbox, 1 - REFUSING, of(1 - REFUSING))
            await send(http, ingress, range(MANY, 2 * MANY))
            await taken(outbox, 1 - REFUSING, of(1 - REFUSING, first=MANY, last=2 * MANY))
        await taken(outbox, REFUSING, of(REFUSING, last=2 * MANY))
        # Then the direct way is everybody's again.
        await send(http, ingress, range(2 * MANY, 2 * MANY + 4))
        for queue in range(PARTITIONS):
            if wanted := of(queue, first=2 * MANY, last=2 * MANY + 4):
                await taken(outbox, queue, wanted)
