"""The second generation: `/payment_requests` (the official client libraries speak it), over the same requests as the third."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply, FakeRoute, Json, part
from providers.fakes.listing import page_of
from providers.fakes.world import FakeWorld
from providers.simulated import iso, new_uuid
from providers.xendit.fake.channels import CHANNELS
from providers.xendit.fake.idempotency import IdempotencyKeys
from providers.xendit.fake.ledger import NAME, XenditLedger
from providers.xendit.fake.state import PaymentState, RequestState
from providers.xendit.fake.v3 import (
    amount_of,
    expiry,
    invalid,
    made_actions,
    make_instrument,
    metadata_of,
    whole_amount,
)
from providers.xendit.simulated_bodies import v2_kind

_ECHOED = ("items", "shipping_information")
_STATUSES = {"ACCEPTING_PAYMENTS": "PENDING", "AUTHORIZED": "AWAITING_CAPTURE"}


class SecondGeneration:
    """Requests with a payment method inside, captures, simulated payments."""

    def __init__(self, ledger: XenditLedger, world: FakeWorld, dice: Random, business_id: str) -> None:
        self._ledger, self._world, self._dice = ledger, world, dice
        self._business_id = business_id
        self._keys = IdempotencyKeys(ledger, "payment_requests")

    def routes(self) -> Iterable[FakeRoute]:
        one = "/payment_requests/{id}"
        return (
            FakeRoute("POST", "/payment_requests", lambda call: self._keys.once(call, self._create)),
            FakeRoute("GET", "/payment_requests", self._list),
            FakeRoute("GET", one, self._get),
            FakeRoute("GET", f"{one}/captures", self._captures),
            FakeRoute("POST", f"{one}/captures", self._capture),
            FakeRoute("POST", f"{one}/payments/simulate", self._simulate),
        )

    def _create(self, call: FakeCall) -> FakeReply:
        wish = call.document()
        if wish.get("currency") != "IDR":
            raise invalid("currency must be IDR on this account")
        wished = part(wish, "payment_method")
        if not wished:
            raise invalid("payment_method is required")
        family = str(wished.get("type", "")).lower()
        inside = part(wished, family)
        code = str(inside.get("channel_code") or ("QRIS" if family == "qr_code" else ""))
        channel = CHANNELS.get(f"{code}_VIRTUAL_ACCOUNT" if family == "virtual_account" else code)
        if channel is None:
            raise ApiRefusal(
                403, "CHANNEL_NOT_ACTIVATED", f"{code or family} is not activated on this account"
            )
        properties = part(inside, "channel_properties")
        if channel.kind == "push" and not properties.get("mobile_number"):
            raise invalid("ewallet.channel_properties.mobile_number is required")
        reusable = wished.get("reusability") == "MULTIPLE_USE"
        amount = amount_of(wish.get("amount"), channel, needed=not reusable, code="MAX_AMOUNT_LIMIT_ERROR")
        reference = str(wish.get("reference_id") or new_uuid(self._dice))
        if reference in self._ledger.state.names:
            raise ApiRefusal(409, "DUPLICATE_REFERENCE", "a payment request with this reference_id exists")
        now = self._world.clock.now()
        request_id = f"pr-{new_uuid(self._dice)}"
        instrument = make_instrument(channel, properties, amount, reference, self._dice)
        page = call.page(NAME, request_id)
        request = RequestState(
            request_id=request_id,
            reference_id=reference,
            era="v2",
            kind="REUSABLE_PAYMENT_CODE" if reusable else "PAY",
            amount=amount,
            channel=channel.code,
            channel_properties=properties,
            capture_method=str(wish.get("capture_method") or "AUTOMATIC"),
            status="ACCEPTING_PAYMENTS" if reusable else "REQUIRES_ACTION",
            created=now,
            updated=now,
            expires=expiry(channel, properties, now, taken="qris_takes_expires_at" in call.quirks),
            actions=made_actions(channel, instrument, page, call.quirks),
            instrument=instrument,
            description=wish.get("description"),
            metadata=metadata_of(wish),
            customer_id=wish.get("customer_id"),
            customer=wish.get("customer"),
            method_id=f"pm-{new_uuid(self._dice)}",
            further={name: wish[name] for name in _ECHOED if wish.get(name) is not None},
        )
        self._ledger.open_request(request)
        return FakeReply(201, shown(request, self._business_id))

    def _list(self, call: FakeCall) -> FakeReply:
        found = [
            request
            for request in self._candidates(call)
            if request.era in ("v2", "v3")
            and _asked_for(call, "reference_id", request.reference_id)
            and _asked_for(call, "id", request.request_id)
            and _asked_for(call, "customer_id", request.customer_id)
        ]
        rows, more = page_of(found, call, key=lambda request: request.request_id)
        return FakeReply(200, {"data": [shown(row, self._business_id) for row in rows], "has_more": more})

    def _candidates(self, call: FakeCall) -> Iterable[RequestState]:
        """Newest first. By a reference it is looked up: a reference is used once."""
        wanted = _all_of(call, "reference_id")
        if not wanted:
            return reversed(self._ledger.state.requests.values())
        found = [self._ledger.state.find(reference) for reference in wanted]
        return sorted(filter(None, found), key=lambda request: request.created, reverse=True)

    def _get(self, call: FakeCall) -> FakeReply:
        return FakeReply(200, shown(self._request(call), self._business_id))

    def _simulate(self, call: FakeCall) -> FakeReply:
        request = self._request(call)
        if not request.open:
            raise invalid(f"the payment request is {request.status}", "INVALID_PAYMENT_REQUEST_STATUS")
        self._ledger.pay(request, None)
        return FakeReply(200, {"status": "PENDING", "message": "A simulated payment is being processed."})

    def _captures(self, call: FakeCall) -> FakeReply:
        request = self._request(call)
        paid = [one for one in self._ledger.state.payments_of(request) if one.captured]
        return FakeReply(200, {"data": [capture(request, one) for one in paid], "has_more": False})

    def _capture(self, call: FakeCall) -> FakeReply:
        request = self._request(call)
        reserved = [one for one in self._ledger.state.payments_of(request) if one.status == "AUTHORIZED"]
        if not reserved:
            raise invalid("the payment request has nothing to capture", "INVALID_PAYMENT_REQUEST_STATUS")
        amount = whole_amount(call.document(), "capture_amount")
        self._ledger.capture(reserved[-1], amount)
        return FakeReply(200, capture(request, reserved[-1]))

    def _request(self, call: FakeCall) -> RequestState:
        request = self._ledger.state.requests.get(call.params["id"])
        if request is None:
            raise ApiRefusal(404, "DATA_NOT_FOUND", "Payment request not found")
        return request


def capture(request: RequestState, payment: PaymentState) -> Json:
    """One capture of a payment, as this generation lists it."""
    return {
        "id": payment.capture_id,
        "payment_request_id": request.request_id,
        "payment_id": payment.payment_id,
        "reference_id": request.reference_id,
        "currency": "IDR",
        "authorized_amount": payment.amount,
        "captured_amount": payment.captured,
        "status": payment.status,
        "payment_method": method(request),
        "failure_code": payment.failure_code,
        "customer_id": request.customer_id,
        "metadata": request.metadata,
        "channel_properties": request.channel_properties,
        "created": iso(payment.created),
        "updated": iso(payment.updated),
    }


def _all_of(call: FakeCall, name: str) -> list[str]:
    """A list in the query, in both ways that clients write it."""
    return call.query.getall(name, []) + call.query.getall(f"{name}[]", [])


def _asked_for(call: FakeCall, name: str, value: str | None) -> bool:
    wanted = _all_of(call, name)
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
        "customer": request.customer,
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
    } | {name: request.further[name] for name in _ECHOED if name in request.further}


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
