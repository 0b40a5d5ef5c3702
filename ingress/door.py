"""One webhook request: read the bytes, verify them, publish them with a confirm, answer.

There are two ways through: aiohttp's, for whatever may come, and the direct one, for a webhook that arrived whole (see `connection.py`). They
differ in how the bytes are read and the answer is written; what is decided in between is the same code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from aiohttp import HttpVersion11, StreamReader, web
from aiohttp.http import RawRequestMessage
from aiohttp.typedefs import RawHeaders
from multidict import CIMultiDictProxy

from ingress import answers
from ingress.answers import Answer
from ingress.connection import GuardedConnection, Phase
from ingress.entrance import Entrance
from ingress.limits import Limits
from ingress.metrics import Metrics
from ingress.publisher import GroupingPublisher, Unpublished
from ingress.quarantine import Quarantine, RefusedRequest
from ingress.remote import Network, remote_address
from providers.provider import Provider
from providers.verification import Rejected
from runtime.health import Health
from runtime.settings import Settings
from schemas.envelope import Envelope
from schemas.errors import NotConfirmed, Unroutable

GET = ("GET", "HEAD")
Headers = CIMultiDictProxy[str]


class Refusal(Exception):
    """A request that is answered without being verified. `cause` is for metrics and quarantine."""

    def __init__(self, cause: str, answer: Answer) -> None:
        super().__init__(cause)
        self.cause = cause
        self.answer = answer


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
        self._entrances = {
            path: Entrance(path, provider, settings, metrics) for path, provider in paths.items()
        }
        self._publisher = publisher
        self._quarantine = quarantine
        self._limits = limits
        self._health = health
        self._metrics = metrics
        self._trusted = trusted
        self._body_limit = settings.ingress_body_limit_bytes
        self._body_deadline = settings.ingress_body_deadline_seconds
        self._head_limit = settings.ingress_header_limit_bytes
        self._too_many = answers.too_many(settings.ingress_retry_after_seconds)
        self._not_durable = answers.not_durable(settings.ingress_retry_after_seconds)

    def take(self, connection: GuardedConnection, message: RawRequestMessage, payload: StreamReader) -> bool:
        """The direct way, for a request that arrived whole. False leaves it to `__call__`, untouched."""
        entrance = self._entrances.get(message.path)
        if (
            entrance is None
            or message.method != "POST"
            or message.should_close
            or message.upgrade
            or message.version != HttpVersion11
            or payload.total_bytes > self._body_limit
            or _size(message.raw_headers) > self._head_limit
            or self._health.draining
        ):
            return False
        connection.begin()
        body = payload.read_nowait()
        verdict = self._judge(entrance, message.headers, body, connection.peername)
        if isinstance(verdict, Answer):
            self._reply(connection, entrance, verdict)
            return True
        try:
            self._publisher.submit(
                verdict, entrance.partition(body), partial(self._settled, connection, entrance)
            )
        except NotConfirmed as error:
            self._settled(connection, entrance, error)
        return True

    def _settled(
        self, connection: GuardedConnection, entrance: Entrance, failure: Unpublished | None
    ) -> None:
        self._reply(connection, entrance, self._outcome(failure))

    def _reply(self, connection: GuardedConnection, entrance: Entrance, answer: Answer) -> None:
        entrance.count(answer.status)
        connection.reply(answer, last=self._health.draining)

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """aiohttp's way."""
        connection = request.protocol
        path = request.raw_path.partition("?")[0]
        entrance = self._entrances.get(path)
        try:
            if entrance is None:
                answer = await self._elsewhere(request, path)
                response = answer.response(last=self._health.draining)
            else:
                response = await self._webhook(request, entrance)
                entrance.count(response.status)
        finally:
            if isinstance(connection, GuardedConnection):
                connection.enter(Phase.IDLE)
        return response

    async def _elsewhere(self, request: web.BaseRequest, path: str) -> Answer:
        if path not in ("/livez", "/readyz"):
            return answers.NOT_FOUND
        if request.method not in GET:
            return answers.ONLY_GET
        if path == "/livez":
            return answers.ALIVE
        ready, _ = await self._health.report()
        return answers.READY if ready else answers.NOT_READY

    async def _webhook(self, request: web.BaseRequest, entrance: Entrance) -> web.Response:
        if request.method != "POST":
            return answers.ONLY_POST.response(last=self._health.draining)
        try:
            body = await self._read(request)
        except Refusal as refusal:
            self._refuse(entrance, request.headers, b"", request.remote, refusal.cause)
            return refusal.answer.response(last=True)
        _enter(request, Phase.WORK)
        verdict = self._judge(entrance, request.headers, body, request.remote)
        if isinstance(verdict, Envelope):
            verdict = await self._publish(verdict, entrance.partition(body))
        return verdict.response(last=self._health.draining)

    async def _read(self, request: web.BaseRequest) -> bytes:
        """The body as received. Raises Refusal."""
        if _size(request.raw_headers) > self._head_limit:
            raise Refusal("headers_too_large", answers.HEADERS_TOO_LARGE)
        if (request.content_length or 0) > self._body_limit:
            raise Refusal("too_large", answers.TOO_LARGE)
        if request.content.is_eof():
            body = request.content.read_nowait(-1)
            if len(body) > self._body_limit:
                raise Refusal("too_large", answers.TOO_LARGE)
            return body
        _enter(request, Phase.BODY)
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        try:
            async with asyncio.timeout(self._body_deadline):
                return await self._read_slowly(request)
        except TimeoutError:
            raise Refusal("slow_body", answers.TOO_SLOW) from None
        except (ConnectionError, web.RequestPayloadError) as error:
            raise Refusal("broken_body", answers.BAD_REQUEST) from error

    async def _read_slowly(self, request: web.BaseRequest) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while chunk := await request.content.readany():
            size += len(chunk)
            if size > self._body_limit:
                raise Refusal("too_large", answers.TOO_LARGE)
            chunks.append(chunk)
        return b"".join(chunks)

    def _judge(self, entrance: Entrance, headers: Headers, body: bytes, peer: object) -> Envelope | Answer:
        """What is to be published, or the answer that ends it."""
        verdict = entrance.verify(headers, body)
        if isinstance(verdict, Rejected):
            if not self._limits.failed(entrance.name):
                self._metrics.rejections.labels(entrance.name, "too_many_failures").inc()
                return self._too_many
            self._refuse(entrance, headers, body, peer, str(verdict.cause))
            return answers.INVALID_SIGNATURE
        if not self._limits.verified(entrance.name):
            return self._too_many
        return entrance.envelope(verdict, headers, body)

    async def _publish(self, envelope: Envelope, partition: int) -> Answer:
        try:
            await self._publisher.deliver(envelope, partition)
        except (NotConfirmed, Unroutable) as error:
            return self._outcome(error)
        return self._outcome(None)

    def _outcome(self, failure: Unpublished | None) -> Answer:
        if failure is None:
            return answers.SUCCESS
        self._metrics.unconfirmed.labels(type(failure).__name__).inc()
        return self._not_durable

    def _refuse(self, entrance: Entrance, headers: Headers, body: bytes, peer: object, cause: str) -> None:
        address = peer[0] if isinstance(peer, tuple) else peer
        self._quarantine.keep(
            RefusedRequest(
                provider=entrance.name,
                cause=cause,
                remote=remote_address(
                    None if address is None else str(address),
                    headers.getall("X-Forwarded-For", []),
                    self._trusted,
                ),
                path=entrance.path,
                headers=headers.items(),
                body=body,
            )
        )


def _enter(request: web.BaseRequest, phase: Phase) -> None:
    connection = request.protocol
    if isinstance(connection, GuardedConnection):
        connection.enter(phase)


def _size(headers: RawHeaders) -> int:
    """Bytes of all header fields."""
    size = 0
    for name, value in headers:
        size += len(name) + len(value)
    return size
