"""What became of an invoice at Mayar, and its end by our call (docs.mayar.id/api-reference-v2: transaction and invoice detail, close invoice).

A second payment, or one that came late, is a further transaction of the invoice; only the invoice lists them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from providers.mayar.api import judge
from providers.mayar.events import PaymentReport
from providers.mayar.payments import payment
from providers.mayar.refunds import PARTLY
from providers.mayar.zone import ZONE
from providers.money import GONE_BACK
from providers.outgoing import CallFailed, ProviderApi
from providers.refusals import where_permitted
from providers.section import Section
from providers.watching import Looked, Told, Watched, told

_PAID = frozenset({"paid", "settled", *GONE_BACK, *PARTLY})  # what went back had come
_OPEN = frozenset({"created", "unpaid", "active"})
TRANSACTIONS_MAX = 10  # of one invoice that are asked about, those named last


class MayarLooks:
    """Over the calls of one account."""

    def __init__(self, api: ProviderApi) -> None:
        self._api = api

    async def look(self, one: Watched) -> Looked:
        """Raises CallFailed."""
        first = await self._read("read_transaction", f"/hl/v2/transactions/{one.payment_key}")
        invoice_id = _invoice_id(first)
        status = _status(first)
        facts: list[Told] = []
        if status in _PAID:
            facts += _fact(PaymentReport.SUCCEEDED, first, one)
        async for other in self._others(one.payment_key, invoice_id):
            if _status(other) in _PAID:
                status = _status(other)
                facts += _fact(PaymentReport.SUCCEEDED, other, one)
        if not facts and status not in _OPEN:
            meaning = PaymentReport.FAILED if status == "failed" else PaymentReport.EXPIRED
            facts += _fact(meaning, first, one)
        link = first.get("paymentLink")
        closed = isinstance(link, Mapping) and link.get("status") == "closed"
        if closed and status in _OPEN:
            status = "closed"
        return Looked(status=status, payable=status in _OPEN and invoice_id is not None, facts=tuple(facts))

    async def withdraw(self, one: Watched) -> None:
        """Raises CallFailed. Nothing tells of it."""
        first = await self._read("read_transaction", f"/hl/v2/transactions/{one.payment_key}")
        invoice_id = _invoice_id(first)
        if invoice_id is None:
            raise CallFailed("refused", "provider_refused", said="the transaction names no invoice")
        await self._api.call(
            "close_invoice",
            "POST",
            f"/hl/v2/invoices/{invoice_id}/close",
            body={},
            harmless=True,
            judge=where_permitted(judge),
        )

    async def _others(self, first: str, invoice_id: str | None) -> AsyncIterator[Mapping[str, Any]]:
        if invoice_id is None:
            return
        invoice = await self._read("read_invoice", f"/hl/v2/invoices/{invoice_id}")
        named = invoice.get("transactions")
        rows = named if isinstance(named, list) else []
        keys = [row.get("id") for row in rows if isinstance(row, Mapping)] + [invoice.get("transactionId")]
        others = [key for key in dict.fromkeys(keys) if isinstance(key, str) and key not in ("", first)]
        for key in others[-TRANSACTIONS_MAX:]:
            yield await self._read("read_transaction", f"/hl/v2/transactions/{key}")

    async def _read(self, operation: str, path: str) -> Mapping[str, Any]:
        document = (await self._api.call(operation, "GET", path, harmless=True)).document
        data = document.get("data") if isinstance(document, dict) else None
        if not isinstance(data, dict):
            raise CallFailed("unknown", "provider_unreadable")
        return data


def _fact(meaning: PaymentReport, found: Mapping[str, Any], one: Watched) -> tuple[Told, ...]:
    """The transaction in the words of its webhook. It is of our invoice, whether or not it repeats our reference."""
    data = {name: value for name, value in found.items() if name != "status"}
    data |= {
        "transactionId": found.get("id"),
        "transactionStatus": "paid" if _status(found) in _PAID else found.get("status"),
    }
    extra = found.get("extraData")
    data["extraData"] = {**(extra if isinstance(extra, Mapping) else {}), "checkoutId": one.reference}
    invoice_id = _invoice_id(found)
    if invoice_id is not None:
        data["productId"] = invoice_id
    section = Section.of(data, ZONE)
    return told(lambda now: payment(meaning, section, section, now))


def _invoice_id(one: Mapping[str, Any]) -> str | None:
    link = one.get("paymentLink")
    found = link.get("id") if isinstance(link, Mapping) else one.get("paymentLinkId")
    return found if isinstance(found, str) and found else None


def _status(one: Mapping[str, Any]) -> str:
    return str(one.get("status") or "").lower()
