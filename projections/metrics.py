"""What the projections process shows: how far each generation is, how far behind, and what is parked or halted."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LABELS = ("projection", "version")


@dataclass(frozen=True, slots=True)
class GenerationMetrics:
    """The metrics of one generation of a projection."""

    position: Gauge
    lag_positions: Gauge
    lag_seconds: Gauge
    halted: Gauge
    parked: Counter


class ProjectionMetrics:
    """All metrics of one process, on a registry given from outside."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.position = Gauge(
            "lunas_projection_position", "Log position a generation reflects.", LABELS, registry=registry
        )
        self.lag_positions = Gauge(
            "lunas_projection_lag_positions",
            "Positions between a generation and the head.",
            LABELS,
            registry=registry,
        )
        self.lag_seconds = Gauge(
            "lunas_projection_lag_seconds",
            "Age of the oldest event not looked at.",
            LABELS,
            registry=registry,
        )
        self.halted = Gauge(
            "lunas_projection_halted",
            "1 while a generation stands still because it must not go on.",
            LABELS,
            registry=registry,
        )
        self.parked = Counter(
            "lunas_projection_parked_events",
            "Events that could not be folded or wait behind one.",
            LABELS,
            registry=registry,
        )
        self.events = Counter("lunas_projection_events", "Events read for folding.", registry=registry)
        self.batch_seconds = Histogram(
            "lunas_projection_batch_seconds",
            "From reading a batch to its commit.",
            buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
            registry=registry,
        )
        self.leader = Gauge(
            "lunas_projection_leader", "1 while this process feeds the projections.", registry=registry
        )
        self._generations: dict[tuple[str, int], GenerationMetrics] = {}

    def of(self, projection: str, version: int) -> GenerationMetrics:
        """Those of one generation. Kept: in a small round, looking labels up would take a tenth of the time."""
        known = self._generations.get((projection, version))
        if known is None:
            known = self._generations[projection, version] = GenerationMetrics(
                position=self.position.labels(projection, version),
                lag_positions=self.lag_positions.labels(projection, version),
                lag_seconds=self.lag_seconds.labels(projection, version),
                halted=self.halted.labels(projection, version),
                parked=self.parked.labels(projection, version),
            )
        return known
