"""Everything ingress ever says. Failures say nothing that would help to guess why."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

# Without our own `Server`, aiohttp tells everybody its version.
_HEADERS = {"Content-Type": "application/json", "Server": "lunas"}

SUCCESS = b'{"success": true}'
INVALID_SIGNATURE = b'{"error": "Invalid signature"}'
NOT_FOUND = b'{"error": "Not found"}'
METHOD_NOT_ALLOWED = b'{"error": "Method not allowed"}'
BAD_REQUEST = b'{"error": "Bad request"}'
TOO_SLOW = b'{"error": "Request timeout"}'
TOO_LARGE = b'{"error": "Payload too large"}'
HEADERS_TOO_LARGE = b'{"error": "Request header fields too large"}'
TOO_MANY = b'{"error": "Too many requests"}'
NOT_DURABLE = b'{"error": "Temporarily unavailable"}'
INTERNAL = b'{"error": "Internal error"}'


def answer(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status, body=body, headers=_HEADERS if headers is None else {**_HEADERS, **headers}
    )


def closing(response: web.Response) -> web.Response:
    """The same answer as the last on its connection."""
    response.force_close()
    return response
