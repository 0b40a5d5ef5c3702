"""Requests that failed verification: counted always, kept when that costs nothing.

They go to an exchange of their own over a connection of their own, at a bounded rate, from a bounded buffer, and in the
background: a flood of forgeries never delays or fails the answer to a real webhook.
"""

from __future__ import annotations

import asyncio
import hashlib
import string
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from multidict import CIMultiDict

from ingress.metrics import Metrics
from providers.kept_credential import keep
from providers.registry import PROVIDERS
from runtime.amqp.broker import Message, Publisher
from runtime.ids import uuid7
from runtime.settings import Settings
from schemas.errors import NotConfirmed, Unroutable
from schemas.rejection import CONTENT_TYPE, Rejection, pack_rejection
from schemas.topology import QUARANTINE, QUARANTINE_KEY

PUBLISH_SECONDS = 3.0

# Values that cannot hold a secret by mistake. Everything else is described, not stored.
CLEAR_HEADERS = frozenset(
    {
        "accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect",
        "transfer-encoding", "user-agent", "webhook-id", "x-scalev-app-id",
    }
)  # fmt: skip
VALUE_LIMIT = 512
HEAD_BYTES = 1024  # what a usual head and our own records of it take
DIGEST_FROM_BYTES = 20  # what is shorter could be guessed from its digest
MAC_CHARACTERS = 44  # base64 of 32 bytes


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """What is known of a refused request. `headers` are names and values as received."""

    provider: str
    cause: str
    remote: str
    path: str
    headers: Iterable[tuple[str, str]]
    body: bytes

    @property
    def size(self) -> int:
        """Bytes it takes while it waits, about; a head is bounded too."""
        return len(self.body) + HEAD_BYTES


class Quarantine:
    """`keep` returns at once; `run` publishes until it is cancelled."""

    def __init__(
        self, settings: Settings, metrics: Metrics, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._metrics = metrics
        self._clock = clock
        self._production = settings.env == "production"
        self._pause = 1.0 / settings.ingress_quarantine_rate_per_second
        self._pause_per_byte = 1.0 / settings.ingress_quarantine_bytes_per_second
        self._messages = settings.ingress_quarantine_pending_max
        self._bytes = settings.ingress_quarantine_pending_bytes
        self._buffer: deque[tuple[RefusedRequest, str, int]] = deque()
        self._size = 0
        self._arrived = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()

    def __len__(self) -> int:
        return len(self._buffer)

    def keep(self, refused: RefusedRequest) -> None:
        """Counts the request, and keeps it if the buffer has room; the oldest gives way.

        It is described and packed only when it is its turn: in a flood most are dropped before.
        """
        self._metrics.rejections.labels(refused.provider, refused.cause).inc()
        self._buffer.append((refused, str(uuid7()), time.time_ns() // 1000))
        self._size += refused.size
        while len(self._buffer) > self._messages or self._size > self._bytes:
            self._size -= self._buffer.popleft()[0].size
            self._metrics.quarantine_lost.labels("buffer_full").inc()
        self._arrived.set()
        self._drained.clear()

    async def drained(self) -> None:
        """Waits until nothing waits to be kept."""
        await self._drained.wait()

    async def run(self, publisher: Publisher) -> None:
        """Publishes what is kept, one at a time, never faster than the configured rates of requests and of bytes."""
        while True:
            while not self._buffer:
                self._arrived.clear()
                await self._arrived.wait()
            refused, identifier, received_at = self._buffer.popleft()
            self._size -= refused.size
            started = self._clock()
            packed = pack_rejection(_rejection(refused, identifier, received_at, production=self._production))
            await self._publish(publisher, packed)
            if not self._buffer:
                self._drained.set()
            pause = max(self._pause, len(packed) * self._pause_per_byte)
            await asyncio.sleep(max(0.0, pause - (self._clock() - started)))

    async def _publish(self, publisher: Publisher, packed: bytes) -> None:
        message = Message(QUARANTINE, QUARANTINE_KEY, packed, content_type=CONTENT_TYPE)
        try:
            await publisher.publish(message, deadline=PUBLISH_SECONDS)
        except (NotConfirmed, Unroutable):
            self._metrics.quarantine_lost.labels("not_confirmed").inc()


def _rejection(refused: RefusedRequest, identifier: str, received_at: int, *, production: bool) -> Rejection:
    provider = PROVIDERS.get(refused.provider)
    header = None if provider is None else provider.token_header
    return Rejection(
        quarantine_id=identifier,
        provider=refused.provider,
        cause=refused.cause,
        received_at=received_at,
        remote=refused.remote,
        path=refused.path,
        headers=safe_headers(refused.headers),
        body=refused.body,
        credential=keep(CIMultiDict(refused.headers), header, production=production),
    )


def safe_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Header names with values that cannot be close to a secret. Doubled headers are joined with `, `."""
    safe: dict[str, str] = {}
    for name, value in headers:
        lower = name.lower()
        shown = value[:VALUE_LIMIT] if lower in CLEAR_HEADERS or _is_mac(lower, value) else describe(value)
        safe[lower] = f"{safe[lower]}, {shown}" if lower in safe else shown
    return safe


def describe(value: str) -> str:
    """What an operator needs to see why a credential did not match, without the credential.

    The digest has the form of a `secret_id`, so "they sent the secret of the other environment" can be seen.
    """
    raw = value.encode("utf-8", "surrogateescape")
    if len(raw) < DIGEST_FROM_BYTES:
        return f"<{len(raw)} bytes, {_alphabet(value)}>"
    digest = hashlib.sha256(value.strip(" \t").encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return f"<{len(raw)} bytes, {_alphabet(value)}, id {digest}>"


def _is_mac(name: str, value: str) -> bool:
    """A signature of the body says nothing about the secret, and is needed to verify the same bytes again."""
    return name.endswith("-hmac-sha256") and len(value) == MAC_CHARACTERS and _alphabet(value) == "base64"


def _alphabet(value: str) -> str:
    if not value:
        return "empty"
    if any(character.isspace() for character in value):
        return "with blanks"
    if all(character in string.hexdigits for character in value):
        return "hex"
    if all(character in string.ascii_letters + string.digits + "+/=-_" for character in value):
        return "base64"
    return "ascii" if value.isascii() else "not ascii"
