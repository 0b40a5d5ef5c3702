"""`/refunds` (docs.xendit.co/apidocs/refund-payment-request): pending first, then told by a webhook."""

from __future__ import annotations

from collections.abc import Iterable

from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply, FakeRoute, Json
from providers.fakes.listing import page_of
from providers.xendit.fake.announcing import refund_object
from providers.xendit.fake.idempotency import IdempotencyKeys
from providers.xendit.fake.invoices import invoice_id_of
from providers.xendit.fake.ledger import REFUND_REASONS, XenditLedger
from providers.xendit.fake.state import RefundState, RequestState
from providers.xendit.fake.v3 import invalid, whole_amount

REFUND_QUIRKS = {
    "refund_fails": "Xendit takes a refund and tells later that it failed",
}


class RefundDesk:
    """Refunds of both generations and of invoices."""

    def __init__(self, ledger: XenditLedger) -> None:
        self._ledger = ledger
        self._keys = IdempotencyKeys(ledger, "refunds")

    def routes(self) -> Iterable[FakeRoute]:
        return (
            FakeRoute("POST", "/refunds", lambda call: self._keys.once(call, self._create)),
            FakeRoute("GET", "/refunds", self._list),
            FakeRoute("GET", "/refunds/{id}", self._get),
            FakeRoute("POST", "/refunds/{id}/cancel", self._cancel),
        )

    def _create(self, call: FakeCall) -> FakeReply:
        wish = call.document()
        if wish.get("reason") not in REFUND_REASONS:
            raise invalid(f"reason must be one of {', '.join(REFUND_REASONS)}")
        whole_amount(wish, "amount")
        request = self._request(wish)
        captured = [one for one in self._ledger.state.payments_of(request) if one.captured]
        if not captured:
            raise ApiRefusal(
                400, "INELIGIBLE_TRANSACTION_STATUS", "only a payment that succeeded can be refunded"
            )
        refund = self._ledger.refund(captured[-1], wish, fails="refund_fails" in call.quirks)
        return FakeReply(200, self._shown(refund))

    def _request(self, wish: Json) -> RequestState:
        state = self._ledger.state
        if wish.get("invoice_id"):
            found = [one for one in state.requests.values() if invoice_id_of(one) == wish["invoice_id"]]
            request = found[0] if found else None
        else:
            request = state.requests.get(str(wish.get("payment_request_id")))
        if request is None:
            raise ApiRefusal(404, "DATA_NOT_FOUND", "there is no such payment")
        return request

    def _list(self, call: FakeCall) -> FakeReply:
        wanted = call.query.get("payment_request_id")
        found = [
            refund
            for refund in reversed(self._ledger.state.refunds.values())
            if wanted in (None, "", refund.request_id)
        ]
        rows, more = page_of(found, call, key=lambda refund: refund.refund_id)
        return FakeReply(200, {"data": [self._shown(row) for row in rows], "has_more": more})

    def _get(self, call: FakeCall) -> FakeReply:
        return FakeReply(200, self._shown(self._refund(call)))

    def _cancel(self, call: FakeCall) -> FakeReply:
        refund = self._refund(call)
        if refund.status != "PENDING":
            raise invalid(f"a refund that is {refund.status} cannot be cancelled", "INELIGIBLE_REFUND_STATUS")
        refund.status = "CANCELLED"
        return FakeReply(200, self._shown(refund))

    def _refund(self, call: FakeCall) -> RefundState:
        refund = self._ledger.state.refunds.get(call.params["id"])
        if refund is None:
            raise ApiRefusal(404, "DATA_NOT_FOUND", "there is no such refund")
        return refund

    def _shown(self, refund: RefundState) -> Json:
        request = self._ledger.state.requests[refund.request_id]
        return refund_object(request, refund) | {"country": "ID"}
