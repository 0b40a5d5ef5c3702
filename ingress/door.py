"""One webhook request: look at its head, verify it, make it durable, answer.

How bytes become requests and answers become bytes is the connection's business; what is decided about a request stands here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Protocol

from aiohttp.http import RawRequestMessage
from aiohttp.typedefs import RawHeaders
from multidict import CIMultiDictProxy

from ingress import answers
from ingress.answers import Answer
from ingress.connection import Connection
from ingress.entrance import Entrance
from ingress.lane import Settle, Unpublished
from ingress.limits import Limits
from ingress.metrics import Metrics
from ingress.quarantine import Quarantine, RefusedRequest
from ingress.remote import Network, remote_address
from ingress.request import Request
from ingress.routing import Routing
from providers.provider import Provider
from providers.verification import Rejected
from runtime.faults import fault_point
from runtime.health import Health
from runtime.settings import Settings
from schemas.envelope import Envelope
from schemas.errors import NotConfirmed

GET = ("GET", "HEAD")
Headers = CIMultiDictProxy[str]

# Why a request is not read to its end, and what is said then. `refused` and `crowded` have answers of their own.
UNREAD = {
    "headers_too_large": answers.HEADERS_TOO_LARGE,
    "too_large": answers.TOO_LARGE,
    "slow_body": answers.TOO_SLOW,
    "broken_body": answers.BAD_REQUEST,
    "crumbs": answers.BAD_REQUEST,
}
# What is cut for its size or cost anyway, when its head says that it will be refused: that is what is said then.
BY_HEAD = ("refused", "too_large", "crumbs", "crowded")


class Durable(Protocol):
    """What must have a delivery before we answer 200."""

    def submit(self, envelope: Envelope, partition: int, settle: Settle) -> object:
        """`settle` is called once, in a later turn of the loop. Raises NotConfirmed when too many wait."""


class Door:
    """The handler of the public port."""

    def __init__(
        self,
        settings: Settings,
        *,
        paths: Mapping[str, Provider],
        durable: Durable,
        quarantine: Quarantine,
        limits: Limits,
        health: Health,
        metrics: Metrics,
        trusted: Sequence[Network],
        routing: Routing | None = None,
    ) -> None:
        self._entrances = {
            path: Entrance(path, provider, settings, metrics, routing=routing)
            for path, provider in paths.items()
        }
        self._durable = durable
        self._quarantine = quarantine
        self._limits = limits
        self._health = health
        self._metrics = metrics
        self._trusted = trusted
        self._body_limit = settings.ingress_body_limit_bytes
        self._refused_limit = min(settings.ingress_refused_body_bytes, settings.ingress_body_limit_bytes)
        self._reports: set[asyncio.Task[None]] = set()
        self._head_limit = settings.ingress_header_limit_bytes
        self._too_many = answers.too_many(settings.ingress_retry_after_seconds)
        self._not_durable = answers.not_durable(settings.ingress_retry_after_seconds)

    def look(self, request: Request) -> str | None:
        """Whose request this is, and what its head alone decides. The cause, when there is nothing more to read."""
        message = request.message
        path = target_path(message)
        entrance = request.entrance = self._entrances.get(path)
        request.limit = self._body_limit
        if _size(message.raw_headers) > self._head_limit:
            return "headers_too_large"
        if entrance is None or message.method != "POST":
            request.foregone = self._elsewhere(entrance, path, message.method)
        elif request.length is not None and request.length > self._body_limit:
            return "too_large"
        else:
            request.verdict = entrance.by_head(message.headers)
        if request.is_refused:
            request.limit = self._refused_limit
            if (request.length or 0) > request.limit or request.waits_for_us:
                return "refused"
        return None

    def _elsewhere(self, entrance: Entrance | None, path: str, method: str) -> Answer | None:
        """What does not depend on the rest of the request. Only `/readyz` does: on us."""
        if entrance is not None:
            return answers.ONLY_POST
        if path not in ("/livez", "/readyz"):
            return answers.NOT_FOUND
        if method not in GET:
            return answers.ONLY_GET
        return answers.ALIVE if path == "/livez" else None

    def take(self, connection: Connection, request: Request) -> None:
        """A whole request."""
        entrance = request.entrance
        if request.foregone is not None:
            # Who asks whether we live may go on asking; nobody has business with what is not there.
            connection.suspect = connection.suspect or request.foregone is not answers.ALIVE
            self._reply(connection, entrance, request.foregone)
        elif entrance is None:
            self._tell_readiness(connection)
        else:
            self._webhook(connection, entrance, request)

    def turn_away(self, connection: Connection, request: Request, cause: str) -> Answer:
        """The answer to a request that is not read to its end."""
        entrance = request.entrance
        if entrance is None:
            return request.foregone or UNREAD.get(cause, self._not_durable)
        answer = self._unread(connection, entrance, request, cause)
        entrance.count(answer.status)
        return answer

    def _unread(self, connection: Connection, entrance: Entrance, request: Request, cause: str) -> Answer:
        if cause in BY_HEAD and request.is_refused:
            if isinstance(request.verdict, Rejected):
                return self._rejected(connection, entrance, request, request.verdict)
            return request.foregone or answers.NOT_FOUND
        if cause == "crowded":
            # Counted only: what there is no memory for is not kept either.
            self._metrics.rejections.labels(entrance.name, cause).inc()
            return self._not_durable
        self._refuse(connection, entrance, request.message.headers, b"", cause)
        return UNREAD[cause]

    def _webhook(self, connection: Connection, entrance: Entrance, request: Request) -> None:
        verdict = self._judge(connection, entrance, request)
        if isinstance(verdict, Answer):
            self._reply(connection, entrance, verdict)
            return
        fault_point("ingress.verified")
        try:
            self._durable.submit(
                verdict, entrance.partition(verdict.body), partial(self._settled, connection, entrance)
            )
        except NotConfirmed as error:
            self._settled(connection, entrance, error)

    def _settled(self, connection: Connection, entrance: Entrance, failure: Unpublished | None) -> None:
        self._reply(connection, entrance, self._outcome(failure))

    def _reply(self, connection: Connection, entrance: Entrance | None, answer: Answer) -> None:
        if entrance is not None:
            entrance.count(answer.status)
        connection.reply(answer, last=self._health.draining)

    def _tell_readiness(self, connection: Connection) -> None:
        task = asyncio.get_running_loop().create_task(self._report(connection))
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)

    async def _report(self, connection: Connection) -> None:
        ready, _ = await self._health.report()
        self._reply(connection, None, answers.READY if ready else answers.NOT_READY)

    def _judge(self, connection: Connection, entrance: Entrance, request: Request) -> Envelope | Answer:
        """What is to be published, or the answer that ends it."""
        headers, body = request.message.headers, request.body
        verdict = entrance.verify(headers, body) if request.verdict is None else request.verdict
        if isinstance(verdict, Rejected):
            return self._rejected(connection, entrance, request, verdict)
        connection.suspect = False
        if not self._limits.verified(entrance.name):
            return self._too_many
        return entrance.envelope(verdict, headers, body)

    def _rejected(
        self, connection: Connection, entrance: Entrance, request: Request, verdict: Rejected
    ) -> Answer:
        """Kept with as much of its body as was read."""
        connection.suspect = True
        if not self._limits.failed(entrance.name):
            self._metrics.rejections.labels(entrance.name, "too_many_failures").inc()
            return self._too_many
        self._refuse(connection, entrance, request.message.headers, request.body, str(verdict.cause))
        return answers.INVALID_SIGNATURE

    def _outcome(self, failure: Unpublished | None) -> Answer:
        if failure is None:
            return answers.SUCCESS
        self._metrics.unconfirmed.labels(type(failure).__name__).inc()
        return self._not_durable

    def _refuse(
        self, connection: Connection, entrance: Entrance, headers: Headers, body: bytes, cause: str
    ) -> None:
        peer = connection.peer
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


def target_path(message: RawRequestMessage) -> str:
    """The path of a request target. An absolute one, `http://host/path`, is the same request (RFC 9112, 3.2.2)."""
    target = message.path
    if not target.startswith("/") and message.url.absolute:
        return message.url.raw_path
    return target.partition("?")[0]


def _size(headers: RawHeaders) -> int:
    """Bytes of all header fields."""
    size = 0
    for name, value in headers:
        size += len(name) + len(value)
    return size
