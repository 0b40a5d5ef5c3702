"""The simulated broker and store answer as the real ones do, or the simulation is fiction."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from runtime.amqp.broker import Broker
from runtime.amqp.consumer import Consumer, Incoming
from runtime.amqp.publisher import Message
from runtime.database import Pool
from tests.integration.broker.conftest import FAST, TOPOLOGY
from tests.integration.broker.proxy import Proxy, proxied
from tests.integration.processor.intake.taking_in import store_of
from tests.integration.simulation.conversations import BROKER, QUEUE, STORE
from tests.simulation.broker import SimBroker, SimConsumer, SimPublisher
from tests.simulation.faults import Faults
from tests.simulation.loop import SimLoop, SimProcess
from tests.simulation.store import SimLog, SimStore
from tests.unit.processor.intake.envelopes import interpreter

DEADLINE_SECONDS = 60.0


def _name(value: object) -> str:
    return str(getattr(value, "__name__", "expected"))


async def _collected(consumer: Consumer, number: int) -> list[Incoming]:
    taken: list[Incoming] = []
    async with asyncio.timeout(60):
        while len(taken) < number:
            taken += await consumer.take(number - len(taken))
    return taken


@dataclass
class RealBench:
    """RabbitMQ; process "one" behind a wire that can be cut, every other with a connection of its own."""

    url: str
    proxy: Proxy
    broker: Broker
    stack: AsyncExitStack
    others: dict[str, Broker] = field(default_factory=dict)

    async def publish(self, message: Message) -> None:
        await self.broker.publisher.wait_ready()
        await self.broker.publisher.publish(message, deadline=DEADLINE_SECONDS)

    async def consumer(self, prefetch: int, *, process: str = "one") -> Consumer:
        broker = self.broker
        if process != "one":
            broker = await self.stack.enter_async_context(
                Broker(self.url, name=process, topology=TOPOLOGY, options=FAST)
            )
            await broker.ready(60.0)
        consumer = broker.consumer(QUEUE, prefetch=prefetch)
        await consumer.start()
        return consumer

    async def collect(self, consumer: Consumer, number: int) -> list[Incoming]:
        return await _collected(consumer, number)

    async def cut(self) -> None:
        self.proxy.cut()

    async def end(self, consumer: Consumer) -> None:
        await consumer.pause()
        self.proxy.cut()


@asynccontextmanager
async def real(url: str) -> AsyncIterator[RealBench]:
    async with AsyncExitStack() as stack:
        proxy, through = await stack.enter_async_context(proxied(url))
        broker = await stack.enter_async_context(Broker(through, name="one", topology=TOPOLOGY, options=FAST))
        await broker.ready(60.0)
        yield RealBench(url, proxy, broker, stack)


class SimBench:
    """The same in memory, where nothing goes wrong by itself."""

    def __init__(self) -> None:
        self.loop = SimLoop(random.Random(5))
        self.broker = SimBroker(self.loop, Faults(self.loop.dice))
        self.processes = {"one": SimProcess("one")}
        self._publisher: SimPublisher | None = None

    async def publish(self, message: Message) -> None:
        if self._publisher is None:
            self._publisher = SimPublisher(self.broker, self.processes["one"])
        await self._publisher.publish(message, deadline=DEADLINE_SECONDS)

    async def consumer(self, prefetch: int, *, process: str = "one") -> Any:
        owner = self.processes.setdefault(process, SimProcess(process))
        consumer = SimConsumer(self.broker, owner, QUEUE, prefetch)
        await consumer.start()
        return consumer

    async def collect(self, consumer: Any, number: int) -> list[Incoming]:
        return await _collected(consumer, number)

    async def cut(self) -> None:
        await asyncio.sleep(10.0)  # what was sent before has arrived
        for consumer in self.broker.consumers():
            self.broker.detach(consumer)

    async def end(self, consumer: Any) -> None:
        consumer.process.alive = False
        self.broker.detach(consumer)


Conversation = Callable[[Any], Awaitable[object]]


@pytest.mark.parametrize(("conversation", "expected"), BROKER, ids=_name)
async def test_the_real_broker(broker_url: str, conversation: Conversation, expected: object) -> None:
    async with real(broker_url) as bench:
        assert await conversation(bench) == expected


@pytest.mark.parametrize(("conversation", "expected"), BROKER, ids=_name)
def test_the_simulated_broker(conversation: Conversation, expected: object) -> None:
    bench = SimBench()
    assert bench.loop.run_until_complete(conversation(bench)) == expected  # type: ignore[arg-type]
    bench.loop.bury()


@pytest.mark.parametrize(("conversation", "expected"), STORE, ids=_name)
async def test_the_real_and_the_simulated_store(
    pool: Pool, conversation: Conversation, expected: object
) -> None:
    loop = SimLoop(random.Random(5))
    simulated = SimStore(SimLog(interpreter()), loop, Faults(loop.dice))
    answers = await conversation(store_of(pool))
    # Loops cannot be nested: the simulated one has a thread of its own.
    again = await asyncio.to_thread(loop.run_until_complete, conversation(simulated))
    loop.bury()
    assert again == answers
    assert expected in (None, answers)
