"""Invoices, single payments and transactions over HTTP (docs.mayar.id/api-reference and api-reference-v2)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply, FakeRoute, Json
from providers.fakes.clock import moment
from providers.fakes.listing import number, page_of
from providers.fakes.world import FakeWorld
from providers.mayar.fake import documents
from providers.mayar.fake.ledger import NAME, MayarLedger, need
from providers.mayar.fake.state import LinkState, TransactionState

TWIN_WITHIN = timedelta(minutes=1)
LAG = timedelta(minutes=1)
"""How long paid money is missing in the list while the detail call knows it."""
STALE = timedelta(minutes=10)
FRESH_ROWS = 40
"""A larger `limit` may get an old page."""


def bad(message: str) -> ApiRefusal:
    return ApiRefusal(400, "BAD_REQUEST", message)


def done(data: Any, **further: Any) -> FakeReply:
    """The envelope of what went well."""
    return FakeReply(200, {"statusCode": 200, "messages": "success", **further, "data": data})


class PaymentDesk:
    """What is to be paid, and what was."""

    def __init__(self, ledger: MayarLedger, world: FakeWorld) -> None:
        self._ledger, self._world = ledger, world

    def routes(self) -> Iterable[FakeRoute]:
        for path in ("/hl/v1/invoice/create", "/hl/v2/invoices/create"):
            yield FakeRoute("POST", path, self._invoice)
        for path in ("/hl/v1/payment/create", "/hl/v2/payments/create"):
            yield FakeRoute("POST", path, self._payment)
        for method in ("GET", "POST"):
            yield FakeRoute(method, "/hl/v1/invoice/close/{id}", self._set("closed"))
            yield FakeRoute(method, "/hl/v1/invoice/open/{id}", self._set("active"))
        yield FakeRoute("POST", "/hl/v2/invoices/{id}/close", self._set("closed"))
        yield FakeRoute("GET", "/hl/v1/invoice/{id}", self._read_link)
        yield FakeRoute("GET", "/hl/v2/invoices/{id}", self._read_link)
        yield FakeRoute("POST", "/hl/v2/qr-codes/create", self._qr)
        yield FakeRoute("GET", "/hl/v2/transactions", self._settled)
        yield FakeRoute("GET", "/hl/v2/transactions/unpaid", self._unpaid)
        yield FakeRoute("GET", "/hl/v2/transactions/{id}", self._detail)

    def _invoice(self, call: FakeCall) -> FakeReply:
        wish = call.document()
        items = wish.get("items")
        if not isinstance(items, list) or not items:
            raise bad("items is required")
        if not all(
            isinstance(item, dict) and type(item.get("quantity")) is int and type(item.get("rate")) is int
            for item in items
        ):
            raise bad("quantity and rate must be numbers")
        amount = sum(item["quantity"] * item["rate"] for item in items)
        link, one = self._open(call, wish, "invoice", amount, items)
        data = {
            "id": link.link_id,
            "transactionId": one.transaction_id,
            "link": call.page(NAME, link.link_id),
        }
        return done(
            data
            | {"expiredAt": documents.ms(link.expires) if link.expires else None, "extraData": link.extra}
        )

    def _payment(self, call: FakeCall) -> FakeReply:
        wish = call.document()
        amount = wish.get("amount")
        if type(amount) is not int:
            raise bad("amount must be a number")
        link, one = self._open(call, wish, "payment_request", amount, [])
        data = {
            "id": link.link_id,
            "transactionId": one.transaction_id,
            "link": call.page(NAME, link.link_id),
        }
        if call.path.startswith("/hl/v1/"):
            data["transaction_id"] = one.transaction_id
        return done(data)

    def _open(
        self, call: FakeCall, wish: Json, kind: str, amount: int, items: list[Json]
    ) -> tuple[LinkState, TransactionState]:
        for name in ("name", "email", "mobile"):
            if not isinstance(wish.get(name), str) or not wish[name]:
                raise bad(f"{name} is required")
        if amount <= 0:
            raise bad("amount must be greater than 0")
        expires = _future(wish.get("expiredAt"), self._world.clock.now())
        self._refuse_twin(call)
        link = LinkState(
            link_id=self._ledger.new_id(),
            kind=kind,
            title=str(wish.get("description") or kind),
            amount=amount,
            quantity=sum(item["quantity"] for item in items) or 1,
            customer=self._ledger.customer(wish["name"], wish["email"], wish["mobile"]),
            created=self._world.clock.now(),
            expires=expires,
            extra=wish.get("extraData"),
            back=wish.get("redirectUrl"),
            items=items,
        )
        one = self._ledger.open_link(link)
        one.method = wish.get("paymentMethod")
        return link, one

    def _refuse_twin(self, call: FakeCall) -> None:
        """Two identical creates within a minute are one too many."""
        now = self._world.clock.now()
        key = hashlib.sha256(call.path.encode() + call.body).hexdigest()
        before = self._ledger.state.made.get(key)
        if before is not None and now < before + TWIN_WITHIN:
            raise ApiRefusal(429, "TOO_MANY", "Duplicate request, try again later", {"Retry-After": "60"})
        self._ledger.state.made[key] = now

    def _set(self, status: str) -> Callable[[FakeCall], FakeReply]:
        def answer(call: FakeCall) -> FakeReply:
            link = self._link(call)
            link.status = status
            return done({"id": link.link_id, "status": status})

        return answer

    def _read_link(self, call: FakeCall) -> FakeReply:
        link = self._link(call)
        one = self._ledger.state.transactions[link.transactions[-1]]
        customer = link.customer
        who = {"id": customer.customer_id, "name": customer.name, "email": customer.email, "mobile": customer.mobile}  # fmt: skip
        state = {
            "id": link.link_id,
            "paymentLinkId": link.link_id,
            "transactions": [{"id": name, "extraData": link.extra} for name in link.transactions],
            "customerId": customer.customer_id,
            "customer": who,
            "transactionId": one.transaction_id,
            "amount": link.amount,
            "status": link.status,
        }
        page = {"link": call.page(NAME, link.link_id), "description": link.title, "extraData": link.extra}
        return done(state | page | {"expiredAt": documents.ms(link.expires) if link.expires else None})

    def _link(self, call: FakeCall) -> LinkState:
        found: LinkState = need(self._ledger.state.links.get(call.params["id"]), "Invoice")
        return found

    def _qr(self, call: FakeCall) -> FakeReply:
        """A picture's address and nothing to know the payment by."""
        amount = call.document().get("amount")
        if type(amount) is not int or amount <= 0:
            raise bad("amount must be a number")
        return done({"url": "https://media.warungpalsu.example/qr.png", "amount": amount})

    def _detail(self, call: FakeCall) -> FakeReply:
        one = need(self._ledger.state.transactions.get(call.params["id"]), "Transaction")
        link = self._ledger.state.links[one.link_id]
        return done(documents.detail(link, one, call.page(NAME, link.link_id)))

    def _settled(self, call: FakeCall) -> FakeReply:
        """Balance history with its documented holes: it lags, ignores dates, a status filter loses rows, a large page may be old."""
        wanted = number(call, "limit", 10)
        until = self._world.clock.now() - (STALE if wanted > FRESH_ROWS else LAG)
        state = self._ledger.state
        paid = [
            one
            for one in reversed(state.transactions.values())
            if one.status in ("paid", "settled") and one.updated <= until
        ]
        if call.query.get("status"):
            paid = [one for one in paid if one.status == call.query["status"]][::2]
        rows, more = page_of(paid, call, key=lambda one: one.transaction_id, after="startingAfter")
        shown = [documents.balance_row(state.links[one.link_id], one) for one in rows]
        return _paged(shown, more, rows[-1].transaction_id if rows else None)

    def _unpaid(self, call: FakeCall) -> FakeReply:
        state = self._ledger.state
        open_ones = [
            one for one in reversed(state.transactions.values()) if one.status in ("created", "expired")
        ]
        rows, more = page_of(open_ones, call, key=lambda one: one.transaction_id, after="startingAfter")
        shown = [
            {
                "id": one.transaction_id,
                "amount": one.amount,
                "status": "active" if one.status == "created" else "expired",
                "createdAt": documents.ms(one.created),
                "paymentLinkId": one.link_id,
            }
            for one in rows
        ]
        return _paged(shown, more, rows[-1].transaction_id if rows else None)


def _paged(rows: list[Json], more: bool, last: str | None) -> FakeReply:
    return done(rows, hasMore=more, nextStartingAfter=last if more else None)


def _future(text: Any, now: datetime) -> datetime | None:
    if text is None:
        return None
    try:
        at = moment(str(text))
    except ValueError:
        raise bad("expiredAt must be an ISO date") from None
    if at <= now:
        raise bad("expiredAt must be in the future")
    return at
