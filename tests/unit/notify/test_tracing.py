"""An attempt to notify belongs to the trace of the decision it tells of, and the receiver can carry that on."""

from __future__ import annotations

import asyncio

import pytest

from notify.outcome import Outcome
from notify.signing import signing_keys
from notify.tracing import told
from notify.webhooks import WebhookSender
from runtime.tracing import told_of, traced_by
from tests.unit.notify.test_webhooks import MESSAGE, configured, endpoint, served
from tests.unit.runtime.recording import Recording

ONE = f"00-{'1' * 32}-{'1' * 16}-01"
TRACED = MESSAGE._replace(traceparent=ONE, attempts=2)


async def test_the_receiver_gets_the_context_beside_what_is_signed() -> None:
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            heard.append((await reader.readuntil(b"\r\n\r\n")).lower())
            await reader.readuntil(b"}}")
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()

    settings, recording = configured(), Recording()
    sender = WebhookSender(settings, signing_keys(settings))
    async with served(answer) as port:
        to = endpoint(f"http://127.0.0.1:{port}/", settings)
        with traced_by(recording):
            for delivery in (TRACED, MESSAGE):
                await told(recording, delivery, lambda delivery=delivery: sender.send(delivery, to))
        await sender.close()
    (span,) = recording.spans
    assert (span.name, span.kind, span.parent, span.ended) == (
        "notify payment.received", "client", ONE, (None,),
    )  # fmt: skip
    assert span.attributes == {
        "lunas.kind": "payment.received", "lunas.receiver": "ep_1", "lunas.attempt": 2, "http.response.status_code": 204,
    }  # fmt: skip
    assert f"traceparent: {span.context}".encode() in heard[0]
    assert b"traceparent" not in heard[1]


@pytest.mark.parametrize(
    ("outcome", "error"),
    [(Outcome(False, 410, "gone"), "gone"), (Outcome(False), "failed"), (Outcome(True, 200), None)],
)
async def test_what_came_of_it_is_told(outcome: Outcome, error: str | None) -> None:
    async def attempt() -> Outcome:
        assert told_of()["traceparent"]
        return outcome

    recording = Recording()
    with traced_by(recording):
        assert await told(recording, TRACED, attempt) is outcome
    assert recording.spans[0].ended == (error,)


async def test_an_attempt_that_breaks_is_told_and_raised() -> None:
    async def attempt() -> Outcome:
        raise RuntimeError("siti@contoh.id")

    recording = Recording()
    with pytest.raises(RuntimeError), traced_by(recording):
        await told(recording, TRACED, attempt)
    assert recording.spans[0].ended == ("RuntimeError",)
