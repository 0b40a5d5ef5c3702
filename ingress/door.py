"""One webhook request: read the bytes, verify them, publish them with a confirm, answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

from aiohttp import web

from ingress import answers
from ingress.guard import GuardedConnection, Phase
from ingress.limits import Limits
from ingress.metrics import Metrics
from ingress.publisher import GroupingPublisher
from ingress.quarantine import Quarantine, Refused
from ingress.remote import Network, remote_address
from providers.provider import Provider
from providers.verification import Rejected, Verified
from runtime.health import Health
from runtime.ids import uuid7
from runtime.settings import Settings
from schemas.envelope import Envelope
from schemas.errors import NotConfirmed, Unroutable

ENVELOPE_HEADERS = ("content-type", "user-agent", "webhook-id", "x-scalev-app-id")
ENVELOPE_HEADER_LIMIT = 512  # characters; enough for any honest value
GET = ("GET", "HEAD")


class Refusal(Exception):
    """A request that is answered without being verified. `cause` is for metrics and quarantine."""

    def __init__(self, cause: str, response: web.Response) -> None:
        super().__init__(cause)
        self.cause = cause
        self.response = response


class Door:
    """The handler of the public port."""

    def __init__(
        self,
        settings: Settings,
        *,
        paths: Mapping[str, Provider],
        publisher: GroupingPublisher,
        quarantine: Quarantine,
        limits: Limits,
        health: Health,
        metrics: Metrics,
        trusted: Sequence[Network],
    ) -> None:
        self._paths = paths
        self._publisher = publisher
        self._quarantine = quarantine
        self._limits = limits
        self._health = health
        self._metrics = metrics
        self._trusted = trusted
        self._body_limit = settings.ingress_body_limit_bytes
        self._body_deadline = settings.ingress_body_deadline_seconds
        self._head_limit = settings.ingress_header_limit_bytes
        self._retry_after = {"Retry-After": str(settings.ingress_retry_after_seconds)}
        self._secrets = {
            provider.name: tuple(
                secret.get_secret_value() for secret in settings.webhook_secrets(provider.name)
            )
            for provider in paths.values()
        }

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """aiohttp's handler."""
        connection = request.protocol
        path = request.raw_path.partition("?")[0]
        provider = self._paths.get(path)
        try:
            if provider is None:
                response = await self._elsewhere(request, path)
            else:
                response = await self._webhook(request, provider, path)
                self._metrics.requests.labels(provider.name, str(response.status)).inc()
        finally:
            if isinstance(connection, GuardedConnection):
                connection.enter(Phase.IDLE)
        return answers.closing(response) if self._health.draining else response

    async def _elsewhere(self, request: web.BaseRequest, path: str) -> web.Response:
        if path not in ("/livez", "/readyz"):
            return answers.answer(404, answers.NOT_FOUND)
        if request.method not in GET:
            return answers.answer(405, answers.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"})
        if path == "/livez":
            return answers.answer(200, b'{"status": "alive"}')
        ready, _ = await self._health.report()
        status = b'{"status": "ready"}' if ready else b'{"status": "not_ready"}'
        return answers.answer(200 if ready else 503, status)

    async def _webhook(self, request: web.BaseRequest, provider: Provider, path: str) -> web.Response:
        if request.method != "POST":
            return answers.answer(405, answers.METHOD_NOT_ALLOWED, {"Allow": "POST"})
        try:
            body = await self._read(request)
        except Refusal as refusal:
            self._refuse(request, provider, path, refusal.cause, b"")
            return answers.closing(refusal.response)
        _enter(request, Phase.WORK)
        verdict = provider.verify(request.headers, body, self._secrets[provider.name])
        if isinstance(verdict, Rejected):
            return self._unverified(request, provider, path, verdict, body)
        if not self._limits.verified(provider.name):
            return answers.answer(429, answers.TOO_MANY, self._retry_after)
        return await self._publish(request, provider, path, verdict, body)

    async def _read(self, request: web.BaseRequest) -> bytes:
        """The body as received. Raises Refusal."""
        if sum(len(name) + len(value) for name, value in request.raw_headers) > self._head_limit:
            raise Refusal("headers_too_large", answers.answer(431, answers.HEADERS_TOO_LARGE))
        if (request.content_length or 0) > self._body_limit:
            raise Refusal("too_large", answers.answer(413, answers.TOO_LARGE))
        if request.content.is_eof():
            body = request.content.read_nowait(-1)
            if len(body) > self._body_limit:
                raise Refusal("too_large", answers.answer(413, answers.TOO_LARGE))
            return body
        _enter(request, Phase.BODY)
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        try:
            async with asyncio.timeout(self._body_deadline):
                return await self._read_slowly(request)
        except TimeoutError:
            raise Refusal("slow_body", answers.answer(408, answers.TOO_SLOW)) from None
        except (ConnectionError, web.RequestPayloadError) as error:
            raise Refusal("broken_body", answers.answer(400, answers.BAD_REQUEST)) from error

    async def _read_slowly(self, request: web.BaseRequest) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while chunk := await request.content.readany():
            size += len(chunk)
            if size > self._body_limit:
                raise Refusal("too_large", answers.answer(413, answers.TOO_LARGE))
            chunks.append(chunk)
        return b"".join(chunks)

    def _unverified(
        self, request: web.BaseRequest, provider: Provider, path: str, verdict: Rejected, body: bytes
    ) -> web.Response:
        if not self._limits.failed(provider.name):
            self._metrics.rejections.labels(provider.name, "too_many_failures").inc()
            return answers.answer(429, answers.TOO_MANY, self._retry_after)
        self._refuse(request, provider, path, str(verdict.cause), body)
        return answers.answer(401, answers.INVALID_SIGNATURE)

    async def _publish(
        self, request: web.BaseRequest, provider: Provider, path: str, verdict: Verified, body: bytes
    ) -> web.Response:
        envelope = Envelope(
            delivery_id=str(uuid7()),
            provider=provider.name,
            received_at=time.time_ns() // 1000,
            scheme=verdict.scheme,
            secret_id=verdict.secret_id,
            path=path,
            body=body,
            headers=_kept_headers(request),
        )
        try:
            await self._publisher.deliver(envelope, provider.partition_key(body))
        except (NotConfirmed, Unroutable) as error:
            self._metrics.unconfirmed.labels(type(error).__name__).inc()
            return answers.answer(503, answers.NOT_DURABLE, self._retry_after)
        return answers.answer(200, answers.SUCCESS)

    def _refuse(
        self, request: web.BaseRequest, provider: Provider, path: str, cause: str, body: bytes
    ) -> None:
        self._quarantine.keep(
            Refused(
                provider=provider.name,
                cause=cause,
                remote=remote_address(
                    request.remote, request.headers.getall("X-Forwarded-For", []), self._trusted
                ),
                path=path,
                headers=request.headers.items(),
                body=body,
            )
        )


def _enter(request: web.BaseRequest, phase: Phase) -> None:
    connection = request.protocol
    if isinstance(connection, GuardedConnection):
        connection.enter(phase)


def _kept_headers(request: web.BaseRequest) -> dict[str, str]:
    headers = request.headers
    return {name: headers[name][:ENVELOPE_HEADER_LIMIT] for name in ENVELOPE_HEADERS if name in headers}
