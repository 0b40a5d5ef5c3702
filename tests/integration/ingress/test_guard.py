"""F60: slow and idle clients are let go in time, and never keep a good one out."""

from __future__ import annotations

import asyncio
import contextlib
import time

import aiohttp
import pytest

from tests.integration.ingress.conftest import Ingress, Start, raw
from tests.integration.ingress.requests import BODY, XENDIT, post
from tests.waiting import turns

QUICK = {
    "ingress_header_deadline_seconds": 0.6,
    "ingress_body_deadline_seconds": 0.6,
    "ingress_idle_deadline_seconds": 0.6,
}
HEAD = b"POST /webhooks/xendit HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"


async def drip(ingress: Ingress, data: bytes, *, every: float = 0.1) -> tuple[float, bytes]:
    """Sends one byte at a time; (seconds until the server closed, what it said)."""
    reader, writer = await asyncio.open_connection(ingress.host, ingress.port)
    started = time.monotonic()
    reading = asyncio.create_task(reader.read())
    for byte in data:
        if reading.done():
            break
        writer.write(bytes([byte]))
        await asyncio.wait({reading}, timeout=every)
    await asyncio.wait({reading}, timeout=8)
    took = time.monotonic() - started
    said = b"" if not reading.done() or reading.exception() else reading.result()
    reading.cancel()
    writer.transport.abort()
    return took, said


async def test_a_slow_header_is_cut_off(start: Start) -> None:
    async with start(**QUICK) as ingress:
        took, said = await drip(ingress, HEAD)
    assert 0.4 < took < 3.0
    assert said == b""


async def test_a_slow_header_on_a_used_connection_is_cut_off(start: Start) -> None:
    async with start(**QUICK) as ingress:
        reader, writer = await asyncio.open_connection(ingress.host, ingress.port)
        writer.write(post("/webhooks/xendit", BODY, XENDIT) + HEAD[:20])
        started = time.monotonic()
        async with asyncio.timeout(8):
            assert (await reader.read()).count(b"HTTP/1.1 200") == 1
        assert time.monotonic() - started < 3.0
        writer.transport.abort()


@pytest.mark.parametrize("body", [b"x" * 100, b""], ids=["dripping", "none at all"])
async def test_a_slow_body_is_answered_408_and_closed(start: Start, body: bytes) -> None:
    async with start(**QUICK) as ingress:
        reader, writer = await asyncio.open_connection(ingress.host, ingress.port)
        writer.write(HEAD + b"\r\n")
        started = time.monotonic()
        reading = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
        for byte in body:
            writer.write(bytes([byte]))
            await asyncio.wait({reading}, timeout=0.1)
            if reading.done():
                break
        async with asyncio.timeout(8):
            said = await reading
            with contextlib.suppress(ConnectionError):
                await reader.read()
        assert said.startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - started < 4.0
        writer.transport.abort()


async def test_a_slow_chunked_body_is_let_go_too(start: Start) -> None:
    async with start(**QUICK) as ingress:
        head = b"POST /webhooks/xendit HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"
        started = time.monotonic()
        assert (await raw(ingress, head, seconds=8)).startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - started < 4.0


@pytest.mark.parametrize(
    "sent", [b"", post("/webhooks/xendit", BODY, XENDIT)], ids=["silent", "after a request"]
)
async def test_an_idle_connection_is_closed(start: Start, sent: bytes) -> None:
    async with start(**QUICK) as ingress:
        started = time.monotonic()
        await raw(ingress, sent, seconds=8)
        assert 0.4 < time.monotonic() - started < 3.0


async def test_a_client_that_left_is_not_counted_any_more(start: Start) -> None:
    """Its handler still runs to its end; a drain would otherwise wait for a ghost."""
    async with start() as ingress:
        for _ in range(5):
            await raw(ingress, HEAD + b"\r\nx", seconds=0.05)
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 4.0


async def test_a_client_that_never_reads_its_answers_is_let_go(start: Start) -> None:
    async with start(**QUICK, ingress_publish_deadline_seconds=1.0) as ingress:
        reader, writer = await asyncio.open_connection(ingress.host, ingress.port, limit=1)
        started = time.monotonic()
        try:
            async with asyncio.timeout(15):
                while True:
                    writer.write(post("/nope", b"", {}) * 500)
                    await writer.drain()
                    await asyncio.sleep(0)
        except (ConnectionError, TimeoutError):
            pass
        assert time.monotonic() - started < 14
        del reader
        writer.transport.abort()


@pytest.mark.parametrize("start_of_request", [b"", HEAD, HEAD + b"\r\nx"], ids=["idle", "head", "body"])
async def test_a_crowd_of_slow_clients_does_not_keep_a_good_one_out(
    start: Start, start_of_request: bytes
) -> None:
    """Deadlines of 10 s here: the good one must not wait for them."""
    async with start(ingress_connection_limit=50) as ingress:
        crowd = [await asyncio.open_connection(ingress.host, ingress.port) for _ in range(120)]
        for _, writer in crowd:
            writer.write(start_of_request)
        await turns()
        started = time.monotonic()
        async with aiohttp.ClientSession() as session:
            for _ in range(20):
                async with session.post(
                    ingress.url + "/webhooks/xendit", data=BODY, headers=XENDIT
                ) as response:
                    assert response.status == 200
        assert time.monotonic() - started < 2.0
        for _, writer in crowd:
            writer.transport.abort()


async def test_a_door_full_of_work_refuses_one_more_with_503(start: Start) -> None:
    from tests.integration.broker.proxy import proxied

    async with aiohttp.ClientSession() as session:
        async with start() as first:
            url = first.settings.require_broker_url()
        async with (
            proxied(url) as (proxy, through),
            start(
                broker_url=through,
                ingress_durability="broker",
                ingress_connection_limit=3,
                ingress_publish_deadline_seconds=1.5,
            ) as ingress,
        ):
            proxy.freeze()
            working = [
                asyncio.create_task(raw(ingress, post("/webhooks/xendit", BODY, XENDIT), seconds=3))
                for _ in range(3)
            ]
            await turns()
            answer = await raw(ingress, b"", seconds=1)
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"Retry-After" in answer
            await asyncio.gather(*working)
            proxy.thaw()
        assert not session.closed
