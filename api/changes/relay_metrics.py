"""What the follower that tells the exchange shows."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class RelayMetrics:
    """On a registry given from outside."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.published = Counter(
            "lunas_changes_published", "Changes the broker has confirmed.", ("kind",), registry=registry
        )
        self.failed = Counter(
            "lunas_changes_unconfirmed",
            "Rounds in which the broker did not confirm everything.",
            registry=registry,
        )
        self.position = Gauge(
            "lunas_changes_position", "Log position up to which the exchange was told.", registry=registry
        )
        self.lag_positions = Gauge(
            "lunas_changes_lag_positions",
            "Positions between what the exchange was told and the head.",
            registry=registry,
        )
        self.lag_seconds = Gauge(
            "lunas_changes_lag_seconds",
            "Age of the oldest event the exchange was not told of.",
            registry=registry,
        )
        self.leader = Gauge(
            "lunas_changes_leader", "1 while this process tells the exchange.", registry=registry
        )
