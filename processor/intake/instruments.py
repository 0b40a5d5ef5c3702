"""Metrics of intake, and the log lines that go with them."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence

import asyncpg
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from processor.intake.store import Recorded
from providers.registry import PROVIDERS
from runtime.logs import get_logger

BATCH_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
SECONDS_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)

log = get_logger(__name__)


class Instruments:
    """Counters of one process. `slow_seconds`: a delivery that took longer from HTTP to commit is an alert."""

    def __init__(self, registry: CollectorRegistry, slow_seconds: float) -> None:
        self._slow_ms = slow_seconds * 1000
        self.deliveries = Counter(
            "lunas_intake_deliveries",
            "Deliveries stored, by what became of them.",
            ["provider", "status"],
            registry=registry,
        )
        self.parked = Counter(
            "lunas_intake_parked", "Messages parked.", ["stage", "reason"], registry=registry
        )
        self.redelivered = Counter(
            "lunas_intake_redelivered", "Deliveries that were stored already.", registry=registry
        )
        self.settled = Counter(
            "lunas_intake_settled",
            "Messages worked off and acknowledged, by queue: each partition that gets webhooks must move.",
            ["queue"],
            registry=registry,
        )
        self.retried = Counter(
            "lunas_intake_retried",
            "Deliveries sent through a retry tier.",
            ["delay_seconds"],
            registry=registry,
        )
        self.slow = Counter(
            "lunas_intake_slow", "Deliveries slower than the limit.", ["provider"], registry=registry
        )
        self.seconds = Histogram(
            "lunas_intake_processing_seconds",
            "From the webhook's arrival to its commit.",
            registry=registry,
            buckets=SECONDS_BUCKETS,
        )
        self.batch = Histogram(
            "lunas_intake_batch_deliveries",
            "Deliveries per transaction.",
            registry=registry,
            buckets=BATCH_BUCKETS,
        )
        self.waiting = Gauge(
            "lunas_intake_waiting_for_database", "1 while the database is away.", registry=registry
        )
        self.quarantined = Counter(
            "lunas_quarantine_stored", "Rejected requests kept.", ["provider", "cause"], registry=registry
        )

    def _tell_waiting(self, stored: Sequence[Recorded]) -> None:
        waiting = Tally(one.verdict.prepared.envelope.provider for one in stored if one.verdict.waits)
        for provider, count in waiting.items():
            log.info(
                "deliveries wait behind a failed one",
                action="intake.waits",
                provider=provider,
                deliveries=count,
            )

    def stored(self, offered: int, stored: Sequence[Recorded]) -> None:
        """A batch of `offered` deliveries was committed; `stored` of them were new."""
        self.batch.observe(offered)
        self.redelivered.inc(offered - len(stored))
        for one in stored:
            self._one(one)
        self._tell_slow([one for one in stored if one.processing_ms > self._slow_ms])
        self._tell_parked(stored)
        self._tell_waiting(stored)

    def _one(self, one: Recorded) -> None:
        provider = one.verdict.prepared.envelope.provider
        self.deliveries.labels(provider, one.verdict.status).inc()
        self.seconds.observe(one.processing_ms / 1000)
        if one.processing_ms > self._slow_ms:
            self.slow.labels(provider).inc()

    def _tell_slow(self, slow: Sequence[Recorded]) -> None:
        """One line per batch: after an outage everything is slow, and nobody reads a line for each."""
        if slow:
            worst = max(slow, key=lambda one: one.processing_ms)
            log.warning(
                "deliveries took too long",
                action="intake.slow_processing",
                deliveries=len(slow),
                slowest_ms=worst.processing_ms,
                delivery_id=worst.verdict.prepared.envelope.delivery_id,
                provider=worst.verdict.prepared.envelope.provider,
            )

    def _tell_parked(self, stored: Sequence[Recorded]) -> None:
        """One line per group of reason, not per message."""
        letters = [(one.verdict.letter, one.verdict.prepared.envelope) for one in stored]
        groups = Tally((why.stage, why.reason, envelope.provider) for why, envelope in letters if why)
        for (stage, reason, provider), count in groups.items():
            self.parked.labels(stage, reason).inc(count)
            log.warning(
                "deliveries parked",
                action="intake.parked",
                stage=stage,
                reason=reason,
                provider=provider,
                deliveries=count,
            )


class LineGauges:
    """How much is parked of each provider, as whoever drains sees it; other processes say nothing."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._gauges = {
            "streams": Gauge(
                "lunas_parked_streams",
                "Payments, orders and subscriptions that a failed delivery holds up.",
                ("provider",),
                registry=registry,
            ),
            "waiting": Gauge(
                "lunas_parked_streams_waiting",
                "Deliveries that wait behind failed ones.",
                ("provider",),
                registry=registry,
            ),
            "amount": Gauge(
                "lunas_parked_streams_rupiah",
                "Rupiah that parked streams speak of: of each the largest amount.",
                ("provider",),
                registry=registry,
            ),
            "oldest_seconds": Gauge(
                "lunas_parked_streams_oldest_seconds",
                "Age of the oldest parked stream.",
                ("provider",),
                registry=registry,
            ),
        }

    def show(self, rows: Sequence[asyncpg.Record]) -> None:
        """As the database counted; a provider of which nothing is parked shows 0."""
        found = {row["provider"]: row for row in rows}
        for name, gauge in self._gauges.items():
            gauge.clear()
            for provider in sorted({*PROVIDERS, *found}):
                gauge.labels(provider).set(found[provider][name] if provider in found else 0)
