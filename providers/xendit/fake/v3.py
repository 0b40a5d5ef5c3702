"""The third generation: `/v3/payment_requests` and `/v3/payments` (docs.xendit.co/apidocs: create-payment-request and its neighbours)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from random import Random
from typing import Any

from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply, FakeRoute, Json, part
from providers.fakes.clock import moment
from providers.fakes.qris import qris
from providers.fakes.world import FakeWorld
from providers.simulated import new_code, new_uuid
from providers.xendit.fake.announcing import payment_object, request_object
from providers.xendit.fake.channels import CHANNELS, STORABLE, XenditChannel
from providers.xendit.fake.ledger import NAME, XenditLedger
from providers.xendit.fake.state import PaymentState, RequestState, TokenState

VERSION = "2024-11-11"
KINDS = ("PAY", "PAY_AND_SAVE", "REUSABLE_PAYMENT_CODE")
_PHONE = re.compile(r"\+\d{8,15}")
_MONEY = (int, float)

QUIRKS = {
    "gopay_without_redirect": "GoPay's answer has no action, as the sandbox gives it at times",
    "no_actions": "the answer has no `actions` at all",
    "qris_takes_expires_at": "`expires_at` is taken for QRIS instead of being refused",
    "odd_shapes": "webhooks of what follows have amounts as texts with decimals, and refunds wrapped twice",
    "pending": "the answer's status is PENDING, as one guide mentions",
}


def invalid(message: str, code: str = "API_VALIDATION_ERROR") -> ApiRefusal:
    return ApiRefusal(400, code, message)


class ThirdGeneration:
    """Requests, their cancelling, simulated payments, and payments."""

    def __init__(
        self,
        ledger: XenditLedger,
        world: FakeWorld,
        dice: Random,
        business_id: str,
        usable: Callable[[str], TokenState],
        *,
        test_key: bool,
    ) -> None:
        self._ledger, self._world, self._dice = ledger, world, dice
        self._business_id, self._test_key, self._usable = business_id, test_key, usable

    def routes(self) -> Iterable[FakeRoute]:
        one = "/v3/payment_requests/{id}"
        return (
            FakeRoute("POST", "/v3/payment_requests", self._create),
            FakeRoute("GET", one, self._get),
            FakeRoute("POST", f"{one}/cancel", self._cancel),
            FakeRoute("POST", f"{one}/simulate", self._simulate),
            FakeRoute("GET", "/v3/payments/{id}", self._payment),
            FakeRoute("POST", "/v3/payments/{id}/capture", self._capture),
        )

    def _create(self, call: FakeCall) -> FakeReply:
        right_version(call)
        wish = call.document()
        kind, stored = wish.get("type"), self._stored(wish)
        channel = CHANNELS[stored.channel] if stored else _channel(wish)
        if kind not in KINDS:
            raise invalid(f"type must be one of {', '.join(KINDS)}")
        if kind == "PAY_AND_SAVE":
            storable(channel)
        if (wish.get("country"), wish.get("currency")) != ("ID", "IDR"):
            raise invalid("country must be ID and currency IDR on this account")
        reference = str(_text(wish, "reference_id", 255, needed=True))
        amount = amount_of(wish.get("request_amount"), channel, needed=kind != "REUSABLE_PAYMENT_CODE")
        properties = part(wish, "channel_properties")
        method = wish.get("capture_method") or "AUTOMATIC"
        if method not in ("AUTOMATIC", "MANUAL"):
            raise invalid("capture_method must be AUTOMATIC or MANUAL")
        now = self._world.clock.now()
        expires = expiry(channel, properties, now, taken="qris_takes_expires_at" in call.quirks)
        if stored is None:
            _check_properties(channel, properties)
        if reference in self._ledger.state.names:
            raise ApiRefusal(409, "DUPLICATE_ERROR", "a payment request with this reference_id exists")
        request_id = f"pr-{new_uuid(self._dice)}"
        instrument = make_instrument(channel, properties, amount, reference, self._dice)
        request = RequestState(
            request_id=request_id,
            reference_id=reference,
            era="v3",
            kind=str(kind),
            amount=amount,
            channel=channel.code,
            channel_properties=properties,
            capture_method=str(method),
            status=_first_status(str(kind), call),
            created=now,
            updated=now,
            expires=expires,
            actions=[]
            if stored
            else made_actions(channel, instrument, call.page(NAME, request_id), call.quirks),
            instrument=instrument,
            description=_text(wish, "description", 1000),
            metadata=metadata_of(wish),
            customer_id=stored.customer_id if stored else wish.get("customer_id"),
            customer=wish.get("customer"),
            further={"payment_token_id": stored.token_id} if stored else {},
        )
        self._ledger.open_request(request)
        if stored is not None:
            self._ledger.pay(request, None)
        return FakeReply(201, self._shown(request))

    def _stored(self, wish: Json) -> TokenState | None:
        """The stored instrument that pays at once, without the payer (docs.xendit.co/docs/pay-with-tokens)."""
        if wish.get("payment_token_id") is None:
            return None
        if wish.get("type") != "PAY":
            raise invalid("type must be PAY with a payment_token_id")
        return self._usable(str(wish["payment_token_id"]))

    def _get(self, call: FakeCall) -> FakeReply:
        return FakeReply(200, self._shown(self._request(call)))

    def _cancel(self, call: FakeCall) -> FakeReply:
        request = self._request(call)
        self._ledger.cancel(request)
        return FakeReply(200, self._shown(request))

    def _simulate(self, call: FakeCall) -> FakeReply:
        if not self._test_key:
            raise ApiRefusal(403, "REQUEST_FORBIDDEN_ERROR", "payments are simulated with a test key only")
        request = self._request(call)
        amount = whole_amount(call.document(), "amount")
        if amount is None:
            raise invalid("amount is required")
        if not request.open:
            raise invalid(f"the payment request is {request.status}", "INVALID_VALUE_ERROR")
        with self._ledger.shapes(call.quirks):
            self._ledger.pay(request, amount)
        message = "A simulated payment is being processed. A webhook tells its result."
        return FakeReply(200, {"status": "PENDING", "message": message})

    def _payment(self, call: FakeCall) -> FakeReply:
        payment = self._found_payment(call)
        return FakeReply(
            200, payment_object(self._ledger.state.requests[payment.request_id], payment, self._business_id)
        )

    def _capture(self, call: FakeCall) -> FakeReply:
        payment = self._found_payment(call)
        self._ledger.capture(payment, whole_amount(call.document(), "capture_amount"))
        return FakeReply(
            200, payment_object(self._ledger.state.requests[payment.request_id], payment, self._business_id)
        )

    def _request(self, call: FakeCall) -> RequestState:
        # By its id alone: the reference finds nothing here. `GET /payment_requests?reference_id=` does.
        request = self._ledger.state.requests.get(call.params["id"])
        if request is None:
            raise ApiRefusal(404, "DATA_NOT_FOUND", "there is no such payment request")
        return request

    def _found_payment(self, call: FakeCall) -> PaymentState:
        payment = self._ledger.state.payments.get(call.params["id"])
        if payment is None:
            raise ApiRefusal(404, "DATA_NOT_FOUND", "there is no such payment")
        return payment

    def _shown(self, request: RequestState) -> Json:
        payments = self._ledger.state.payments_of(request)
        return request_object(request, self._business_id, payments[-1] if payments else None)


def storable(channel: XenditChannel | None) -> XenditChannel:
    """Raises ApiRefusal for a channel that is none, or stores nothing."""
    if channel is None or channel.kind not in STORABLE:
        fitting = ", ".join(one.code for one in CHANNELS.values() if one.kind in STORABLE)
        raise invalid(f"an instrument can be stored by {fitting}")
    return channel


def make_instrument(
    channel: XenditChannel, properties: Json, amount: int | None, reference: str, dice: Random
) -> str:
    """The QR text or account number of a request; empty for what has none."""
    if channel.kind == "qr":
        return qris(amount, reference)
    if channel.kind == "va":
        own = properties.get("virtual_account_number")
        return str(own) if own else channel.prefix + new_code(dice, 10, "0123456789")
    return ""


def expiry(
    channel: XenditChannel, properties: Json, now: datetime, *, taken: bool = False
) -> datetime | None:
    """When a request ends. Raises ApiRefusal for a moment that is none or past, and for channels that set their own."""
    wished = properties.get("expires_at")
    if wished is None:
        return None if channel.lifetime is None else now + channel.lifetime
    if not channel.takes_expires_at and not taken:
        raise invalid(f"expires_at is not supported by channel {channel.code}")
    try:
        at = moment(str(wished))
    except ValueError:
        raise invalid("expires_at must be an ISO 8601 moment") from None
    if at <= now:
        raise invalid("expires_at must be in the future")
    return at


def amount_of(
    value: Any, channel: XenditChannel, *, needed: bool = True, code: str = "INVALID_VALUE_ERROR"
) -> int | None:
    """Whole rupiah within the channel's limits. Raises ApiRefusal."""
    if value is None and not needed:
        return None
    if not isinstance(value, _MONEY) or isinstance(value, bool) or value != int(value):
        raise invalid("the amount must be a number without decimals for IDR")
    if not channel.least <= value <= channel.most:
        raise invalid(
            f"the amount for {channel.code} must be between {channel.least} and {channel.most}", code
        )
    return int(value)


