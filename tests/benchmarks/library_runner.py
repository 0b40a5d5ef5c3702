"""The projection runner of the library `eventsourcing` on the same server, as its documentation shows it: a transaction per event.

Imported only where it is measured: the library is an extra of `make bench`. Its events name classes by module, so they live here.
"""

from __future__ import annotations

import time
from typing import Any

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL, Identifier

from tests.benchmarks.library_peer import connect

CUSTOMERS = 500
SAVED_AT_ONCE = 500
WAIT_SECONDS = 120.0


class Payment(Aggregate):
    @event("Granted")
    def __init__(self, customer: str, amount: int) -> None:
        self.customer = customer
        self.amount = amount


class Payments(Application):
    pass


class Balances(PostgresTrackingRecorder):
    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        table = Identifier(self.datastore.schema), Identifier("bench_balances")
        self.sql_create_statements.append(
            SQL(
                "CREATE TABLE IF NOT EXISTS {}.{} (customer text PRIMARY KEY, amount bigint NOT NULL)"
            ).format(*table)
        )
        self.add_statement = SQL(
            "INSERT INTO {0}.{1} VALUES (%s, %s) ON CONFLICT (customer) DO UPDATE SET amount = {1}.amount + excluded.amount"
        ).format(*table)

    def add(self, customer: str, amount: int, tracking: Any) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(self.add_statement, (customer, amount))


class BalancesProjection(Projection):
    name = "balances"

    def process_event(self, domain_event: Any, tracking: Any) -> None:
        self.view.add(domain_event.customer, domain_event.amount, tracking)


def projection_rate(dsn: str, events: int) -> float:
    """Events per second from the library's log to a table of balances."""
    environment = connect(dsn)
    application = Payments(env=environment)
    for start in range(0, events, SAVED_AT_ONCE):
        application.save(*(Payment(f"c{n % CUSTOMERS}", 50_000) for n in range(start, start + SAVED_AT_ONCE)))
    last = application.recorder.max_notification_id()
    application.close()
    started = time.perf_counter()
    with ProjectionRunner(
        application_class=Payments, projection_class=BalancesProjection, view_class=Balances, env=environment
    ) as runner:
        runner.projection.view.wait("Payments", last, timeout=WAIT_SECONDS)
        return events / (time.perf_counter() - started)
