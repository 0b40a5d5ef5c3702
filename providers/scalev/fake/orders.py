"""Orders over HTTP: `/v3/orders`, and `/v2/order` with its envelope (developers.scalev.id; the fake's own doubts stand in docs/fakes.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply, FakeRoute, Json
from providers.fakes.goods import FakeGood
from providers.fakes.listing import number, whole
from providers.scalev.fake import documents
from providers.scalev.fake.ledger import EXTRAS, NAME, ScalevLedger
from providers.scalev.fake.state import ORDER_TIMES, OrderState, SoldLine

PAGE_MOST = 25
METHODS = (
    "va_bca", "va_bni", "va_bri", "va_mandiri", "va_permata", "va_cimb", "va_bsi", "qris", "card", "invoice", "payment_link", "alfamart", "ovo",
    "dana", "shopeepay", "linkaja", "gopay", "no_payment", "bank_transfer", "marketplace", "cod",
)  # fmt: skip

Wrap = Callable[[Any], Any]


def bad(message: str) -> ApiRefusal:
    return ApiRefusal(400, "BAD_REQUEST", message)


class OrderDesk:
    """Create, read, list, pay and check orders, in both generations."""

    def __init__(self, ledger: ScalevLedger, store_id: str, goods: tuple[FakeGood, ...]) -> None:
        self._ledger, self._store_id = ledger, store_id
        self._by_variant = {good.variant_id: good for good in goods}
        self._by_bundle = {good.bundle_id: good for good in goods}

    def routes(self) -> Iterable[FakeRoute]:
        for base, wrap in (("/v3/orders", _bare), ("/v2/order", _enveloped)):
            one = base + "/{id}"
            yield FakeRoute("POST", base, self._answering(self._create, wrap))
            yield FakeRoute("GET", base, self._list_v3 if wrap is _bare else self._list_v2)
            yield FakeRoute("GET", one, self._answering(self._get, wrap))
            yield FakeRoute("POST", f"{one}/payment", self._answering(self._payment, wrap))
            yield FakeRoute("POST", f"{one}/check-payment", self._answering(self._check, wrap))
            yield FakeRoute("POST", f"{one}/check-settlement", self._answering(self._check, wrap))
        yield FakeRoute(
            "GET", "/v2/order/pg-reference-id/{id}", self._answering(self._by_gateway_reference, _enveloped)
        )
        yield FakeRoute("POST", "/v3/orders/change-status", self._change_status)
        yield FakeRoute("GET", "/v3/stores/{store}/public/orders/{slug}", self._public, open=True)

    def _answering(self, work: Callable[[FakeCall], Any], wrap: Wrap) -> Callable[[FakeCall], FakeReply]:
        return lambda call: FakeReply(200, wrap(work(call)))

    def _create(self, call: FakeCall) -> Json:
        wish = call.document()
        if not wish.get("customer_name"):
            raise bad("customer_name can't be blank")
        if wish.get("store_unique_id") != self._store_id:
            raise ApiRefusal(404, "NOT_FOUND", "Store not found")
        method = wish.get("payment_method") or "payment_link"
        if method not in METHODS:
            raise bad("payment_method is invalid")
        lines = [*self._lines(wish, "ordervariants", "variant_unique_id", self._by_variant)]
        lines += self._lines(wish, "orderbundles", "bundle_price_option_unique_id", self._by_bundle)
        if not lines:
            raise bad("an order needs ordervariants or orderbundles")
        for name in EXTRAS:
            if type(wish.get(name) or 0) is not int or (wish.get(name) or 0) < 0:
                raise bad(f"{name} is invalid")
        order = self._ledger.take(lines, str(method), wish)
        if method != "payment_link":
            self._ledger.open_payment(order, self._page(call, order))
        return self._shown(call, order)

    def _lines(self, wish: Json, field: str, id_field: str, goods: dict[str, FakeGood]) -> Iterable[SoldLine]:
        listed = wish.get(field) or []
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            raise bad(f"{field} is invalid")
        for each in listed:
            good = goods.get(str(each.get(id_field)))
            quantity = each.get("quantity", 1)
            if good is None:
                raise bad(f"{id_field} is not found in this store")
            if type(quantity) is not int or quantity < 1:
                raise bad("quantity must be greater than 0")
            kind = "variant_id" if id_field.startswith("variant") else "bundle_id"
            yield SoldLine(good.title, good.price, quantity, **{kind: str(each[id_field])})

    def _get(self, call: FakeCall) -> Json:
        return self._shown(call, self._order(call))

    def _payment(self, call: FakeCall) -> Json:
        order = self._order(call)
        return self._ledger.open_payment(order, self._page(call, order))

    def _check(self, call: FakeCall) -> Json:
        order = self._order(call)
        self._ledger.ask_gateway(order)
        return self._shown(call, order)

    def _change_status(self, call: FakeCall) -> FakeReply:
        """Several orders at once; each is told by a webhook of its own."""
        wish = call.document()
        ids, status = wish.get("ids"), wish.get("status")
        if not isinstance(ids, list) or not ids or status not in ORDER_TIMES:
            raise bad("ids and status are required")
        orders = [self._named(str(each)) for each in ids]
        for order in orders:
            if order.status != status:
                self._ledger.move(order, status)
        names = ("id", "order_id", "payment_status", "status")
        shown = [documents.snapshot(order) for order in orders]
        rows = [{name: one[name] for name in names} for one in shown]
        return FakeReply(200, {"data": rows, "is_paginated": False})

    def _by_gateway_reference(self, call: FakeCall) -> Json:
        order = self._ledger.find(call.params["id"])
        if order is None or order.gateway_reference != call.params["id"]:
            raise ApiRefusal(404, "NOT_FOUND", "Not Found")
        return self._shown(call, order)

    def _public(self, call: FakeCall) -> FakeReply:
        """The storefront's view, with a key of its own that opens nothing else."""
        if not call.headers.get("X-Scalev-Storefront-Api-Key", "").startswith("sfpk_"):
            raise ApiRefusal(401, "UNAUTHORIZED", "Invalid API key")
        order = self._ledger.find(call.params["slug"])
        if order is None or order.slug != call.params["slug"] or call.params["store"] != self._store_id:
            raise ApiRefusal(404, "NOT_FOUND", "Not Found")
        link = {"redirect_url": self._page(call, order)}
        return FakeReply(200, documents.payment_body(order) | {"status": order.status} | link)

    def _list_v3(self, call: FakeCall) -> FakeReply:
        size = whole(call, "page_size", PAGE_MOST, PAGE_MOST)
        found, start = self._found(call), number(call, "cursor", 0)
        more, back = start + size < len(found), start > 0
        page = found[start : start + size]
        return FakeReply(
            200,
            {
                "data": [documents.row(order, self._page(call, order)) for order in page],
                "is_paginated": True,
                "has_next": more,
                "has_previous": back,
                "next_cursor": str(start + size) if more else None,
                "previous_cursor": str(max(0, start - size)) if back else None,
                "page_size": size,
            },
        )

    def _list_v2(self, call: FakeCall) -> FakeReply:
        size = whole(call, "page_size", PAGE_MOST, PAGE_MOST)
        found, last = self._found(call), call.query.get("last_id")
        ids = [order.record_id for order in found]
        start = ids.index(last) + 1 if last in ids else 0
        page = found[start : start + size]
        rows = [documents.row(order, self._page(call, order)) for order in page]
        more = start + size < len(found)
        last_id = page[-1].record_id if page else None
        return FakeReply(200, _enveloped({"results": rows, "has_next": more, "last_id": last_id}))

    def _found(self, call: FakeCall) -> list[OrderState]:
        """Newest first, by all filters that are given."""
        query = call.query
        filters: dict[str, Callable[[OrderState], Any]] = {
            "payment_status": lambda order: order.payment_status,
            "status": lambda order: order.status,
            "payment_method": lambda order: order.payment_method,
            "external_id": lambda order: order.external_id,
        }
        searched: dict[str, Callable[[OrderState], Any]] = {
            "order_id": lambda order: order.order_id,
            "external_id": lambda order: order.external_id,
            "pg_reference_id": lambda order: order.gateway_reference,
            "customer_email": lambda order: order.customer.get("email"),
            "customer_name": lambda order: order.customer.get("name"),
        }
        found = [order for order in reversed(self._ledger.state.orders.values()) if not order.deleted]
        for name, read in filters.items():
            if query.get(name):
                found = [order for order in found if read(order) == query[name]]
        if query.get("search"):
            read = searched.get(query.get("search_field", "order_id"), searched["order_id"])
            wanted = query["search"].casefold()
            found = [order for order in found if wanted in str(read(order) or "").casefold()]
        return found

    def _order(self, call: FakeCall) -> OrderState:
        return self._named(call.params["id"])

    def _named(self, name: str) -> OrderState:
        order = self._ledger.state.orders.get(name)
        if order is None:
            by_number = {str(each.number): each for each in self._ledger.state.orders.values()}
            order = by_number.get(name)
        if order is None or order.deleted:
            raise ApiRefusal(404, "NOT_FOUND", "Not Found")
        return order

    def _page(self, call: FakeCall, order: OrderState) -> str:
        return call.page(NAME, order.slug)

    def _shown(self, call: FakeCall, order: OrderState) -> Json:
        return documents.shown(order, self._page(call, order))


def _bare(document: Any) -> Any:
    return document


def _enveloped(document: Any) -> Json:
    return {"code": 200, "status": "Success", "data": document}
