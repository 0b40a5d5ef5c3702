"""How long held money has waited: counted by provider and span, for operators, applications and metrics alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge

from eventstore.queries import load
from runtime.database import Connection

_SQL = load("held_money.sql", "projections")


@dataclass(frozen=True, slots=True)
class HeldSpan:
    """What of one provider has waited from `from_hours` to `to_hours` (None: without end). `unknown`: of so many the provider never told the amount."""

    provider: str
    from_hours: int
    to_hours: int | None
    count: int
    amount: int
    unknown: int
    oldest: datetime
    age_seconds: float

    @property
    def span(self) -> str:
        """`0-24h`, `720h+`."""
        return f"{self.from_hours}h+" if self.to_hours is None else f"{self.from_hours}-{self.to_hours}h"


async def ageing(connection: Connection, edges: Sequence[int]) -> list[HeldSpan]:
    """Spans in which something waits, youngest first, by provider."""
    rows = await connection.fetch(_SQL["ageing"], [float(edge) for edge in edges])
    bounds = (0, *edges)
    return [
        HeldSpan(
            provider=row["provider"],
            from_hours=bounds[row["span"]],
            to_hours=edges[row["span"]] if row["span"] < len(edges) else None,
            count=row["count"],
            amount=row["amount"],
            unknown=row["unknown"],
            oldest=row["oldest"],
            age_seconds=row["age_seconds"],
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class HeldReason:
    """What of one provider waits for one reason: how many, and rupiah where they were told."""

    provider: str
    reason: str
    count: int
    amount: int


async def reasons(connection: Connection) -> list[HeldReason]:
    """Why money waits, by provider."""
    return [HeldReason(**dict(row)) for row in await connection.fetch(_SQL["reasons"])]


class HeldMoneyMetrics:
    """Gauges of one process, on a registry given from outside. What nothing waits for any more is not shown."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ("provider", "span")
        self._count = Gauge("lunas_suspense_entries", "Held money: how many.", labels, registry=registry)
        self._amount = Gauge(
            "lunas_suspense_rupiah",
            "Held money in whole rupiah; what nobody told the amount of counts as 0.",
            labels,
            registry=registry,
        )
        why = ("provider", "reason")
        self._reason_count = Gauge(
            "lunas_suspense_reason_entries",
            "Held money: how many wait for this reason.",
            why,
            registry=registry,
        )
        self._reason_amount = Gauge(
            "lunas_suspense_reason_rupiah",
            "Held money in whole rupiah, by the reason it waits for.",
            why,
            registry=registry,
        )
        self._oldest = Gauge(
            "lunas_suspense_oldest_seconds", "Age of the oldest held money.", ("provider",), registry=registry
        )

    def show(self, waiting: Sequence[HeldSpan], why: Sequence[HeldReason] = ()) -> None:
        """As of now."""
        for gauge in (self._count, self._amount, self._oldest, self._reason_count, self._reason_amount):
            gauge.clear()
        for reason in why:
            self._reason_count.labels(reason.provider, reason.reason).set(reason.count)
            self._reason_amount.labels(reason.provider, reason.reason).set(reason.amount)
        oldest: dict[str, float] = {}
        for one in waiting:
            self._count.labels(one.provider, one.span).set(one.count)
            self._amount.labels(one.provider, one.span).set(one.amount)
            oldest[one.provider] = max(oldest.get(one.provider, 0.0), one.age_seconds)
        for provider, age in oldest.items():
            self._oldest.labels(provider).set(age)
