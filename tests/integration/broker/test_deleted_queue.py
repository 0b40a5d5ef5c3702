"""Somebody deletes a work queue under load: nothing that was accepted after that is lost, and everything goes on by itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import aio_pika
import aiohttp
import pytest
import structlog

from runtime.amqp.broker import Broker, Message, TopologyMismatch
from runtime.database import Pool
from runtime.settings import Settings
from schemas.errors import NotConfirmed, Unroutable
from schemas.topology import PARKED, WEBHOOKS, queue_name, routing_key, work_queues
from tests.integration.broker.conftest import FAST, TOPOLOGY, collect
from tests.integration.ingress.conftest import Outbox, Start, http, outbox, start, until_ready
from tests.integration.ingress.requests import XENDIT
from tests.integration.processor.running import publishing, send, working
from tests.unit.processor.intake.envelopes import capture, envelope
from tests.waiting import until

__all__ = ["http", "outbox", "start"]  # fixtures of the door

Channel = aio_pika.abc.AbstractChannel
STALLED = 5.0


async def test_ingress_under_load_declares_a_deleted_queue_again_and_loses_nothing_it_accepted_since(
    start: Start, http: aiohttp.ClientSession, admin: Channel, outbox: Outbox
) -> None:
    accepted: list[bytes] = []
    refused: list[int] = []
    number = 0
    running = True

    async def provider(url: str) -> None:
        nonlocal number
        while running:
            number += 1
            body = b'{"n":%d}' % number
            async with http.post(url + "/webhooks/xendit", data=body, headers=XENDIT) as response:
                (accepted.append(body) if response.status == 200 else refused.append(response.status))

    with structlog.testing.capture_logs() as told:
        async with start() as ingress:
            providers = [asyncio.create_task(provider(ingress.url)) for _ in range(8)]
            await until(lambda: len(accepted) > 50)
            # A machine that stands still answers from the journal; the broker gets it all the same.
            while (deleted := await _fullest(admin)) is None:
                await asyncio.sleep(0.01)
            held = (await admin.queue_delete(deleted)).message_count or 0
            sent = number

            def since() -> set[bytes]:
                return {body for body in accepted if json.loads(body)["n"] > sent}

            await until(lambda: len(since()) > 200)
            running = False
            await asyncio.gather(*providers)
            await until_ready(ingress)
    # What the queue held when it was deleted is gone with it, also what was on its way then: the broker may have confirmed it, and its answer, which
    # waits for the journal too, comes after the deletion. What was sent from then on is there.
    arrived = set[bytes]()
    while not since() <= arrived:
        arrived |= {item.body for item in await outbox.envelopes(1)}
    assert set(refused) <= {503}
    # It was felt: the load was in that queue, and whoever published next found none.
    assert held > 0
    assert [line for line in told if line.get("action") == "broker.queue_gone"]
    redeclared = await admin.declare_queue(deleted, passive=True)
    assert redeclared.name == deleted


async def _fullest(admin: Channel) -> str | None:
    """The queue in which the load is, which is its provider's own; None while none has anything."""
    depths: dict[str, int] = {}
    for number in range(work_queues(1)):
        queue = await admin.declare_queue(queue_name(number), passive=True)
        depths[queue.name] = queue.declaration_result.message_count or 0
    return max(depths, key=lambda name: depths[name]) if any(depths.values()) else None


async def test_a_process_is_not_ready_while_a_deleted_queue_cannot_be_had_back_and_says_so(
    broker: Broker, admin: Channel
) -> None:
    """The same name with other arguments: nothing is declared over it. Once it is away, all is well again."""
    await admin.queue_delete(queue_name(0))
    await admin.declare_queue(queue_name(0), durable=True)
    with pytest.raises(Unroutable):
        await broker.publisher.publish(Message(WEBHOOKS, routing_key(0), b"x"), deadline=60.0)
    await until(lambda: not broker.is_ready(stalled_seconds=STALLED))
    with pytest.raises(NotConfirmed):
        await broker.publisher.publish(Message(WEBHOOKS, routing_key(0), b"y"), deadline=1.0)
    assert not broker.is_ready(stalled_seconds=STALLED)
    await admin.queue_delete(queue_name(0))
    await broker.publisher.publish(Message(WEBHOOKS, routing_key(0), b"z"), deadline=60.0)
    assert broker.is_ready(stalled_seconds=STALLED)


@pytest.mark.parametrize("queue", [queue_name(0), PARKED])
async def test_a_consumer_declares_the_queue_that_was_deleted_under_it(
    broker: Broker, admin: Channel, queue: str
) -> None:
    consumer = broker.consumer(queue, prefetch=10)
    await consumer.start()
    await until(lambda: broker.is_ready(stalled_seconds=STALLED))
    await admin.queue_delete(queue)
    await until(lambda: not broker.is_ready(stalled_seconds=STALLED))
    await until(lambda: broker.is_ready(stalled_seconds=STALLED))
    key = (WEBHOOKS, routing_key(0)) if queue == queue_name(0) else ("lunas.dead", "")
    await broker.publisher.publish(Message(*key, b"after"), deadline=60.0)
    (delivery,) = await collect(consumer, 1)
    assert delivery.body == b"after"


async def test_the_processor_goes_on_after_its_queue_was_deleted(
    settings: Callable[..., Settings], database_url: str, broker_url: str, pool: Pool, admin: Channel
) -> None:
    chosen = settings(database_url=database_url, broker_url=broker_url, broker_reconnect_seconds=0.1)

    async def stored(number: int) -> None:
        async def look() -> bool:
            return bool(await pool.fetchval("SELECT count(*) FROM deliveries") >= number)

        await until(look)

    async with publishing(chosen) as sender, working(chosen):
        await send(sender, envelope(capture("py-before")))
        await stored(1)
        await admin.queue_delete(queue_name(0))

        async def sent_again() -> bool:
            """A provider repeats what was refused."""
            try:
                await send(sender, envelope(capture("py-after")))
            except Unroutable:
                return False
            return True

        await until(sent_again)
        await stored(2)


async def test_a_queue_that_differs_at_the_start_still_ends_the_process(
    broker_url: str, admin: Channel
) -> None:
    await admin.declare_queue(queue_name(0), durable=True)
    async with Broker(broker_url, name="test", topology=TOPOLOGY, options=FAST) as broker:
        with pytest.raises(TopologyMismatch):
            await broker.ready(60.0)
