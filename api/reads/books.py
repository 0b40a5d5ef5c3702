"""What the books say, as metrics: the house's own accounts by provider, and whether debits and credits cancel each other.

Accounts of customers are no metrics: there are as many as customers, and their names are theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg
from prometheus_client import CollectorRegistry, Gauge

from eventstore.queries import load
from providers.registry import PROVIDERS
from runtime.database import CONNECTION_ERRORS, Connection, Pool
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from runtime.outage import DATABASE

if TYPE_CHECKING:
    from runtime.settings import Settings

_SQL = load("books.sql", "api")

log = get_logger(__name__)

OF_A_PROVIDER = ("clearing", "suspense", "refunds", "forfeited", "fees")
OF_THE_HOUSE = ("sales:credit", "forgiven:credit")


@dataclass(frozen=True, slots=True)
class Books:
    """`accounts`: name → whole rupiah, debits positive. `totals`: unit → debits and credits (below zero), in that unit."""

    accounts: Mapping[str, int]
    totals: Mapping[str, tuple[int, int]]


def house_accounts(providers: Iterable[str]) -> list[str]:
    """Names of the accounts that are shown."""
    return [f"{kind}:{provider}" for provider in providers for kind in OF_A_PROVIDER] + list(OF_THE_HOUSE)


async def books(connection: Connection, providers: Iterable[str]) -> Books:
    """As the ledger that is live has them now."""
    accounts = await connection.fetch(_SQL["house_accounts"], house_accounts(providers))
    totals = await connection.fetch(_SQL["totals"])
    return Books(
        {row["account"]: row["balance"] for row in accounts},
        {row["unit"]: (row["debits"], row["credits"]) for row in totals},
    )


class BookMetrics:
    """Gauges of one process, on a registry given from outside."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._accounts = Gauge(
            "lunas_ledger_rupiah",
            "Accounts of the house in whole rupiah: clearing (what a provider took in for us, less what went back and its fees), "
            "suspense (held), refunds (our loss), fees (what providers keep), forfeited, sales of credit. Debits are positive, credits negative.",
            ("account",),
            registry=registry,
        )
        self._totals = Gauge(
            "lunas_ledger_sides",
            "Debits or credits of all accounts, by unit (IDR, TOKEN, CHAT): they cancel each other.",
            ("unit", "side"),
            registry=registry,
        )

    def show(self, found: Books) -> None:
        """As of now; what is in the books no more is not shown."""
        self._accounts.clear()
        self._totals.clear()
        for account, rupiah in found.accounts.items():
            self._accounts.labels(account).set(rupiah)
        for unit, (debits, credits) in found.totals.items():
            self._totals.labels(unit, "debits").set(debits)
            self._totals.labels(unit, "credits").set(credits)


async def show_books(
    pool: Pool, settings: Settings, registry: CollectorRegistry, stop: asyncio.Event
) -> None:
    """Until `stop`. Every process of the API looks for itself: it costs two look-ups by index a minute, and none of them shows what was."""
    metrics = BookMetrics(registry)
    while not stop.is_set():
        try:
            async with pool.acquire(timeout=settings.database_acquire_timeout_seconds) as connection:
                metrics.show(await books(connection, PROVIDERS))
        except (asyncpg.PostgresError, *CONNECTION_ERRORS) as error:
            if not DATABASE.explains(error):
                log.warning("the books are looked at later", action="books.later", error=type(error).__name__)
        await sleep_until(stop, settings.suspense_look_seconds)
