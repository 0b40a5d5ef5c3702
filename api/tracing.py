"""Tells calls of the API: a middleware behind the one that asks for the key, so that strangers make no spans and carry on no traces."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from runtime.tracing import Tracer, inside
from schemas.problems import Problem
from schemas.trace_context import TRACEPARENT, well_formed

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "_OTHER"
UNTOLD = frozenset({"/livez", "/readyz"})
"""Asked every few seconds by whoever keeps us alive."""


def spans(by: Tracer, is_open: Callable[[web.Request], bool]) -> Middleware:
    """`is_open`: whether a request needs no key; the trace of whoever sends such a one is not carried on."""

    @web.middleware
    async def traced(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in UNTOLD:
            return await handler(request)
        route = _route(request)
        method = request.method if request.method in METHODS else OTHER
        span = by.begin(
            f"{method} {route}",
            "server",
            parent=None if is_open(request) else well_formed(request.headers.get(TRACEPARENT)),
            attributes={"http.request.method": method, "http.route": route},
        )
        status, error = 500, None
        try:
            with inside(span):
                answer = await handler(request)
            status = answer.status
        except Problem as problem:
            status, error = problem.kind.status, problem.kind.code
            raise
        except web.HTTPException as refused:
            status, error = refused.status, type(refused).__name__
            raise
        except BaseException as failure:
            error = type(failure).__name__
            raise
        else:
            return answer
        finally:
            span.tell({"http.response.status_code": status} | ({"error.type": error} if error else {}))
            # What a caller did wrong is no error of ours (OpenTelemetry, HTTP server spans).
            span.end(error=error or "answered" if status >= 500 else None)

    return traced


def _route(request: web.Request) -> str:
    """The route's pattern: the path itself may hold an id or an address."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"
