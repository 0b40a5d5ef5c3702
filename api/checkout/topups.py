"""Top-ups: `POST /v1/topups`, and what became of one."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from api.answers import answer
from api.catalogue import CatalogueInForce
from api.checkout import idempotency
from api.checkout.bodies import parsed
from api.checkout.opening import Opener
from api.checkout.requests import SQL, PaymentRequests, RecordedRequest
from api.checkout.standing import (
    Watch,
    check_position,
    instrument_of,
    refusal_of,
    status_of,
    wait_for_position,
)
from api.checkout.topup_wishes import topup_wanted
from api.parameters import encode_cursor, integer, only, position_cursor
from schemas.api import CUSTOMER_ID_PATTERN
from schemas.checkout_api import AskedTopUp, CreatedTopUp, OneTopUp, TopUpBody, TopUps
from schemas.problems import Problem
from schemas.request_facts import is_own_reference

if TYPE_CHECKING:
    import asyncpg

    from runtime.settings import Settings

_CUSTOMER = re.compile(CUSTOMER_ID_PATTERN)


class TopUpCalls:
    """Handlers over one pool."""

    def __init__(
        self,
        requests: PaymentRequests,
        opener: Opener,
        catalogue: CatalogueInForce,
        watch: Watch,
        settings: Settings,
    ) -> None:
        self._requests, self._opener, self._catalogue, self._watch = requests, opener, catalogue, watch
        self._app_url = settings.app_url
        self._wait_seconds = settings.min_position_wait_seconds
        self._page_max = settings.read_page_max

    async def post(self, request: web.Request) -> web.StreamResponse:
        """201 with what the payer needs, also when an equal request was open; 202 while the provider has not answered."""
        only(request, ())
        key = idempotency.checked_key(request.headers.get("Idempotency-Key"))
        raw = await request.read()
        body = parsed(raw, TopUpBody)
        recorded, row = await self.make(body, key, idempotency.digest(request.method, request.path, raw))
        document = CreatedTopUp(**shape(row), created=recorded.created, position=row["position"])
        return answer(document.model_dump(mode="json"), 202 if row["status"] == "requested" else 201)

    async def make(
        self, body: TopUpBody, key: str | None, digest: bytes
    ) -> tuple[RecordedRequest, asyncpg.Record]:
        """The request that stands for this wish, as far as its provider has answered. Raises Problem."""
        wanted = topup_wanted(body, await self._catalogue.get(), self._app_url)
        recorded = await self._requests.record(wanted, key, digest)
        row = await self._opener.settled(recorded.request_id)
        if row is None:
            raise Problem("unavailable", headers={"Retry-After": "1"})
        if row["status"] == "refused":
            raise refusal_of(row)
        return recorded, row

    async def get(self, request: web.Request) -> web.StreamResponse:
        """One top-up. While its provider has not answered, a look asks it."""
        only(request, ("min_position",))
        payment_id = request.match_info["payment_id"]
        if not is_own_reference(payment_id):
            raise Problem("request_not_found")
        wanted = await wait_for_position(request, self._watch, self._wait_seconds)
        row = check_position(await self._requests.pool.fetchrow(SQL["find"], payment_id), wanted)
        if row["request_id"] is None or row["kind"] != "topup":
            raise Problem("request_not_found")
        if row["status"] == "requested":
            row = await self._opener.settled(payment_id) or row
        return answer(OneTopUp(**shape(row), **_place(row)).model_dump(mode="json"))

    async def of_customer(self, request: web.Request) -> web.StreamResponse:
        """Newest first."""
        only(request, ("limit", "cursor", "min_position"))
        limit = integer(request, "limit", 1, self._page_max) or self._page_max
        customer_id = request.match_info["customer_id"]
        if not _CUSTOMER.fullmatch(customer_id):
            raise Problem("customer_not_found")
        wanted = await wait_for_position(request, self._watch, self._wait_seconds)
        cursor = position_cursor(request)
        rows = await self._requests.pool.fetch(SQL["of_customer"], customer_id, "topup", cursor, limit + 1)
        first = check_position(rows[0] if rows else None, wanted)
        found = [row for row in rows if row["request_id"] is not None]
        if not found and not (await self._requests.pool.fetchrow(SQL["customer"], customer_id))["known"]:  # type: ignore[index]
            raise Problem("customer_not_found")
        more = encode_cursor(found[limit - 1]["position"]) if len(found) > limit else None
        items = [AskedTopUp(**shape(row)) for row in found[:limit]]
        page = TopUps(customer_id=customer_id, items=items, next_cursor=more, **_place(first))
        return answer(page.model_dump(mode="json"))


def _place(row: asyncpg.Record) -> dict[str, Any]:
    return {"position": row["at_position"], "lag_seconds": row["lag"]}


def shape(row: asyncpg.Record) -> dict[str, Any]:
    """A row of a top-up as readers see it."""
    shown = instrument_of(row)
    expires_at: datetime | None = row["expires_at"]
    return {
        "payment_id": row["request_id"],
        "xendit_id": row["payment_key"],
        "provider": row["provider"],
        "customer_id": row["customer_id"],
        "status": status_of(row),
        "amount": row["amount_idr"],
        "payment_method": row["method"],
        "channel": row["channel"],
        "created_at": row["created_at"],
        "expires_at": expires_at,
        "paid_at": row["paid_at"],
        "late": row["late"],
        "qr_string": shown.get("qr_string"),
        "va_number": shown.get("va_number"),
        "va_channel": row["channel"] if row["method"] == "va" else None,
        "redirect_url": shown.get("redirect_url"),
        "note": shown.get("note"),
        "failure_code": row["failure_code"] or row["code"],
    }
