"""Top-ups: `POST /v1/topups`, and what became of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from api.answers import answer
from api.catalogue import CatalogueInForce
from api.checkout import idempotency
from api.checkout.asked import AskedPayments, place
from api.checkout.bodies import parsed
from api.checkout.requests import RecordedRequest
from api.checkout.standing import instrument_of, page_url, status_of
from api.checkout.topup_wishes import topup_wanted
from api.parameters import only
from runtime.pay_pages import public_url
from schemas.checkout_api import CreatedTopUp, OneTopUp, TopUpBody, TopUps

if TYPE_CHECKING:
    import asyncpg

    from runtime.settings import Settings


class TopUpCalls:
    """Handlers over what was asked."""

    def __init__(self, asked: AskedPayments, catalogue: CatalogueInForce, settings: Settings) -> None:
        self._asked, self._catalogue = asked, catalogue
        self._settings = settings
        self._public_url = public_url(settings)

    async def post(self, request: web.Request) -> web.StreamResponse:
        """201 with what the payer needs, also when an equal request was open; 202 while the provider has not answered."""
        only(request, ())
        key = idempotency.checked_key(request.headers.get("Idempotency-Key"))
        raw = await request.read()
        body = parsed(raw, TopUpBody)
        recorded, row = await self.make(body, key, idempotency.digest(request.method, request.path, raw))
        document = CreatedTopUp(**self._shape(row), created=recorded.created, position=row["position"])
        return answer(document.model_dump(mode="json"), 202 if row["status"] == "requested" else 201)

    async def make(
        self, body: TopUpBody, key: str | None, digest: bytes
    ) -> tuple[RecordedRequest, asyncpg.Record]:
        """The request that stands for this wish, as far as its provider has answered. Raises Problem."""
        return await self._asked.make(
            topup_wanted(body, await self._catalogue.get(), self._settings), key, digest
        )

    async def get(self, request: web.Request) -> web.StreamResponse:
        """One top-up."""
        row = await self._asked.one(request, "payment_id")
        return answer(OneTopUp(**self._shape(row), **place(row)).model_dump(mode="json"))

    async def of_customer(self, request: web.Request) -> web.StreamResponse:
        """Newest first."""
        return answer(TopUps(**await self._asked.of_customer(request, self._shape)).model_dump(mode="json"))

    def _shape(self, row: asyncpg.Record) -> dict[str, Any]:
        shown, page = instrument_of(row), page_url(row, self._public_url)
        picture = page if shown.get("qr_string") else None
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
            "expires_at": row["expires_at"],
            "paid_at": row["paid_at"],
            "late": row["late"],
            "held": row["held"],
            "qr_string": shown.get("qr_string"),
            "qr_svg_url": picture and f"{picture}/qr.svg",
            "qr_png_url": picture and f"{picture}/qr.png",
            "va_number": shown.get("va_number"),
            "va_channel": row["channel"] if row["method"] == "va" else None,
            "redirect_url": shown.get("redirect_url"),
            "note": shown.get("note"),
            "payment_page_url": page,
            "failure_code": row["failure_code"] or row["code"],
        }
