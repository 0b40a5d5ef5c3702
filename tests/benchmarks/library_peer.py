"""The library `eventsourcing` doing the same work on the same server, as its documentation shows it."""

from __future__ import annotations

import os
import time
from urllib.parse import unquote, urlparse

from tests.benchmarks.figures import median

BATCH = 500


def connect(dsn: str) -> dict[str, str]:
    """The environment that points the library at a database (its own schema, so that nothing mixes)."""
    url = urlparse(dsn)
    environment = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": url.path.lstrip("/"),
        "POSTGRES_HOST": url.hostname or "127.0.0.1",
        "POSTGRES_PORT": str(url.port or 5432),
        "POSTGRES_USER": unquote(url.username or ""),
        "POSTGRES_PASSWORD": unquote(url.password or ""),
        "POSTGRES_SCHEMA": "public",
    }
    return os.environ | environment


def append_rates(dsn: str) -> tuple[float, float]:
    """Events per second: aggregates saved 500 at a time, and one at a time."""
    from eventsourcing.application import Application
    from eventsourcing.domain import Aggregate, event

    class Payment(Aggregate):
        @event("Succeeded")
        def __init__(self, amount: int, payer: str, channel: str) -> None:
            self.amount, self.payer, self.channel = amount, payer, channel

    application: Application = Application(env=connect(dsn))
    try:
        batched, single = [], []
        for _ in range(5):
            payments = [Payment(50_000, "ratna@contoh.id", "QRIS") for _ in range(BATCH)]
            started = time.perf_counter()
            application.save(*payments)
            batched.append(BATCH / (time.perf_counter() - started))
            one_by_one = [Payment(50_000, "ratna@contoh.id", "QRIS") for _ in range(100)]
            started = time.perf_counter()
            for payment in one_by_one:
                application.save(payment)
            single.append(100 / (time.perf_counter() - started))
        return median(batched), median(single)
    finally:
        application.close()
