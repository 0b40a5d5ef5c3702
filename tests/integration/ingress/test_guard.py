"""F60: slow and idle clients are let go in time, and never keep a good one out."""

from __future__ import annotations

import asyncio
import contextlib

import aiohttp
import pytest

from ingress.connection import Connection, Phase
from ingress.guard import Guard
from tests.integration.broker.proxy import proxied
from tests.integration.ingress.conftest import Ingress, Start, raw
from tests.integration.ingress.requests import BODY, XENDIT, post
from tests.waiting import turns, until

IDLE, HEADER, BODY_TIME = (f"ingress_{phase}_deadline_seconds" for phase in ("idle", "header", "body"))
PATIENCE = 60.0


def quick(*names: str) -> dict[str, float]:
    """These deadlines are over soon, the others after the test: the one that it is about lets the client go."""
    return {name: 0.6 if name in names else 10 * PATIENCE for name in (IDLE, HEADER, BODY_TIME)}


HEAD = b"POST /webhooks/xendit HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"


async def drip(ingress: Ingress, data: bytes, *, every: float = 0.1) -> bytes:
    """Sends one byte at a time; what the server said before it closed. Raises TimeoutError when it does not."""
    reader, writer = await asyncio.open_connection(ingress.host, ingress.port)
    reading = asyncio.create_task(reader.read())
    for byte in data:
        if reading.done():
            break
        writer.write(bytes([byte]))
        await asyncio.wait({reading}, timeout=every)
    try:
        async with asyncio.timeout(PATIENCE):
            return await reading
    except ConnectionError:
        return b""
    finally:
        writer.transport.abort()


async def test_a_slow_header_is_cut_off(start: Start) -> None:
    async with start(**quick(HEADER)) as ingress:
        assert await drip(ingress, HEAD) == b""


async def test_a_slow_header_on_a_used_connection_is_cut_off(start: Start) -> None:
    # A head that began behind the last request counts as idle until more of it comes.
    async with start(**quick(IDLE, HEADER)) as ingress:
        reader, writer = await asyncio.open_connection(ingress.host, ingress.port)
        writer.write(post("/webhooks/xendit", BODY, XENDIT) + HEAD[:20])
        async with asyncio.timeout(PATIENCE):
            assert (await reader.read()).count(b"HTTP/1.1 200") == 1
        writer.transport.abort()


@pytest.mark.parametrize("body", [b"x" * 100, b""], ids=["dripping", "none at all"])
async def test_c12_a_slow_body_is_answered_408_and_closed(start: Start, body: bytes) -> None:
    async with start(**quick(BODY_TIME)) as ingress:
        reader, writer = await asyncio.open_connection(ingress.host, ingress.port)
        writer.write(HEAD + b"\r\n")
        reading = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
        for byte in body:
            writer.write(bytes([byte]))
            await asyncio.wait({reading}, timeout=0.1)
            if reading.done():
                break
        async with asyncio.timeout(PATIENCE):
            said = await reading
            with contextlib.suppress(ConnectionError):
                await reader.read()
        assert said.startswith(b"HTTP/1.1 408 ")
        writer.transport.abort()


async def test_c12_a_slow_chunked_body_is_let_go_too(start: Start) -> None:
    async with start(**quick(BODY_TIME)) as ingress:
        head = b"POST /webhooks/xendit HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"
        assert (await raw(ingress, head)).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "sent", [b"", post("/webhooks/xendit", BODY, XENDIT)], ids=["silent", "after a request"]
)
async def test_an_idle_connection_is_closed(start: Start, sent: bytes) -> None:
    async with start(**quick(IDLE)) as ingress:
        reader, writer = await asyncio.open_connection(ingress.host, ingress.port)
        writer.write(sent)
        async with asyncio.timeout(PATIENCE):
            assert (await reader.read()).count(b"HTTP/1.1 200") == bool(sent)
        writer.transport.abort()


async def test_a_client_that_left_is_not_counted_any_more(start: Start) -> None:
    """Its handler still runs to its end; a drain would otherwise wait for a ghost."""
    async with start(ingress_body_deadline_seconds=10 * PATIENCE) as ingress:
        for _ in range(5):
            await raw(ingress, HEAD + b"\r\nx", seconds=0.05)


async def test_a_client_that_never_reads_its_answers_is_let_go(start: Start) -> None:
    async with start(**quick(IDLE, HEADER, BODY_TIME), ingress_publish_deadline_seconds=1.0) as ingress:
        reader, writer = await asyncio.open_connection(ingress.host, ingress.port, limit=1)
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(ConnectionError):
                while True:
                    writer.write(post("/nope", b"", {}) * 500)
                    await writer.drain()
                    await asyncio.sleep(0)
        del reader
        writer.transport.abort()


@pytest.mark.parametrize("start_of_request", [b"", HEAD, HEAD + b"\r\nx"], ids=["idle", "head", "body"])
async def test_a_crowd_of_slow_clients_does_not_keep_a_good_one_out(
    start: Start, start_of_request: bytes
) -> None:
    """Deadlines of ten minutes here: the good one must not wait for them."""
    async with start(**quick(), ingress_connection_limit=50) as ingress:
        crowd = [await asyncio.open_connection(ingress.host, ingress.port) for _ in range(120)]
        for _, writer in crowd:
            writer.write(start_of_request)
        await turns()
        async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session:
            for _ in range(20):
                async with session.post(
                    ingress.url + "/webhooks/xendit", data=BODY, headers=XENDIT
                ) as response:
                    assert response.status == 200
        for _, writer in crowd:
            writer.transport.abort()


async def test_a_door_full_of_work_refuses_one_more_with_503(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work, entered = 0, Guard.entered

    def counted(guard: Guard, connection: Connection, phase: Phase) -> None:
        nonlocal at_work
        at_work += phase is Phase.WORK
        entered(guard, connection, phase)

    monkeypatch.setattr(Guard, "entered", counted)
    request = post("/webhooks/xendit", BODY, XENDIT | {"Connection": "close"})
    async with aiohttp.ClientSession() as session:
        async with start() as first:
            url = first.settings.require_broker_url()
        async with (
            proxied(url) as (proxy, through),
            start(
                broker_url=through,
                ingress_durability="broker",
                ingress_connection_limit=3,
            ) as ingress,
        ):
            proxy.freeze()
            before = at_work
            working = [asyncio.create_task(raw(ingress, request)) for _ in range(3)]
            await until(lambda: at_work == before + 3)
            answer = await raw(ingress, b"")
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"Retry-After" in answer
            proxy.thaw()
            assert all(said.startswith(b"HTTP/1.1 200 ") for said in await asyncio.gather(*working))
        assert not session.closed
