"""The calls of refunds: from a wish to a refund, from what became of it to an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from api.answers import answer
from api.checkout import idempotency
from api.checkout.bodies import parsed
from api.parameters import MAX_POSITION, SEGMENT_MAX, integer, is_anothers, only
from api.refunds.asking import Refunder
from api.refunds.book import RefundBook, RefundOrder
from schemas.problem_reasons import Reason
from schemas.problems import PROBLEMS, Problem
from schemas.refund_api import CreatedRefund, OneRefund, RefundBody
from schemas.refund_facts import TAKEN_BACK

if TYPE_CHECKING:
    import asyncpg

RETRY_SECONDS = "1"


class RefundCalls:
    """Handlers over one book."""

    def __init__(self, book: RefundBook, refunder: Refunder) -> None:
        self._book, self._refunder = book, refunder

    async def post(self, request: web.Request) -> web.StreamResponse:
        """201 once the provider took it on, 202 while it has not answered."""
        only(request, ())
        key = idempotency.checked_key(request.headers.get("Idempotency-Key"))
        raw = await request.read()
        body = parsed(raw, RefundBody)
        order = RefundOrder(
            body.provider, body.provider_payment_id, body.amount, body.reason, owner=body.customer_id
        )
        digest = idempotency.digest(request.method, request.path, raw)
        recorded = await self._book.record(order, key, digest)
        return created(await self._refunder.settled(recorded.refund_id), new=recorded.created)

    async def get(self, request: web.Request) -> web.StreamResponse:
        """One refund, up to the end of the log. While its provider has not answered, a look asks it."""
        only(request, ("min_position", "customer_id"))
        wanted = integer(request, "min_position", 0, MAX_POSITION) or 0
        refund_id = request.match_info["refund_id"]
        if "\x00" in refund_id or not refund_id.isprintable() or len(refund_id) > SEGMENT_MAX:
            raise Problem("refund_not_found")
        row, position = await self._book.counted(refund_id)
        if row is not None and is_anothers(request, row["customer_id"]):
            raise Problem("refund_not_found")
        if row is not None and row["status"] == "reserved":
            await self._refunder.settled(refund_id)
            row, position = await self._book.counted(refund_id)
        if position < wanted:
            raise Problem(
                "projection_behind",
                headers={"Retry-After": RETRY_SECONDS},
                position=position,
                min_position=wanted,
            )
        if row is None:
            raise Problem("refund_not_found")
        return answer(OneRefund(**_shape(row), position=position, lag_seconds=0.0).model_dump(mode="json"))


def created(row: asyncpg.Record | None, *, new: bool) -> web.Response:
    """The answer to a wish for a refund, once nobody is asking its provider any more. `new`: this call made it. Raises Problem."""
    if row is None:
        raise Problem("unavailable", headers={"Retry-After": RETRY_SECONDS})
    if row["status"] == "failed" and row["provider_refund_id"] is None and row["code"] != TAKEN_BACK:
        raise refusal_of(row)
    document = CreatedRefund(**_shape(row), created=new, position=row["position"])
    return answer(document.model_dump(mode="json"), 202 if row["status"] == "reserved" else 201)


def refusal_of(row: asyncpg.Record) -> Problem:
    """Why a refund came to nothing, for the caller."""
    code = row["code"] if row["code"] in PROBLEMS else "provider_refused"
    headers = {"Retry-After": str(row["retry_after"] or 5)} if PROBLEMS[code].status == 503 else {}
    return Problem(code, headers=headers, provider=row["provider"], reason=Reason("refund_declined"))


def _shape(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "refund_id": row["refund_id"],
        "status": row["status"],
        "provider": row["provider"],
        "provider_payment_id": row["payment_id"],
        "provider_refund_id": row["provider_refund_id"],
        "customer_id": row["customer_id"],
        "amount": row["amount_idr"],
        "reason": row["reason"],
        "made_by": row["made_by"],
        "created_at": row["created_at"],
        "settled_at": row["settled_at"],
        "failure_code": row["code"] if row["status"] == "failed" else None,
    }
