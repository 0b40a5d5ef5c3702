"""What stands before every call: the key, and the promise that whatever goes wrong is answered as a problem."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

import asyncpg
from aiohttp import web
from aiohttp.typedefs import Middleware

from api.answers import language_of, problem_answer, source_answer
from api.keys import EVERYTHING, KeyRing
from api.permits import Scopes, check
from projections.fold import describe
from runtime.database import OUTAGE_ERRORS
from runtime.failed_keys import Keyhole, TooManyKeys
from runtime.logs import get_logger
from runtime.outage import DATABASE
from schemas.errors import Transient
from schemas.problem_reasons import Reason
from schemas.problems import Problem
from schemas.shape import name_told

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SOURCE_PATHS = ("/api/",)  # of the source application: refusals in its own shape
OPEN_PATHS = frozenset({"/livez", "/readyz", "/openapi.json", "/asyncapi.json", "/docs"})
OPEN_PREFIXES = ("/pay/", "/look/")
"""Pages for customers: the secret in the address is their permission. And what such pages are drawn with."""
RETRY_SECONDS = "1"
# Somebody held a lock for longer than `LUNAS_DATABASE_LOCK_TIMEOUT_MS`, or the server ended us to let another one go on: nothing was done.
BUSY = (
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.QueryCanceledError,
)

KEY = web.RequestKey("lunas.key", str)
"""Where a request bears the id of the key it was let in with."""

UNAVAILABLE = (Transient, *BUSY, *OUTAGE_ERRORS)
"""Whatever says: not now, later."""

log = get_logger(__name__)


def require_key(
    keyhole: Keyhole,
    ring: KeyRing | None = None,
    scopes: Scopes | None = None,
    ticket_opens: Callable[[web.Request], bool] = lambda _: False,
) -> Middleware:
    """Everything but health and documentation needs a bearer key: the environment's opens everything, those of the ring what they are for.

    `ticket_opens`: whether a request without a key shows a ticket for what it asks.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_open(request) and not ticket_opens(request):
            scheme, _, given = request.headers.get("Authorization", "").partition(" ")
            # A header that is no bearer token at all offers no key.
            offered = given.strip() if scheme.lower() == "bearer" else ""
            permission = await ring.permission(offered) if ring is not None else None
            if ring is not None and permission is not None:
                wait = await ring.wait_of(permission)
                if wait:
                    raise Problem("rate_limited", headers={"Retry-After": str(math.ceil(wait))})
                await check(request, permission, scopes or {})
                request[KEY] = permission.key_id
                return await handler(request)
            try:
                opened = bool(offered) and keyhole.opens(request.remote, offered)
            except TooManyKeys as error:
                raise Problem("too_many_keys", headers={"Retry-After": error.retry_after}) from None
            if not opened:
                raise Problem("unauthorized", headers={"WWW-Authenticate": "Bearer"})
        return await handler(request)

    return middleware


def is_open(request: web.Request) -> bool:
    """Whether a request needs no key."""
    return request.path in OPEN_PATHS or request.path.startswith(OPEN_PREFIXES)


def key_of(request: web.Request) -> str:
    """Who calls, for audit records: `api:` and the key's id; of the environment's key that name alone."""
    return f"api:{request.get(KEY, EVERYTHING.key_id)}"


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns every failure into problem details; an unexpected one is logged and told without its cause."""
    try:
        return await handler(request)
    except Problem as problem:
        return _told(request, problem)
    except web.HTTPException as error:
        return _told(request, _from_http(error, request))
    except UNAVAILABLE as error:
        if not DATABASE.explains(error):
            log.warning("call cannot be answered now", action="api.unavailable", error=type(error).__name__)
        return _told(request, Problem("unavailable", headers={"Retry-After": RETRY_SECONDS}))
    except Exception as error:  # noqa: BLE001 - the last stop: the caller gets a problem and no traceback
        # Never its text, which may quote what somebody sent.
        log.error("call failed", action="api.failed", route=_route(request), error=describe(error))
        return _told(request, Problem("internal_error"))


def _told(request: web.Request, problem: Problem) -> web.Response:
    if request.path.startswith(SOURCE_PATHS):
        return source_answer(problem)
    return problem_answer(problem, language_of(request))


def _from_http(error: web.HTTPException, request: web.Request) -> Problem:
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return Problem("method_not_allowed", method=name_told(request.method), headers={"Allow": allowed})
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return Problem("body_too_large")
    if error.status == 404:
        return Problem("not_found")
    if error.status < 500:
        return Problem("invalid_body", reason=Reason("malformed"))
    return Problem("internal_error")


def _route(request: web.Request) -> str:
    """The route's pattern: the path itself may hold an e-mail."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"
