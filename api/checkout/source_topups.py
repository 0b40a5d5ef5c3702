"""`POST /api/payments/topup`: top-ups in the shapes of the source application: 200, camelCase, milliseconds, `{error}` in Indonesian."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web
from pydantic import ValidationError

from api.answers import answer
from api.checkout import idempotency
from api.checkout.bodies import parsed
from api.checkout.standing import instrument_of
from api.checkout.topups import TopUpCalls
from api.parameters import only
from schemas.checkout_api import SourceTopUp, SourceTopUpBody, TopUpBody
from schemas.problem_reasons import reason_of
from schemas.problems import Problem

if TYPE_CHECKING:
    import asyncpg

SOURCE_NAMES = {
    "customer_id": "customerId",
    "payment_method": "paymentMethod",
    "va_channel": "vaChannel",
    "ewallet_channel": "ewalletChannel",
    "mobile_number": "mobileNumber",
}
"""Our fields by the names of the source application."""


class SourceTopUps:
    """The handler, over that of `/v1/topups`."""

    def __init__(self, topups: TopUpCalls) -> None:
        self._topups = topups

    async def post(self, request: web.Request) -> web.StreamResponse:
        """200; refusals are `{error}` (api/gate.py)."""
        only(request, ())
        key = idempotency.checked_key(request.headers.get("Idempotency-Key"))
        raw = await request.read()
        body = _ours(parsed(raw, SourceTopUpBody))
        digest = idempotency.digest(request.method, request.path, raw)
        try:
            _, row = await self._topups.make(body, key, digest)
        except Problem as problem:
            raise _in_their_names(problem) from None
        if row["status"] == "requested":
            raise Problem("outcome_unknown", headers={"Retry-After": "2"})
        return answer(_shape(row).model_dump(exclude_none=True))


def _in_their_names(problem: Problem) -> Problem:
    """The same, with the field as the caller wrote it."""
    name = problem.values.get("field")
    if name not in SOURCE_NAMES:
        return problem
    values = {**problem.values, "field": SOURCE_NAMES[str(name)]}
    return Problem(problem.kind.code, headers=problem.headers, **values)


def _ours(body: SourceTopUpBody) -> TopUpBody:
    fields = {ours: getattr(body, theirs) for ours, theirs in SOURCE_NAMES.items()}
    try:
        return TopUpBody.model_validate({**fields, "amount": body.amount})
    except ValidationError as error:
        first: dict[str, Any] = dict(error.errors(include_url=False, include_input=False)[0])
        first["loc"] = tuple(SOURCE_NAMES.get(str(part), str(part)) for part in first["loc"])
        raise Problem("invalid_body", reason=reason_of(first)) from None


def _shape(row: asyncpg.Record) -> SourceTopUp:
    shown = instrument_of(row)
    return SourceTopUp(
        paymentId=row["request_id"],
        xenditId=row["payment_key"],
        status=row["provider_status"] or "REQUIRES_ACTION",
        amount=row["amount_idr"],
        expiresAt=round(row["expires_at"].timestamp() * 1000),
        qrString=shown.get("qr_string"),
        vaNumber=shown.get("va_number"),
        vaChannel=row["channel"] if row["method"] == "va" else None,
        redirectUrl=shown.get("redirect_url"),
    )
