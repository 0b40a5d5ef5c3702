"""What top-ups and orders have in common: made once, read with what became of them, listed by customer."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from api.checkout.drafts import SQL
from api.checkout.opening import Opener
from api.checkout.requests import PaymentRequests, RecordedRequest
from api.checkout.standing import Watch, check_position, refusal_of, wait_for_position
from api.checkout.wanted import Wanted
from api.parameters import encode_cursor, integer, is_anothers, only, position_cursor
from runtime.faults import fault_point
from schemas.api import CUSTOMER_ID_PATTERN
from schemas.problems import Problem
from schemas.request_facts import is_own_reference

if TYPE_CHECKING:
    import asyncpg

    from runtime.settings import Settings

_CUSTOMER = re.compile(CUSTOMER_ID_PATTERN)

Shape = Callable[["asyncpg.Record"], dict[str, Any]]


class AskedPayments:
    """Requests of one kind, over one pool."""

    def __init__(
        self, kind: str, requests: PaymentRequests, opener: Opener, watch: Watch, settings: Settings
    ) -> None:
        self._kind, self._requests, self._opener, self._watch = kind, requests, opener, watch
        self._wait_seconds = settings.min_position_wait_seconds
        self._page_max = settings.read_page_max

    async def make(
        self, wanted: Wanted, key: str | None, digest: bytes
    ) -> tuple[RecordedRequest, asyncpg.Record]:
        """The request that stands for this wish, as far as its provider has answered. Raises Problem."""
        recorded = await self._requests.record(wanted, key, digest)
        fault_point("checkout.recorded")
        row = await self._opener.settled(recorded.request_id, recorded.claimed)
        if row is None:
            raise Problem("unavailable", headers={"Retry-After": "1"})
        if row["status"] == "refused":
            raise refusal_of(row)
        return recorded, row

    async def one(self, request: web.Request, name: str) -> asyncpg.Record:
        """The one in the path. While its provider has not answered, a look asks it. Raises Problem."""
        only(request, ("min_position", "customer_id"))
        request_id = request.match_info[name]
        if not is_own_reference(request_id):
            raise Problem("request_not_found", field=name)
        wanted = await wait_for_position(request, self._watch, self._wait_seconds)
        row = check_position(await self._requests.pool.fetchrow(SQL["find"], request_id), wanted)
        if row["request_id"] is None or row["kind"] != self._kind or is_anothers(request, row["customer_id"]):
            raise Problem("request_not_found", field=name)
        if row["status"] == "requested":
            row = await self._opener.settled(request_id) or row
        return row

    async def of_customer(self, request: web.Request, shape: Shape) -> dict[str, Any]:
        """A page of a customer's, newest first. Raises Problem."""
        only(request, ("limit", "cursor", "min_position"))
        limit = integer(request, "limit", 1, self._page_max) or self._page_max
        customer_id = request.match_info["customer_id"]
        if not _CUSTOMER.fullmatch(customer_id):
            raise Problem("customer_not_found")
        wanted = await wait_for_position(request, self._watch, self._wait_seconds)
        cursor = position_cursor(request)
        rows = await self._requests.pool.fetch(SQL["of_customer"], customer_id, self._kind, cursor, limit + 1)
        first = check_position(rows[0] if rows else None, wanted)
        found = [row for row in rows if row["request_id"] is not None]
        if not found and not await self._requests.knows(customer_id):
            raise Problem("customer_not_found")
        return {
            "customer_id": customer_id,
            "items": [shape(row) for row in found[:limit]],
            "next_cursor": encode_cursor(found[limit - 1]["position"]) if len(found) > limit else None,
            **place(first),
        }


def place(row: asyncpg.Record) -> dict[str, Any]:
    """Where the log stood."""
    return {"position": row["at_position"], "lag_seconds": row["lag"]}
