"""Composition root of credit: its calls and its keeper, mounted by the API process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from api.catalogue import CatalogueInForce
from api.credit.handlers import Route, SpendingCalls
from api.credit.instruments import CreditInstruments
from api.credit.teller import Teller
from runtime.database import Pool

if TYPE_CHECKING:
    from runtime.settings import Settings


def teller_of(settings: Settings, pool: Pool, registry: CollectorRegistry) -> Teller:
    """Who serves orders to accounts in this process."""
    return Teller(
        pool,
        CatalogueInForce(pool, settings.catalog),
        CreditInstruments(registry),
        acquire_seconds=settings.database_acquire_timeout_seconds,
        batch_max=settings.credit_batch_max,
    )


def routes(teller: Teller) -> list[Route]:
    """Every call with its handler."""
    return SpendingCalls(teller).routes()
