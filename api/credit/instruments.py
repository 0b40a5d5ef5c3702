"""Metrics of credit: what was done, what was refused, and how many orders were served together."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram

from schemas.event_model import EventModel
from schemas.problems import Problem

BATCHES = (1, 2, 5, 10, 20, 50, 100, 200, 500)


class CreditInstruments:
    """`balance.low` and `credit.frozen` are among the events: alert on their rate."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._events = Counter(
            "lunas_credit_events_total", "What happened on accounts, by type", ["type"], registry=registry
        )
        self._refused = Counter(
            "lunas_credit_refused_total",
            "Orders to accounts that were refused, by problem",
            ["code"],
            registry=registry,
        )
        self._together = Histogram(
            "lunas_credit_batch_orders",
            "Orders served in one transaction",
            buckets=BATCHES,
            registry=registry,
        )

    def served(self, orders: int, events: Sequence[EventModel], refused: Sequence[Problem]) -> None:
        """One transaction was committed."""
        self._together.observe(orders)
        for event in events:
            self._events.labels(event.TYPE).inc()
        for problem in refused:
            self._refused.labels(problem.kind.code).inc()
