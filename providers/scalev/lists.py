"""Scalev's own word on its money, for reconciliation: the list of orders by payment status, and single orders.

`GET /v3/orders` pages by a cursor, newest order first (developers.scalev.id: list orders). An order that is read alone is the snapshot that its
webhooks carry, so what we make of it is `order.updated`: one body that holds the order and whether it is paid.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from providers.moments import parse_moment
from providers.outgoing import CallFailed, ProviderApi
from providers.reconciling import (
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
from providers.scalev.zone import ZONE

PAGE_ROWS = "25"  # the most that it gives
PAID_LATER = timedelta(days=7)
"""How much older than its payment an order may be: they are listed by when they were made. Ours end after a day."""

_STATUSES: dict[str, ListedStatus] = {
    "paid": "paid",
    "settled": "paid",
    "unpaid": "open",
    "conflict": "failed",
}
_RECORD = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9]{1,18}")


class ScalevLists:
    """One key. Paid orders and those whose money has arrived are listed apart."""

    lists = ("paid", "settled")

    def __init__(self, api: ProviderApi) -> None:
        self._api = api

    async def page(self, listing: str, since: datetime, cursor: str | None) -> ListPage:
        query = {"payment_status": listing, "page_size": PAGE_ROWS} | ({"cursor": cursor} if cursor else {})
        document = await self._list(query)
        rows: list[Any] = document["data"]
        read = [_row(row) for row in rows]
        made = [at for row in rows if (at := _moment(row, "created_at")) is not None]
        over = bool(made) and max(made) < since - PAID_LATER
        more = bool(document.get("has_next", document.get("next_cursor"))) and not over
        following = cursor_in(document.get("next_cursor")) if more else None
        return ListPage(
            rows=tuple(one for one in read if _is_within(one, since)),
            following=following,
            cut_off=more and following is None,
        )

    async def ask(self, row: ListedPayment) -> Told | None:
        """By its record where we know that; else by its number, which is looked for."""
        for name in sorted(row.names, key=lambda name: _RECORD.fullmatch(name) is None):
            order = await (self._order(name) if _RECORD.fullmatch(name) else self._search(name))
            if order is not None:
                return _told(order)
        return None

    async def close(self) -> None:
        await self._api.close()

    async def _list(self, query: Mapping[str, str]) -> dict[str, Any]:
        reply = await self._api.call("list_orders", "GET", "/v3/orders", query=query, harmless=True)
        if not isinstance(reply.document, dict) or not isinstance(reply.document.get("data"), list):
            raise CallFailed("unknown", "provider_unreadable")
        return reply.document

    async def _search(self, number: str) -> dict[str, Any] | None:
        listed = await self._list({"search": number, "search_field": "order_id", "page_size": PAGE_ROWS})
        for row in listed["data"]:
            if isinstance(row, dict) and row.get("order_id") == number and isinstance(row.get("id"), str):
                return await self._order(row["id"])
        return None

    async def _order(self, record: str) -> dict[str, Any] | None:
        try:
            document = (
                await self._api.call("read_order", "GET", f"/v3/orders/{record}", harmless=True)
            ).document
        except CallFailed as failed:
            if failed.outcome == "refused" and failed.status == 404:
                return None
            raise
        if not isinstance(document, dict):
            raise CallFailed("unknown", "provider_unreadable")
        return document


def _told(order: dict[str, Any]) -> Told:
    status = _STATUSES.get(str(order.get("payment_status")), "unknown")
    try:
        amount = whole_rupiah(order.get("gross_revenue"))
    except RowUnreadable:
        amount = None
    body = as_webhook({"event": "order.updated", "data": order})
    return Told(status=status, amount=amount, body=None if status == "unknown" else body)


def _row(row: Any) -> ListedPayment | UnreadableRow:
    if not isinstance(row, dict):
        return unreadable(row, "not_an_object")
    number, record = row.get("order_id"), row.get("id")
    record = str(record) if type(record) is int else record
    names = tuple(name for one in (number, record) if (name := id_in(one)) is not None)
    if not names:
        return unreadable(row, "id_missing")
    status = _STATUSES.get(str(row.get("payment_status")))
    if status is None:
        return unreadable(row, "status_unknown")
    try:
        amount = whole_rupiah(row.get("gross_revenue"))
    except RowUnreadable as error:
        return unreadable(row, str(error))
    at = _moment(row, "paid_time") or _moment(row, "settled_time") or _moment(row, "last_updated_at")
    return ListedPayment(names=names, status=status, amount=amount, at=at)


def _is_within(row: ListedPayment | UnreadableRow, since: datetime) -> bool:
    return isinstance(row, UnreadableRow) or row.at is None or row.at >= since


def _moment(row: Any, name: str) -> datetime | None:
    return parse_moment(row.get(name), ZONE) if isinstance(row, dict) else None
