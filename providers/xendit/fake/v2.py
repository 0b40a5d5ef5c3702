"""The second generation: `/payment_requests` (the official client libraries speak it), over the same requests as the third."""

from __future__ import annotations

from collections.abc import Iterable

from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply, FakeRoute, Json
from providers.fakes.listing import page_of
from providers.simulated import iso
from providers.xendit.fake.channels import CHANNELS
from providers.xendit.fake.ledger import XenditLedger
from providers.xendit.fake.state import RequestState
from providers.xendit.simulated_bodies import v2_kind

_STATUSES = {"ACCEPTING_PAYMENTS": "PENDING", "AUTHORIZED": "AWAITING_CAPTURE"}


class SecondGeneration:
    """Requests with a payment method inside."""

    def __init__(self, ledger: XenditLedger, business_id: str) -> None:
        self._ledger, self._business_id = ledger, business_id

    def routes(self) -> Iterable[FakeRoute]:
        return (
            FakeRoute("GET", "/payment_requests", self._list),
            FakeRoute("GET", "/payment_requests/{id}", self._get),
        )

    def _list(self, call: FakeCall) -> FakeReply:
        found = [
            request
            for request in reversed(self._ledger.state.requests.values())
            if _asked_for(call, "reference_id", request.reference_id)
            and _asked_for(call, "id", request.request_id)
            and _asked_for(call, "customer_id", request.customer_id)
        ]
        rows, more = page_of(found, call, key=lambda request: request.request_id)
        return FakeReply(200, {"data": [shown(row, self._business_id) for row in rows], "has_more": more})

    def _get(self, call: FakeCall) -> FakeReply:
        request = self._ledger.state.requests.get(call.params["id"])
        if request is None:
            raise ApiRefusal(404, "DATA_NOT_FOUND", "Payment request not found")
        return FakeReply(200, shown(request, self._business_id))


def _asked_for(call: FakeCall, name: str, value: str | None) -> bool:
    wanted = call.query.getall(name, []) + call.query.getall(f"{name}[]", [])
    return not wanted or value in wanted


def shown(request: RequestState, business_id: str) -> Json:
    """A payment request of the second generation."""
    return {
        "id": request.request_id,
        "created": iso(request.created),
        "updated": iso(request.updated),
        "reference_id": request.reference_id,
        "business_id": business_id,
        "customer_id": request.customer_id,
        "customer": None,
        "amount": request.amount,
        "min_amount": None,
        "max_amount": None,
        "country": "ID",
        "currency": "IDR",
        "payment_method": method(request),
        "description": request.description,
        "metadata": request.metadata,
        "capture_method": request.capture_method,
        "status": _STATUSES.get(request.status, request.status),
        "actions": actions(request),
        "failure_code": request.failure_code,
    }


def actions(request: RequestState) -> list[Json]:
    """What the payer does, in this generation's words."""
    if CHANNELS[request.channel].kind != "redirect" or not request.actions:
        return []
    address = request.actions[0]["value"]
    return [{"action": "AUTH", "url_type": "WEB", "method": "GET", "url": address, "qr_code": None}]


def method(request: RequestState) -> Json:
    """The payment method inside a request."""
    kind = v2_kind(request.channel)
    body: Json = {
        "id": request.method_id or request.request_id.replace("pr-", "pm-"),
        "type": kind,
        "reference_id": request.reference_id,
        "description": request.description,
        "created": iso(request.created),
        "updated": iso(request.updated),
        "metadata": request.metadata,
        "status": "ACTIVE" if request.open else "EXPIRED",
        "reusability": "MULTIPLE_USE" if request.kind == "REUSABLE_PAYMENT_CODE" else "ONE_TIME_USE",
    }
    expires = iso(request.expires) if request.expires else None
    if kind == "QR_CODE":
        properties: Json = {"qr_string": request.instrument, "expires_at": expires}
        body["qr_code"] = {
            "amount": request.amount,
            "currency": "IDR",
            "channel_code": "QRIS",
            "channel_properties": properties,
        }
    elif kind == "EWALLET":
        body["ewallet"] = {"channel_code": request.channel, "channel_properties": request.channel_properties}
    else:
        name = (
            request.channel_properties.get("display_name")
            or request.channel_properties.get("customer_name")
            or "LUNAS"
        )
        properties = {
            "customer_name": name,
            "virtual_account_number": request.instrument,
            "expires_at": expires,
        }
        bank = request.channel.removesuffix("_VIRTUAL_ACCOUNT")
        body["virtual_account"] = {
            "amount": request.amount,
            "currency": "IDR",
            "channel_code": bank,
            "channel_properties": properties,
        }
    return body
