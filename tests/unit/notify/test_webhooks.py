"""One attempt against endpoints that behave, misbehave, and lead somewhere else."""

from __future__ import annotations

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from notify.endpoints import Endpoint
from notify.outcome import Outcome
from notify.signing import signing_keys
from notify.webhooks import ToSend, WebhookSender, body_of
from runtime.settings import Settings

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MESSAGE = ToSend(
    uuid.UUID(int=7), "ep_1", 1, "payment.received", "budi", NOW, '{"amount":50000,"paid_at":null}', 1
)
Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def configured(**fields: Any) -> Settings:
    return Settings(
        env="development",
        home=Path("unused"),
        **{"endpoints_private": "allow", "notify_timeout_seconds": 30.0, **fields},
    )


def endpoint(url: str, settings: Settings) -> Endpoint:
    newest = signing_keys(settings).newest
    return Endpoint("ep_1", url, frozenset(), newest, 1, None, None, None, NOW, None, None)


@asynccontextmanager
async def served(answer: Answering) -> AsyncIterator[int]:
    connections: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            await answer(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


async def attempt(url: str, resolver: AbstractResolver | None = None, **fields: Any) -> Outcome:
    settings = configured(**fields)
    sender = WebhookSender(settings, signing_keys(settings), resolver=resolver)
    try:
        return await sender.send(MESSAGE, endpoint(url, settings))
    finally:
        await sender.close()


def saying(*parts: bytes, hang: bool = False) -> Answering:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
        await writer.drain()
        if hang:
            await asyncio.sleep(3600)

    return answer


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        await writer.drain()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (saying(b"HTTP/1.1 204 No Content\r\n\r\n"), (True, 204, None)),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nlies"), (True, 200, None)),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nmore than five"), (False, None, "no_answer")),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nxxx"), (True, 200, None)),
        (endless, (True, 200, None)),
        (saying(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n"), (False, 302, "redirects")),
        (saying(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"), (False, 410, "gone")),
        (saying(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"), (False, 500, "refused")),
        (saying(hang=True), (False, None, "timeout")),
        (saying(b"HTTP/1.1 200 OK\r\nX-Slow: ", hang=True), (False, None, "timeout")),
        (saying(b"nonsense\r\n\r\n"), (False, None, "no_answer")),
        (saying(b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"y" * 100_000 + b"\r\n\r\n"), (False, None, "no_answer")),
        (saying(), (False, None, "no_answer")),
    ],
    ids=[
        "taken", "claims more", "says more", "lies about coding", "streams for ever", "redirects", "gone", "refuses", "says nothing",
        "never ends its headers", "no http", "headers without end", "hangs up",
    ],
)  # fmt: skip
async def test_every_answer_ends_in_time_and_only_its_status_counts(
    answer: Answering, expected: tuple[bool, int | None, str | None]
) -> None:
    # Little time only for those that have no end: it is over for them however quick a machine is, and for the others it never is.
    limit = {"notify_timeout_seconds": 0.5} if expected[2] == "timeout" else {}
    async with served(answer) as port, asyncio.timeout(30):
        outcome = await attempt(f"http://127.0.0.1:{port}/hooks", **limit)
    assert (outcome.ok, outcome.answered, outcome.trouble) == expected


async def test_nobody_there_is_no_connection_and_no_such_name_is_said() -> None:
    assert (await attempt("http://127.0.0.1:1/hooks")).trouble == "no_connection"
    assert (await attempt("http://nowhere.invalid/hooks", Names({}))).trouble == "unknown_host"


class Names(AbstractResolver):
    """A name server of our own. Each name has answers that it gives in turn; the last one stays."""

    def __init__(self, answers: dict[str, list[list[str]]]) -> None:
        self._answers = answers

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        turns = self._answers.get(host)
        if not turns:
            raise OSError("no such name")
        found = turns.pop(0) if len(turns) > 1 else turns[0]
        return [
            ResolveResult(
                hostname=host,
                host=one,
                port=port,
                family=socket.AF_INET6 if ":" in one else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for one in found
        ]

    async def close(self) -> None:
        return None


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "::1", "::ffff:127.0.0.1", "fd00::1", "64:ff9b::7f00:1"],
)  # fmt: skip
async def test_f69_a_name_that_leads_inside_is_not_connected_to(address: str) -> None:
    outcome = await attempt(
        "https://shop.example/hooks", Names({"shop.example": [[address]]}), endpoints_private="refuse"
    )
    assert (outcome.ok, outcome.trouble) == (False, "private_address")


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://[::1]/", "https://[::ffff:169.254.169.254]/"])
async def test_f69_a_literal_address_inside_is_not_connected_to(url: str) -> None:
    assert (await attempt(url, endpoints_private="refuse")).trouble == "private_address"


@pytest.mark.parametrize("spelled", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
async def test_f69_nor_is_one_that_only_the_system_reads_as_an_address(spelled: str) -> None:
    connected: list[int] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.append(1)

    async with served(take) as port:
        outcome = await attempt(f"https://{spelled}:{port}/", endpoints_private="refuse")
    assert not outcome.ok
    assert connected == []


async def test_f69_a_name_that_changes_its_mind_is_looked_at_at_every_connection() -> None:
    """DNS rebinding: the first answer may be looked at, the second is what would be connected to."""
    connected: list[int] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.append(1)

    async with served(take) as port:
        names = Names({"shop.example": [["127.0.0.1"], ["169.254.169.254"]]})
        settings = configured()
        sender = WebhookSender(settings, signing_keys(settings), resolver=names)
        there = endpoint(f"http://shop.example:{port}/", settings)
        first, second = await sender.send(MESSAGE, there), await sender.send(MESSAGE, there)
        await sender.close()
    assert first.trouble == "no_answer"
    assert second.trouble == "private_address"
    assert connected == [1]


async def test_of_several_addresses_only_those_outside_are_tried() -> None:
    names = Names({"shop.example": [["169.254.169.254", "127.0.0.1"]]})
    async with served(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as port:
        assert (await attempt(f"http://shop.example:{port}/", names)).ok


async def test_a_key_that_was_taken_away_before_its_secrets_were_over_keeps_nothing_back() -> None:
    """Nothing was sent at all, for a day, though the newest secret could be made."""
    heard: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()

    settings = configured()
    until = datetime.max.replace(tzinfo=UTC)
    async with served(take) as port:
        sender = WebhookSender(settings, signing_keys(settings))
        rotated = endpoint(f"http://127.0.0.1:{port}/", settings)._replace(
            generation=2, earlier_key_id="taken away", earlier_generation=1, earlier_until=until
        )
        outcome = await sender.send(MESSAGE, rotated)
        await sender.close()
    assert outcome.ok, outcome
    (signatures,) = [
        line for line in heard[0].split(b"\r\n") if line.lower().startswith(b"webhook-signature")
    ]
    assert signatures.count(b"v1,") == 1


async def test_a_secret_of_a_key_that_is_gone_is_said_and_nothing_is_sent() -> None:
    settings = configured()
    sender = WebhookSender(settings, signing_keys(configured(notify_secret="another")))
    outcome = await sender.send(MESSAGE, endpoint("http://127.0.0.1:1/", settings))
    await sender.close()
    assert outcome.trouble == "unknown_key"


def test_the_body_is_the_same_at_every_attempt() -> None:
    expected = b'{"type":"payment.received","timestamp":"2026-03-01T00:00:00Z","data":{"amount":50000,"paid_at":null}}'
    assert body_of(MESSAGE) == body_of(MESSAGE._replace(attempts=9, receiver="ep_2")) == expected
    assert MESSAGE.message_id == MESSAGE._replace(attempts=9, receiver="ep_2").message_id
