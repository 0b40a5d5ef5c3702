"""At start-up: do providers take our keys, and know the store and the goods that the catalogue names? It is logged, and holds nothing up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from api.catalogue import CatalogueInForce
from providers.accounts import AccountExaminer, examined
from runtime.database import CONNECTION_ERRORS
from runtime.logs import get_logger
from schemas.errors import CatalogError

if TYPE_CHECKING:
    from runtime.settings import Settings
    from schemas.catalog import Catalog, Product

log = get_logger(__name__)


def sold_at(catalog: Catalog | None, provider: str) -> frozenset[str]:
    """Ids by which the catalogue knows the goods of this provider's shop."""
    return frozenset(
        one for product in (catalog.products if catalog else ()) for one in ids_of(product, provider)
    )


def ids_of(product: Product, provider: str) -> set[str]:
    """Ids by which this provider's shop sells it."""
    names = getattr(product, provider, None)
    fields = ("variant_unique_ids", "bundle_price_option_unique_ids", "product_ids")
    return {one for field in fields for one in getattr(names, field, ())}


async def tell_accounts(
    examiners: Mapping[str, AccountExaminer], catalogue: CatalogueInForce, settings: Settings
) -> None:
    """One line in the log for each provider: all is well, or what is wrong."""
    try:
        catalog = await catalogue.get()
    except (*CONNECTION_ERRORS, CatalogError, OSError) as error:
        log.warning("accounts were not examined", action="account.skipped", error=type(error).__name__)
        return
    await asyncio.gather(*(_tell(name, one, catalog, settings) for name, one in examiners.items()))


async def _tell(name: str, examiner: AccountExaminer, catalog: Catalog, settings: Settings) -> None:
    faults = await examined(examiner, sold_at(catalog, name), settings.account_check_seconds)
    for fault in faults:
        log.warning(
            "account at a provider: see lunas doctor",
            action="account.fault",
            provider=name,
            code=fault.code,
            what=fault.what,
        )
    if not faults:
        log.info("account at a provider is in order", action="account.checked", provider=name)
