"""What became of a request at Xendit, and its end by our call: a payment request (v3) or an invoice (docs.xendit.co/apidocs).

A request that was paid names its latest payment; that one is read as its webhook would be.
"""

from __future__ import annotations

from typing import Any

from providers.outgoing import CallFailed, ProviderApi
from providers.refusals import where_permitted
from providers.section import Section
from providers.watching import Looked, Watched, told
from providers.xendit.events import Meaning
from providers.xendit.payments import invoice as invoice_fact
from providers.xendit.payments import payment as payment_fact
from providers.xendit.refusals import judge
from providers.xendit.zone import ZONE

PAYABLE = frozenset({"REQUIRES_ACTION", "ACCEPTING_PAYMENTS", "PENDING"})
_CANCELLED = "CANCELED"
_OVER = frozenset({"EXPIRED", "FAILED"})
_PAID = frozenset({"PAID", "SETTLED"})
_NARROW = where_permitted(judge)


class XenditLooks:
    """Over the calls of one account."""

    def __init__(self, api: ProviderApi) -> None:
        self._api = api

    async def look(self, one: Watched) -> Looked:
        """Raises CallFailed."""
        if one.kind == "order":
            return await self._invoice(one)
        document = await self._read("read_payment_request", f"/v3/payment_requests/{one.payment_key}")
        status, latest = _status(document), document.get("latest_payment_id")
        # Money that came after its end leaves the request EXPIRED, or CANCELED: the payment itself says so.
        if status not in PAYABLE and isinstance(latest, str) and latest:
            paid = await self._read("read_payment", f"/v3/payments/{latest}")
            if _status(paid) == "SUCCEEDED":
                said = told(
                    lambda now: payment_fact(
                        "payment.capture", Meaning.SUCCEEDED, Section.of(paid, ZONE), now
                    )
                )
                return Looked(status=status, facts=said)
        if status not in _OVER:
            return Looked(status=status, payable=status in PAYABLE)
        meaning = Meaning.EXPIRED if status == "EXPIRED" else Meaning.FAILED
        ended = {**document, "payment_request_id": one.payment_key}
        ended.pop("latest_payment_id", None)
        name = "payment_request.expiry"
        return Looked(
            status=status, facts=told(lambda now: payment_fact(name, meaning, Section.of(ended, ZONE), now))
        )

    async def withdraw(self, one: Watched) -> None:
        """Raises CallFailed. No webhook follows a cancelled request; a second call is refused, and the request says why."""
        if one.kind == "order":
            await self._end("expire_invoice", f"/invoices/{one.payment_key}/expire!")
            return
        path = f"/v3/payment_requests/{one.payment_key}"
        try:
            await self._end("cancel_payment_request", f"{path}/cancel")
        except CallFailed as failed:
            if (
                failed.outcome != "refused"
                or _status(await self._read("read_payment_request", path)) != _CANCELLED
            ):
                raise

    async def _invoice(self, one: Watched) -> Looked:
        document = await self._read("read_invoice", f"/v2/invoices/{one.payment_key}")
        status = _status(document)
        if status == "PENDING":
            return Looked(status=status, payable=True)
        if document.get("paid_amount") is None:
            came = await self._received(one)
            if came is not None:
                # Money that came after its end leaves it EXPIRED.
                status = status if status in _PAID else "PAID"
            document = document | {"status": status, "paid_amount": came or document.get("amount")}
        return Looked(status=status, facts=told(lambda now: invoice_fact(Section.of(document, ZONE), now)))

    async def _received(self, one: Watched) -> Any:
        """An invoice that is read says what was asked for alone; the account's transactions say what came, where the key may read them."""
        query = {"reference_id": one.reference, "types": "PAYMENT"}
        try:
            listed = await self._api.call(
                "find_transaction", "GET", "/transactions", query=query, harmless=True, judge=_NARROW
            )
        except CallFailed as failed:
            if failed.outcome != "refused":
                raise
            return None
        rows = listed.document.get("data") if isinstance(listed.document, dict) else None
        came = [
            row.get("amount")
            for row in (rows if isinstance(rows, list) else [])
            if isinstance(row, dict)
            and row.get("reference_id") == one.reference
            and row.get("type") == "PAYMENT"
        ]
        return came[-1] if came else None

    async def _end(self, operation: str, path: str) -> None:
        await self._api.call(operation, "POST", path, body={}, harmless=True, judge=_NARROW)

    async def _read(self, operation: str, path: str) -> dict[str, Any]:
        reply = await self._api.call(operation, "GET", path, harmless=True)
        if not isinstance(reply.document, dict):
            raise CallFailed("unknown", "provider_unreadable")
        return reply.document


def _status(document: dict[str, Any]) -> str:
    return str(document.get("status") or "").upper()
