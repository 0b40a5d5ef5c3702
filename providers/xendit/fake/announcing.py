"""The webhooks of one Xendit account, in the generation of whoever asked for the payment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from providers.simulated import iso
from providers.xendit import simulated_bodies as bodies
from providers.xendit.fake.state import PaymentState, RefundState, RequestState
from providers.xendit.simulated_bodies import Body, XenditPayment

_V2_EVENTS = {
    "SUCCEEDED": "payment.succeeded",
    "FAILED": "payment.failed",
    "AUTHORIZED": "payment.awaiting_capture",
    "EXPIRED": "payment.failed",
}
_V3_EVENTS = {
    "SUCCEEDED": "payment.capture",
    "FAILED": "payment.failure",
    "AUTHORIZED": "payment.authorization",
    "EXPIRED": "payment.expiry",
}


def envelope(event: str, business_id: str, at: datetime, data: Body, version: str | None = "v3") -> Body:
    """What stands around the data."""
    outside: Body = {"event": event, "business_id": business_id, "created": iso(at)}
    return outside | ({"api_version": version} if version else {}) | {"data": data}


def as_simulated(request: RequestState, payment: PaymentState | None) -> XenditPayment:
    """A request and a payment as the simulator's bodies take them."""
    return XenditPayment(
        request_id=request.request_id,
        payment_id=payment.payment_id if payment else "",
        capture_id=payment.capture_id if payment else "",
        reference_id=request.reference_id,
        amount=request.amount or (payment.amount if payment else 0),
        channel=request.channel,
        metadata=request.metadata or {},
        created=payment.created if payment else request.created,
        reusable=request.kind == "REUSABLE_PAYMENT_CODE",
    )


def payment_object(request: RequestState, payment: PaymentState, business_id: str) -> Body:
    """A payment of the third generation, as its webhooks and `GET /v3/payments/…` show it."""
    body = bodies.payment(as_simulated(request, payment), payment.status, payment.updated)
    body |= {"capture_method": request.capture_method, "channel_properties": request.channel_properties}
    if request.amount is None:
        body.pop("request_amount")
    if payment.captured:
        capture = {"capture_id": payment.capture_id, "capture_amount": payment.captured}
        body["captures"] = [capture | {"capture_timestamp": iso(payment.updated)}]
    else:
        body.pop("captures", None)
    further = {
        "business_id": business_id,
        "customer_id": request.customer_id,
        "description": request.description,
        "failure_code": payment.failure_code,
        "metadata": request.metadata,
        "payment_token_id": request.further.get("payment_token_id"),
    }
    return {name: value for name, value in (body | further).items() if value is not None}


def request_object(request: RequestState, business_id: str, latest: PaymentState | None) -> Body:
    """A payment request of the third generation."""
    body: Body = {
        "business_id": business_id,
        "reference_id": request.reference_id,
        "payment_request_id": request.request_id,
        "latest_payment_id": latest.payment_id if latest else None,
        "customer_id": request.customer_id,
        "type": request.kind,
        "country": "ID",
        "currency": "IDR",
        "request_amount": request.amount,
        "capture_method": request.capture_method,
        "channel_code": request.channel,
        "channel_properties": request.channel_properties,
        "actions": request.actions,
        "status": request.status,
        "failure_code": request.failure_code,
        "description": request.description,
        "metadata": request.metadata,
        "created": iso(request.created),
        "updated": iso(request.updated),
    }
    return {name: value for name, value in body.items() if value is not None}


def of_payment(request: RequestState, payment: PaymentState, business_id: str) -> tuple[str, Body]:
    """Name and document of what is told about a payment's state."""
    at = payment.updated
    if request.era in ("v3", "plan", "session"):
        event = _V3_EVENTS[payment.status]
        return event, envelope(event, business_id, at, payment_object(request, payment, business_id))
    event = _V2_EVENTS[payment.status]
    data = bodies.v2_payment(
        as_simulated(request, payment),
        payment.status,
        at,
        failure_code=payment.failure_code,
        amount=payment.amount,
        description=request.description,
        channel_properties=request.channel_properties,
    )
    return event, envelope(event, business_id, at, data, None)


def of_expired_request(request: RequestState, business_id: str) -> tuple[str, Body]:
    event = "payment_request.expiry"
    return event, envelope(event, business_id, request.updated, request_object(request, business_id, None))


def of_expired_method(request: RequestState, business_id: str) -> tuple[str, Body]:
    """The second generation knows no end of a request; its payment method ends."""
    event = "payment_method.expired"
    data: Body = {"id": request.method_id, "type": bodies.v2_kind(request.channel), "status": "EXPIRED"}
    data |= {
        "reference_id": request.reference_id,
        "customer_id": request.customer_id,
        "reusability": "ONE_TIME_USE",
    }
    data |= {"created": iso(request.created), "updated": iso(request.updated)}
    return event, envelope(event, business_id, request.updated, data, None)


def of_refund(request: RequestState, refund: RefundState, business_id: str) -> tuple[str, Body]:
    event = "refund.succeeded" if refund.status == "SUCCEEDED" else "refund.failed"
    return event, envelope(event, business_id, refund.updated, refund_object(request, refund), None)


def refund_object(request: RequestState, refund: RefundState) -> Body:
    one = as_simulated(request, None)
    body = bodies.refund(one, refund.refund_id, refund.amount, refund.status, refund.updated)
    return body | {
        "payment_id": refund.payment_id,
        "invoice_id": refund.invoice_id,
        "reference_id": refund.reference_id,
        "payment_method_type": bodies.v2_kind(request.channel),
        "reason": refund.reason,
        "failure_code": refund.failure_code,
        "refund_fee_amount": 0,
        "metadata": refund.metadata,
        "created": iso(refund.created),
    }


def of_dispute(
    request: RequestState, payment: PaymentState, what: str, business_id: str, at: datetime
) -> tuple[str, Body]:
    """A dispute's flat document (docs.xendit.co: dispute webhooks)."""
    event = f"dispute.{what}"
    dispute_id = f"dp-{payment.payment_id.removeprefix('py-')}"
    flat: dict[str, Any] = {
        "id": dispute_id,
        "dispute_id": dispute_id,
        "status": what.upper(),
        "payment_id": payment.payment_id,
        "payment_request_id": request.request_id,
        "amount": payment.captured,
        "currency": "IDR",
    }
    return event, {"event": event, "business_id": business_id, "created": iso(at), "api_version": "v3"} | flat


_AMOUNTS = ("request_amount", "capture_amount", "amount", "paid_amount")


def oddly(document: Body) -> Body:
    """The same in the shapes that some of Xendit's examples have: amounts as texts with decimals, a refund wrapped twice."""
    odd: Body = _with_texts(document)
    if str(document.get("event", "")).startswith("refund."):
        odd["data"] = {"data": odd["data"]}
    return odd


def _with_texts(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_texts(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: f"{inside}.00" if name in _AMOUNTS and isinstance(inside, int) else _with_texts(inside)
        for name, inside in value.items()
    }
