"""Which work queues an earlier, larger number of partitions left behind.

They are still bound, and what waits in them or in a retry tier on its way back to them is as good as any webhook. AMQP has no list of
queues, so each number is asked for until one does not exist.
"""

from __future__ import annotations

import asyncio

from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import ChannelNotFoundEntity

from runtime.amqp.consumer import open_channel
from schemas.topology import queue_name, work_queues


async def leftovers(connection: AbstractConnection, partitions: int) -> list[int]:
    """Numbers of the work queues beyond those of so many partitions, up to the first that does not exist. Needs no permission, changes nothing."""
    channel = await open_channel(connection)
    number = ours = work_queues(partitions)
    try:
        while True:
            await channel.get_queue(queue_name(number), ensure=True)
            number += 1
    except ChannelNotFoundEntity:  # closes the channel
        return list(range(ours, number))


class Leftovers:
    """Looks once, on the first connection it gets."""

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions
        self.found: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()

    async def attach(self, connection: AbstractConnection) -> AbstractChannel:
        if not self.found.done():
            numbers = await leftovers(connection, self._partitions)
            if not self.found.done():
                self.found.set_result(numbers)
        # The link watches the channel it gets; this one only keeps the contract.
        return await open_channel(connection)

    def detach(self) -> None:
        """Nothing to forget."""
