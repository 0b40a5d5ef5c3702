"""A process that reads a work queue and stands still: its queue goes to the next one when the broker misses it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from runtime.amqp.broker import Broker, Message
from runtime.settings import Settings
from schemas.topology import WEBHOOKS, queue_name, routing_key
from tests.integration.broker.conftest import collect

ROOT = Path(__file__).parents[3]
READER = """
import asyncio, sys
from runtime.amqp.broker import Broker, LinkOptions
from schemas.topology import queue_name
from tests.integration.broker.conftest import TOPOLOGY

async def main():
    async with Broker(sys.argv[1], name="first", topology=TOPOLOGY, options=LinkOptions(heartbeat=2, reconnect_pause=0.1)) as broker:
        await broker.ready(600.0)
        consumer = broker.consumer(queue_name(0), prefetch=1)
        await consumer.start()
        while True:
            for delivery in await consumer.take(1, fill_seconds=0.05):
                print("read", flush=True)

asyncio.run(main())
"""


async def _until_read(stdout: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """What it says, its log too."""
    async for line in stdout:
        yield line
        if line == b"read\n":
            return


async def test_what_a_frozen_reader_had_goes_to_the_next_one(broker_url: str, broker: Broker) -> None:
    """What it has in hand too: it was never settled, and it is told that it may not settle it any more."""
    first = await asyncio.create_subprocess_exec(
        sys.executable, "-c", READER, broker_url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        await broker.publisher.publish(Message(WEBHOOKS, routing_key(0), b"in hand"), deadline=60.0)
        assert first.stdout is not None
        assert b"read\n" in [line async for line in _until_read(first.stdout)]
        consumer = broker.consumer(queue_name(0), prefetch=10)
        await consumer.start()
        first.send_signal(signal.SIGSTOP)
        await broker.publisher.publish(Message(WEBHOOKS, routing_key(0), b"behind it"), deadline=60.0)
        taken = await collect(consumer, 2, seconds=600.0)
        assert [delivery.body for delivery in taken] == [b"in hand", b"behind it"]
    finally:
        first.kill()
        await first.wait()


def test_it_is_missed_within_ten_seconds() -> None:
    """RabbitMQ closes a connection when it heard nothing for two heartbeats (https://www.rabbitmq.com/docs/heartbeats)."""
    assert 2 * Settings.model_fields["broker_heartbeat_seconds"].default <= 10
