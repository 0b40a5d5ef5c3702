"""What strangers send is bounded in memory, pieces and time, and their answer still comes. Sockets by hand: clients would be too polite."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest

from runtime.metrics import new_registry
from tests.integration.ingress.conftest import Ingress, Outbox, Start, raw
from tests.integration.ingress.requests import BODY, MAYAR, XENDIT, post, scalev
from tests.waiting import turns, until

LARGE = 1_000_000
HONEST = 15
"""Webhooks beside a flood in one loop: each waits for a turn of every attacker, ten times as long on a busy machine."""
WRONG = {"x-callback-token": "wrong"}


def head_of(path: str, headers: dict[str, str], *, length: int | None) -> bytes:
    """A head whose body is announced by length, or comes in chunks."""
    how = {"Transfer-Encoding": "chunked"} if length is None else {"Content-Length": str(length)}
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: x",
        *(f"{key}: {value}" for key, value in (how | headers).items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def one_by_one(body: bytes) -> bytes:
    return b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"


@pytest.fixture
async def crowd() -> AsyncIterator[list[asyncio.StreamWriter]]:
    """Connections that are cut at the end of the test."""
    writers: list[asyncio.StreamWriter] = []
    yield writers
    for writer in writers:
        writer.transport.abort()


@pytest.mark.parametrize(
    ("path", "headers", "cause"),
    [
        ("/webhooks/xendit", WRONG, "wrong_credential"),
        ("/webhooks/mayar", {}, "missing_credential"),
        ("/webhooks/scalev", {}, "missing_credential"),
        ("/webhooks/scalev", {"X-Scalev-Hmac-Sha256": "nonsense"}, "malformed_credential"),
    ],
)
@pytest.mark.parametrize("length", [LARGE, None], ids=["length", "chunked"])
async def test_a_large_body_is_refused_by_its_head(
    ingress: Ingress, outbox: Outbox, path: str, headers: dict[str, str], cause: str, length: int | None
) -> None:
    """Before the body is there; what was read of it is kept."""
    reader, writer = await asyncio.open_connection(ingress.host, ingress.port)
    begun = b"x" * 70_000 if length else b"11170\r\n" + b"x" * 70_000 + b"\r\n"
    writer.write(head_of(path, headers, length=length) + begun)
    async with asyncio.timeout(60):
        said = await reader.read()
    assert said.startswith(b"HTTP/1.1 401 ")
    assert b"Connection: close" in said
    writer.transport.abort()
    (rejection,) = await outbox.rejections(1)
    assert rejection.cause == cause
    assert len(rejection.body) <= 70_000
    assert rejection.headers["content-length" if length else "transfer-encoding"]


def _sends_all_first(address: tuple[str, int], request: bytes) -> bytes:
    with socket.create_connection(address, timeout=60) as client:
        client.sendall(request)
        return client.recv(64)


async def test_who_sends_everything_before_reading_still_gets_its_401(ingress: Ingress) -> None:
    request = head_of("/webhooks/xendit", WRONG, length=LARGE) + b"x" * LARGE
    said = await asyncio.to_thread(_sends_all_first, (ingress.host, ingress.port), request)
    assert said.startswith(b"HTTP/1.1 401 ")


async def test_a_small_refused_body_is_kept_whole_and_its_connection_stays_open(
    ingress: Ingress, outbox: Outbox
) -> None:
    reader, writer = await asyncio.open_connection(ingress.host, ingress.port)
    for headers, status in ((WRONG, b"401"), (XENDIT, b"200"), (WRONG, b"401")):
        writer.write(post("/webhooks/xendit", BODY, headers))
        said = await reader.readuntil(b"}")
        assert said.split(b" ")[1] == status
    writer.close()
    assert [item.body for item in await outbox.rejections(2)] == [BODY, BODY]


async def test_a_refused_client_that_asks_first_need_not_send(ingress: Ingress) -> None:
    head = head_of("/webhooks/xendit", WRONG | {"Expect": "100-continue"}, length=1000)
    assert (await raw(ingress, head)).startswith(b"HTTP/1.1 401 ")


async def test_a_forged_signature_is_known_only_with_the_body(ingress: Ingress, outbox: Outbox) -> None:
    """Every byte counts there: one of the right form is read to its end."""
    body = b"x" * LARGE
    for signed, status in ((body, b"200"), (body + b"y", b"401")):
        headers = scalev(signed) | {"Connection": "close"}
        assert (await raw(ingress, post("/webhooks/scalev", body, headers))).split(b" ")[1] == status
    (rejection,) = await outbox.rejections(1)
    assert rejection.body == body


@pytest.mark.parametrize(
    ("path", "headers"), [("/webhooks/xendit", XENDIT), ("/webhooks/scalev", scalev(BODY))]
)
async def test_an_honest_body_in_single_bytes_is_accepted(
    ingress: Ingress, outbox: Outbox, path: str, headers: dict[str, str]
) -> None:
    request = head_of(path, headers | {"Connection": "close"}, length=None) + one_by_one(BODY)
    assert (await raw(ingress, request)).startswith(b"HTTP/1.1 200 ")
    assert [item.body for item in await outbox.envelopes(1)] == [BODY]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/webhooks/xendit", WRONG, b"401"),
        ("/webhooks/scalev", scalev(b""), b"400"),
        ("/webhooks/mayar", MAYAR, b"400"),
        ("/nowhere", {}, b"404"),
    ],
    ids=["wrong token", "forged signature", "right token", "no such path"],
)
async def test_a_body_in_crumbs_ends_its_connection(
    ingress: Ingress, path: str, headers: dict[str, str], status: bytes
) -> None:
    reader, writer = await asyncio.open_connection(ingress.host, ingress.port)
    writer.write(head_of(path, headers, length=None) + one_by_one(b"x" * 100_000)[:-5])
    async with asyncio.timeout(60):
        said = await reader.read()
    assert said.split(b" ")[1] == status
    writer.transport.abort()


@pytest.mark.heavy
async def test_floods_of_crumbs_leave_honest_webhooks_whole(
    ingress: Ingress, http: aiohttp.ClientSession
) -> None:
    """Twenty clients that send one-byte chunks without end, and come again when they are closed."""
    request = head_of("/webhooks/scalev", scalev(b""), length=None) + one_by_one(b"x" * 50_000)[:-5]

    async def attack() -> None:
        while True:
            _, writer = await asyncio.open_connection(ingress.host, ingress.port)
            with contextlib.suppress(ConnectionError):
                writer.write(request)
                await writer.drain()
            writer.transport.abort()

    attacks = [asyncio.create_task(attack()) for _ in range(20)]
    try:
        for _ in range(HONEST):
            async with http.post(ingress.url + "/webhooks/xendit", data=BODY, headers=XENDIT) as response:
                assert response.status == 200
    finally:
        for task in attacks:
            task.cancel()
        await asyncio.gather(*attacks, return_exceptions=True)


async def test_unfinished_bodies_of_many_are_one_budget(
    start: Start,
    http: aiohttp.ClientSession,
    crowd: list[asyncio.StreamWriter],
    outbox: Outbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A hundred of 200,000 bytes where four have room: those of before give way, honest ones of any size get in, nothing is left after."""
    limit = 1_048_576
    registry = new_registry()
    monkeypatch.setattr("ingress.app.new_registry", lambda: registry)

    def accounted() -> float:
        return registry.get_sample_value("lunas_ingress_unverified_bytes") or 0.0

    async with start(ingress_unverified_bytes=limit) as ingress:
        for _ in range(100):
            _, writer = await asyncio.open_connection(ingress.host, ingress.port)
            crowd.append(writer)
            head = head_of("/webhooks/scalev", scalev(b""), length=LARGE)
            writer.write(head + b"x" * 200_000)
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            await turns()
            assert accounted() <= limit
        assert registry.get_sample_value("lunas_ingress_connections_cut_total", {"cause": "crowded"})
        for size in (10, 60_000, 300_000):
            body = b"x" * size
            for path, headers in (("/webhooks/xendit", XENDIT), ("/webhooks/scalev", scalev(body))):
                async with http.post(ingress.url + path, data=body, headers=headers) as response:
                    assert response.status == 200
        for writer in crowd:
            writer.transport.abort()
        await until(lambda: accounted() == 0)
    assert len(await outbox.envelopes(6)) == 6
    assert {item.cause for item in await outbox.rejections(0)} <= {"broken_body"}


