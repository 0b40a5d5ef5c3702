"""What reconciliation shows to machines: how many differences are open, and when each provider was last compared to the end."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from eventstore.queries import load
from runtime.database import Pool

SQL = load("reconciliation.sql", "processor")


class ReconciliationMetrics:
    """Read from the tables, because any process may have made the run."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._open = Gauge(
            "lunas_reconcile_open_differences",
            "Open differences between a provider's lists and our record.",
            ("provider", "kind"),
            registry=registry,
        )
        self._compared = Gauge(
            "lunas_reconcile_last_complete_seconds",
            "Unix time at which the newest run began that saw all of a provider's lists.",
            ("provider",),
            registry=registry,
        )
        self._answers = Counter(
            "lunas_confirmation_answers",
            "What providers said of held money that waits for their word.",
            ("provider", "answer"),
            registry=registry,
        )
        self._shown: set[tuple[str, str]] = set()

    def answered(self, provider: str, word: str) -> None:
        """One question was answered, or was not."""
        self._answers.labels(provider, word).inc()

    async def look(self, pool: Pool) -> None:
        """Shows what is in the tables now."""
        rows = await pool.fetch(SQL["drift"])
        found = {(row["provider"], row["kind"]): row["findings"] for row in rows}
        for gone in self._shown - found.keys():
            self._open.labels(*gone).set(0)
        for each, count in found.items():
            self._open.labels(*each).set(count)
        self._shown |= found.keys()
        for row in await pool.fetch(SQL["compared"]):
            self._compared.labels(row["provider"]).set(row["seconds"])
