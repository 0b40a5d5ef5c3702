"""Composition root of licences: their calls, mounted by the API process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from api.catalogue import CatalogueInForce
from api.licences.counter import LicenceCounter
from api.licences.handlers import LicenceCalls, Route
from api.licences.records import LicenceRecords
from providers.licensing import LicenceClient
from providers.registry import PROVIDERS
from runtime.database import Pool

if TYPE_CHECKING:
    from runtime.settings import Settings


def routes(settings: Settings, pool: Pool, clients: Mapping[str, LicenceClient]) -> list[Route]:
    """Every call with its handler."""
    provider = next(name for name, one in PROVIDERS.items() if one.traits.sells_licences)
    acquire = settings.database_acquire_timeout_seconds
    keep = timedelta(hours=settings.licence_stale_hours, seconds=settings.licence_cache_seconds)
    records = LicenceRecords(pool, acquire_seconds=acquire, keep=keep)
    counter = LicenceCounter(records, clients.get(provider), settings)
    return LicenceCalls(
        provider,
        counter,
        records,
        CatalogueInForce(pool, settings.catalog),
        pool,
        fallback=getattr(settings, f"{provider}_product_id"),
        acquire_seconds=acquire,
    ).routes()
