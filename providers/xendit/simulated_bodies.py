"""Bodies of Xendit's webhooks, in the shapes its reference documents. Used by the simulator only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from providers.simulated import iso

Body = dict[str, Any]

_V2_TYPES = {"QRIS": "QR_CODE", "OVO": "EWALLET", "GOPAY": "EWALLET", "CARDS": "CARD"}


@dataclass(frozen=True, slots=True)
class XenditPayment:
    """One payment request and one attempt at it."""

    request_id: str
    payment_id: str
    capture_id: str
    reference_id: str
    amount: int
    channel: str
    metadata: dict[str, str]
    created: datetime
    reusable: bool = False


@dataclass(frozen=True, slots=True)
class XenditPlan:
    """One recurring plan."""

    plan_id: str
    reference_id: str
    amount: int
    metadata: dict[str, str]
    created: datetime


def payment(one: XenditPayment, status: str, at: datetime, **further: Any) -> Body:
    """A v3 payment object."""
    body: Body = {
        "payment_id": one.payment_id,
        "reference_id": one.reference_id,
        "payment_request_id": one.request_id,
        "type": "REUSABLE_PAYMENT_CODE" if one.reusable else "PAY",
        "country": "ID",
        "currency": "IDR",
        "request_amount": one.amount,
        "capture_method": "AUTOMATIC",
        "channel_code": one.channel,
        "status": status,
        "payment_details": {},
        "metadata": one.metadata,
        "created": iso(one.created),
        "updated": iso(at),
    }
    if status == "SUCCEEDED":
        capture = {"capture_id": one.capture_id, "capture_amount": one.amount, "capture_timestamp": iso(at)}
        body["captures"] = [capture]
    return body | further


def request(one: XenditPayment, status: str, at: datetime, **further: Any) -> Body:
    """A v3 payment request; it does not name the attempt."""
    body = payment(one, status, at)
    for name in ("payment_id", "captures", "payment_details"):
        body.pop(name, None)
    return body | {"actions": []} | further


def v2_kind(channel: str) -> str:
    """The family of a channel, as v2 names it."""
    return _V2_TYPES.get(channel, "VIRTUAL_ACCOUNT")


def v2_payment(one: XenditPayment, status: str, at: datetime, **further: Any) -> Body:
    """The flat data of v2; the payment's id is `id`."""
    kind = v2_kind(one.channel)
    return {
        "id": one.payment_id,
        "payment_request_id": one.request_id,
        "reference_id": one.reference_id,
        "amount": one.amount,
        "currency": "IDR",
        "country": "ID",
        "status": status,
        "payment_method": {"type": kind, kind.lower(): {"channel_code": one.channel}},
        "metadata": one.metadata,
        "failure_code": None,
        "created": iso(one.created),
        "updated": iso(at),
    } | further


def v2_capture(one: XenditPayment, status: str, at: datetime, **further: Any) -> Body:
    return {
        "id": one.capture_id,
        "payment_id": one.payment_id,
        "payment_request_id": one.request_id,
        "reference_id": one.reference_id,
        "currency": "IDR",
        "capture_amount": one.amount,
        "status": status,
        "metadata": one.metadata,
        "created": iso(at),
        "updated": iso(at),
    } | further


def ewallet(one: XenditPayment, status: str, at: datetime) -> Body:
    """The e-wallet API before v2."""
    return {
        "id": one.payment_id.replace("py-", "ewc_"),
        "reference_id": one.reference_id,
        "status": status,
        "currency": "IDR",
        "charge_amount": one.amount,
        "capture_amount": one.amount if status == "SUCCEEDED" else None,
        "channel_code": "ID_OVO",
        "metadata": one.metadata,
        "created": iso(one.created),
        "updated": iso(at),
    }


