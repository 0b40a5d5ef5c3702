"""What is authentic gets in byte for byte; what is not gets one answer and goes to the quarantine."""

from __future__ import annotations

import asyncio
import gzip

import aiohttp
import pytest

from tests.integration.ingress.conftest import Ingress, Outbox, Start, raw
from tests.integration.ingress.requests import BODY, MAYAR, XENDIT, post, scalev, secret_id

Http = aiohttp.ClientSession
UNAUTHORIZED = (401, b'{"error": "Invalid signature"}')
SUCCESS = (200, b'{"success": true}')


async def send(
    http: Http, ingress: Ingress, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, bytes]:
    async with http.post(ingress.url + path, data=body, headers=headers) as response:
        return response.status, await response.read()


async def test_c01_a_signed_scalev_body_is_accepted_byte_for_byte(
    ingress: Ingress, http: Http, outbox: Outbox
) -> None:
    body = b'{"event": "order.created",\n  "x": "\xe2\x82\xac \\u0000 \xff\xfe"}\r\n'
    headers = scalev(body) | {"Content-Type": "application/json", "X-Scalev-App-Id": "app_1", "X-Other": "no"}
    assert await send(http, ingress, "/webhooks/scalev", body, headers) == SUCCESS
    (envelope,) = await outbox.envelopes(1)
    assert envelope.body == body
    assert (envelope.provider, envelope.scheme, envelope.path) == (
        "scalev",
        "hmac_sha256",
        "/webhooks/scalev",
    )
    assert envelope.secret_id == secret_id("dev-scalev-secret")
    assert envelope.headers["x-scalev-app-id"] == "app_1"
    assert set(envelope.headers) == {"content-type", "user-agent", "x-scalev-app-id"}


@pytest.mark.parametrize(
    ("path", "provider", "headers"),
    [
        ("/webhooks/xendit", "xendit", XENDIT),
        ("/api/webhooks/xendit", "xendit", XENDIT),
        ("/webhooks/mayar", "mayar", MAYAR),
        ("/api/webhook/mayar", "mayar", MAYAR),
    ],
)
async def test_c02_a_static_token_is_accepted_as_token_only(
    ingress: Ingress, http: Http, outbox: Outbox, path: str, provider: str, headers: dict[str, str]
) -> None:
    assert await send(http, ingress, path, BODY, headers) == SUCCESS
    (envelope,) = await outbox.envelopes(1)
    assert (envelope.provider, envelope.scheme, envelope.path) == (provider, "static_token", path)


WRONG_TOKENS = [
    ("missing_credential", b""),
    ("empty_credential", b"x-callback-token: \r\n"),
    ("empty_credential", b"x-callback-token:\t \r\n"),
    ("wrong_credential", b"x-callback-token: dev-xendit-secre\r\n"),
    ("wrong_credential", b"x-callback-token: dev-xendit-secret2\r\n"),
    ("wrong_credential", b"x-callback-token: DEV-XENDIT-SECRET\r\n"),
    ("wrong_credential", b"x-callback-token: dev-mayar-secret\r\n"),
    ("wrong_credential", b"x-callback-token: dev-xendit-secret\xff\r\n"),
    ("malformed_credential", b"x-callback-token: dev-xendit secret\r\n"),
    (
        "duplicate_credential",
        b"x-callback-token: dev-xendit-secret\r\nX-Callback-Token: dev-xendit-secret\r\n",
    ),
    ("duplicate_credential", b"x-callback-token: nope\r\nx-callback-token: dev-xendit-secret\r\n"),
    ("missing_credential", b"authorization: Bearer dev-xendit-secret\r\n"),
]


@pytest.mark.parametrize(("cause", "header"), WRONG_TOKENS)
async def test_c03_no_other_token_gets_in_and_the_cause_is_kept(
    ingress: Ingress, outbox: Outbox, cause: str, header: bytes
) -> None:
    head = b"POST /webhooks/xendit HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n"
    answer = await raw(ingress, head + header + b"\r\n{}")
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert answer.endswith(UNAUTHORIZED[1])
    (rejection,) = await outbox.rejections(1)
    assert (rejection.provider, rejection.cause, rejection.body) == ("xendit", cause, b"{}")
    assert "dev-xendit" not in str(rejection.headers)
    assert await outbox.envelopes(0) == []


async def test_c03_blanks_around_the_value_belong_to_http(ingress: Ingress) -> None:
    head = b"POST /webhooks/xendit HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n"
    answer = await raw(ingress, head + b"x-callback-token: \t dev-xendit-secret \t\r\n\r\n{}")
    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "signature",
    ["", "AAAA", "x" * 44, "not base64 at all!!", "A" * 43 + "=", "0" * 64, "é" * 10],
)
async def test_c03_a_malformed_signature_is_simply_wrong(
    ingress: Ingress, http: Http, signature: str
) -> None:
    headers = {"X-Scalev-Hmac-Sha256": signature}
    assert await send(http, ingress, "/webhooks/scalev", BODY, headers) == UNAUTHORIZED


