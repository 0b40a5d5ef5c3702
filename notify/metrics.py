"""What the notifier shows of itself."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from notify.outcome import Outcome


class NotifyMetrics:
    """All metrics of one process, on a registry given from outside."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.leader = Gauge(
            "lunas_notify_leader", "1 while this process notifies; a standby shows 0.", registry=registry
        )
        self.added = Counter("lunas_notify_notifications", "Notifications written down.", registry=registry)
        self.attempts = Counter(
            "lunas_notify_attempts",
            "Attempts to tell somebody, by way and by what came of them.",
            ("way", "outcome"),
            registry=registry,
        )
        self.seconds = Histogram(
            "lunas_notify_attempt_seconds", "Duration of an attempt.", ("way",), registry=registry
        )
        self.disabled = Counter(
            "lunas_notify_endpoints_disabled",
            "Endpoints that were disabled because they failed for days, or said that they are gone.",
            ("because",),
            registry=registry,
        )
        self.waiting = Gauge("lunas_notify_waiting", "Notifications that are due now.", registry=registry)
        self.age = Gauge(
            "lunas_notify_waiting_seconds", "How long the oldest of them has been due.", registry=registry
        )

    def attempted(self, mail: bool, outcome: Outcome, seconds: float) -> None:
        way = "email" if mail else "webhook"
        self.attempts.labels(way, "taken" if outcome.ok else outcome.trouble or "refused").inc()
        self.seconds.labels(way).observe(seconds)