def whole_amount(wish: Json, name: str) -> int | None:
    """A positive number of rupiah, or None when it is not named. Raises ApiRefusal."""
    value = wish.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, _MONEY) or value != int(value) or value <= 0:
        raise invalid(f"{name} must be a positive number without decimals for IDR")
    return int(value)


def metadata_of(wish: Json) -> Json | None:
    metadata = wish.get("metadata")
    if metadata is None:
        return None
    fits = isinstance(metadata, dict) and len(metadata) <= 50
    if not fits or any(len(key) > 40 or len(str(value)) > 500 for key, value in metadata.items()):
        raise invalid("metadata has at most 50 keys of 40 characters with values of 500")
    return dict(metadata)


def right_version(call: FakeCall) -> None:
    if call.headers.get("api-version") != VERSION:
        raise invalid(f"the header api-version must be {VERSION}")


def _channel(wish: Json) -> XenditChannel:
    channel = CHANNELS.get(str(wish.get("channel_code")))
    if channel is None:
        raise invalid(f"channel_code must be one of {', '.join(CHANNELS)}")
    return channel


def _check_properties(channel: XenditChannel, properties: Json) -> None:
    if channel.kind == "push" and not _PHONE.fullmatch(str(properties.get("account_mobile_number", ""))):
        raise invalid("channel_properties.account_mobile_number must be a number in E.164 form")
    if channel.kind == "va" and not properties.get("display_name"):
        raise invalid("channel_properties.display_name is required")


def _text(wish: Json, name: str, most: int, *, needed: bool = False) -> str | None:
    value = wish.get(name)
    if value is None and not needed:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise invalid(f"{name} must be a text of 1 to {most} characters")
    return value


def _first_status(kind: str, call: FakeCall) -> str:
    if kind == "REUSABLE_PAYMENT_CODE":
        return "ACCEPTING_PAYMENTS"
    return "PENDING" if "pending" in call.quirks else "REQUIRES_ACTION"


def made_actions(
    channel: XenditChannel, instrument: str, page: str, quirks: frozenset[str]
) -> list[Json] | None:
    if "no_actions" in quirks:
        return None
    if channel.kind == "push" or (channel.kind == "redirect" and "gopay_without_redirect" in quirks):
        return []
    if channel.kind == "redirect":
        return [{"type": "REDIRECT_CUSTOMER", "descriptor": "WEB_URL", "value": page}]
    descriptor = "QR_STRING" if channel.kind == "qr" else "VIRTUAL_ACCOUNT_NUMBER"
    return [{"type": "PRESENT_TO_CUSTOMER", "descriptor": descriptor, "value": instrument}]