async def test_c03_an_unset_secret_refuses_everything(start: Start, http: Http) -> None:
    async with start(env="production", xendit_webhook_secret=None) as ingress:
        for token in ("", "None", "dev-xendit-secret", ","):
            answer = await send(http, ingress, "/webhooks/xendit", BODY, {"x-callback-token": token})
            assert answer == UNAUTHORIZED


async def test_all_refusals_look_the_same(ingress: Ingress) -> None:
    answers = set()
    for _, header in WRONG_TOKENS:
        head = b"POST /webhooks/xendit HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n"
        answer = await raw(ingress, head + header + b"\r\n{}")
        answers.add(b"\r\n".join(line for line in answer.split(b"\r\n") if not line.startswith(b"Date:")))
    assert len(answers) == 1


async def test_c04_a_changed_body_is_refused(ingress: Ingress, http: Http, outbox: Outbox) -> None:
    headers = scalev(BODY)
    for changed in (BODY + b" ", BODY.replace(b"50000", b"50001"), BODY[:-1], b""):
        assert await send(http, ingress, "/webhooks/scalev", changed, headers) == UNAUTHORIZED
    assert await outbox.envelopes(0) == []


async def test_c06_an_old_request_sent_again_is_published_again_for_dedupe_to_absorb(
    ingress: Ingress, http: Http, outbox: Outbox
) -> None:
    for _ in range(2):
        assert await send(http, ingress, "/webhooks/scalev", BODY, scalev(BODY)) == SUCCESS
    first, second = await outbox.envelopes(2)
    assert first.body == second.body
    assert first.delivery_id != second.delivery_id


async def test_c08_two_secrets_overlap_and_the_one_that_matched_is_recorded(
    start: Start, http: Http, outbox: Outbox
) -> None:
    async with start(xendit_webhook_secret="old-secret, new-secret") as ingress:
        for token in ("old-secret", "new-secret"):
            answer = await send(http, ingress, "/webhooks/xendit", BODY, {"x-callback-token": token})
            assert answer == SUCCESS
        both = await outbox.envelopes(2)
        assert [item.secret_id for item in both] == [secret_id("old-secret"), secret_id("new-secret")]
        for token in ("old-secret, new-secret", "old-secret,new-secret", ","):
            answer = await send(http, ingress, "/webhooks/xendit", BODY, {"x-callback-token": token})
            assert answer == UNAUTHORIZED


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"\xef\xbb\xbf{}", b"[" * 10_000, b"NaN", b'{"a":1,"a":2}', b"\x00\xff", b"1e400"],
)
async def test_c13_authentic_bytes_are_accepted_whatever_they_are(
    ingress: Ingress, http: Http, outbox: Outbox, body: bytes
) -> None:
    assert await send(http, ingress, "/webhooks/mayar", body, MAYAR) == SUCCESS
    assert [item.body for item in await outbox.envelopes(1)] == [body]


async def test_c12_a_compressed_body_is_just_bytes(ingress: Ingress, http: Http, outbox: Outbox) -> None:
    bomb = gzip.compress(b"\x00" * 50_000_000)
    assert len(bomb) < 100_000
    headers = scalev(bomb) | {"Content-Encoding": "gzip"}
    assert await send(http, ingress, "/webhooks/scalev", bomb, headers) == SUCCESS
    assert [item.body for item in await outbox.envelopes(1)] == [bomb]


async def test_many_deliveries_at_once_all_arrive_once(ingress: Ingress, http: Http, outbox: Outbox) -> None:
    bodies = [b'{"n": %d}' % number for number in range(300)]
    answers = await asyncio.gather(
        *(send(http, ingress, "/webhooks/scalev", body, scalev(body)) for body in bodies)
    )
    assert set(answers) == {SUCCESS}
    assert sorted(item.body for item in await outbox.envelopes(300)) == sorted(bodies)


async def test_c15_no_secret_and_no_body_in_logs(
    ingress: Ingress, http: Http, capfd: pytest.CaptureFixture[str]
) -> None:
    canary = b'{"email": "canary@example.test"}'
    await send(http, ingress, "/webhooks/xendit", canary, XENDIT)
    await send(http, ingress, "/webhooks/xendit", canary, {"x-callback-token": "near-miss-canary"})
    await raw(ingress, b"POST /webhooks/xendit HTTP/1.1\r\nx-callback-token near-miss-canary\r\n\r\n")
    await raw(ingress, post("/webhooks/xendit", b"", {"x-callback-token": "near-miss-canary" * 2000}))
    output = "".join(capfd.readouterr())
    assert "canary" not in output
    assert "dev-xendit-secret" not in output
