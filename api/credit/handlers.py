"""The calls of credit: from a request to an order, from what became of it to an answer."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from fractions import Fraction
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from api.answers import answer
from api.checkout import idempotency
from api.checkout.idempotency import FirstAnswer
from api.credit import calls
from api.credit.acts import Act, Capture, Release, Reserve, Spend, Use
from api.credit.orders import CreditOrder, Settled
from api.credit.teller import Teller
from runtime.ids import uuid7
from schemas import strict_json
from schemas.api import CUSTOMER_ID_PATTERN
from schemas.calls import Call
from schemas.credit_api import (
    CaptureBody,
    Nothing,
    ReservationAnswer,
    ReservationBody,
    SpendAnswer,
    SpendBody,
    UsageAnswer,
    UsageBody,
)
from schemas.credit_events import (
    CreditCaptured,
    CreditReleased,
    CreditReserved,
    CreditSpent,
    MeteredUse,
    UsageRecorded,
)
from schemas.errors import UnparsableError
from schemas.problem_reasons import Reason, reason_of
from schemas.problems import Problem

Route = tuple[Call, Callable[[web.Request], Awaitable[web.StreamResponse]]]
Body = TypeVar("Body", bound=BaseModel)

_ID = re.compile(CUSTOMER_ID_PATTERN)
_RESERVATION = re.compile(r"[0-9a-f-]{1,64}")


class SpendingCalls:
    """Handlers over one teller."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller

    def routes(self) -> list[Route]:
        """Every call with its handler."""
        return [
            (calls.SPEND, self.spend),
            (calls.RESERVE, self.reserve),
            (calls.CAPTURE, self.capture),
            (calls.RELEASE, self.release),
            (calls.USE, self.use),
        ]

    async def spend(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = _parsed(SpendBody, raw)
        act = Spend(str(uuid7()), body.tokens, body.reason, body.reference)
        return await self._serve(request, raw, act, _spent)

    async def reserve(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = _parsed(ReservationBody, raw)
        act = Reserve(str(uuid7()), body.tokens, body.reference, body.expires_in_seconds)
        return await self._serve(request, raw, act, _reserved)

    async def capture(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = _parsed(CaptureBody, raw)
        return await self._serve(request, raw, Capture(_reservation(request), body.tokens), _closed)

    async def release(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        if raw:
            _parsed(Nothing, raw)
        return await self._serve(request, raw, Release(_reservation(request)), _closed)

    async def use(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = _parsed(UsageBody, raw)
        act = Use(str(uuid7()), body.tokens, body.papers, body.reference, body.meter, body.units)
        return await self._serve(request, raw, act, _used)

    async def _serve(
        self, request: web.Request, raw: bytes, act: Act, answering: Callable[[Settled], FirstAnswer]
    ) -> web.StreamResponse:
        customer_id = request.match_info["customer_id"]
        if not _ID.fullmatch(customer_id):
            raise Problem("customer_not_found")
        key = idempotency.checked_key(request.headers.get("Idempotency-Key"))
        digest = idempotency.digest(request.method, request.path, raw)
        order = CreditOrder(customer_id, act, answering, key, digest)
        served = await self._teller.serve(order)
        if served is None:
            raise Problem("internal_error")
        return answer(served.document, served.status)


def _reservation(request: web.Request) -> str:
    reservation_id = request.match_info["reservation_id"]
    if not _RESERVATION.fullmatch(reservation_id):
        raise Problem("reservation_not_found")
    return reservation_id


def _parsed(model: type[Body], raw: bytes) -> Body:
    try:
        return model.model_validate(strict_json.loads(raw))
    except UnparsableError as error:
        raise Problem("invalid_body", reason=Reason(error.reason)) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Problem("invalid_body", reason=reason_of(dict(first))) from None


def _spent(done: Settled) -> FirstAnswer:
    event = done.event
    if not isinstance(event, CreditSpent):
        raise TypeError(type(event))
    return _answered(
        201,
        SpendAnswer(
            spend_id=event.spend_id,
            customer_id=event.customer_id,
            tokens=event.tokens,
            reason=event.reason,
            reference=event.reference,
            spent_idr=event.idr,
            credit_tokens=event.credit_tokens,
            at=event.at,
            position=done.position,
        ),
    )


def _reserved(done: Settled) -> FirstAnswer:
    event = done.event
    if not isinstance(event, CreditReserved):
        raise TypeError(type(event))
    return _answered(201, _reservation_answer(event, done, status="open", expires_at=event.expires_at))


def _closed(done: Settled) -> FirstAnswer:
    event = done.event
    if isinstance(event, CreditCaptured):
        return _answered(200, _reservation_answer(event, done, status="captured", spent_idr=event.idr))
    if isinstance(event, CreditReleased):
        return _answered(200, _reservation_answer(event, done, status="released"))
    raise TypeError(type(event))


def _reservation_answer(
    event: CreditReserved | CreditCaptured | CreditReleased, done: Settled, **more: Any
) -> ReservationAnswer:
    return ReservationAnswer(
        reservation_id=event.reservation_id,
        customer_id=event.customer_id,
        tokens=event.tokens,
        reference=event.reference,
        credit_tokens=event.credit_tokens,
        at=event.at,
        position=done.position,
        **{"expires_at": None, "spent_idr": 0, **more},
    )


def _used(done: Settled) -> FirstAnswer:
    event = done.event
    if not isinstance(event, UsageRecorded) or done.quotas is None:
        raise TypeError(type(event))
    return _answered(
        201,
        UsageAnswer.model_validate(
            {
                "usage_id": event.usage_id,
                "customer_id": event.customer_id,
                "tokens": event.tokens,
                "papers": event.papers,
                "reference": event.reference,
                "tier": event.tier,
                "paid_by": event.paid_by,
                "spent_idr": event.idr,
                "quotas": done.quotas.shown(),
                "credit_tokens": event.credit_tokens,
                "at": event.at,
                "position": done.position,
                "metered": _rate(event.metered),
            }
        ),
    )


def _rate(told: MeteredUse | None) -> dict[str, object] | None:
    return None if told is None else told.model_dump() | {"carried": str(Fraction(*told.carried))}


def _answered(status: int, document: BaseModel) -> FirstAnswer:
    return FirstAnswer(status, document.model_dump(mode="json"))
