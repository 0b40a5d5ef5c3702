"""Orders: `POST /v1/orders`, and what became of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from api.answers import answer
from api.catalogue import CatalogueInForce
from api.checkout import idempotency
from api.checkout.asked import AskedPayments, place
from api.checkout.bodies import parsed
from api.checkout.order_wishes import order_wanted
from api.checkout.standing import instrument_of, page_url, status_of
from api.parameters import only
from runtime.pay_pages import public_url
from schemas.checkout_api import CreatedOrder, OneOrder, OrderBody, Orders

if TYPE_CHECKING:
    import asyncpg

    from runtime.settings import Settings


class OrderCalls:
    """Handlers over what was asked."""

    def __init__(
        self,
        asked: AskedPayments,
        catalogue: CatalogueInForce,
        settings: Settings,
        least_orders: Mapping[str, int],
    ) -> None:
        self._asked, self._catalogue, self._settings = asked, catalogue, settings
        self._least = least_orders
        self._public_url = public_url(settings)

    async def post(self, request: web.Request) -> web.StreamResponse:
        """201 with the page where it is paid, also when an equal order was open; 202 while the provider has not answered."""
        only(request, ())
        key = idempotency.checked_key(request.headers.get("Idempotency-Key"))
        raw = await request.read()
        body = parsed(raw, OrderBody)
        wanted = order_wanted(body, await self._catalogue.get(), self._settings, self._least)
        digest = idempotency.digest(request.method, request.path, raw)
        recorded, row = await self._asked.make(wanted, key, digest)
        document = CreatedOrder(**self._shape(row), created=recorded.created, position=row["position"])
        return answer(document.model_dump(mode="json"), 202 if row["status"] == "requested" else 201)

    async def get(self, request: web.Request) -> web.StreamResponse:
        """One order."""
        row = await self._asked.one(request, "order_id")
        return answer(OneOrder(**self._shape(row), **place(row)).model_dump(mode="json"))

    async def of_customer(self, request: web.Request) -> web.StreamResponse:
        """Newest first."""
        return answer(Orders(**await self._asked.of_customer(request, self._shape)).model_dump(mode="json"))

    def _shape(self, row: asyncpg.Record) -> dict[str, Any]:
        shown = instrument_of(row)
        names = ("product", "quantity", "price_idr", "title")
        return {
            "order_id": row["request_id"],
            "provider": row["provider"],
            "provider_order_id": row["payment_key"],
            "customer_id": row["customer_id"],
            "status": status_of(row),
            "amount": row["to_pay_idr"],
            "items": [{name: item[name] for name in names} for item in orjson.loads(row["items"])],
            "payment_url": shown.get("payment_url") or None,
            "created_at": row["created_at"],
            "expires_at": row["expires_at"],
            "paid_at": row["paid_at"],
            "late": row["late"],
            "held": row["held"],
            "payment_page_url": page_url(row, self._public_url),
            "failure_code": row["failure_code"] or row["code"],
        }
