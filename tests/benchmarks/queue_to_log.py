"""From the queue to committed facts and decisions: the processor against a straightforward consumer with one insert per message."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Iterator

import aio_pika
import asyncpg

from deploy.local.services.private import ServiceUrls
from eventstore.append import NewEvent, append, log_transaction
from runtime.ids import uuid7
from schemas.envelope import Envelope, pack
from schemas.facts import CustomerRegistered
from schemas.topology import routing_key
from tests.benchmarks.figures import Figure
from tests.benchmarks.pipeline import pipeline
from tests.benchmarks.wrk import BODY

COUNT = 20_000
PLAIN_COUNT = 4_000
GROUP = 20
PREFETCH = 100
PLAIN_QUEUE = "plain"


def figures(urls: ServiceUrls) -> list[Figure]:
    """Target 6."""
    with pipeline(urls, ("processor",)):
        ours = asyncio.run(_ours(urls))
    plain = asyncio.run(_plain(urls))
    return [
        Figure("6 queue to facts and decisions", ours, plain, "webhooks/s", "aio-pika consumer, one insert per message", "≥ 12 later", None)
    ]  # fmt: skip


def _bodies(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield BODY.replace("UNIQUE", f"{number:012d}").encode()


def envelope_of(body: bytes) -> Envelope:
    return Envelope(
        delivery_id=str(uuid7()),
        provider="xendit",
        received_at=time.time_ns() // 1000,
        scheme="static_token",
        secret_id="benchmark",
        path="/webhooks/xendit",
        body=body,
    )


async def _ours(urls: ServiceUrls) -> float:
    connection = await asyncpg.connect(urls.database_url, server_settings={"search_path": "lunas"})
    try:
        async with log_transaction(connection):
            customer = CustomerRegistered(customer_id="ratna", email="ratna@contoh.id")
            await append(connection, [NewEvent("customer-ratna", customer)])
        envelopes = [envelope_of(body) for body in _bodies(COUNT)]
        messages = [pack(envelopes[first : first + GROUP]) for first in range(0, COUNT, GROUP)]
        started = time.perf_counter()
        await publish_all(urls.broker_url, "lunas.webhooks", routing_key(0), messages)
        while True:
            granted = await connection.fetchval("SELECT count(*) FROM events WHERE type = 'credit.granted'")
            if granted == COUNT:
                return COUNT / (time.perf_counter() - started)
            await asyncio.sleep(0.02)
    finally:
        await connection.close()


async def publish_all(url: str, exchange_name: str, key: str, bodies: list[bytes]) -> None:
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel(on_return_raises=True)
        exchange = await channel.get_exchange(exchange_name) if exchange_name else channel.default_exchange
        for first in range(0, len(bodies), PREFETCH):
            await asyncio.gather(
                *(
                    exchange.publish(
                        aio_pika.Message(body, delivery_mode=2, message_id=str(uuid7())), routing_key=key
                    )
                    for body in bodies[first : first + PREFETCH]
                )
            )


async def _plain(urls: ServiceUrls) -> float:
    connection = await aio_pika.connect(urls.broker_url)
    async with connection:
        channel = await connection.channel()
        await channel.declare_queue(PLAIN_QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
    await publish_all(urls.broker_url, "", PLAIN_QUEUE, list(_bodies(PLAIN_COUNT)))
    context = multiprocessing.get_context("spawn")
    seconds: multiprocessing.queues.Queue[float] = context.Queue()
    child = context.Process(target=_consume, args=(urls.broker_url, urls.database_url, seconds))
    child.start()
    try:
        return PLAIN_COUNT / await asyncio.to_thread(seconds.get, True, 300)
    finally:
        child.join(30)


def _consume(broker_url: str, database_url: str, seconds: multiprocessing.queues.Queue[float]) -> None:
    seconds.put(asyncio.run(_consume_all(broker_url, database_url)))


async def _consume_all(broker_url: str, database_url: str) -> float:
    """Insert, then acknowledge, message by message."""
    database = await asyncpg.connect(database_url)
    await database.execute(
        "CREATE TABLE plain_log (id bigserial PRIMARY KEY, payment text UNIQUE, body jsonb)"
    )
    connection = await aio_pika.connect(broker_url)
    async with connection:
        channel = await connection.channel()
        await channel.set_qos(PREFETCH)
        queue = await channel.get_queue(PLAIN_QUEUE)
        started, done = time.perf_counter(), 0
        async with queue.iterator() as messages:
            async for message in messages:
                text = message.body.decode()
                await database.execute(
                    "INSERT INTO plain_log (payment, body) VALUES ($1::json #>> '{data,payment_id}', $1::jsonb)",
                    text,
                )
                await message.ack()
                done += 1
                if done == PLAIN_COUNT:
                    break
        elapsed = time.perf_counter() - started
    await database.close()
    return elapsed
