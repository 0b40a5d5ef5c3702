"""The catalogue file on its way into the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventstore.append import NewEvent, append, log_transaction
from eventstore.read import NEWEST, newest_data
from providers.registry import PROVIDERS
from providers.scalev.simulator import VARIANT
from runtime.database import Connection, Pool
from schemas.catalog import Catalog, fill_names, parse_catalog
from schemas.errors import CatalogError, ConfigurationError
from schemas.events import decode
from schemas.facts import CatalogPublished
from schemas.streams import CATALOG

if TYPE_CHECKING:
    from runtime.settings import Settings


def read_catalog(settings: Settings) -> Catalog:
    """The catalogue of `LUNAS_CATALOG` with the environment's product ids filled in.

    Raises ConfigurationError that names the variable, or the file, the line and what is wrong.
    """
    path = settings.catalog
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise ConfigurationError(
            f"LUNAS_CATALOG: {path}: {reason}. Point it at a catalogue file (TOML)."
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"LUNAS_CATALOG: {path} is not UTF-8 text. Save it as UTF-8.") from None
    try:
        catalog = parse_catalog(text, str(path), providers=PROVIDERS)
    except CatalogError as error:
        raise ConfigurationError(f"LUNAS_CATALOG: {error}") from None
    return fill_names(
        catalog,
        variant=settings.scalev_variant_unique_id or _simulated_variant(settings, catalog),
        bundle=settings.scalev_bundle_price_option_unique_id,
        mayar_product=settings.mayar_product_id,
    )


def _simulated_variant(settings: Settings, catalog: Catalog) -> str | None:
    """What the simulator sells, in development without a store: the shipped catalogue opens its course for simulated orders.

    None as soon as the environment says anything about a store, or the catalogue names the variant itself.
    """
    store = (
        settings.scalev_bundle_price_option_unique_id,
        settings.scalev_store_unique_id,
    )
    named = {
        name for product in catalog.products if product.scalev for name in product.scalev.variant_unique_ids
    }
    if settings.env != "development" or any(store) or VARIANT in named:
        return None
    return VARIANT


async def publish_catalog(pool: Pool, catalog: Catalog) -> bool:
    """Record the catalogue when it differs from the newest one in the log. True when it was recorded.

    Whoever leads fulfilment does, so that decisions are made by its own file: during an upgrade processors of two releases, with a file each, run
    beside each other, and each of them may be started again at any time. Everything that waits for a product is looked at again when fulfilment reads the event.
    """
    async with pool.acquire() as connection, log_transaction(connection):
        newest = await newest_catalog(connection)
        if newest is not None and newest.version == catalog.version:
            return False
        event = CatalogPublished(version=catalog.version, content=catalog.model_dump(mode="json"))
        await append(connection, [NewEvent(CATALOG, event, {"correlation_id": None, "causation_id": None})])
        return True


async def newest_catalog(connection: Connection, position: int = NEWEST) -> CatalogPublished | None:
    """The catalogue in force now, or at a position of the log; None before the first was published."""
    data = await newest_data(connection, CatalogPublished.TYPE, position)
    published = decode(CatalogPublished.TYPE, CatalogPublished.VERSION, data) if data is not None else None
    return published if isinstance(published, CatalogPublished) else None