def invoice(one: XenditPayment, status: str, at: datetime, user_id: str, email: str) -> Body:
    """The Invoice API's callback: flat, without an event name."""
    body: Body = {
        "id": one.request_id.replace("pr-", "").replace("-", "")[:24],
        "external_id": one.reference_id,
        "user_id": user_id,
        "status": status,
        "amount": one.amount,
        "payer_email": email,
        "currency": "IDR",
        "metadata": one.metadata,
        "created": iso(one.created),
        "updated": iso(at),
    }
    if status in ("PAID", "SETTLED"):
        paid = {"paid_amount": one.amount, "paid_at": iso(at), "payment_id": one.payment_id}
        body |= paid | {"payment_method": "QR_CODE", "payment_channel": "QRIS"}
    return body


def refund(one: XenditPayment, refund_id: str, amount: int, status: str, at: datetime) -> Body:
    return {
        "id": refund_id,
        "payment_request_id": one.request_id,
        "payment_id": one.payment_id,
        "invoice_id": None,
        "reference_id": f"refund-{one.reference_id}",
        "channel_code": one.channel,
        "currency": "IDR",
        "amount": amount,
        "status": status,
        "reason": "REQUESTED_BY_CUSTOMER",
        "failure_code": None if status == "SUCCEEDED" else "INSUFFICIENT_BALANCE",
        "created": iso(at - timedelta(seconds=90)),
        "updated": iso(at),
    }


def session(one: XenditPayment, session_id: str, status: str, at: datetime) -> Body:
    return {
        "payment_session_id": session_id,
        "reference_id": one.reference_id,
        "session_type": "PAY",
        "amount": one.amount,
        "currency": "IDR",
        "country": "ID",
        "mode": "PAYMENT_LINK",
        "status": status,
        "payment_request_id": one.request_id,
        "payment_id": one.payment_id if status == "COMPLETED" else None,
        "metadata": one.metadata,
        "created": iso(one.created),
        "updated": iso(at),
    }


def instrument(id_field: str, instrument_id: str, status: str, at: datetime) -> Body:
    """A stored payment token or method."""
    return {
        id_field: instrument_id,
        "channel_code": "GOPAY",
        "status": status,
        "country": "ID",
        "updated": iso(at),
    }


def plan(one: XenditPlan, status: str, at: datetime, cycles: int = 0) -> Body:
    schedule = {
        "interval": "MONTH",
        "interval_count": 1,
        "total_recurrence": None,
        "anchor_date": iso(one.created),
    }
    return {
        "id": one.plan_id,
        "reference_id": one.reference_id,
        "recurring_cycle_count": cycles,
        "country": "ID",
        "currency": "IDR",
        "amount": one.amount,
        "status": status,
        "schedule": schedule,
        "failure_code": None,
        "metadata": one.metadata,
        "created": iso(one.created),
        "updated": iso(at),
    }


def cycle(
    one: XenditPlan,
    number: int,
    cycle_id: str,
    attempts: list[Body],
    status: str,
    scheduled: datetime,
    at: datetime,
) -> Body:
    return {
        "id": cycle_id,
        "type": "IMMEDIATE" if number == 1 else "SCHEDULED",
        "reference_id": one.reference_id,
        "plan_id": one.plan_id,
        "cycle_number": number,
        "status": status,
        "attempt_details": attempts,
        "attempt_count": len(attempts),
        "forced_attempt_count": 0,
        "scheduled_timestamp": iso(scheduled),
        "currency": "IDR",
        "amount": one.amount,
        "metadata": one.metadata,
        "created": iso(one.created),
        "updated": iso(at),
    }


def attempt(number: int, payment_id: str, status: str, at: datetime) -> Body:
    """One try to charge a cycle."""
    return {
        "attempt_number": number,
        "type": "INITIAL" if number == 1 else "RETRY",
        "created": iso(at),
        "payment_id": payment_id,
        "status": status,
        "failure_code": None if status == "SUCCEEDED" else "INSUFFICIENT_BALANCE",
    }
