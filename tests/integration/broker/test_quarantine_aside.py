"""Nothing about the quarantine holds up a webhook: its queue may be wrong, gone or never answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aio_pika
import aiohttp
import pytest

from runtime.amqp.broker import Broker
from runtime.database import Pool
from runtime.settings import Settings
from schemas.topology import QUARANTINE
from tests.integration.broker.conftest import FAST, TOPOLOGY
from tests.integration.broker.proxy import Proxy, proxied
from tests.integration.ingress.conftest import Start, http, start, until_ready
from tests.integration.ingress.requests import BODY, XENDIT
from tests.integration.processor.running import publishing, send, working
from tests.unit.processor.intake.envelopes import capture, envelope
from tests.waiting import until

__all__ = ["http", "start"]  # fixtures of the door

Channel = aio_pika.abc.AbstractChannel


@asynccontextmanager
async def hanging(broker_url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A broker that never answers who declares the quarantine's queue, as one does that lost most of the queue's nodes."""
    async with proxied(broker_url) as (proxy, url):
        proxy.swallow = QUARANTINE.encode()
        yield proxy, url


async def answers(http: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> int:
    async with http.post(url + "/webhooks/xendit", data=BODY, headers=headers) as response:
        return response.status


async def test_ingress_is_ready_and_answers_200_while_declaring_the_quarantine_hangs(
    start: Start, http: aiohttp.ClientSession, broker_url: str
) -> None:
    async with hanging(broker_url) as (proxy, url), start(broker_url=url) as ingress:
        await until(lambda: proxy.swallowed > 0)
        for _ in range(5):
            assert await answers(http, ingress.url, XENDIT) == 200
            assert await answers(http, ingress.url, {}) == 401
            await until_ready(ingress)


async def test_ingress_is_ready_and_answers_200_when_the_quarantine_has_other_arguments(
    start: Start, http: aiohttp.ClientSession, admin: Channel
) -> None:
    await admin.declare_queue(QUARANTINE, durable=True)
    async with start() as ingress:
        for _ in range(5):
            assert await answers(http, ingress.url, {}) == 401
            assert await answers(http, ingress.url, XENDIT) == 200
            await until_ready(ingress)
        assert not ingress.task.done()


@pytest.mark.parametrize("trouble", ["hangs", "differs"])
async def test_the_processor_is_ready_and_consumes_whatever_the_quarantine_does(
    settings: Callable[..., Settings],
    database_url: str,
    broker_url: str,
    pool: Pool,
    admin: Channel,
    trouble: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    brokers: list[Broker] = []
    entered = Broker.__aenter__

    async def noted(broker: Broker) -> Broker:
        brokers.append(broker)
        return await entered(broker)

    if trouble == "differs":
        await admin.declare_queue(QUARANTINE, durable=True, arguments={"x-max-length": 1})
    async with hanging(broker_url) as (proxy, url):
        proxy.swallow = proxy.swallow if trouble == "hangs" else None
        chosen = settings(database_url=database_url, broker_url=broker_url)
        async with publishing(chosen) as sender:
            monkeypatch.setattr(Broker, "__aenter__", noted)
            async with working(chosen.model_copy(update={"broker_url": settings(broker_url=url).broker_url})):
                for number in range(3):
                    await send(sender, envelope(capture(f"py-{trouble}-{number}")))

                async def look() -> bool:
                    return bool(await pool.fetchval("SELECT count(*) FROM deliveries") == 3)

                await until(look)
                # Its consumers come one after the other.
                await until(lambda: brokers[0].is_ready(stalled_seconds=5.0))
        assert (proxy.swallowed > 0) == (trouble == "hangs")


async def test_a_quarantine_that_was_deleted_is_there_again_for_the_next_rejected_request(
    start: Start, http: aiohttp.ClientSession, admin: Channel
) -> None:
    async with start() as ingress:

        async def kept() -> bool:
            assert await answers(http, ingress.url, {}) == 401
            queue = await admin.declare_queue(QUARANTINE, passive=True)
            return bool(queue.declaration_result.message_count)

        await until_ready(ingress)
        async with Broker(
            ingress.settings.require_broker_url(), name="o", topology=TOPOLOGY, options=FAST
        ) as o:
            await o.publisher_aside()
            await until(lambda: o.aside.is_up)
        await until(kept)
        await admin.queue_delete(QUARANTINE)

        async def there_again() -> bool:
            assert await answers(http, ingress.url, {}) == 401
            assert await answers(http, ingress.url, XENDIT) == 200
            # A look at a missing queue closes the channel, so each on its own.
            async with await aio_pika.connect(ingress.settings.require_broker_url()) as connection:
                channel = await connection.channel()
                try:
                    await channel.declare_queue(QUARANTINE, passive=True)
                except aio_pika.exceptions.ChannelNotFoundEntity:
                    return False
                return True

        await until(there_again)
