"""Which providers' own work queues are read, as a publisher must know it before it uses them.

Beside a processor of an earlier version, which knows the shared queues only, what went to a provider's own would wait until that processor is
gone. So they are used once somebody reads them, or nobody reads the shared ones either: then the processor is away, and comes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import ChannelNotFoundEntity

from runtime.amqp.consumer import open_channel
from runtime.amqp.link import is_connection_loss
from runtime.logs import get_logger
from schemas.topology import own_queues, queue_name, work_queues

LOOK_SECONDS = 5.0  # between two looks: so long a provider shares the first queues after its own are read
ANSWER_SECONDS = (
    3.0  # a queue without a majority of its nodes never answers; what was known before then holds
)
LOOKS = 3
"""In a row, before something else is believed than was known: a processor that starts reads one queue after the other, and one that lost its connection
none for a moment."""

log = get_logger(__name__)


class OwnQueues:
    """`offsets` lives: by provider whose own queues are used, how far their numbers are from those of the shared ones."""

    def __init__(self, partitions: int) -> None:
        self.offsets: dict[str, int] = {}
        self._partitions = partitions
        self._connection: AbstractConnection | None = None
        self._against: dict[str, int] = {}
        """By provider: how many looks in a row spoke against what is done."""

    async def attach(self, connection: AbstractConnection) -> AbstractChannel:
        self._connection = connection
        await self._look(connection)
        # The link watches the channel it gets; this one only keeps the contract.
        return await open_channel(connection)

    def detach(self) -> None:
        self._connection = None

    async def run(self) -> None:
        """Looks again and again, until it is cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._connection is None:
                continue
            try:
                await self._look(self._connection)
            except BaseException as error:
                if not is_connection_loss(error):
                    raise

    async def _look(self, connection: AbstractConnection) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                readers = await readers_of(connection, work_queues(self._partitions))
        except TimeoutError:
            return
        self.learn(readers)

    def learn(self, readers: Mapping[int, int]) -> None:
        """`readers`: how many consumers each existing work queue has, by number."""
        before = set(self.offsets)
        for provider, offset in own_queues(self._partitions).items():
            self._learn(provider, offset, readers)
        if before != set(self.offsets):
            log.info(
                "providers with queues of their own",
                action="broker.own_queues",
                providers=sorted(self.offsets),
            )

    def _learn(self, provider: str, offset: int, readers: Mapping[int, int]) -> None:
        own = [readers.get(number + offset) for number in range(self._partitions)]
        if None in own:
            self.offsets.pop(provider, None)
            return
        use = all(mine or not readers.get(number) for number, mine in enumerate(own))
        first = provider not in self._against
        if use == (provider in self.offsets):
            self._against[provider] = 0
            return
        against = self._against[provider] = self._against.get(provider, 0) + 1
        if use and (all(own) or first or against >= LOOKS):
            self.offsets[provider] = offset
            self._against[provider] = 0
        elif not use and against >= LOOKS:
            self.offsets.pop(provider, None)
            self._against[provider] = 0


async def readers_of(connection: AbstractConnection, queues: int) -> dict[int, int]:
    """Consumers of the work queues that exist, of so many, by number. Needs no permission, changes nothing."""
    found: dict[int, int] = {}
    channel = await open_channel(connection)
    for number in range(queues):
        try:
            queue = await channel.declare_queue(queue_name(number), passive=True)
        except ChannelNotFoundEntity:  # closes the channel
            channel = await open_channel(connection)
        else:
            found[number] = queue.declaration_result.consumer_count or 0
    await channel.close()
    return found
