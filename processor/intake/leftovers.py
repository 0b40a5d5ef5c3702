"""Emptying the queues that an earlier, larger number of partitions left behind, so that making it smaller loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from processor.intake.pipeline import Pipeline
from processor.intake.stopping import until_stopped
from runtime.amqp.broker import Broker
from runtime.logs import get_logger
from schemas.topology import queue_name

log = get_logger(__name__)


async def drain_leftovers(
    broker: Broker, partitions: int, pipeline: Callable[[int], Pipeline], stop: asyncio.Event
) -> None:
    """Consumes every work queue from number `partitions` on, until `stop`.

    Also when they are empty: a message in a retry tier comes back to the queue it was in, hours later. Looks for them once; processes with
    a larger number that start later make queues that this one does not see.
    """
    numbers = await until_stopped(stop, broker.leftovers(partitions))
    if not numbers:
        return
    log.info(
        "queues of an earlier number of partitions are emptied",
        action="processor.intake.leftovers",
        queues=[queue_name(number) for number in numbers],
    )
    async with asyncio.TaskGroup() as group:
        for number in numbers:
            group.create_task(pipeline(number).run(stop), name=f"intake of {queue_name(number)}")
