"""A broker of our own that is blocked by an alarm, frozen, and killed: F14 to F17 on the real program."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.services.private import ServiceUrls, private_services
from runtime.amqp.broker import Broker, LinkOptions, Message
from schemas.errors import NotConfirmed
from schemas.topology import WEBHOOKS, queue_name, routing_key
from tests.integration.broker.conftest import TOPOLOGY, collect
from tests.waiting import until

# Heartbeats far beyond our deadlines: they neither help these tests nor, on a busy machine, cut a connection by themselves.
CALM = LinkOptions(heartbeat=60, connect_timeout=30.0, reconnect_pause=0.1)
DEADLINE = 1.0


class Victim:
    """A running broker that may be mistreated."""

    def __init__(self, services: private_services, urls: ServiceUrls) -> None:
        self._service = services.services[0]
        self._control = urls.rabbitmqctl
        self.url = urls.broker_url

    def memory_alarm(self, *, on: bool) -> None:
        level = "0" if on else "0.6"
        subprocess.run(
            [*self._control, "set_vm_memory_high_watermark", level],
            check=True,
            capture_output=True,
            timeout=240,
        )

    def signal(self, number: signal.Signals) -> None:
        self._service.children[-1].signal(number)

    def restart(self) -> None:
        """After it was killed."""
        killed = self._service.children[-1].process
        assert killed is not None
        killed.wait()
        self._service.launch()
        self._service.wait_ready()


@pytest.fixture(scope="module")
def victim() -> Iterator[Victim]:
    home = Path(tempfile.mkdtemp(prefix="lunas-victim-"))
    home.chmod(0o755)  # the broker's own user must pass through
    services = private_services(home, database_url="unused", erase=True)
    with services as urls:
        yield Victim(services, urls)


def message(body: bytes) -> Message:
    return Message(WEBHOOKS, routing_key(0), body)


async def not_confirmed_in_time(broker: Broker, body: bytes) -> None:
    async with asyncio.timeout(30):  # half of what the heartbeats take
        with pytest.raises(NotConfirmed):
            await broker.publisher.publish(message(body), deadline=DEADLINE)


async def take_all(broker: Broker, count: int) -> list[bytes]:
    consumer = broker.consumer(queue_name(0), prefetch=5000)
    await consumer.start()
    deliveries = await collect(consumer, count)
    assert await consumer.ack_through(deliveries[-1].tag)
    await consumer.pause()
    return [delivery.body for delivery in deliveries]


async def take_until(broker: Broker, last: bytes) -> list[bytes]:
    consumer = broker.consumer(queue_name(0), prefetch=5000)
    await consumer.start()
    taken: list[bytes] = []
    async with asyncio.timeout(60):
        while last not in taken:
            taken += [delivery.body for delivery in await consumer.take(5000)]
    return taken


async def test_publish_deadline_holds_while_the_broker_is_blocked_and_consumers_drain(victim: Victim) -> None:
    async with Broker(victim.url, name="test", topology=TOPOLOGY, options=CALM) as broker:
        await broker.ready(60.0)
        await broker.publisher.publish(message(b"before"), deadline=60.0)
        victim.memory_alarm(on=True)
        try:
            await not_confirmed_in_time(broker, b"blocked")
            await until(lambda: not broker.is_ready(stalled_seconds=DEADLINE))
            # The other connection is not blocked: what is queued can be consumed and acknowledged.
            assert await take_all(broker, 1) == [b"before"]
        finally:
            victim.memory_alarm(on=False)
        await broker.publisher.publish(message(b"after"), deadline=60.0)
        await until(lambda: broker.is_ready(stalled_seconds=DEADLINE))
        # The publish that was answered "not confirmed" arrived late; dedupe absorbs the provider's second try.
        assert await take_all(broker, 2) == [b"blocked", b"after"]


async def test_a_stopped_broker_is_noticed_within_our_deadline_not_the_heartbeats(victim: Victim) -> None:
    async with Broker(victim.url, name="test", topology=TOPOLOGY, options=CALM) as broker:
        await broker.ready(60.0)
        victim.signal(signal.SIGSTOP)
        try:
            await not_confirmed_in_time(broker, b"stopped")
            await until(lambda: not broker.is_ready(stalled_seconds=DEADLINE))
        finally:
            victim.signal(signal.SIGCONT)
        await broker.publisher.publish(message(b"goes on"), deadline=60.0)
        # Whatever came before it: what was not confirmed may have arrived all the same.
        assert b"goes on" in await take_until(broker, b"goes on")


async def test_a_killed_broker_loses_nothing_that_was_confirmed(victim: Victim) -> None:
    confirmed: list[bytes] = []
    async with Broker(victim.url, name="test", topology=TOPOLOGY, options=CALM) as broker:
        await broker.ready(60.0)

        async def publish(number: int) -> None:
            body = b"%d" % number
            # Beyond the restart: a machine that stands still meanwhile must not let all of them expire before a few are confirmed.
            try:
                await broker.publisher.publish(message(body), deadline=120.0)
            except NotConfirmed:
                return
            confirmed.append(body)

        publishes = [asyncio.create_task(publish(number)) for number in range(2000)]
        while len(confirmed) < 200:
            await asyncio.sleep(0.005)
        victim.signal(signal.SIGKILL)
        victim.restart()
        await asyncio.gather(*publishes)
        await broker.publisher.publish(message(b"back"), deadline=60.0)
        arrived = await take_until(broker, b"back")
    # More may be there: not confirmed does not mean not stored.
    assert set(confirmed) <= set(arrived)
