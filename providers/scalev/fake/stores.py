"""The store, its products with variants, and bundles with their price options."""

from __future__ import annotations

from collections.abc import Iterable

from providers.fakes.calls import ApiRefusal, FakeCall, FakeReply, FakeRoute, Json
from providers.fakes.goods import FakeGood
from providers.scalev.fake.documents import STORE_NAME
from providers.scalev.fake.orders import METHODS

STORE_NUMBER = 1


class StoreDesk:
    """One store."""

    def __init__(self, store_id: str, goods: tuple[FakeGood, ...]) -> None:
        self._store_id, self._goods = store_id, goods

    def routes(self) -> Iterable[FakeRoute]:
        store = "/v3/stores/{store}"
        return (
            FakeRoute("GET", "/v3/stores/simplified", self._stores),
            FakeRoute("GET", f"{store}/payment-methods", self._methods),
            FakeRoute("GET", f"{store}/products", self._products),
            FakeRoute("GET", f"{store}/variants/{{variant}}", self._variant),
            FakeRoute("GET", f"{store}/bundles", self._bundles),
            FakeRoute("GET", "/v3/bundles/{bundle}/bundle-price-options", self._options),
        )

    def _stores(self, call: FakeCall) -> FakeReply:
        store = {
            "id": STORE_NUMBER,
            "unique_id": self._store_id,
            "name": STORE_NAME,
            "payment_methods": list(METHODS),
        }
        wanted = call.query.get("search", "").casefold()
        return _listed([store] if wanted in STORE_NAME.casefold() else [])

    def _methods(self, call: FakeCall) -> FakeReply:
        self._check(call)
        return _listed([{"code": method} for method in METHODS])

    def _products(self, call: FakeCall) -> FakeReply:
        self._check(call)
        return _listed(
            [
                {"id": number, "name": good.title, "display": good.title, "variants": [variant(number, good)]}
                for number, good in enumerate(self._goods, 1)
            ]
        )

    def _variant(self, call: FakeCall) -> FakeReply:
        self._check(call)
        for number, good in enumerate(self._goods, 1):
            if call.params["variant"] in (good.variant_id, str(number)):
                return FakeReply(200, variant(number, good))
        raise ApiRefusal(404, "NOT_FOUND", "Not Found")

    def _bundles(self, call: FakeCall) -> FakeReply:
        self._check(call)
        return _listed([{"id": number, "name": good.title} for number, good in enumerate(self._goods, 1)])

    def _options(self, call: FakeCall) -> FakeReply:
        for number, good in enumerate(self._goods, 1):
            if call.params["bundle"] == str(number):
                return _listed(
                    [{"id": number, "unique_id": good.bundle_id, "name": good.title, "price": good.price}]
                )
        raise ApiRefusal(404, "NOT_FOUND", "Not Found")

    def _check(self, call: FakeCall) -> None:
        if call.params["store"] not in (self._store_id, str(STORE_NUMBER)):
            raise ApiRefusal(404, "NOT_FOUND", "Not Found")


def variant(number: int, good: FakeGood) -> Json:
    """A variant inside its product; its price is an integer."""
    return {
        "id": number,
        "unique_id": good.variant_id,
        "fullname": good.title,
        "sku": None,
        "price": good.price,
    }


def _listed(rows: list[Json]) -> FakeReply:
    return FakeReply(
        200,
        {
            "data": rows,
            "is_paginated": True,
            "has_next": False,
            "has_previous": False,
            "next_cursor": None,
            "previous_cursor": None,
            "page_size": 25,
        },
    )