async def test_who_closes_its_half_after_a_whole_request_gets_the_answer(ingress: Ingress) -> None:
    reader, writer = await asyncio.open_connection(ingress.host, ingress.port)
    writer.write(post("/webhooks/xendit", BODY, XENDIT) + post("/webhooks/xendit", BODY, WRONG))
    writer.write_eof()
    async with asyncio.timeout(60):
        said = await reader.read()
    assert re.findall(rb"HTTP/1.1 (\d+)", said) == [b"200", b"401"]
    writer.close()


async def test_who_closes_its_half_too_early_is_told(ingress: Ingress) -> None:
    reader, writer = await asyncio.open_connection(ingress.host, ingress.port)
    writer.write(post("/webhooks/xendit", BODY, XENDIT)[:-1])
    writer.write_eof()
    async with asyncio.timeout(60):
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://hooks.example/webhooks/xendit", b"200"),
        ("HTTPS://hooks.example:8443/api/webhooks/xendit?x=1#y", b"200"),
        ("http://hooks.example/webhooks/xendit/", b"404"),
        ("http://hooks.example/webhooks/%78endit", b"404"),
        ("http://hooks.example", b"404"),
        ("http:///webhooks/xendit", b"400"),
    ],
)
async def test_an_absolute_target_is_the_same_request(ingress: Ingress, target: str, status: bytes) -> None:
    answer = await raw(ingress, post(target, BODY, XENDIT | {"Connection": "close"}))
    assert answer.split(b" ")[1] == status


async def test_an_absolute_health_check_is_answered(ingress: Ingress) -> None:
    request = b"GET http://x/livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert (await raw(ingress, request)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("version", [b"HTTP/1.0", b"HTTP/1.1"])
async def test_an_old_client_is_answered_and_closed(ingress: Ingress, version: bytes) -> None:
    request = post("/webhooks/xendit", BODY, XENDIT).replace(b"HTTP/1.1", version, 1)
    answer = await raw(ingress, request)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert (b"Connection: close" in answer) is (version == b"HTTP/1.0")


async def test_a_tunnel_is_refused_at_once(ingress: Ingress) -> None:
    assert (await raw(ingress, b"CONNECT hooks.example:443 HTTP/1.1\r\nHost: x\r\n\r\n")).startswith(
        b"HTTP/1.1 404 "
    )


async def test_a_wish_for_another_protocol_is_ignored(ingress: Ingress) -> None:
    headers = XENDIT | {"Connection": "Upgrade", "Upgrade": "websocket"}
    answer = await raw(ingress, post("/webhooks/xendit", BODY, headers))
    assert answer.startswith(b"HTTP/1.1 200 ")
