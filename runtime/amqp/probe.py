"""Does the broker confirm? One publish on a connection of its own, to a queue of its own.

The error by which a broker says that it is broken itself is one that aio-pika does not pass on: it is aiormq's.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aio_pika
from aio_pika.exceptions import AMQPError, DeliveryError
from aiormq.exceptions import ConnectionInternalError

from runtime.amqp.link import loss_named

QUEUE = "supervisor.probe"
QUEUE_EXPIRES_MS = 600_000  # it goes when nobody has published to it for a while
CONFIRM_SECONDS = 10.0  # a healthy broker takes milliseconds, a busy disk a second
LEAVE_SECONDS = 2.0  # closing asks the broker too


async def published(url: str, confirm_seconds: float = CONFIRM_SECONDS) -> bool | None:
    """Whether the broker confirms a publish; None when it cannot be asked, because it is down or starting.

    One that answers and says that it is broken itself (INTERNAL_ERROR, a negative acknowledgement) confirms nothing. So it is when the log writer of its
    quorum queues is dead and our queue is not there yet.
    """
    try:
        with loss_named():
            return await _published(url, confirm_seconds)
    except (OSError, AMQPError):
        return None


async def _published(url: str, confirm_seconds: float) -> bool:
    connection = await aio_pika.connect(url, timeout=confirm_seconds)
    try:
        async with asyncio.timeout(confirm_seconds):
            channel = await connection.channel(publisher_confirms=True)
            arguments: dict[str, Any] = {
                "x-queue-type": "quorum",
                "x-max-length": 1,
                "x-expires": QUEUE_EXPIRES_MS,
            }
            await channel.declare_queue(QUEUE, durable=True, arguments=arguments)
            message = aio_pika.Message(b"", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await channel.default_exchange.publish(message, routing_key=QUEUE, mandatory=True)
    except (TimeoutError, ConnectionInternalError, DeliveryError):
        return False
    finally:
        await _left(connection)
    return True


async def _left(connection: aio_pika.abc.AbstractConnection) -> None:
    """Politely, when it answers."""
    try:
        with loss_named():
            async with asyncio.timeout(LEAVE_SECONDS):
                await connection.close()
    except (OSError, AMQPError):
        return
