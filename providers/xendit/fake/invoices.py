"""`/v2/invoices`: Xendit's hosted page of earlier times, and its flat webhook without an event name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from random import Random

from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply, FakeRoute, Json
from providers.fakes.listing import page_of
from providers.fakes.qris import qris
from providers.fakes.world import FakeWorld
from providers.simulated import iso, new_uuid
from providers.xendit import simulated_bodies as bodies
from providers.xendit.fake.announcing import as_simulated
from providers.xendit.fake.ledger import NAME, XenditLedger
from providers.xendit.fake.state import PaymentState, RequestState
from providers.xendit.fake.v3 import invalid, whole_amount

MERCHANT = "Toko Palsu"
USUAL_SECONDS = 86_400
MOST_SECONDS = 31_536_000
_STATUSES = {"SUCCEEDED": "PAID", "EXPIRED": "EXPIRED"}
_ECHOED = (
    "description",
    "success_redirect_url",
    "failure_redirect_url",
    "items",
    "fees",
    "metadata",
    "locale",
    "customer",
)


def invoice_id_of(request: RequestState) -> str:
    """24 hex digits, as invoices are called."""
    return request.request_id.removeprefix("pr-").replace("-", "")[:24]


class InvoiceDesk:
    """Create, read, list, end."""

    def __init__(self, ledger: XenditLedger, world: FakeWorld, dice: Random, business_id: str) -> None:
        self._ledger, self._world, self._dice = ledger, world, dice
        self._business_id = business_id
        ledger.watchers["invoice"] = self._tell

    def routes(self) -> Iterable[FakeRoute]:
        return (
            FakeRoute("POST", "/v2/invoices", self._create),
            FakeRoute("POST", "/v2/invoices/", self._create),
            FakeRoute("GET", "/v2/invoices", self._list),
            FakeRoute("GET", "/v2/invoices/{id}", self._get),
            FakeRoute("POST", "/invoices/{id}/expire!", self._expire),
        )

    def _create(self, call: FakeCall) -> FakeReply:
        wish = call.document()
        external, amount = wish.get("external_id"), whole_amount(wish, "amount")
        if not isinstance(external, str) or not external:
            raise invalid("external_id is required")
        if amount is None:
            raise invalid("amount is required")
        now = self._world.clock.now()
        seconds = whole_amount(wish, "invoice_duration") or USUAL_SECONDS
        if seconds > MOST_SECONDS:
            raise invalid(f"invoice_duration must be at most {MOST_SECONDS}")
        request_id = f"pr-{new_uuid(self._dice)}"
        request = RequestState(
            request_id=request_id,
            # Several invoices may have one external_id.
            reference_id=external,
            era="invoice",
            kind="PAY",
            amount=amount,
            channel="QRIS",
            channel_properties={"success_return_url": wish.get("success_redirect_url")},
            capture_method="AUTOMATIC",
            status="REQUIRES_ACTION",
            created=now,
            updated=now,
            expires=now + timedelta(seconds=seconds),
            actions=None,
            instrument=qris(amount, external),
            metadata=wish.get("metadata"),
            further={"page": call.page(NAME, request_id), "payer_email": wish.get("payer_email")}
            | {name: wish[name] for name in _ECHOED if wish.get(name) is not None},
        )
        self._ledger.state.names[invoice_id_of(request)] = request_id
        self._ledger.open_request(request)
        return FakeReply(200, self._shown(request))

    def _list(self, call: FakeCall) -> FakeReply:
        wanted = call.query.get("external_id")
        # Several values, or one list of them in JSON: clients differ.
        statuses = re.findall(r"[A-Z]+", " ".join(call.query.getall("statuses", [])))
        found = [
            one
            for one in reversed(self._ledger.state.requests.values())
            if one.era == "invoice"
            and wanted in (None, "", one.reference_id)
            and (not statuses or _STATUSES.get(one.status, "PENDING") in statuses)
        ]
        rows, _ = page_of(found, call, key=invoice_id_of, after="last_invoice")
        return FakeReply(200, [self._shown(row) for row in rows])

    def _get(self, call: FakeCall) -> FakeReply:
        return FakeReply(200, self._shown(self._invoice(call)))

    def _expire(self, call: FakeCall) -> FakeReply:
        request = self._invoice(call)
        if request.open:
            self._ledger.expire(request)
        return FakeReply(200, self._shown(request))

    def _invoice(self, call: FakeCall) -> RequestState:
        request = self._ledger.state.find(call.params["id"])
        if request is None or request.era != "invoice":
            raise ApiRefusal(404, "INVOICE_NOT_FOUND_ERROR", "Could not find invoice")
        return request

    def _tell(self, request: RequestState, payment: PaymentState | None) -> None:
        """Paid or expired; a failed attempt tells nobody."""
        if payment is not None and not payment.captured:
            return
        at = payment.updated if payment else request.updated
        email = str(request.further.get("payer_email") or "")
        status = "PAID" if payment else "EXPIRED"
        body = bodies.invoice(as_simulated(request, payment), status, at, self._business_id, email)
        body |= {"id": invoice_id_of(request), "merchant_name": MERCHANT, "is_high": False}
        body |= {
            name: request.further.get(name)
            for name in ("description", "success_redirect_url", "failure_redirect_url")
        }
        if payment:
            details = {"receipt_id": payment.capture_id, "source": "FAKE"}
            body |= {
                "paid_amount": payment.captured,
                "payment_channel": request.channel,
                "payment_details": details,
            }
        self._world.outbox.post(NAME, f"invoice.{status.lower()}", request.request_id, body)

    def _shown(self, request: RequestState) -> Json:
        echoed = {
            name: value for name, value in request.further.items() if name != "page" and value is not None
        }
        return {
            "id": invoice_id_of(request),
            "external_id": request.reference_id,
            "user_id": self._business_id,
            "status": _STATUSES.get(request.status, "PENDING"),
            "merchant_name": MERCHANT,
            "merchant_profile_picture_url": "https://toko-palsu.example/logo.png",
            "amount": request.amount,
            "expiry_date": iso(request.expires or request.created),
            "invoice_url": request.further["page"],
            "available_banks": [],
            "available_retail_outlets": [],
            "available_ewallets": [],
            "available_qr_codes": [{"qr_code_type": "QRIS"}],
            "available_direct_debits": [],
            "available_paylaters": [],
            "should_exclude_credit_card": False,
            "should_send_email": False,
            "currency": "IDR",
            "created": iso(request.created),
            "updated": iso(request.updated),
            **echoed,
        }
