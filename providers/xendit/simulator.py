"""Webhooks as Xendit sends them, signed with a given token. Pure: ids come from the given generator, times from the caller.

`event(name, …)` makes any documented event on its own; a payment or plan made first ties several events together::

    paid = simulator.payment(amount=50000, buyer=buyer, at=at)
    webhooks = [simulator.event("payment.capture", at, payment=paid), simulator.event("refund.succeeded", later, payment=paid)]
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from providers.simulated import Buyer, SimulatedWebhook, iso, new_code, new_uuid, to_bytes
from providers.xendit import simulated_bodies as bodies
from providers.xendit.events import INVOICE_STATUSES, MEANINGS
from providers.xendit.signature import HEADER
from providers.xendit.simulated_bodies import Body, XenditPayment, XenditPlan

BUSINESS_ID = "080846c51a9496ab77c2cae0"
CHANNELS = (
    "QRIS",
    "BCA_VIRTUAL_ACCOUNT",
    "BNI_VIRTUAL_ACCOUNT",
    "BRI_VIRTUAL_ACCOUNT",
    "MANDIRI_VIRTUAL_ACCOUNT",
    "OVO",
    "GOPAY",
)
EVENTS: tuple[str, ...] = (*MEANINGS, *(f"invoice.{status.lower()}" for status in INVOICE_STATUSES))

_STATUS_OF_PAYMENT = {
    "capture": "SUCCEEDED",
    "succeeded": "SUCCEEDED",
    "authorization": "AUTHORIZED",
    "awaiting_capture": "AWAITING_CAPTURE",
    "pending": "PENDING",
    "failure": "FAILED",
    "failed": "FAILED",
    "expiry": "EXPIRED",
    "expired": "EXPIRED",
}
_STATUS_OF_CYCLE = {
    "created": "SCHEDULED",
    "succeeded": "SUCCEEDED",
    "retrying": "RETRYING",
    "failed": "FAILED",
    "force_attempt_failed": "FAILED",
}


class XenditSimulator:
    """One Xendit account that calls us."""

    def __init__(self, secret: str, rng: Random, business_id: str = BUSINESS_ID) -> None:
        self._secret = secret
        self._rng = rng
        self._business_id = business_id

    def payment(
        self,
        *,
        amount: int,
        buyer: Buyer,
        at: datetime,
        payment_type: str | None = "credit_topup",
        channel: str = "QRIS",
        reusable: bool = False,
    ) -> XenditPayment:
        """A payment to send events about. `metadata` carries what our checkout sends on create: purpose, customer and e-mail."""
        sent = {"payment_type": payment_type, "customer_id": buyer.customer_id, "payer_email": buyer.email}
        return XenditPayment(
            request_id=f"pr-{new_uuid(self._rng)}",
            payment_id=f"py-{new_uuid(self._rng)}",
            capture_id=f"cptr-{new_uuid(self._rng)}",
            reference_id=f"topup-{at:%Y-%m-%d}-{new_code(self._rng, 8)}",
            amount=amount,
            channel=channel,
            metadata={name: value for name, value in sent.items() if value},
            created=at - timedelta(minutes=3),
            reusable=reusable,
        )

    def another_attempt(self, payment: XenditPayment) -> XenditPayment:
        """A second payment at the same request."""
        return replace(
            payment, payment_id=f"py-{new_uuid(self._rng)}", capture_id=f"cptr-{new_uuid(self._rng)}"
        )

    def plan(self, *, amount: int, buyer: Buyer, at: datetime, reference: str = "sub-pro-") -> XenditPlan:
        """A subscription to send events about; `reference` is how its reference_id begins."""
        sent = {"customer_id": buyer.customer_id, "payer_email": buyer.email}
        return XenditPlan(
            plan_id=f"repl_{new_uuid(self._rng)}",
            reference_id=f"{reference}{new_code(self._rng, 8).lower()}",
            amount=amount,
            metadata={name: value for name, value in sent.items() if value},
            created=at,
        )

    def event(
        self,
        name: str,
        at: datetime,
        *,
        payment: XenditPayment | None = None,
        plan: XenditPlan | None = None,
        buyer: Buyer | None = None,
        amount: int | None = None,
        **details: Any,
    ) -> SimulatedWebhook:
        """Any event of `EVENTS`. Without a payment or plan, one is made for `buyer` and `amount`. Raises ValueError for another name."""
        if name not in EVENTS:
            raise ValueError(f"xendit sends no event {name}")
        buyer = buyer or Buyer("ratna.wulandari@contoh.id", customer_id="pelanggan-1")
        if name.startswith("recurring."):
            plan = plan or self.plan(amount=amount or 200_000, buyer=buyer, at=at)
            return self._signed(name, self._recurring(name, plan, at, **details), at)
        payment = payment or self.payment(amount=amount or 50_000, buyer=buyer, at=at)
        if name.startswith("invoice."):
            status = name.removeprefix("invoice.").upper()
            body = bodies.invoice(payment, status, at, self._business_id, buyer.email)
            return self._request(name, body, at)
        if name.startswith("dispute.") or name == "payment.verified":
            flat = {
                "id": f"dp-{new_uuid(self._rng)}",
                "payment_id": payment.payment_id,
                "payment_request_id": payment.request_id,
                "amount": payment.amount,
                "currency": "IDR",
            }
            return self._request(name, self._envelope(name, at) | flat, at)
        return self._signed(name, self._of_payment(name, payment, at, **details), at)

    def again(self, webhook: SimulatedWebhook, at: datetime) -> SimulatedWebhook:
        """The same webhook delivered once more; only the delivery time in its envelope differs."""
        moved = webhook.body.replace(self._created(webhook.at), self._created(at), 1)
        return replace(webhook, body=moved, at=at)

    def _of_payment(self, name: str, payment: XenditPayment, at: datetime, **details: Any) -> Body:
        family, _, what = name.partition(".")
        if family == "refund":
            refund_id = details.get("refund_id") or f"rfd-{new_uuid(self._rng)}"
            refunded: int = details.get("refund_amount") or payment.amount
            return bodies.refund(payment, refund_id, refunded, what.upper(), at)
        if family == "payment_session":
            return bodies.session(
                payment, f"ps-{new_code(self._rng, 24, '0123456789abcdef')}", what.upper(), at
            )
        if family in ("payment_token", "payment_method"):
            return bodies.instrument(
                f"{family}_id", f"pt-{new_uuid(self._rng)}", "EXPIRED" if "exp" in what else "ACTIVE", at
            )
        status = _STATUS_OF_PAYMENT[what]
        failure = {"failure_code": "USER_DID_NOT_AUTHORIZE"} if status == "FAILED" else {}
        if family == "payment_request":
            return bodies.request(payment, status, at, **failure)
        if family == "ewallet":
            return bodies.ewallet(payment, status, at)
        if family == "capture":
            return bodies.v2_capture(payment, status, at, **failure)
        old = what in ("succeeded", "failed", "awaiting_capture", "pending")
        return (bodies.v2_payment if old else bodies.payment)(payment, status, at, **failure)

    def _recurring(
        self, name: str, plan: XenditPlan, at: datetime, *, number: int = 1, payment_id: str | None = None
    ) -> Body:
        _, kind, what = name.split(".")
        if kind == "plan":
            return bodies.plan(plan, "INACTIVE" if what == "inactivated" else "ACTIVE", at, number - 1)
        status = _STATUS_OF_CYCLE[what]
        tries = {"SCHEDULED": 0, "FAILED": 3}.get(status, 1)
        attempts = []
        for attempt in range(1, tries + 1):
            charged = payment_id if payment_id and attempt == tries else f"py-{new_uuid(self._rng)}"
            outcome = "SUCCEEDED" if status == "SUCCEEDED" else "FAILED"
            attempts.append(bodies.attempt(attempt, charged, outcome, at))
        # One cycle keeps its id through retries: derived from its plan and number.
        cycle_id = f"recy_{plan.plan_id.removeprefix('repl_')[:-4]}{number:04d}"
        return bodies.cycle(plan, number, cycle_id, attempts, status, at - timedelta(seconds=15), at)

    def _envelope(self, name: str, at: datetime) -> Body:
        return {"event": name, "business_id": self._business_id, "created": iso(at), "api_version": "v3"}

    def _created(self, at: datetime) -> bytes:
        return f'"business_id":"{self._business_id}","created":"{iso(at)}"'.encode()

    def _signed(self, name: str, data: Body, at: datetime) -> SimulatedWebhook:
        return self._request(name, self._envelope(name, at) | {"data": data}, at)

    def _request(self, name: str, document: Body, at: datetime) -> SimulatedWebhook:
        headers = {"content-type": "application/json", HEADER: self._secret}
        return SimulatedWebhook("xendit", "/webhooks/xendit", name, to_bytes(document), headers, at)
