"""Everything ingress ever says. Failures say nothing that would help to guess why.

An answer is written out once, when the process starts: what changes from request to request is the date and whether the connection ends.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import formatdate
from http import HTTPStatus

# Without our own `Server`, aiohttp tells everybody its version.
_HEADERS = {"Content-Type": "application/json", "Server": "lunas"}


class Answer:
    """One thing to say."""

    __slots__ = ("_bare", "_bare_last", "_head", "_last", "_open", "body", "status")

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.body = body
        fields = _HEADERS | dict(headers or {}) | {"Content-Length": str(len(body))}
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        self._head = ("\r\n".join(lines) + "\r\nDate: ").encode("ascii")
        self._bare = b"\r\n\r\n"
        self._bare_last = b"\r\nConnection: close\r\n\r\n"
        self._open = self._bare + body
        self._last = self._bare_last + body

    def wire(self, *, last: bool, bare: bool = False) -> bytes:
        """The whole HTTP/1.1 answer; `last` ends the connection, `bare` leaves the body out."""
        if bare:
            return self._head + _date() + (self._bare_last if last else self._bare)
        return self._head + _date() + (self._last if last else self._open)


class _Date:
    """The text of the `Date` header, made once a second."""

    __slots__ = ("_second", "_text")

    def __init__(self) -> None:
        self._second, self._text = 0, b""

    def __call__(self) -> bytes:
        second = int(time.time())
        if second != self._second:
            self._second, self._text = second, formatdate(second, usegmt=True).encode("ascii")
        return self._text


_date = _Date()

SUCCESS = Answer(200, b'{"success": true}')
ALIVE = Answer(200, b'{"process": "ingress", "status": "alive"}')
READY = Answer(200, b'{"process": "ingress", "status": "ready"}')
NOT_READY = Answer(503, b'{"process": "ingress", "status": "not_ready"}')
INVALID_SIGNATURE = Answer(401, b'{"error": "Invalid signature"}')
NOT_FOUND = Answer(404, b'{"error": "Not found"}')
ONLY_POST = Answer(405, b'{"error": "Method not allowed"}', {"Allow": "POST"})
ONLY_GET = Answer(405, b'{"error": "Method not allowed"}', {"Allow": "GET, HEAD"})
BAD_REQUEST = Answer(400, b'{"error": "Bad request"}')
TOO_SLOW = Answer(408, b'{"error": "Request timeout"}')
TOO_LARGE = Answer(413, b'{"error": "Payload too large"}')
HEADERS_TOO_LARGE = Answer(431, b'{"error": "Request header fields too large"}')
INTERNAL = Answer(500, b'{"error": "Internal error"}')


def too_many(retry_after_seconds: int) -> Answer:
    return Answer(429, b'{"error": "Too many requests"}', {"Retry-After": str(retry_after_seconds)})


def not_durable(retry_after_seconds: int) -> Answer:
    return Answer(503, b'{"error": "Temporarily unavailable"}', {"Retry-After": str(retry_after_seconds)})
