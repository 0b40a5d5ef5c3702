"""Mayar's own word on its money, for reconciliation: the history of the webhooks that it sent, and single transactions.

A row of the history holds the webhook as it was sent, whether it arrived or not (docs.mayar.id/api-reference-v2: webhook/history). Of a payment the
detail of its transaction is asked before it counts: it is the one call that is right at once. The list of settled money is not read: it lags, its filters
lose rows, and what it calls a row is not what a webhook tells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import orjson

from providers.mayar.amounts import STATED
from providers.mayar.events import KNOWN, PAYMENTS, RECORD_ONLY, TESTS, PaymentReport, event_name
from providers.mayar.membership import MayarMemberships
from providers.mayar.refunds import PARTLY, went_back
from providers.mayar.zone import ZONE
from providers.moments import parse_moment
from providers.money import GONE_BACK
from providers.outgoing import CallFailed, ProviderApi
from providers.reconciling import (
    AskedMembership,
    ListedPayment,
    ListedStatus,
    ListPage,
    RowUnreadable,
    Told,
    ToldMembership,
    UnreadableRow,
    as_webhook,
    cursor_in,
    unreadable,
    whole_rupiah,
)
from providers.section import Section
from schemas.errors import UntranslatableError

PAGE_ROWS = "40"  # beyond it, lists of Mayar may be old
HISTORY = "history"

_STATUSES: dict[str, ListedStatus] = {
    "paid": "paid",
    "settled": "paid",
    "created": "open",
    "unpaid": "open",
    "active": "open",
    "expired": "expired",
    "failed": "failed",
    # What went back had come: how much of it did is told apart.
    **dict.fromkeys(GONE_BACK | PARTLY, "paid"),
}
_TRANSACTION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class MayarLists:
    """One merchant."""

    lists = (HISTORY,)
    tells_no_refunds: Literal[True] = True

    def __init__(self, api: ProviderApi) -> None:
        self._api = api
        self._memberships = MayarMemberships(api)

    async def page(self, listing: str, since: datetime, cursor: str | None) -> ListPage:
        query = {"limit": PAGE_ROWS} | ({"startingAfter": cursor} if cursor else {})
        reply = await self._api.call(
            "list_webhooks", "GET", "/hl/v2/webhooks/history", query=query, harmless=True
        )
        document = reply.document
        rows = document.get("data") if isinstance(document, dict) else None
        if not isinstance(rows, list):
            raise CallFailed("unknown", "provider_unreadable")
        sent = [at for row in rows if (at := _sent_at(row)) is not None]
        over = bool(sent) and max(sent) < since
        read = [one for row in rows if (one := _row(row)) is not None]
        within = [one for one in read if isinstance(one, UnreadableRow) or (one.at or since) >= since]
        more = bool(document.get("hasMore")) and not over
        following = cursor_in(document.get("nextStartingAfter")) if more else None
        return ListPage(rows=tuple(within), following=following, cut_off=more and following is None)

    async def ask(self, row: ListedPayment) -> Told | None:
        for name in row.names:
            if _TRANSACTION.fullmatch(name) and (found := await self._transaction(name)) is not None:
                return _told(found, name, row)
        return None

    async def membership(self, asked: AskedMembership) -> ToldMembership | None:
        return await self._memberships.ask(asked)

    async def close(self) -> None:
        await self._api.close()

    async def _transaction(self, name: str) -> Mapping[str, Any] | None:
        try:
            reply = await self._api.call(
                "read_transaction", "GET", f"/hl/v2/transactions/{name}", harmless=True
            )
        except CallFailed as failed:
            if failed.outcome == "refused" and "404" in (str(failed.status), failed.said_code):
                return None
            raise
        data = reply.document.get("data") if isinstance(reply.document, dict) else None
        if not isinstance(data, dict):
            raise CallFailed("unknown", "provider_unreadable")
        return data


def _told(found: Mapping[str, Any], name: str, row: ListedPayment) -> Told:
    status = _STATUSES.get(str(found.get("status")).lower(), "unknown")
    try:
        amount = whole_rupiah(found.get("amount"))
    except RowUnreadable:
        amount = None
    body = row.webhook
    if body is None and status == "paid":
        body = as_webhook({"event": "payment.received", "data": _as_sent(found, name)})
    back = went_back(found) if status == "paid" else 0
    return Told(status=status, amount=amount, body=body, sent_at=row.sent_at, went_back=back, name=name)


def _as_sent(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A paid transaction in the words of its webhook. Not its product: the detail calls it otherwise."""
    given = found.get("customer")
    customer: Mapping[str, Any] = given if isinstance(given, dict) else {}
    said = {
        "id": name,
        "transactionId": name,
        "status": "SUCCESS",
        "transactionStatus": "paid",
        "amount": found.get("amount"),
        "createdAt": found.get("createdAt"),
        "updatedAt": found.get("updatedAt"),
        "customerName": customer.get("name"),
        "customerEmail": customer.get("email"),
        "customerMobile": customer.get("mobile"),
        "paymentMethod": found.get("paymentMethod"),
        "extraData": found.get("extraData"),
    }
    return {field: value for field, value in said.items() if value is not None}


def _row(row: Any) -> ListedPayment | UnreadableRow | None:
    """None: it tells nothing that anybody waits for."""
    if not isinstance(row, dict):
        return unreadable(row, "not_an_object")
    payload = row.get("payload")
    body = orjson.dumps(payload) if isinstance(payload, dict) else str(payload or "").encode()
    try:
        document = orjson.loads(body)
        top = Section.of(document, ZONE)
        name = event_name(top)
        if name in TESTS or name in RECORD_ONLY:
            return None
        paid = PAYMENTS.get(name) is PaymentReport.SUCCEEDED
        data = top.section("data")
        names = _ids(data) if paid else ()
    except (orjson.JSONDecodeError, UntranslatableError):
        return unreadable(row, "payload_unreadable")
    if name not in KNOWN:
        return unreadable(row, "event_unknown")
    sent = _sent_at(row)
    if not names:
        return ListedPayment(status="unknown", at=sent, webhook=body, sent_at=sent)
    stated = next((data.values[field] for field in STATED if data.values.get(field) is not None), None)
    try:
        amount = whole_rupiah(stated)
    except RowUnreadable as error:
        return unreadable(row, str(error))
    return ListedPayment(names=names, status="paid", amount=amount, at=sent, webhook=body, sent_at=sent)


def _ids(data: Section) -> tuple[str, ...]:
    """Raises UntranslatableError."""
    found = (data.identifier("transactionId"), data.identifier("id"))
    return tuple(dict.fromkeys(name for name in found if name is not None))


def _sent_at(row: Any) -> datetime | None:
    return parse_moment(row.get("createdAt"), ZONE) if isinstance(row, dict) else None
