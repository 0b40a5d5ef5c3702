"""Refunds at Xendit: `POST /refunds` with an idempotency key, normally pending, told at the end by `refund.*` (docs.xendit.co/apidocs).

Documented by payment request or invoice. Read again by the list of a payment's refunds, in which our reference stands.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from providers.outgoing import CallFailed, ProviderApi
from providers.refunding import RefundAsk, RefundSaid
from providers.section import Section
from providers.xendit.events import Meaning
from providers.xendit.payments import refund as refund_fact
from providers.xendit.refusals import ALREADY_THERE
from providers.xendit.zone import ZONE
from schemas.attested import attested
from schemas.errors import AmountError, UntranslatableError
from schemas.facts import RefundFailed, RefundSucceeded

REASONS = frozenset({"FRAUDULENT", "DUPLICATE", "REQUESTED_BY_CUSTOMER", "CANCELLATION"})
_ENDS = {
    "SUCCEEDED": Meaning.REFUND_SUCCEEDED,
    "FAILED": Meaning.REFUND_FAILED,
    "CANCELLED": Meaning.REFUND_FAILED,
}
PAGE = "100"
_INVOICE = re.compile(r"[0-9a-f]{24}")


class XenditRefunds:
    """Over the calls of one account."""

    def __init__(self, api: ProviderApi) -> None:
        self._api = api

    async def make(self, ask: RefundAsk) -> RefundSaid:
        """Raises CallFailed."""
        body = {
            **await self._target(ask),
            "reference_id": ask.reference,
            "amount": ask.amount_idr,
            "currency": "IDR",
            "reason": _reason(ask.reason),
        }
        try:
            reply = await self._api.call(
                "create_refund", "POST", "/refunds", body=body, headers={"idempotency-key": ask.reference}
            )
        except CallFailed as failed:
            known = await self.find(ask) if failed.said_code in ALREADY_THERE else None
            if known is None:
                raise
            return known
        return _said(reply.document)

    async def find(self, ask: RefundAsk) -> RefundSaid | None:
        """Raises CallFailed."""
        query = {**await self._target(ask), "limit": PAGE}
        listed = await self._api.call("find_refund", "GET", "/refunds", query=query, harmless=True)
        rows = listed.document.get("data") if isinstance(listed.document, dict) else None
        found = [
            row
            for row in (rows if isinstance(rows, list) else ())
            if isinstance(row, dict) and row.get("reference_id") == ask.reference
        ]
        return _said(found[0]) if found else None

    async def _target(self, ask: RefundAsk) -> dict[str, str]:
        """The payment as this call wants it named: its request, its invoice, or what its own id leads to."""
        request = next((name for name in ask.names if name.startswith("pr-")), None)
        if request is not None:
            return {"payment_request_id": request}
        invoice = next((name for name in ask.names if _INVOICE.fullmatch(name)), None)
        if invoice is not None:
            return {"invoice_id": invoice}
        payment = next((name for name in ask.names if name.startswith("py-")), None)
        if payment is not None:
            path = f"/v3/payments/{payment}"
            read = await self._api.call("read_payment", "GET", path, harmless=True)
            request = read.document.get("payment_request_id") if isinstance(read.document, dict) else None
            if isinstance(request, str) and request:
                return {"payment_request_id": request}
        return {"invoice_id": ask.payment_id}


def _reason(word: str) -> str:
    named = word.strip().upper().replace(" ", "_")
    return named if named in REASONS else "OTHERS"


def _said(document: Any) -> RefundSaid:
    """Raises CallFailed `unknown` for an answer that names no refund: it may exist all the same."""
    refund_id = document.get("id") if isinstance(document, dict) else None
    if not isinstance(refund_id, str) or not refund_id:
        raise CallFailed("unknown", "provider_unreadable")
    meaning = _ENDS.get(str(document.get("status") or "").upper())
    if meaning is None:
        return RefundSaid(provider_refund_id=refund_id)
    if document.get("status") == "CANCELLED":
        document = {
            **document,
            "status": "FAILED",
            "failure_code": document.get("failure_code") or "CANCELLED",
        }
    try:
        event = refund_fact(meaning, Section.of(document, ZONE), datetime.now(UTC)).event
    except (UntranslatableError, AmountError):
        raise CallFailed("unknown", "provider_unreadable") from None
    if not isinstance(event, RefundSucceeded | RefundFailed):
        raise TypeError(type(event))
    # Told by the provider's API to our own question: not by whoever knows a token.
    return RefundSaid(provider_refund_id=refund_id, fact=attested(event, "api_confirmed"))
