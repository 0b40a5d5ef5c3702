"""`/balance` and `/transactions`: the account's money, as it is read for reconciliation."""

from __future__ import annotations

from collections.abc import Iterable

from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply, FakeRoute, Json
from providers.fakes.listing import number, page_of
from providers.simulated import iso
from providers.xendit.fake.ledger import XenditLedger
from providers.xendit.fake.state import PaymentState, RefundState, RequestState
from providers.xendit.simulated_bodies import v2_kind


class MoneyDesk:
    """What came in and what went back."""

    def __init__(self, ledger: XenditLedger, business_id: str) -> None:
        self._ledger, self._business_id = ledger, business_id

    def routes(self) -> Iterable[FakeRoute]:
        return (
            FakeRoute("GET", "/balance", self._balance),
            FakeRoute("GET", "/transactions", self._list),
            FakeRoute("GET", "/transactions/{id}", self._get),
        )

    def _balance(self, _call: FakeCall) -> FakeReply:
        state = self._ledger.state
        came = sum(payment.captured for payment in state.payments.values())
        went = sum(refund.amount for refund in state.refunds.values() if refund.status == "SUCCEEDED")
        return FakeReply(200, {"balance": came - went})

    def _list(self, call: FakeCall) -> FakeReply:
        rows, more = page_of(
            [row for row in self._rows() if _fits(row, call)], call, key=lambda row: str(row["id"])
        )
        links = (
            [{"href": f"{call.path}?after_id={rows[-1]['id']}", "rel": "next", "method": "GET"}]
            if more
            else []
        )
        return FakeReply(200, {"has_more": more, "data": rows, "links": links})

    def _get(self, call: FakeCall) -> FakeReply:
        for row in self._rows():
            if row["id"] == call.params["id"]:
                return FakeReply(200, row)
        raise ApiRefusal(404, "DATA_NOT_FOUND", "there is no such transaction")

    def _rows(self) -> list[Json]:
        """Newest first."""
        state = self._ledger.state
        rows = [
            (payment.updated, self._of_payment(state.requests[payment.request_id], payment))
            for payment in state.payments.values()
            if payment.captured
        ]
        rows += [
            (refund.updated, self._of_refund(state.requests[refund.request_id], refund))
            for refund in state.refunds.values()
            if refund.status in ("PENDING", "SUCCEEDED", "FAILED")
        ]
        rows.sort(key=lambda row: row[0], reverse=True)
        return [row for _, row in rows]

    def _of_payment(self, request: RequestState, payment: PaymentState) -> Json:
        further = {
            "id": f"txn_{payment.payment_id.removeprefix('py-')}",
            "product_id": payment.payment_id,
            "type": "PAYMENT",
            "status": "SUCCESS",
            "reference_id": request.reference_id,
            "amount": payment.captured,
            "cashflow": "MONEY_IN",
            "settlement_status": "PENDING",
            "created": iso(payment.created),
            "updated": iso(payment.updated),
        }
        return self._of_request(request) | further

    def _of_refund(self, request: RequestState, refund: RefundState) -> Json:
        status = {"SUCCEEDED": "SUCCESS"}.get(refund.status, refund.status)
        further = {
            "id": f"txn_{refund.refund_id.removeprefix('rfd-')}",
            "product_id": refund.refund_id,
            "type": "REFUND",
            "status": status,
            "reference_id": refund.reference_id,
            "amount": refund.amount,
            "cashflow": "MONEY_OUT",
            "settlement_status": None,
            "created": iso(refund.created),
            "updated": iso(refund.updated),
        }
        return self._of_request(request) | further

    def _of_request(self, request: RequestState) -> Json:
        return {
            "channel_category": v2_kind(request.channel),
            "channel_code": request.channel.removesuffix("_VIRTUAL_ACCOUNT"),
            "account_identifier": request.instrument or None,
            "currency": "IDR",
            "business_id": self._business_id,
            "fee": {"xendit_fee": 0, "value_added_tax": 0, "xendit_withholding_tax": 0, "third_party_withholding_tax": 0, "status": "PENDING"},
            "estimated_settlement_time": None,
        }  # fmt: skip


def _fits(row: Json, call: FakeCall) -> bool:
    """Whether a row has everything that was asked for; lists in the query mean any of."""
    query = call.query
    several = {"types": "type", "statuses": "status", "channel_categories": "channel_category"}
    for asked, field in several.items():
        wanted = query.getall(asked, []) + query.getall(f"{asked}[]", [])
        if wanted and row[field] not in wanted:
            return False
    for field in ("reference_id", "product_id", "account_identifier", "currency"):
        if query.get(field) and row[field] != query[field]:
            return False
    if query.get("amount") and number(call, "amount", 0) != row["amount"]:
        return False
    for field in ("created", "updated"):
        if query.get(f"{field}[gte]") and row[field] < query[f"{field}[gte]"]:
            return False
        if query.get(f"{field}[lte]") and row[field] > query[f"{field}[lte]"]:
            return False
    return True
