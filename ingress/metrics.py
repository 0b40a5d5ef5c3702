"""What ingress counts. Labels are providers, statuses and causes: never anything a client chooses."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """Ingress's metrics on one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "lunas_ingress_requests", "Webhook requests answered.", ("provider", "status"), registry=registry
        )
        self.rejections = Counter(
            "lunas_ingress_rejections",
            "Webhook requests that were not let in, by named cause.",
            ("provider", "cause"),
            registry=registry,
        )
        self.quarantine_lost = Counter(
            "lunas_ingress_quarantine_lost",
            "Rejected requests that were counted but not kept.",
            ("reason",),
            registry=registry,
        )
        self.cut = Counter(
            "lunas_ingress_connections_cut",
            "Connections closed by us because they idled, dawdled or were too many.",
            ("cause",),
            registry=registry,
        )
        self.connections = Gauge("lunas_ingress_connections", "Open connections.", registry=registry)
        self.unverified = Gauge(
            "lunas_ingress_unverified_bytes",
            "Bytes held of requests that are not complete, or that wait for their turn.",
            registry=registry,
        )
        self.waiting = Gauge(
            "lunas_ingress_waiting", "Deliveries waiting for the broker's confirm.", registry=registry
        )
        self.confirm_seconds = Histogram(
            "lunas_ingress_confirm_seconds",
            "Time from publish to the broker's confirm.",
            buckets=SECONDS,
            registry=registry,
        )
        self.group_size = Histogram(
            "lunas_ingress_group_size", "Deliveries in one message.", buckets=SIZES, registry=registry
        )
        self.unconfirmed = Counter(
            "lunas_ingress_unconfirmed",
            "Deliveries answered 503 because they could not be made durable.",
            ("reason",),
            registry=registry,
        )
        self.journal_group_size = Histogram(
            "lunas_ingress_journal_group_size",
            "Deliveries that one sync of the journal served.",
            buckets=SIZES,
            registry=registry,
        )
        self.journal_waiting = Gauge(
            "lunas_ingress_journal_waiting",
            "Accepted deliveries that are in the journal and that the broker does not have yet.",
            registry=registry,
        )
        self.journal_relayed = Counter(
            "lunas_ingress_journal_relayed",
            "Deliveries that the broker got from the journal, because it did not answer when they came.",
            registry=registry,
        )
        self.journal_doubted = Counter(
            "lunas_ingress_journal_doubted",
            "Deliveries that the broker had confirmed shortly before its connection broke, and that are sent to it again.",
            registry=registry,
        )
        self.journal_damaged = Counter(
            "lunas_ingress_journal_damaged",
            "Places in the journal that are no whole record although they were written once.",
            registry=registry,
        )
