"""Every test gets a broker of its own."""

from __future__ import annotations

import aio_pika


async def test_a_fresh_vhost_has_no_queue_of_another_test(broker_url: str) -> None:
    connection = await aio_pika.connect(broker_url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("lunas.probe", durable=True, arguments={"x-queue-type": "quorum"})
        assert queue.declaration_result.message_count == 0
