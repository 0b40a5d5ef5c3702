"""A webhook in one piece and one in two: nobody can tell from the answer or the envelope."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.ingress.conftest import Ingress, Outbox, Start
from tests.integration.ingress.requests import BODY, XENDIT, post
from tests.waiting import turns

ONE, TWO = 1, 2


async def converse(ingress: Ingress, request: bytes, pieces: int) -> bytes:
    """One answer, without its date; the body comes apart from the head when there are two pieces."""
    reader, writer = await asyncio.open_connection(ingress.host, ingress.port)
    head, blank, body = request.partition(b"\r\n\r\n")
    for piece in [request] if pieces == ONE else [head + blank, body]:
        writer.write(piece)
        await writer.drain()
        await turns()
    answer = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in answer.split(b"\r\n") if line.startswith(b"Content-Length:")
    )
    answer += await reader.readexactly(length)
    writer.close()
    return b"\r\n".join(line for line in answer.split(b"\r\n") if not line.startswith(b"Date:"))


@pytest.mark.parametrize(
    ("headers", "status"),
    [(XENDIT | {"User-Agent": "agent/1"}, b"200"), ({"x-callback-token": "wrong"}, b"401"), ({}, b"401")],
    ids=["accepted", "wrong", "missing"],
)
async def test_whole_or_in_pieces_the_answer_is_the_same(
    ingress: Ingress, headers: dict[str, str], status: bytes
) -> None:
    request = post("/webhooks/xendit", BODY, headers)
    whole = await converse(ingress, request, ONE)
    assert whole.split(b" ")[1] == status
    assert await converse(ingress, request, TWO) == whole


async def test_whole_or_in_pieces_too_much_is_refused_alike(start: Start) -> None:
    async with start(ingress_rate_burst=2, ingress_rate_limit_per_second=0.001) as ingress:
        request = post("/webhooks/xendit", BODY, XENDIT)
        taken = [await converse(ingress, request, pieces) for pieces in (ONE, TWO)]
        refused = [await converse(ingress, request, pieces) for pieces in (ONE, TWO)]
    assert [answer.split(b" ")[1] for answer in taken + refused] == [b"200", b"200", b"429", b"429"]
    assert refused[0] == refused[1]


async def test_whole_or_in_pieces_the_envelope_is_the_same(ingress: Ingress, outbox: Outbox) -> None:
    headers = XENDIT | {"User-Agent": "agent/1", "Content-Type": "application/json", "Webhook-Id": "w-1"}
    for pieces in (ONE, TWO):
        await converse(ingress, post("/api/webhooks/xendit", BODY, headers), pieces)
    first, second = await outbox.envelopes(2)
    for name in ("provider", "scheme", "secret_id", "path", "body", "headers"):
        assert getattr(first, name) == getattr(second, name), name
    assert first.headers == {
        "content-type": "application/json",
        "user-agent": "agent/1",
        "webhook-id": "w-1",
    }
    assert first.delivery_id < second.delivery_id


async def test_a_client_that_does_not_wait_for_its_answers_gets_them_in_order(
    ingress: Ingress, outbox: Outbox
) -> None:
    reader, writer = await asyncio.open_connection(ingress.host, ingress.port)
    bodies = [b"%d" % number for number in range(50)]
    for body in bodies:
        # Good and bad ones in turn: the bad ones could be answered at once.
        headers = XENDIT if int(body) % 2 == 0 else {}
        writer.write(post("/webhooks/xendit", body, headers))
        await asyncio.sleep(0)
    statuses = []
    for _ in bodies:
        head = await reader.readuntil(b"\r\n\r\n")
        statuses.append(head.split(b" ")[1])
        await reader.readexactly(17 if statuses[-1] == b"200" else 30)
    writer.close()
    assert statuses == [b"200", b"401"] * 25
    assert [item.body for item in await outbox.envelopes(25)] == bodies[::2]
