"""Calls to Xendit: payment requests (v3) for top-ups, invoices for orders, refunds of both (docs.xendit.co/apidocs).

`POST /v3/payment_requests` lists no idempotency key, and reading by our reference is offered by the second generation alone. So the
reference is unique, a call whose end is unknown is looked up by it, and a duplicate is the request that was made before.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from providers.asking import Opening, PayInstrument, PaymentAsk
from providers.call_record import CallMetrics
from providers.moments import parse_moment
from providers.outgoing import CallFailed, CallLimits, ProviderApi
from providers.refunding import RefundAsk, RefundSaid
from providers.watching import Looked, Watched
from providers.xendit.looking import XenditLooks
from providers.xendit.refunds import XenditRefunds
from providers.xendit.refusals import ALREADY_THERE, judge
from providers.xendit.zone import ZONE
from runtime.breaker import Breaker

API_VERSION = "2024-11-11"
_RETURNS = {"success_return_url": "/success", "failure_return_url": "/failed", "cancel_return_url": ""}


class XenditClient:
    """One account."""

    cancels = frozenset({"topup"})

    def __init__(
        self,
        base_url: str,
        secret_key: str,
        limits: CallLimits,
        breaker: Breaker,
        *,
        display_name: str = "LUNAS",
        metrics: CallMetrics | None = None,
    ) -> None:
        basic = b64encode(f"{secret_key}:".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "api-version": API_VERSION}
        self._api = ProviderApi("xendit", base_url, headers, limits, breaker, judge, metrics)
        self._name = display_name
        self._refunds = XenditRefunds(self._api)
        self._looks = XenditLooks(self._api)

    @property
    def api(self) -> ProviderApi:
        """For whoever else asks about this account."""
        return self._api

    def repeats_safely(self, ask: PaymentAsk) -> bool:
        """Several invoices may have one `external_id`; a `reference_id` is taken once."""
        return ask.kind == "topup"

    async def open(self, ask: PaymentAsk) -> Opening:
        try:
            if ask.kind == "order":
                return await self._invoice(ask)
            reply = await self._api.call(
                "create_payment_request",
                "POST",
                "/v3/payment_requests",
                body=self._request(ask),
                headers={"idempotency-key": ask.reference},
            )
        except CallFailed as failed:
            if failed.outcome != "refused" or failed.said_code not in ALREADY_THERE:
                raise
            found = await self.find(ask)
            if found is None:
                raise
            return found
        return _opening(reply.document)

    async def find(self, ask: PaymentAsk) -> Opening | None:
        if ask.kind == "order":
            return await self._find_invoice(ask)
        listed = await self._api.call(
            "find_payment_request",
            "GET",
            "/payment_requests",
            query={"reference_id": ask.reference},
            harmless=True,
        )
        for row in _rows(listed.document, "data"):
            if row.get("reference_id") == ask.reference and isinstance(row.get("id"), str):
                path = f"/v3/payment_requests/{row['id']}"
                return _opening(
                    (await self._api.call("read_payment_request", "GET", path, harmless=True)).document
                )
        return None

    async def refund(self, ask: RefundAsk) -> RefundSaid:
        return await self._refunds.make(ask)

    async def find_refund(self, ask: RefundAsk) -> RefundSaid | None:
        return await self._refunds.find(ask)

    def at_leisure(self) -> bool:
        return self._api.at_leisure()

    async def look(self, one: Watched) -> Looked:
        return await self._looks.look(one)

    async def withdraw(self, one: Watched) -> None:
        await self._looks.withdraw(one)

    async def close(self) -> None:
        await self._api.close()

    def _request(self, ask: PaymentAsk) -> dict[str, Any]:
        return {
            "reference_id": ask.reference,
            "type": "PAY",
            "country": "ID",
            "currency": "IDR",
            "request_amount": ask.amount_idr,
            "capture_method": "AUTOMATIC",
            "channel_code": ask.channel,
            "channel_properties": self._properties(ask),
            "description": ask.description,
            "metadata": {"payment_type": "credit_topup", "customer_id": ask.customer_id},
        }

    def _properties(self, ask: PaymentAsk) -> dict[str, Any]:
        """No `expires_at` for QRIS, which Xendit refuses: our own end is kept by our own clock."""
        if ask.method == "va":
            return {"display_name": self._name, **_ends(ask, "expires_at")}
        if ask.channel == "OVO":
            return {"account_mobile_number": ask.mobile_number}
        if ask.channel == "GOPAY":
            return {name: _back(ask, end) for name, end in _RETURNS.items()}
        return {}

    async def _invoice(self, ask: PaymentAsk) -> Opening:
        body: dict[str, Any] = {
            "external_id": ask.reference,
            "amount": ask.amount_idr,
            "currency": "IDR",
            "description": ask.description,
            "metadata": {"customer_id": ask.customer_id},
            "items": [
                {"name": line.title, "quantity": line.quantity, "price": line.price_idr} for line in ask.lines
            ],
        }
        if ask.payer_email:
            body["payer_email"] = ask.payer_email
        if ask.expires_at:
            body["invoice_duration"] = max(int((ask.expires_at - datetime.now(UTC)).total_seconds()), 60)
        if ask.return_url or ask.page_url:
            body |= {
                "success_redirect_url": _back(ask, "/success"),
                "failure_redirect_url": _back(ask, "/failed"),
            }
        return _invoice_opening(
            (await self._api.call("create_invoice", "POST", "/v2/invoices", body=body)).document
        )

    async def _find_invoice(self, ask: PaymentAsk) -> Opening | None:
        listed = await self._api.call(
            "find_invoice", "GET", "/v2/invoices", query={"external_id": ask.reference}, harmless=True
        )
        rows = listed.document if isinstance(listed.document, list) else _rows(listed.document, "data")
        found = [row for row in rows if isinstance(row, dict) and row.get("external_id") == ask.reference]
        return _invoice_opening(found[0]) if found else None


def _back(ask: PaymentAsk, end: str) -> str | None:
    """Where the payer is sent back to: the application's own pages, or our payment page, which knows by itself how it ended."""
    return f"{ask.return_url}{end}" if ask.return_url else ask.page_url


