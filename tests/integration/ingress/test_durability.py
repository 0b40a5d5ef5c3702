"""Without a journal 200 means the broker has it. Anything else is 503 in time, and the provider sends again."""

from __future__ import annotations

import asyncio
from functools import partial

import aio_pika
import aiohttp
import pytest

from runtime.amqp.broker import TopologyMismatch
from schemas.errors import ConfigurationError
from schemas.topology import QUARANTINE, WEBHOOKS, own_queues, queue_name, routing_key
from tests.integration.broker.proxy import proxied
from tests.integration.ingress.conftest import Ingress, Outbox, Start, until_ready
from tests.integration.ingress.requests import BODY, XENDIT, post
from tests.waiting import until

XENDITS = own_queues(1)["xendit"]

Http = aiohttp.ClientSession


@pytest.fixture
def start(start: Start) -> Start:
    """Only the broker's confirm counts."""
    return partial(start, ingress_durability="broker")


async def taken_again(http: Http, ingress: Ingress, body: bytes = BODY) -> None:
    """The provider sends again until it is taken: with little time for each call, a machine that stands still may refuse some."""

    async def taken() -> bool:
        return (await send(http, ingress, body))[0] == 200

    await until(taken)


async def send(http: Http, ingress: Ingress, body: bytes = BODY) -> tuple[int, str | None]:
    async with http.post(ingress.url + "/webhooks/xendit", data=body, headers=XENDIT) as response:
        await response.read()
        return response.status, response.headers.get("Retry-After")


async def test_c20_broker_away_is_503_with_retry_after_and_never_200(
    start: Start, http: Http, outbox: Outbox, broker_url: str
) -> None:
    async with (
        proxied(broker_url) as (proxy, url),
        start(broker_url=url, ingress_publish_deadline_seconds=0.3) as ingress,
    ):
        await proxy.close()
        status, retry_after = await send(http, ingress)
        assert status == 503
        assert int(retry_after or 0) > 0
        await until_ready(ingress, 503)
        await proxy.open()
        await until_ready(ingress)
        await taken_again(http, ingress, b"after")
    assert {item.body for item in await outbox.envelopes(1)} == {b"after"}


async def test_c20_ingress_starts_without_a_broker_and_says_so(
    start: Start, http: Http, broker_url: str
) -> None:
    async with proxied(broker_url) as (proxy, url):
        await proxy.close()
        async with start(broker_url=url, ingress_publish_deadline_seconds=0.3, wait_ready=False) as ingress:
            assert (await send(http, ingress))[0] == 503
            async with http.get(ingress.url + "/livez") as response:
                assert response.status == 200
            async with http.get(ingress.url + "/readyz") as response:
                assert response.status == 503
            await proxy.open()
            await until_ready(ingress)
            await taken_again(http, ingress)


async def test_a_frozen_broker_is_503_within_the_deadline_for_everybody(
    start: Start, http: Http, broker_url: str
) -> None:
    async with (
        proxied(broker_url) as (proxy, url),
        start(broker_url=url, ingress_publish_deadline_seconds=0.5) as ingress,
    ):
        proxy.freeze()
        answers = await asyncio.gather(*(send(http, ingress) for _ in range(80)))
        assert {status for status, _ in answers} == {503}
        await until_ready(ingress, 503)
        async with http.get(ingress.url + "/livez") as response:
            assert response.status == 200
        proxy.thaw()
        await until_ready(ingress)
        await taken_again(http, ingress)


async def test_c21_an_unroutable_delivery_is_503(ingress: Ingress, http: Http, broker_url: str) -> None:
    connection = await aio_pika.connect(broker_url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.get_queue(queue_name(XENDITS))
        await queue.unbind(WEBHOOKS, routing_key(XENDITS))
    assert (await send(http, ingress))[0] == 503


async def test_a_full_queue_is_503(ingress: Ingress, http: Http, broker_url: str) -> None:
    connection = await aio_pika.connect(broker_url)
    async with connection:
        channel = await connection.channel()
        await channel.queue_delete(queue_name(XENDITS))
        full = await channel.declare_queue(
            queue_name(XENDITS), durable=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"}
        )
        await full.bind(WEBHOOKS, routing_key(XENDITS))
    statuses = [(await send(http, ingress))[0] for _ in range(4)]
    assert statuses[0] == 200
    assert statuses[-1] == 503


async def test_c22_a_client_that_never_saw_the_answer_sends_again(
    ingress: Ingress, http: Http, outbox: Outbox
) -> None:
    """The confirm was there, the answer got lost: both deliveries carry the same bytes for dedupe to see."""
    _, writer = await asyncio.open_connection(ingress.host, ingress.port)
    writer.write(post("/webhooks/xendit", BODY, XENDIT))
    assert {item.body for item in await outbox.envelopes(1)} == {BODY}
    writer.transport.abort()
    assert (await send(http, ingress))[0] == 200
    assert {item.body for item in await outbox.envelopes(1)} == {BODY}


async def test_a_flood_waits_in_bounded_memory(start: Start, http: Http, broker_url: str) -> None:
    async with (
        proxied(broker_url) as (proxy, url),
        start(broker_url=url, ingress_pending_max=10) as ingress,
    ):
        proxy.freeze()
        sent = [asyncio.create_task(send(http, ingress)) for _ in range(25)]
        # Ten wait for the broker; to the others we say no while they do.
        await until(lambda: sum(one.done() for one in sent) >= 15)
        assert [one.result()[0] for one in sent if one.done()] == [503] * 15
        proxy.thaw()
        assert sorted(status for status, _ in await asyncio.gather(*sent)) == [200] * 10 + [503] * 15


async def test_quarantine_trouble_never_touches_webhooks(start: Start, http: Http, broker_url: str) -> None:
    # Were the connection of the webhooks cut too, none would get through before it may come back.
    async with start(broker_reconnect_seconds=600.0, ingress_publish_deadline_seconds=30.0) as ingress:
        connection = await aio_pika.connect(broker_url)
        async with connection:
            channel = await connection.channel()
            await channel.exchange_delete(QUARANTINE)
        for _ in range(30):
            async with http.post(ingress.url + "/webhooks/xendit", data=BODY) as response:
                assert response.status == 401
            assert (await send(http, ingress))[0] == 200


async def test_other_queues_than_ours_stop_the_start_with_a_sentence(start: Start, broker_url: str) -> None:
    connection = await aio_pika.connect(broker_url)
    async with connection:
        channel = await connection.channel()
        await channel.declare_queue(queue_name(0), durable=True)
    with pytest.raises(TopologyMismatch, match=r"lunas\.webhooks\.p0"):
        await _run_to_its_end(start)


async def test_a_taken_port_stops_the_start_with_a_sentence(start: Start, ingress: Ingress) -> None:
    with pytest.raises(ConfigurationError, match="LUNAS_INGRESS_PORT"):
        await _run_to_its_end(start, ingress_port=ingress.port)


async def _run_to_its_end(start: Start, **overrides: object) -> None:
    async with start(wait_ready=False, **overrides) as ingress, asyncio.timeout(60):
        await asyncio.wait({ingress.task})
