"""What the fakes' shops sell: the products of the catalogue, under the ids that it names or under invented ones."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from providers.scalev.simulator import VARIANT
from schemas.catalog import Product, fill_names, parse_catalog
from schemas.errors import CatalogError

if TYPE_CHECKING:
    from runtime.settings import Settings

USUAL_PRICE = 75_000
"""Rupiah, of a product whose price the catalogue leaves to the provider."""


@dataclass(frozen=True, slots=True)
class FakeGood:
    """One product of a fake shop."""

    title: str
    price: int
    variant_id: str
    bundle_id: str
    product_id: str
    kind: str = "course"
    tier: str | None = None


def goods_of(settings: Settings) -> tuple[FakeGood, ...]:
    """The catalogue's products; an unreadable catalogue leaves the one thing that the simulator sells."""
    try:
        text = settings.catalog.read_text(encoding="utf-8")
        catalog = parse_catalog(text, str(settings.catalog))
    except (OSError, ValueError, CatalogError):
        return (_good("Kelas Python", 150_000, "course", VARIANT),)
    variant = settings.scalev_variant_unique_id
    # As the processor reads it: in development without a store, the single course is what the simulator sells.
    if settings.env == "development" and not settings.scalev_store_unique_id:
        variant = variant or VARIANT
    filled = fill_names(
        catalog,
        variant=variant,
        bundle=settings.scalev_bundle_price_option_unique_id,
        mayar_product=settings.mayar_product_id,
    )
    return tuple(map(_of_product, filled.products))


def _of_product(product: Product) -> FakeGood:
    variants = product.scalev.variant_unique_ids if product.scalev else ()
    bundles = product.scalev.bundle_price_option_unique_ids if product.scalev else ()
    ids = product.mayar.product_ids if product.mayar else ()
    tiers = product.mayar.tier_names if product.mayar else ()
    return _good(
        product.title or product.id,
        product.price_idr or USUAL_PRICE,
        product.kind,
        *variants[:1],
        bundle=next(iter(bundles), ""),
        product_id=next(iter(ids), ""),
        tier=next((name.title() for name in tiers), None),
    )


def _good(
    title: str,
    price: int,
    kind: str,
    variant: str = "",
    *,
    bundle: str = "",
    product_id: str = "",
    tier: str | None = None,
) -> FakeGood:
    digest = hashlib.sha256(title.encode()).hexdigest()
    return FakeGood(
        title=title,
        price=price,
        variant_id=variant or f"variant_{digest[:24]}",
        bundle_id=bundle or f"bpo_{digest[:24]}",
        product_id=product_id
        or f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}",
        kind=kind,
        tier=tier,
    )
