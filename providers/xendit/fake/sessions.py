"""`/sessions`: a hosted page on which somebody pays, stores an instrument or begins a subscription; and `/callback_urls/{type}`, where webhooks go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random

from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply, FakeRoute, Json, part
from providers.fakes.clock import moment
from providers.fakes.qris import qris
from providers.fakes.world import FakeWorld
from providers.simulated import iso, new_code, new_uuid
from providers.xendit import simulated_bodies as bodies
from providers.xendit.fake import announcing
from providers.xendit.fake.charging import CHANNEL, XenditCharging
from providers.xendit.fake.ledger import NAME, XenditLedger
from providers.xendit.fake.plans import schedule_of
from providers.xendit.fake.state import PaymentState, PlanState, RequestState
from providers.xendit.fake.tokens import TokenDesk
from providers.xendit.fake.v3 import invalid, metadata_of

LIVES = timedelta(minutes=30)
RETURNS = ("success_return_url", "cancel_return_url")
KINDS = ("PAY", "SAVE", "SUBSCRIPTION")
WITH_AMOUNT = ("PAY", "SUBSCRIPTION")
_STATUSES = {"SUCCEEDED": "COMPLETED", "EXPIRED": "EXPIRED", "CANCELED": "CANCELED"}
LAST_DAY = 28
FAMILIES = {"payment_request": "payment", "capture": "payment", "payment_method": "payment_token"}
"""Kinds of webhooks that share an address with another kind."""


def family_of(event: str) -> str:
    """The type of `/callback_urls/{type}` that an event belongs to."""
    family = event.partition(".")[0]
    return FAMILIES.get(family, family)


class SessionDesk:
    """Create, read, cancel; and addresses by type."""

    def __init__(
        self,
        ledger: XenditLedger,
        tokens: TokenDesk,
        charging: XenditCharging,
        world: FakeWorld,
        dice: Random,
        business_id: str,
    ) -> None:
        self._ledger, self._tokens, self._charging = ledger, tokens, charging
        self._world, self._dice = world, dice
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
        amount = amount if kind in WITH_AMOUNT else None
        if kind in WITH_AMOUNT and (isinstance(amount, bool) or not isinstance(amount, int) or amount <= 0):
            raise invalid("amount must be a positive number without decimals for IDR")
        if reference in self._ledger.state.names:
            raise ApiRefusal(409, "DUPLICATE_ERROR", "a session with this reference_id exists")
        now = self._world.clock.now()
        expires = _until(wish, now + LIVES)
        further = {"subscription": _subscription(wish, now, expires)} if kind == "SUBSCRIPTION" else {}
        session_id = f"ps-{new_code(self._dice, 24, '0123456789abcdef')}"
        request_id = f"pr-{new_uuid(self._dice)}"
        request = RequestState(
            request_id=request_id,
            reference_id=reference,
            era="session",
            kind=str(kind),
            amount=amount,
            channel="QRIS" if kind == "PAY" else CHANNEL,
            channel_properties={name: wish.get(name) for name in RETURNS},
            capture_method="AUTOMATIC",
            status="REQUIRES_ACTION",
            created=now,
            updated=now,
            expires=expires,
            actions=None,
            instrument=qris(int(amount), reference) if kind == "PAY" and amount else "",
            description=wish.get("description"),
            metadata=metadata_of(wish),
            customer_id=wish.get("customer_id"),
            further=further
            | {
                "session_id": session_id,
                "page": call.page(NAME, request_id),
                "mode": wish.get("mode") or "PAYMENT_LINK",
                "locale": wish.get("locale") or "en",
            },
        )
        self._ledger.state.names[session_id] = request_id
        self._ledger.open_request(request)
        return FakeReply(201, self._shown(request))

    def link(self, request: RequestState) -> None:
        """The payer has stored an instrument; plans can name it, and a subscription's own plan begins with it."""
        token = self._tokens.store(request.reference_id, request.channel, request.customer_id, told=True)
        request.further["payment_token_id"] = token.token_id
        request.status, request.updated = "SUCCEEDED", self._world.clock.now()
        if request.kind == "SUBSCRIPTION":
            plan = self._charging.take(self._plan(request, token.token_id))
            request.further["recurring_plan_id"] = plan.plan_id
        self._post(request, "completed")

    def _plan(self, request: RequestState, token_id: str) -> PlanState:
        now, wish = self._world.clock.now(), request.further["subscription"]
        schedule, anchor = schedule_of(wish["schedule"], now)
        return PlanState(
            plan_id=f"repl_{new_uuid(self._dice)}",
            reference_id=request.reference_id,
            customer_id=request.customer_id,
            amount=request.amount or 0,
            schedule=schedule,
            anchor=anchor,
            immediate=bool(wish.get("immediate_payment")),
            failed_cycle_action=wish.get("failed_cycle_action") or "RESUME",
            status="REQUIRES_ACTION",
            created=now,
            updated=now,
            token_id=token_id,
            metadata=request.metadata,
            description=request.description,
            session_id=request.further["session_id"],
        )

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
            "business_id": self._business_id,
            "customer_id": request.customer_id,
            "session_type": request.kind,
            "amount": request.amount,
            "mode": request.further["mode"],
            "locale": request.further.get("locale"),
            "capture_method": request.capture_method,
            **{name: request.channel_properties.get(name) for name in RETURNS},
            "expires_at": iso(request.expires or request.created),
            "payment_link_url": request.further["page"],
            "payment_request_id": request.request_id if payments else None,
            "payment_token_id": request.further.get("payment_token_id"),
            "recurring_plan_id": request.further.get("recurring_plan_id"),
        }


def _subscription(wish: Json, now: datetime, expires: datetime) -> Json:
    """What the payer subscribes to. Raises ApiRefusal: a first charge comes after the page's end, and a month's on a day that every month has."""
    asked = part(wish, "subscription")
    _, anchor = schedule_of(asked.get("schedule"), now)
    if asked.get("failed_cycle_action") not in (None, "RESUME", "STOP"):
        raise invalid("subscription.failed_cycle_action must be RESUME or STOP")
    if part(asked, "schedule").get("anchor_date") is None:
        return asked
    if anchor <= expires:
        raise invalid("subscription.schedule.anchor_date must be later than expires_at")
    if asked["schedule"]["interval"] == "MONTH" and anchor.day > LAST_DAY:
        raise invalid(f"subscription.schedule.anchor_date must be on a day from 1 to {LAST_DAY}")
    return asked


def _until(wish: Json, usual: datetime) -> datetime:
    """Raises ApiRefusal for an end that is none."""
    if wish.get("expires_at") is None:
        return usual
    try:
        return moment(str(wish["expires_at"]))
    except ValueError:
        raise invalid("expires_at must be an ISO 8601 moment") from None
