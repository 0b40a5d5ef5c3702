"""What became of a request at Xendit, and its end by our call: a payment request (v3) or an invoice (docs.xendit.co/apidocs).

A request that was paid names its latest payment; that one is read as its webhook would be.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from providers.outgoing import CallFailed, ProviderApi
from providers.section import Section
from providers.watching import Looked, Told, Watched
from providers.xendit.events import Meaning
from providers.xendit.payments import invoice as invoice_fact
from providers.xendit.payments import payment as payment_fact
from schemas.errors import AmountError, UntranslatableError
from schemas.facts import PaymentExpired, PaymentFailed, PaymentSettled, PaymentSucceeded

_PAYABLE = frozenset({"REQUIRES_ACTION", "ACCEPTING_PAYMENTS", "PENDING"})
_CANCELLED = "CANCELED"
_OVER = frozenset({"EXPIRED", "FAILED"})


class XenditLooks:
    """Over the calls of one account."""

    def __init__(self, api: ProviderApi) -> None:
        self._api = api

    async def look(self, one: Watched) -> Looked:
        """Raises CallFailed."""
        if one.kind == "order":
            document = await self._read("read_invoice", f"/v2/invoices/{one.payment_key}")
            status = _status(document)
            fact = _told(lambda now: invoice_fact(Section.of(document), now)) if status != "PENDING" else None
            return Looked(status=status, payable=status == "PENDING", fact=fact)
        document = await self._read("read_payment_request", f"/v3/payment_requests/{one.payment_key}")
        status, latest = _status(document), document.get("latest_payment_id")
        # Money that came after its end leaves the request EXPIRED, or CANCELED: the payment itself says so.
        if status not in _PAYABLE and isinstance(latest, str) and latest:
            paid = await self._read("read_payment", f"/v3/payments/{latest}")
            if _status(paid) == "SUCCEEDED":
                said = _told(
                    lambda now: payment_fact("payment.capture", Meaning.SUCCEEDED, Section.of(paid), now)
                )
                return Looked(status=status, fact=said)
        if status not in _OVER:
            return Looked(status=status, payable=status in _PAYABLE)
        meaning = Meaning.EXPIRED if status == "EXPIRED" else Meaning.FAILED
        ended = {**document, "payment_request_id": one.payment_key}
        ended.pop("latest_payment_id", None)
        name = "payment_request.expiry"
        return Looked(
            status=status, fact=_told(lambda now: payment_fact(name, meaning, Section.of(ended), now))
        )

    async def withdraw(self, one: Watched) -> None:
        """Raises CallFailed. No webhook follows a cancelled request; a second call is refused, and the request says why."""
        if one.kind == "order":
            await self._api.call(
                "expire_invoice", "POST", f"/invoices/{one.payment_key}/expire!", body={}, harmless=True
            )
            return
        path = f"/v3/payment_requests/{one.payment_key}"
        try:
            await self._api.call("cancel_payment_request", "POST", f"{path}/cancel", body={}, harmless=True)
        except CallFailed as failed:
            if (
                failed.outcome != "refused"
                or _status(await self._read("read_payment_request", path)) != _CANCELLED
            ):
                raise

    async def _read(self, operation: str, path: str) -> dict[str, Any]:
        reply = await self._api.call(operation, "GET", path, harmless=True)
        if not isinstance(reply.document, dict):
            raise CallFailed("unknown", "provider_unreadable")
        return reply.document


def _status(document: dict[str, Any]) -> str:
    return str(document.get("status") or "").upper()


def _told(read: Any) -> Told | None:
    """The fact that a webhook with the same words would have been; told to our own question, so not by whoever knows a token."""
    try:
        found = read(datetime.now(UTC))
    except (UntranslatableError, AmountError):
        raise CallFailed("unknown", "provider_unreadable") from None
    event = None if found is None else found.event
    if isinstance(event, PaymentSucceeded | PaymentSettled | PaymentExpired | PaymentFailed):
        return event.amended(token_only=False)
    return None
