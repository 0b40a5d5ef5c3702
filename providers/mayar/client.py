"""Calls to Mayar: invoices for orders, and the transactions by which one is found again (docs.mayar.id/api-reference, api-reference-v2).

Nothing finds an invoice by our reference. It is in `extraData`, which only the detail of one transaction shows: after a call whose end is
unknown, transactions of the same amount are read one by one, the unpaid ones first. Lists are asked for 40 rows at most: longer ones may be
old, and their filters lose rows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from providers.asking import Opening, PayInstrument, PaymentAsk
from providers.mayar.looking import MayarLooks
from providers.outgoing import CallFailed, ProviderApi
from providers.watching import Looked, Watched

PAGE_ROWS = 40
PAGES_SEARCHED = 3
CLOCKS_APART = timedelta(minutes=5)
_LISTS = (
    ("/hl/v2/transactions/unpaid", "id", "amount"),
    # Balance history: its rows have ids of their own.
    ("/hl/v2/transactions", "paymentLinkTransactionId", "credit"),
)


class MayarClient:
    """One merchant, over an API that others use too and whoever made it closes."""

    def __init__(self, api: ProviderApi) -> None:
        self._api = api
        self._looks = MayarLooks(api)

    def repeats_safely(self, _ask: PaymentAsk) -> bool:
        return False

    async def open(self, ask: PaymentAsk) -> Opening:
        try:
            reply = await self._api.call(
                "create_invoice", "POST", "/hl/v1/invoice/create", body=_invoice(ask)
            )
        except CallFailed as failed:
            if failed.code == "provider_refused":
                failed.code = "order_rejected"
            raise
        data = _data(reply.document)
        key = _text(data.get("transactionId")) or _text(data.get("id"))
        if key is None:
            raise CallFailed("unknown", "provider_unreadable")
        return Opening(
            payment_key=key,
            aliases=_others(key, data.get("id")),
            expires_at=_moment(data.get("expiredAt")),
            instrument=PayInstrument(payment_url=_text(data.get("link"))),
        )

    async def find(self, ask: PaymentAsk) -> Opening | None:
        async for key in self._of_this_amount(ask):
            path = f"/hl/v2/transactions/{key}"
            one = _data((await self._api.call("read_transaction", "GET", path, harmless=True)).document)
            extra = one.get("extraData")
            if isinstance(extra, dict) and extra.get("checkoutId") == ask.reference:
                return await self._found(key, one)
        return None

    def at_leisure(self) -> bool:
        return self._api.at_leisure()

    async def look(self, one: Watched) -> Looked:
        return await self._looks.look(one)

    async def withdraw(self, one: Watched) -> None:
        await self._looks.withdraw(one)

    async def close(self) -> None:
        """Nothing is its own."""

    async def _of_this_amount(self, ask: PaymentAsk) -> AsyncIterator[str]:
        seen: set[str] = set()
        for path, name, amount in _LISTS:
            async for row in self._rows(path):
                key, at = _text(row.get(name)), _moment(row.get("createdAt"))
                too_old = at is not None and ask.asked_at is not None and at < ask.asked_at - CLOCKS_APART
                if key and key not in seen and row.get(amount) == ask.amount_idr and not too_old:
                    seen.add(key)
                    yield key

    async def _rows(self, path: str) -> AsyncIterator[Mapping[str, Any]]:
        query = {"limit": str(PAGE_ROWS)}
        for _ in range(PAGES_SEARCHED):
            document = (
                await self._api.call("find_transaction", "GET", path, query=query, harmless=True)
            ).document
            rows = document.get("data") if isinstance(document, dict) else None
            if not isinstance(rows, list):
                raise CallFailed("unknown", "provider_unreadable")
            for row in rows:
                if isinstance(row, dict):
                    yield row
            following = document.get("nextStartingAfter")
            if not document.get("hasMore") or not following:
                return
            query = query | {"startingAfter": str(following)}

    async def _found(self, key: str, one: Mapping[str, Any]) -> Opening:
        given = one.get("paymentLink")
        link: Mapping[str, Any] = given if isinstance(given, dict) else {}
        invoice = _text(link.get("id"))
        if _text(link.get("link")) is None and invoice is not None:
            path = f"/hl/v1/invoice/{invoice}"
            link = _data((await self._api.call("read_invoice", "GET", path, harmless=True)).document)
        return Opening(
            payment_key=key,
            aliases=_others(key, invoice),
            status=_text(one.get("status")),
            expires_at=_moment(link.get("expiredAt")),
            instrument=PayInstrument(payment_url=_text(link.get("link"))),
        )


def _invoice(ask: PaymentAsk) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": ask.payer_name or ask.payer_email or ask.customer_id,
        "email": ask.payer_email,
        "mobile": ask.payer_phone,
        "description": ask.description,
        "items": [
            {"quantity": line.quantity, "rate": line.price_idr, "description": line.title}
            for line in ask.lines
        ],
        "extraData": {"checkoutId": ask.reference, "customerId": ask.customer_id},
    }
    if ask.expires_at is not None:
        ends = ask.expires_at.astimezone(UTC).isoformat(timespec="milliseconds")
        body["expiredAt"] = ends.replace("+00:00", "Z")
    back = f"{ask.return_url}/success" if ask.return_url else ask.page_url
    return body | ({"redirectUrl": back} if back else {})


def _data(document: Any) -> Mapping[str, Any]:
    """What the envelope holds. Raises CallFailed `unknown` when it holds nothing readable: it may have been done all the same."""
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict):
        raise CallFailed("unknown", "provider_unreadable")
    return data


def _others(key: str, name: Any) -> tuple[str, ...]:
    other = _text(name)
    return (other,) if other is not None and other != key else ()


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _moment(value: Any) -> datetime | None:
    """Mayar's times are milliseconds since 1970."""
    if type(value) is not int or not 0 < value < 10**14:
        return None
    return datetime.fromtimestamp(value / 1000, UTC)
