"""Of which product of its provider a licence is: what the caller says, else our records, else the catalogue."""

from __future__ import annotations

from schemas.catalog import Catalog
from schemas.problems import Problem

PRODUCTS_MAX = 4
"""Products that are asked about for one licence: each is a call, of the few that the provider takes."""


def products_of(
    catalog: Catalog, provider: str, *, named: str | None, plan: str | None, fallback: str | None
) -> list[str]:
    """Ids at the provider, likeliest first. `named`: by the caller, as the provider or the catalogue calls it. Raises Problem."""
    if named is not None:
        return _ids(catalog, provider, named)[:PRODUCTS_MAX] or [named]
    known = _ids(catalog, provider, plan) if plan else []
    plans = [product.id for product in catalog.products if product.kind == "plan"]
    others = [one for product in plans for one in _ids(catalog, provider, product)]
    found = list(dict.fromkeys([*known, *([fallback] if fallback else []), *others]))
    if not found:
        raise Problem("product_id_required", field="product_id")
    return found[:PRODUCTS_MAX]


def _ids(catalog: Catalog, provider: str, product_id: str) -> list[str]:
    product = catalog.product(product_id)
    names = getattr(product, provider, None)
    return list(getattr(names, "product_ids", ()))
