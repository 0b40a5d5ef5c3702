"""CPU that deciding costs per payment, without a database: `python -m tests.benchmarks.deciding`.

Top-ups of known customers as they usually come: the request, then its capture, each in a round of its own with what is stored in between. Counted
are reading state, taking facts in, deciding, and writing state; not the queries. The best of several runs: a busy machine only adds.
"""

from __future__ import annotations

import time
from typing import Any

from processor.fulfilment.desk import Cause, Desk, pieces_of
from processor.fulfilment.work import Reported, Work, decide_all, prepare
from runtime.lifecycle import spare_what_is_loaded
from schemas import facts as f
from schemas.event_model import EventModel
from tests.unit.processor.cases.facts import at, capture, request_fact
from tests.unit.processor.policies.ledgerbook import NOON, shipped_catalog
from tests.unit.processor.tables import Tables, run

PAYMENTS = 1_000
BATCH = 100
RUNS = 7


def microseconds() -> float:
    """Per payment, in one run."""
    tables, catalog = Tables(), shipped_catalog()
    people: list[EventModel] = [
        f.CustomerRegistered(customer_id=f"c-{n}", email=f"c{n}@contoh.id") for n in range(PAYMENTS)
    ]
    asked = [
        request_fact(f.PaymentPending, f"pr-{n}", payer_email=f"c{n}@contoh.id", occurred_at=at(-5))
        for n in range(PAYMENTS)
    ]
    money = [capture(f"py-{n}", f"pr-{n}", payer_email=f"c{n}@contoh.id") for n in range(PAYMENTS)]
    spent = 0.0
    for facts in (people, asked, money):
        for first in range(0, PAYMENTS, BATCH):
            work = Work(Desk(), NOON, catalog, False, {})
            placed = [Reported(n, fact, Cause(n)) for n, fact in enumerate(facts[first : first + BATCH], 1)]
            spent += run(_decided(tables, work, placed))
            tables.save(work)
    return spent / PAYMENTS * 1e6


async def _decided(connection: Any, work: Work, facts: list[Reported]) -> float:
    queries = 0.0
    fetch = connection.fetch

    async def counted(*arguments: Any) -> Any:
        nonlocal queries
        began = time.process_time()
        rows = await fetch(*arguments)
        queries += time.process_time() - began
        return rows

    connection.fetch = counted
    began = time.process_time()
    await work.desk.look(connection, [one.fact for one in facts])
    await prepare(connection, work, facts)
    await decide_all(connection, work)
    pieces_of(work.desk, work.decided, work.due)
    spent = time.process_time() - began
    connection.fetch = fetch
    return spent - queries


if __name__ == "__main__":
    spare_what_is_loaded()  # as every process of ours does
    print(f"{min(microseconds() for _ in range(RUNS)):.1f} µs CPU per payment")
