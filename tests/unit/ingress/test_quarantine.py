"""The quarantine keeps what helps an operator and nothing that helps an attacker; and it is bounded."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry

from ingress.metrics import Metrics
from ingress.quarantine import Quarantine, RefusedRequest, describe, safe_headers
from providers.verification import secret_id, sign_hmac_sha256
from runtime.amqp.broker import Message
from runtime.settings import Settings
from schemas.errors import NotConfirmed
from schemas.rejection import unpack_rejection
from tests.unit.ingress.jumping import at, now, play

TOKEN = hashlib.sha512(b"a token").hexdigest()


def refused(body: bytes = b"{}", cause: str = "wrong_credential") -> RefusedRequest:
    return RefusedRequest(
        "mayar", cause, "203.0.113.9", "/webhooks/mayar", [("X-Callback-Token", TOKEN[:-1])], body
    )


class Sink:
    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.messages: list[Message] = []

    async def publish(self, message: Message, *, deadline: float) -> None:
        assert deadline > 0
        if self.failures:
            self.failures -= 1
            raise NotConfirmed
        self.messages.append(message)


@pytest.mark.parametrize(
    "name", ["X-Callback-Token", "Authorization", "X-Webhook-Token", "Cookie", "X-Scalev-Hmac-Sha256", "Host"]
)
@pytest.mark.parametrize("value", [TOKEN, TOKEN[:-1], TOKEN + "=", " " + TOKEN, f"Bearer {TOKEN}"])
def test_a_near_miss_of_a_secret_is_never_kept(name: str, value: str) -> None:
    (shown,) = safe_headers([(name, value)]).values()
    assert TOKEN[:8] not in shown
    assert shown.startswith("<")


def test_a_signature_is_kept_because_the_same_bytes_may_be_verified_again() -> None:
    signature = sign_hmac_sha256(b"{}", "some secret")
    assert safe_headers([("X-Scalev-Hmac-Sha256", signature)]) == {"x-scalev-hmac-sha256": signature}


def test_harmless_headers_are_kept_and_cut() -> None:
    kept = safe_headers([("User-Agent", "u" * 9000), ("Content-Type", "text/plain")])
    assert kept == {"user-agent": "u" * 512, "content-type": "text/plain"}


def test_doubled_headers_are_all_described() -> None:
    assert safe_headers([("X-Callback-Token", "a"), ("x-callback-token", "")]) == {
        "x-callback-token": "<1 bytes, hex>, <0 bytes, empty>"
    }


def test_the_description_names_the_secret_without_showing_it() -> None:
    assert describe(TOKEN) == f"<128 bytes, hex, id {secret_id(TOKEN)}>"
    assert "id" not in describe("hunter2")


def test_a_full_buffer_drops_the_oldest_and_counts_it(settings: Callable[..., Settings]) -> None:
    registry = CollectorRegistry()
    quarantine = Quarantine(settings(ingress_quarantine_pending_max=3), Metrics(registry))
    for _ in range(10):
        quarantine.keep(refused())
    assert len(quarantine) == 3
    assert registry.get_sample_value("lunas_ingress_quarantine_lost_total", {"reason": "buffer_full"}) == 7
    labels = {"provider": "mayar", "cause": "wrong_credential"}
    assert registry.get_sample_value("lunas_ingress_rejections_total", labels) == 10


def test_big_bodies_are_bounded_by_bytes(settings: Callable[..., Settings]) -> None:
    quarantine = Quarantine(settings(ingress_quarantine_pending_bytes=100_000), Metrics(CollectorRegistry()))
    for _ in range(10):
        quarantine.keep(refused(b"x" * 40_000))
    assert len(quarantine) == 2


async def test_kept_requests_are_published_in_order_and_a_failure_loses_only_itself(
    settings: Callable[..., Settings],
) -> None:
    registry = CollectorRegistry()
    quarantine = Quarantine(settings(ingress_quarantine_rate_per_second=10_000), Metrics(registry))
    for body in (b"lost", b"one", b"two"):
        quarantine.keep(refused(body))
    sink = Sink(failures=1)
    running = asyncio.create_task(quarantine.run(sink))  # type: ignore[arg-type]
    async with asyncio.timeout(60):
        await quarantine.drained()
    running.cancel()
    assert [unpack_rejection(message.body).body for message in sink.messages] == [b"one", b"two"]
    assert registry.get_sample_value("lunas_ingress_quarantine_lost_total", {"reason": "not_confirmed"}) == 1


def test_a_flood_is_published_no_faster_than_the_rate(settings: Callable[..., Settings]) -> None:
    sink = Sink()

    async def scene() -> None:
        slow = settings(ingress_quarantine_rate_per_second=20)
        quarantine = Quarantine(slow, Metrics(CollectorRegistry()), clock=now)
        for _ in range(50):
            quarantine.keep(refused())
        running = asyncio.create_task(quarantine.run(sink))  # type: ignore[arg-type]
        await at(0.475)
        running.cancel()

    play(scene)
    assert len(sink.messages) == 10


def test_a_flood_of_large_bodies_is_published_no_faster_than_the_rate_of_bytes(
    settings: Callable[..., Settings],
) -> None:
    sink = Sink()

    async def scene() -> None:
        slow = settings(
            ingress_quarantine_bytes_per_second=1_000_000, ingress_quarantine_rate_per_second=1000
        )
        quarantine = Quarantine(slow, Metrics(CollectorRegistry()), clock=now)
        for _ in range(50):
            quarantine.keep(refused(b"x" * 100_000))
        running = asyncio.create_task(quarantine.run(sink))  # type: ignore[arg-type]
        await at(0.475)
        running.cancel()

    play(scene)
    assert len(sink.messages) == 5
