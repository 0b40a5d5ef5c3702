"""`/sessions`: a hosted page on which somebody pays or stores an instrument; and `/callback_urls/{type}`, where webhooks go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random

from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply, FakeRoute, Json
from providers.fakes.clock import moment
from providers.fakes.qris import qris
from providers.fakes.world import FakeWorld
from providers.simulated import iso, new_code, new_uuid
from providers.xendit import simulated_bodies as bodies
from providers.xendit.fake import announcing
from providers.xendit.fake.ledger import NAME, XenditLedger
from providers.xendit.fake.state import PaymentState, RequestState
from providers.xendit.fake.v3 import invalid, metadata_of

LIVES = timedelta(minutes=30)
KINDS = ("PAY", "SAVE")
_STATUSES = {"SUCCEEDED": "COMPLETED", "EXPIRED": "EXPIRED", "CANCELED": "CANCELED"}
FAMILIES = {"payment_request": "payment", "capture": "payment", "payment_method": "payment_token"}
"""Kinds of webhooks that share an address with another kind."""


def family_of(event: str) -> str:
    """The type of `/callback_urls/{type}` that an event belongs to."""
    family = event.partition(".")[0]
    return FAMILIES.get(family, family)


class SessionDesk:
    """Create, read, cancel; and addresses by type."""

    def __init__(self, ledger: XenditLedger, world: FakeWorld, dice: Random, business_id: str) -> None:
        self._ledger, self._world, self._dice = ledger, world, dice
        self._business_id = business_id
        ledger.watchers["session"] = self._tell

    def routes(self) -> Iterable[FakeRoute]:
        return (
            FakeRoute("POST", "/sessions", self._create),
            FakeRoute("GET", "/sessions/{id}", self._get),
            FakeRoute("POST", "/sessions/{id}/cancel", self._cancel),
            FakeRoute("POST", "/callback_urls/{type}", self._address),
        )

    def _create(self, call: FakeCall) -> FakeReply:
        wish = call.document()
        reference, kind, amount = wish.get("reference_id"), wish.get("session_type"), wish.get("amount")
        if not isinstance(reference, str) or not 0 < len(reference) <= 64:
            raise invalid("reference_id must be a text of 1 to 64 characters")
        if kind not in KINDS:
            raise invalid(f"session_type must be one of {', '.join(KINDS)} here")
        if (wish.get("country"), wish.get("currency")) != ("ID", "IDR"):
            raise invalid("country must be ID and currency IDR on this account")
        if kind == "PAY" and (isinstance(amount, bool) or not isinstance(amount, int) or amount <= 0):
            raise invalid("amount must be a positive number without decimals for IDR")
        if reference in self._ledger.state.names:
            raise ApiRefusal(409, "DUPLICATE_ERROR", "a session with this reference_id exists")
        now = self._world.clock.now()
        session_id = f"ps-{new_code(self._dice, 24, '0123456789abcdef')}"
        request_id = f"pr-{new_uuid(self._dice)}"
        request = RequestState(
            request_id=request_id,
            reference_id=reference,
            era="session",
            kind=str(kind),
            amount=int(amount) if kind == "PAY" and amount else None,
            channel="QRIS" if kind == "PAY" else "GOPAY",
            channel_properties={"success_return_url": wish.get("success_return_url")},
            capture_method="AUTOMATIC",
            status="REQUIRES_ACTION",
            created=now,
            updated=now,
            expires=_until(wish, now + LIVES),
            actions=None,
            instrument=qris(int(amount), reference) if kind == "PAY" and amount else "",
            description=wish.get("description"),
            metadata=metadata_of(wish),
            customer_id=wish.get("customer_id"),
            further={
                "session_id": session_id,
                "page": call.page(NAME, request_id),
                "mode": wish.get("mode") or "PAYMENT_LINK",
            },
        )
        self._ledger.state.names[session_id] = request_id
        self._ledger.open_request(request)
        return FakeReply(201, self._shown(request))

    def save(self, request: RequestState) -> None:
        """The payer has stored an instrument; plans can name it."""
        token = f"pt-{new_uuid(self._dice)}"
        request.further["payment_token_id"] = token
        request.status, request.updated = "SUCCEEDED", self._world.clock.now()
        event = "payment_token.activation"
        data = bodies.instrument("payment_token_id", token, "ACTIVE", request.updated)
        data |= {"reference_id": request.reference_id, "customer_id": request.customer_id}
        document = announcing.envelope(event, self._business_id, request.updated, data)
        self._world.outbox.post(NAME, event, request.request_id, document)
        self._post(request, "completed")

    def _get(self, call: FakeCall) -> FakeReply:
        return FakeReply(200, self._shown(self._session(call)))

    def _cancel(self, call: FakeCall) -> FakeReply:
        request = self._session(call)
        self._ledger.cancel(request)
        return FakeReply(200, self._shown(request))

    def _session(self, call: FakeCall) -> RequestState:
        request = self._ledger.state.find(call.params["id"])
        if request is None or request.further.get("session_id") != call.params["id"]:
            raise ApiRefusal(404, "DATA_NOT_FOUND", "there is no such session")
        return request

    def _address(self, call: FakeCall) -> FakeReply:
        url = call.document().get("url")
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            raise invalid("url must be an address")
        self._ledger.state.addresses[call.params["type"]] = url
        said = {"status": "SUCCESSFUL", "user_id": self._business_id, "url": url, "environment": "TEST"}
        return FakeReply(200, said)

    def _tell(self, request: RequestState, payment: PaymentState | None) -> None:
        """A payment is told for itself, and completes its session."""
        if payment is not None:
            event, document = announcing.of_payment(request, payment, self._business_id)
            self._world.outbox.post(NAME, event, request.request_id, document)
        if payment is None or (payment.captured and len(request.payment_ids) == 1):
            self._post(request, "completed" if payment else "expired")

    def _post(self, request: RequestState, what: str) -> None:
        event = f"payment_session.{what}"
        document = announcing.envelope(event, self._business_id, request.updated, self._shown(request))
        self._world.outbox.post(NAME, event, request.request_id, document)

    def _shown(self, request: RequestState) -> Json:
        payments = self._ledger.state.payments_of(request)
        one = announcing.as_simulated(request, payments[-1] if payments else None)
        status = _STATUSES.get(request.status, "ACTIVE")
        return bodies.session(one, request.further["session_id"], status, request.updated) | {
            "customer_id": request.customer_id,
            "session_type": request.kind,
            "amount": request.amount,
            "mode": request.further["mode"],
            "expires_at": iso(request.expires or request.created),
            "payment_link_url": request.further["page"],
            "payment_request_id": request.request_id if payments else None,
            "payment_token_id": request.further.get("payment_token_id"),
            "recurring_plan_id": None,
        }


def _until(wish: Json, usual: datetime) -> datetime:
    """Raises ApiRefusal for an end that is none."""
    if wish.get("expires_at") is None:
        return usual
    try:
        return moment(str(wish["expires_at"]))
    except ValueError:
        raise invalid("expires_at must be an ISO 8601 moment") from None
