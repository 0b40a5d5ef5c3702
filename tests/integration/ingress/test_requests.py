"""Everything a request can be besides a good webhook."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest

from providers.registry import PROVIDERS
from runtime.settings import Settings
from tests.integration.ingress.conftest import Ingress, Outbox, Start, raw
from tests.integration.ingress.requests import BODY, MAYAR, XENDIT, post

Http = aiohttp.ClientSession
LIMIT = 1_048_576


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"])
@pytest.mark.parametrize("path", ["/webhooks/xendit", "/api/webhook/mayar"])
async def test_c16_only_post(ingress: Ingress, http: Http, method: str, path: str) -> None:
    async with http.request(method, ingress.url + path, headers=XENDIT) as response:
        assert response.status == 405
        assert response.headers["Allow"] == "POST"
        assert "Traceback" not in await response.text()


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/xendit/", "/Webhooks/xendit", "/webhooks/XENDIT", "/webhooks/manual", "/webhooks/stripe", "/webhooks",
        "/", "//webhooks/xendit", "/webhooks/%78endit", "/webhooks/xendit/../mayar", "/metrics", "/docs",
    ],
)  # fmt: skip
async def test_c16_no_other_path(ingress: Ingress, outbox: Outbox, path: str) -> None:
    answer = await raw(ingress, post(path, BODY, XENDIT | {"Connection": "close"}))
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert await outbox.envelopes(0) == []


async def test_a_query_string_does_not_matter(ingress: Ingress, http: Http) -> None:
    async with http.post(ingress.url + "/webhooks/xendit?x=1", data=BODY, headers=XENDIT) as response:
        assert response.status == 200


async def test_c12_a_body_of_exactly_the_limit_is_accepted_and_one_byte_more_is_not(
    ingress: Ingress, http: Http, outbox: Outbox
) -> None:
    for size, status in ((LIMIT, 200), (LIMIT + 1, 413)):
        async with http.post(
            ingress.url + "/webhooks/mayar", data=io.BytesIO(b"x" * size), headers=MAYAR
        ) as response:
            assert response.status == status
    (envelope,) = await outbox.envelopes(1)
    assert len(envelope.body) == LIMIT
    (rejection,) = await outbox.rejections(1)
    assert (rejection.cause, rejection.body) == ("too_large", b"")


async def test_c12_a_chunked_body_without_length_is_bounded_too(
    ingress: Ingress, http: Http, outbox: Outbox
) -> None:
    async def chunks(count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield b"x" * 65536

    for count, status in ((16, 200), (17, 413)):
        async with http.post(ingress.url + "/webhooks/mayar", data=chunks(count), headers=MAYAR) as response:
            assert response.status == status
    assert len((await outbox.envelopes(1))[0].body) == LIMIT


async def test_c12_a_lying_content_length_is_answered_before_the_body(ingress: Ingress) -> None:
    head = b"POST /webhooks/mayar HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"
    answer = await raw(ingress, head)
    assert answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("credential", "status"),
    [(b"x-callback-token: dev-mayar-secret\r\n", b"413"), (b"", b"401")],
    ids=["over the limit", "refused by its head"],
)
async def test_c12_chunks_for_ever_are_answered_after_the_limit(
    ingress: Ingress, credential: bytes, status: bytes
) -> None:
    reader, writer = await asyncio.open_connection(ingress.host, ingress.port)
    head = b"POST /webhooks/mayar HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    writer.write(head + credential + b"\r\n")
    said = asyncio.create_task(reader.read(64))
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(60):
            while True:
                writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                await writer.drain()
    assert (await said).split(b" ")[1] == status
    writer.transport.abort()


async def test_expect_continue_is_answered_so_that_the_body_comes(ingress: Ingress) -> None:
    reader, writer = await asyncio.open_connection(ingress.host, ingress.port)
    head = post("/webhooks/xendit", b"{}", XENDIT | {"Expect": "100-continue", "Connection": "close"})
    writer.write(head[:-2])
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
    writer.write(b"{}")
    assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
    writer.close()


@pytest.mark.parametrize(
    "head",
    [
        b"x: " + b"y" * 10_000_000,
        b"\r\n".join(b"h%d: v" % number for number in range(100_000)),
        b"a" * 20_000 + b": v",
    ],
    ids=["one huge header", "100,000 headers", "a huge name"],
)
async def test_huge_headers_are_refused_early(ingress: Ingress, head: bytes) -> None:
    request = b"POST /webhooks/xendit HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n" + head + b"\r\n\r\n"
    answer = await raw(ingress, request)
    assert answer == b"" or answer.startswith((b"HTTP/1.0 400 ", b"HTTP/1.1 400 "))


async def test_the_head_as_a_whole_is_bounded(ingress: Ingress) -> None:
    headers = {f"h{number}": "v" * 4000 for number in range(5)} | XENDIT | {"Connection": "close"}
    answer = await raw(ingress, post("/webhooks/xendit", b"{}", headers))
    assert answer.startswith(b"HTTP/1.1 431 ")


SMUGGLED = b"POST /webhooks/mayar HTTP/1.1\r\nHost: x\r\nx-callback-token: dev-mayar-secret\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"Content-Length: 0\r\nContent-Length: 120\r\n\r\n",
        b"Content-Length: +2\r\n\r\n{}",
        b"Content-Length: 2_0\r\n\r\n{}",
        b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"X: a\x00b\r\nContent-Length: 0\r\n\r\n",
        b"X : a\r\nContent-Length: 0\r\n\r\n",
        b"X: a\r\n folded\r\nContent-Length: 0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n",
    ],
)
async def test_an_ambiguous_request_is_refused_and_nothing_behind_it_is_read(
    ingress: Ingress, outbox: Outbox, head: bytes
) -> None:
    answer = await raw(ingress, b"POST /webhooks/xendit HTTP/1.1\r\nHost: x\r\n" + head + SMUGGLED)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
    assert answer.count(b"HTTP/1.") <= 1
    assert b"Traceback" not in answer
    assert await outbox.envelopes(0) == []


async def test_pipelined_requests_are_answered_in_order(ingress: Ingress, outbox: Outbox) -> None:
    requests = [post("/webhooks/xendit", b"%d" % number, XENDIT) for number in range(5)]
    requests.append(post("/webhooks/xendit", b"last", XENDIT | {"Connection": "close"}))
    answer = await raw(ingress, b"".join(requests))
    assert answer.count(b"HTTP/1.1 200 ") == 6
    assert [item.body for item in await outbox.envelopes(6)] == [b"0", b"1", b"2", b"3", b"4", b"last"]


async def test_a_client_that_leaves_mid_body_does_no_harm(ingress: Ingress, http: Http) -> None:
    for _ in range(20):
        await raw(ingress, post("/webhooks/xendit", b"x" * 1000, XENDIT)[:-500], seconds=0.01)
    async with http.post(ingress.url + "/webhooks/xendit", data=BODY, headers=XENDIT) as response:
        assert response.status == 200


async def test_answers_tell_nothing_about_the_software(ingress: Ingress, http: Http) -> None:
    async with http.post(ingress.url + "/webhooks/xendit", data=BODY) as response:
        assert response.headers["Server"] == "lunas"


async def test_rate_limit_per_provider_answers_429_and_leaves_others_alone(
    start: Start, http: Http, outbox: Outbox
) -> None:
    async with start(ingress_rate_burst=3, ingress_rate_limit_per_second=0.01) as ingress:
        statuses = []
        for _ in range(5):
            async with http.post(ingress.url + "/webhooks/xendit", data=BODY, headers=XENDIT) as response:
                statuses.append(response.status)
                assert response.status == 200 or int(response.headers["Retry-After"]) > 0
        async with http.post(ingress.url + "/webhooks/mayar", data=BODY, headers=MAYAR) as response:
            assert response.status == 200
    assert statuses == [200, 200, 200, 429, 429]
    assert len(await outbox.envelopes(4)) == 4


async def test_a_flood_of_forgeries_is_limited_and_does_not_shut_out_the_provider(
    start: Start, http: Http
) -> None:
    async with start(ingress_failed_rate_burst=2, ingress_failed_rate_limit_per_second=0.01) as ingress:
        statuses = []
        for _ in range(4):
            async with http.post(ingress.url + "/webhooks/xendit", data=BODY) as response:
                statuses.append(response.status)
        async with http.post(ingress.url + "/webhooks/xendit", data=BODY, headers=XENDIT) as response:
            statuses.append(response.status)
    assert statuses == [401, 401, 429, 429, 200]


async def test_health_answers_on_the_public_port(ingress: Ingress, http: Http) -> None:
    for path in ("/livez", "/readyz"):
        async with http.get(ingress.url + path) as response:
            assert response.status == 200
        async with http.head(ingress.url + path) as response:
            assert response.status == 200
        async with http.post(ingress.url + path) as response:
            assert response.status == 405


async def test_webhooks_about_one_payment_land_in_one_partition_whole_or_in_chunks(
    start: Start, broker_url: str, settings: Callable[..., Settings]
) -> None:
    """Whether its body comes in one piece or in chunks."""
    bodies = [
        b'{"event":"%s","data":{"payment_request_id":"pr-%d"}}' % (event, number)
        for number in range(12)
        for event in (b"payment.pending", b"payment.capture", b"refund.succeeded")
    ]
    homes = {body: PROVIDERS["xendit"].partition(body, 4) for body in bodies}
    assert set(homes.values()) == {0, 1, 2, 3}

    async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
        yield body[:20]
        yield body[20:]

    async with start(broker_partitions=4) as ingress, Http() as http:
        for number, body in enumerate(bodies):
            data = in_pieces(body) if number % 2 else body
            async with http.post(f"{ingress.url}/webhooks/xendit", data=data, headers=XENDIT) as response:
                assert response.status == 200
    async with Outbox(broker_url, settings(broker_partitions=4)) as outbox:
        for partition in range(4):
            wanted = [body for body in bodies if homes[body] == partition]
            found = await outbox.envelopes(len(wanted), partition=partition)
            assert [envelope.body for envelope in found] == wanted
