"""Metrics of refunds that we ask for."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class RefundInstruments:
    """`unknown` that goes on rising means that a provider neither takes refunds on nor refuses them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._asked = Counter(
            "lunas_refunds_asked_total",
            "Turns at providers about refunds of ours, by what came of them: accepted, refused, unknown",
            ["provider", "outcome"],
            registry=registry,
        )

    def asked(self, provider: str, outcome: str) -> None:
        self._asked.labels(provider, outcome).inc()