def _ends(ask: PaymentAsk, name: str) -> dict[str, str]:
    if ask.expires_at is None:
        return {}
    return {name: ask.expires_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")}


def _rows(document: Any, name: str) -> list[Mapping[str, Any]]:
    rows = document.get(name) if isinstance(document, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _opening(document: Any) -> Opening:
    """Raises CallFailed `unknown` for an answer that names no request: it may exist all the same."""
    request_id = document.get("payment_request_id") if isinstance(document, dict) else None
    if not isinstance(request_id, str) or not request_id:
        raise CallFailed("unknown", "provider_unreadable")
    properties = document.get("channel_properties")
    ends = properties.get("expires_at") if isinstance(properties, dict) else None
    payment = document.get("latest_payment_id")
    return Opening(
        payment_key=request_id,
        group_id=request_id,
        aliases=(payment,) if isinstance(payment, str) and payment else (),
        status=str(document.get("status") or ""),
        expires_at=_moment(ends),
        instrument=_instrument(document),
    )


def _instrument(document: Mapping[str, Any]) -> PayInstrument:
    """`actions` may be missing or empty: OVO asks in its app, and the sandbox's GoPay at times gives no page."""
    values = {row.get("descriptor"): row.get("value") for row in _rows(document, "actions")}
    page = next(
        (
            values[name]
            for name in ("WEB_URL", "MOBILE_URL", "DEEPLINK_URL")
            if isinstance(values.get(name), str)
        ),
        None,
    )
    channel = document.get("channel_code")
    note = None
    if channel == "GOPAY" and page is None:
        note = "sandbox_without_redirect"
    elif channel == "OVO":
        note = "confirm_in_app"
    return PayInstrument.model_validate(
        {
            "qr_string": _text(values.get("QR_STRING")),
            "va_number": _text(values.get("VIRTUAL_ACCOUNT_NUMBER")),
            "redirect_url": page,
            "note": note,
        }
    )


def _invoice_opening(document: Any) -> Opening:
    invoice_id = document.get("id") if isinstance(document, dict) else None
    if not isinstance(invoice_id, str) or not invoice_id:
        raise CallFailed("unknown", "provider_unreadable")
    return Opening(
        payment_key=invoice_id,
        status=str(document.get("status") or ""),
        expires_at=_moment(document.get("expiry_date")),
        instrument=PayInstrument(payment_url=_text(document.get("invoice_url"))),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _moment(value: Any) -> datetime | None:
    return parse_moment(value, ZONE) if isinstance(value, str) else None
