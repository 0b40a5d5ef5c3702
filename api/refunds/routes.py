"""Composition root of refunds: their calls and what asks providers for them, mounted by the API process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from api.checkout.routes import Route
from api.credit.teller import Teller
from api.refunds import calls
from api.refunds.asking import Refunder
from api.refunds.book import RefundBook
from api.refunds.handlers import RefundCalls
from api.refunds.holding import Holds
from api.refunds.instruments import RefundInstruments
from providers.refunding import RefundClient
from runtime.database import Pool

if TYPE_CHECKING:
    from runtime.settings import Settings


class Refunds:
    """`clients`: of every provider that can be called; of some of them refunds can be asked for."""

    def __init__(
        self,
        settings: Settings,
        pool: Pool,
        clients: Mapping[str, object],
        teller: Teller,
        registry: CollectorRegistry,
    ) -> None:
        self.settings = settings
        book = RefundBook(pool, acquire_seconds=settings.database_acquire_timeout_seconds)
        able = {name: client for name, client in clients.items() if isinstance(client, RefundClient)}
        holds = Holds(teller, pool, days=settings.refund_hold_days)
        self.refunder = Refunder(book, able, holds, settings, RefundInstruments(registry))
        self._calls = RefundCalls(book, self.refunder)

    def routes(self) -> list[Route]:
        """Every call with its handler."""
        return [(calls.POST_REFUND, self._calls.post), (calls.GET_REFUND, self._calls.get)]
