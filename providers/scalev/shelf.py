"""What a Scalev store sells: variants and bundles with their ids, names and prices (docs.scalev.com: stores, products, bundles)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from providers.accounts import AccountFault
from providers.outgoing import CallFailed, ProviderApi
from providers.scalev.listing import rows_of
from providers.scalev.zone import ZONE
from providers.section import Section
from schemas.errors import AmountError

PAGES_MAX = 400  # of 25 rows: a shop of ten thousand goods

GoodKind = Literal["variant", "bundle"]


@dataclass(frozen=True, slots=True)
class StoreGood:
    """One thing that can be ordered. `price` in rupiah; None when it cannot be read."""

    kind: GoodKind
    unique_id: str
    name: str
    price: int | None


@dataclass(frozen=True, slots=True)
class ScalevStore:
    """`path_id`: by which its goods are asked for."""

    unique_id: str
    name: str
    path_id: str


class ScalevShelf:
    """The stores of one key."""

    def __init__(self, api: ProviderApi, store_id: str | None) -> None:
        self._api, self._store_id = api, store_id

    async def stores(self) -> list[ScalevStore]:
        """Raises CallFailed."""
        listed = await self._api.call("list_stores", "GET", "/v3/stores/simplified", harmless=True)
        return [
            ScalevStore(
                str(row["unique_id"]), str(row.get("name") or ""), str(row.get("id") or row["unique_id"])
            )
            for row in rows_of(listed.document)
            if row.get("unique_id")
        ]

    async def store(self) -> ScalevStore:
        """The one that orders are made in. Raises CallFailed `store_mismatch` or `store_unnamed`."""
        stores = await self.stores()
        if self._store_id is not None:
            named = [store for store in stores if store.unique_id == self._store_id]
            if not named:
                raise CallFailed("refused", "store_mismatch")
            return named[0]
        if len(stores) != 1:
            raise CallFailed("refused", "store_unnamed", said=f"the key has {len(stores)} stores")
        return stores[0]

    async def goods(self, store: ScalevStore) -> list[StoreGood]:
        """Everything it sells. Raises CallFailed."""
        found: list[StoreGood] = []
        async for product in self._rows(f"/v3/stores/{store.path_id}/products"):
            variants = product.get("variants")
            for row in variants if isinstance(variants, list) else ():
                good = _good("variant", row, str(product.get("name") or ""))
                found += [good] if good else []
        async for bundle in self._rows(f"/v3/stores/{store.path_id}/bundles"):
            async for row in self._rows(f"/v3/bundles/{bundle.get('id')}/bundle-price-options"):
                good = _good("bundle", row, str(bundle.get("name") or ""))
                found += [good] if good else []
        return found

    async def faults(self, sold: frozenset[str]) -> list[AccountFault]:
        known = {good.unique_id for good in await self.goods(await self.store())} if sold else set()
        if not sold:
            await self.store()
        unknown = sorted(sold - known)
        return [AccountFault("ids_unknown", ", ".join(unknown))] if unknown else []

    async def _rows(self, path: str) -> AsyncIterator[Mapping[str, Any]]:
        query: dict[str, str] = {}
        for _ in range(PAGES_MAX):
            listed = await self._api.call("list_goods", "GET", path, query=query, harmless=True)
            for row in rows_of(listed.document):
                yield row
            following = listed.document.get("next_cursor")
            if not following:
                return
            query = {"cursor": str(following)}


def _good(kind: GoodKind, row: Any, above: str) -> StoreGood | None:
    """`above`: the name of what it is a variant or a price of."""
    if not isinstance(row, dict) or not isinstance(row.get("unique_id"), str):
        return None
    try:
        price = Section(row, ZONE).amount_if_any("price")
    except AmountError:
        price = None
    return StoreGood(kind, row["unique_id"], str(row.get("fullname") or row.get("name") or above), price)
