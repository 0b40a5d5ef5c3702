"""Sends one webhook: every attempt ends in time, reads little of the answer, and goes nowhere else than to where it was sent."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import aiohttp
import orjson
from aiohttp.abc import AbstractResolver

from notify.addresses import AddressRefused, trouble_with
from notify.connecting import CarefulResolver, careful_connector
from notify.endpoints import Endpoint
from notify.outcome import Outcome, of_status
from notify.signing import SigningKeys, UnknownKey, signed
from runtime.ids import utc_now
from runtime.tracing import told_of

if TYPE_CHECKING:
    from runtime.settings import Settings

_JSON = "application/json"


class ToSend(NamedTuple):
    """A notification that is ours to send for now. `data`: JSON text."""

    event_id: uuid.UUID
    receiver: str
    position: int
    kind: str
    customer_id: str | None
    occurred_at: datetime
    data: str
    attempts: int
    traceparent: str | None = None

    @property
    def message_id(self) -> str:
        """The same for every attempt and every receiver: by it a receiver knows what it has already."""
        return f"msg_{self.event_id.hex}"


def body_of(delivery: ToSend) -> bytes:
    """The same bytes at every attempt."""
    told = {
        "type": delivery.kind,
        "timestamp": delivery.occurred_at,
        "data": orjson.Fragment(delivery.data.encode()),
    }
    return orjson.dumps(told, option=orjson.OPT_UTC_Z)


def data_text(data: dict[str, Any]) -> str:
    """The `data` of a notification as it is kept."""
    return orjson.dumps(data, option=orjson.OPT_UTC_Z).decode()


class WebhookSender:
    """One HTTP client for all endpoints; `close` it."""

    def __init__(
        self,
        settings: Settings,
        keys: SigningKeys,
        *,
        resolver: AbstractResolver | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._keys, self._now = keys, now
        self._private = settings.endpoints_private == "allow"
        self._most = settings.notify_answer_bytes_max
        self._session = aiohttp.ClientSession(
            connector=careful_connector(
                private=self._private,
                limit=settings.notify_connections_max,
                resolver=CarefulResolver(private=self._private, inner=resolver),
            ),
            timeout=aiohttp.ClientTimeout(
                total=settings.notify_timeout_seconds, sock_connect=settings.notify_connect_timeout_seconds
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            # A proxy would connect to where we may not.
            trust_env=False,
            # Nothing of it is looked at, so nothing is unpacked.
            auto_decompress=False,
            headers={"User-Agent": "lunas", "Content-Type": _JSON, "Accept-Encoding": "identity"},
        )

    async def close(self) -> None:
        await self._session.close()

    async def send(self, delivery: ToSend, endpoint: Endpoint) -> Outcome:
        """One attempt. Raises nothing that an endpoint could cause."""
        trouble = trouble_with(endpoint.url, private=self._private)
        if trouble is not None:
            return Outcome(False, trouble=trouble)
        body, at = body_of(delivery), self._now()
        try:
            headers = dict(signed(self._secrets(endpoint, at), delivery.message_id, at, body))
        except UnknownKey:
            return Outcome(False, trouble="unknown_key")
        headers |= told_of()  # so that the receiver can carry the trace on; no part of what is signed
        try:
            async with self._session.post(
                endpoint.url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                outcome = of_status(answer.status, answer.headers.get("Retry-After"), self._now())
                await self._read_some(answer)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return Outcome(False, trouble=_trouble(error))
        return outcome

    def _secrets(self, endpoint: Endpoint, at: datetime) -> list[bytes]:
        """Raises UnknownKey for the newest alone: of one before it whose key was taken away nobody can sign any more."""
        (name, number), *before = endpoint.secrets(at)
        found = [self._keys.secret(name, endpoint.endpoint_id, number)]
        for name, number in before:
            with contextlib.suppress(UnknownKey):
                found.append(self._keys.secret(name, endpoint.endpoint_id, number))
        return found

    async def _read_some(self, answer: aiohttp.ClientResponse) -> None:
        """A short answer is read, so that its connection serves again; of any other the connection is closed. The status has said all."""
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, ValueError):
            async with asyncio.timeout(READ_SECONDS):
                left = self._most
                while left > 0:
                    some = await answer.content.read(left)
                    if not some:
                        return
                    left -= len(some)
        answer.close()


READ_SECONDS = 1.0
"""How long an answer's body is waited for, once its status is there."""


def _trouble(error: BaseException) -> str:
    """A stable code for why nothing was answered."""
    causes: list[BaseException | None] = [error, error.__cause__, getattr(error, "os_error", None)]
    if any(isinstance(cause, AddressRefused) for cause in causes):
        return "private_address"
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "tls"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "unknown_host"
    return "no_connection" if isinstance(error, aiohttp.ClientConnectorError) else "no_answer"
