"""Xendit's own word on its money, for reconciliation: the list of transactions, and single payments, requests, sessions, invoices and refunds.

`GET /transactions` pages by `after_id`, newest first (docs.xendit.co/apidocs: list-transactions). A payment that is read alone is the object
that its webhook carries as `data`, so what we make of it is that webhook.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from providers.moments import parse_moment
from providers.outgoing import CallFailed, ProviderApi
from providers.reconciling import (
    PLANS,
    ListedPayment,
    ListedStatus,
    ListPage,
    RowUnreadable,
    Told,
    UnreadableRow,
    as_webhook,
    cursor_in,
    id_in,
    unreadable,
    whole_rupiah,
)
from providers.xendit.looking import PAYABLE
from providers.xendit.plan_lists import XenditPlanLists
from providers.xendit.zone import ZONE

PAGE_ROWS = "50"  # the most that it gives
TRANSACTIONS = "transactions"

_MONEY_IN = frozenset({"PAYMENT", "VA_PAYMENT", "RO_PAYMENT", "EWALLET_PAYMENT", "INVOICE", "QR_PAYMENT"})
_OTHERS = frozenset(
    {
        "DISBURSEMENT", "PAYOUT", "TRANSFER", "TRANSFER_IN", "TRANSFER_OUT", "TOPUP", "WITHDRAWAL", "FEE", "TAX", "ADJUSTMENT", "CHARGEBACK",
        "REMITTANCE", "REMITTANCE_PAYOUT", "LOAN_REPAYMENT", "PLATFORM_FEE", "FOREX_DEDUCTION", "FOREX_DEPOSIT", "CASHBACK", "OTHER",
    }
)  # fmt: skip
"""Money of our own account that no payer sent."""
_ROWS: dict[str, ListedStatus] = {
    "SUCCESS": "paid",
    "PENDING": "open",
    "FAILED": "failed",
    "VOIDED": "reversed",
    "REVERSED": "reversed",
}
_PAYMENTS: dict[str, tuple[str, ListedStatus]] = {
    "SUCCEEDED": ("payment.capture", "paid"),
    "AUTHORIZED": ("payment.authorization", "open"),
    "FAILED": ("payment.failure", "failed"),
    "CANCELED": ("payment.failure", "failed"),
    "EXPIRED": ("payment.expiry", "expired"),
}
_INVOICES: dict[str, ListedStatus] = {
    "PAID": "paid",
    "SETTLED": "paid",
    "PENDING": "open",
    "EXPIRED": "expired",
}
_INVOICE = re.compile(r"[0-9a-f]{24}")


class XenditLists:
    """One account."""

    lists = (PLANS, TRANSACTIONS)

    def __init__(self, api: ProviderApi) -> None:
        self._api, self._plans = api, XenditPlanLists(api)

    async def page(self, listing: str, since: datetime, cursor: str | None) -> ListPage:
        query = {"limit": PAGE_ROWS, "created[gte]": _iso(since)} | ({"after_id": cursor} if cursor else {})
        document = (
            await self._api.call("list_transactions", "GET", "/transactions", query=query, harmless=True)
        ).document
        rows = document.get("data") if isinstance(document, dict) else None
        if not isinstance(rows, list):
            raise CallFailed("unknown", "provider_unreadable")
        read = [one for row in rows if (one := _row(row)) is not None]
        more = bool(document.get("has_more"))
        # The last row may be rubbish: then we go on behind the last one that has an id, and some rows come twice.
        places = [row.get("id") for row in rows if isinstance(row, dict)]
        following = next(filter(None, map(cursor_in, reversed(places))), None) if more else None
        return ListPage(rows=tuple(read), following=following, cut_off=more and following is None)

    async def ask(self, row: ListedPayment) -> Told | None:
        for name in row.names:
            read = await self._by_name(name)
            if read is not None:
                return read
        return None

    async def plan(self, plan_key: str, since: datetime) -> list[ListedPayment | UnreadableRow]:
        return await self._plans.rows(plan_key, since)

    async def close(self) -> None:
        await self._api.close()

    async def _by_name(self, name: str) -> Told | None:
        if name.startswith("py-"):
            return await self._payment(name)
        if name.startswith("pr-"):
            return await self._request(name)
        if name.startswith("ps-"):
            return await self._session(name)
        if name.startswith("rfd-"):
            return await self._refund(name)
        return await self._invoice(name) if _INVOICE.fullmatch(name) else None

    async def _payment(self, name: str) -> Told | None:
        found = await self._read("read_payment", f"/v3/payments/{name}")
        if found is None:
            return None
        event, status = _PAYMENTS.get(_status(found), (None, "unknown"))
        amount = _amount(found)
        if event is None:
            return Told(status=status, amount=amount)
        if status == "paid" and not _purpose(found):
            charge = await self._plans.charge(found, name)
            if charge is not None:
                return charge
        if status == "paid" and not found.get("metadata"):
            found = await self._with_its_invoice(found)
        return Told(status=status, amount=amount, body=_webhook(event, found))

    async def _with_its_invoice(self, found: dict[str, Any]) -> dict[str, Any]:
        """Money of an invoice names neither payer nor purpose; its invoice does, by the same reference, when there is one alone."""
        reference = found.get("reference_id")
        if not isinstance(reference, str) or not reference:
            return found
        query = {"external_id": reference}
        listed = (
            await self._api.call("find_invoice", "GET", "/v2/invoices", query=query, harmless=True)
        ).document
        invoices = [
            one
            for one in (listed if isinstance(listed, list) else ())
            if isinstance(one, dict) and one.get("external_id") == reference
        ]
        if len(invoices) != 1:
            return found
        given = invoices[0].get("metadata")
        metadata = dict(given) if isinstance(given, dict) else {}
        return found | {"metadata": metadata | {"payer_email": invoices[0].get("payer_email")}}

    async def _request(self, name: str) -> Told | None:
        """By its latest payment, if that brought money: what came after its end leaves the request as it was."""
        found = await self._read("read_payment_request", f"/v3/payment_requests/{name}")
        if found is None:
            return None
        latest, status = found.get("latest_payment_id"), _status(found)
        if isinstance(latest, str) and latest and status not in PAYABLE:
            paid = await self._payment(latest)
            if paid is not None and paid.status == "paid":
                return paid
        if status == "EXPIRED":
            return Told(status="expired", body=_webhook("payment_request.expiry", found))
        if status == "SUCCEEDED":
            return Told(status="paid", amount=_amount(found))
        return Told(status="failed" if status in ("FAILED", "CANCELED") else "open")

    async def _session(self, name: str) -> Told | None:
        found = await self._read("read_session", f"/sessions/{name}")
        if found is None:
            return None
        for field in ("payment_id", "payment_request_id"):
            inner = found.get(field)
            if isinstance(inner, str) and inner:
                return await self._by_name(inner)
        return Told(status="expired" if _status(found) == "EXPIRED" else "open")

    async def _invoice(self, name: str) -> Told | None:
        found = await self._read("read_invoice", f"/v2/invoices/{name}")
        if found is None:
            return None
        status = _INVOICES.get(_status(found), "unknown")
        body = as_webhook(found) if status in ("paid", "expired") else None
        return Told(status=status, amount=_amount(found), body=body)

    async def _refund(self, name: str) -> Told | None:
        found = await self._read("read_refund", f"/refunds/{name}")
        if found is None:
            return None
        ends = {"SUCCEEDED": "refund.succeeded", "FAILED": "refund.failed", "CANCELLED": "refund.failed"}
        event = ends.get(_status(found))
        body = None if event is None else _webhook(event, found)
        status: ListedStatus = "refunded" if event == "refund.succeeded" else "failed" if event else "open"
        return Told(status=status, amount=_amount(found), body=body)

    async def _read(self, operation: str, path: str) -> dict[str, Any] | None:
        """None: there is no such thing there."""
        try:
            document = (await self._api.call(operation, "GET", path, harmless=True)).document
        except CallFailed as failed:
            if failed.outcome == "refused" and failed.status == 404:
                return None
            raise
        if not isinstance(document, dict):
            raise CallFailed("unknown", "provider_unreadable")
        return document


def _row(row: Any) -> ListedPayment | UnreadableRow | None:
    """None: money of ours that no payer sent."""
    if not isinstance(row, dict):
        return unreadable(row, "not_an_object")
    kind = row.get("type")
    if not isinstance(kind, str):
        return unreadable(row, "type_missing")
    if kind in _OTHERS or (kind != "REFUND" and row.get("cashflow") == "MONEY_OUT"):
        return None
    if kind != "REFUND" and kind not in _MONEY_IN:
        return unreadable(row, "type_unknown")
    product, reference = id_in(row.get("product_id")), id_in(row.get("reference_id"))
    if product is None:
        return unreadable(row, "id_missing")
    status = _ROWS.get(str(row.get("status")))
    if status is None:
        return unreadable(row, "status_unknown")
    if row.get("currency") not in (None, "IDR"):
        # Before its amount: another money may have parts of a unit.
        return unreadable(row, "currency_unexpected")
    try:
        amount = whole_rupiah(row.get("amount"))
    except RowUnreadable as error:
        return unreadable(row, str(error))
    if kind == "REFUND":
        refunded: dict[str, ListedStatus] = {"paid": "refunded"}
        return ListedPayment(
            names=(product,), status=refunded.get(status, "open"), amount=amount, at=_moment(row)
        )
    names = (product,) if reference is None else (product, reference)
    return ListedPayment(names=names, status=status, amount=amount, at=_moment(row))


def _purpose(payment: Mapping[str, Any]) -> bool:
    """Whether a payment says itself what it is for."""
    metadata = payment.get("metadata")
    return isinstance(metadata, dict) and bool(metadata.get("payment_type"))


def _webhook(event: str, data: Mapping[str, Any]) -> bytes:
    return as_webhook({"event": event, "business_id": data.get("business_id"), "data": data})


def _amount(document: Mapping[str, Any]) -> int | None:
    """A detail to compare; what is fed is read by the translator."""
    captures = document.get("captures")
    try:
        if isinstance(captures, list) and captures:
            return sum(whole_rupiah(one.get("capture_amount")) for one in captures if isinstance(one, dict))
        found = [document[name] for name in ("paid_amount", "request_amount", "amount") if name in document]
        return whole_rupiah(found[0]) if found else None
    except RowUnreadable:
        return None


def _status(document: Mapping[str, Any]) -> str:
    return str(document.get("status") or "").upper()


def _moment(row: Mapping[str, Any]) -> datetime | None:
    return parse_moment(row.get("created"), ZONE)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
