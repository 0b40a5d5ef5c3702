"""What a key may do with a call: the call's scope, and the customer it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiohttp import web

from api.keys import Permission
from schemas import strict_json
from schemas.calls import Call
from schemas.errors import UnparsableError
from schemas.problems import Problem

NAMES = ("customer_id", "customerId")

OF_NOBODY = frozenset({"suspense"})
"""Scopes of calls that decide whose something is: no customer's own key may."""

Scopes = Mapping[tuple[str, str], str]
"""Scope by method and path of a call."""


def scopes_of(calls: Iterable[Call]) -> Scopes:
    return {(call.method, call.path): call.needs for call in calls}


async def check(request: web.Request, permission: Permission, scopes: Scopes) -> None:
    """Raises Problem for a call that this key may not make. What is no call at all is answered as such to any key."""
    resource = request.match_info.route.resource
    method = "GET" if request.method == "HEAD" else request.method
    needed = scopes.get((method, resource.canonical)) if resource is not None else None
    if needed is None:
        return
    if needed not in permission.scopes:
        raise Problem("forbidden", scope=needed)
    if permission.customer_id is not None and needed in OF_NOBODY:
        raise Problem("key_of_a_customer")
    if permission.customer_id is not None and await _customer(request) != permission.customer_id:
        raise Problem("key_of_a_customer")


async def _customer(request: web.Request) -> str | None:
    """Whom the call is about, as it says itself; None when it does not."""
    if "customer_id" in request.match_info:
        return request.match_info["customer_id"]
    if request.method in ("GET", "HEAD"):
        asked = request.query.getall("customer_id", [])
        return asked[0] if len(asked) == 1 else None
    try:
        body = strict_json.loads(await request.read())
    except UnparsableError:
        return None
    named = [body[name] for name in NAMES if name in body] if isinstance(body, dict) else []
    return named[0] if len(named) == 1 and isinstance(named[0], str) else None
