"""Appending beside the event store `emmett` on the same server, in the shape that suits it best: many events of one stream at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import asyncpg

from eventstore.append import NewEvent, append, log_transaction
from schemas.events import EventModel
from schemas.facts import OrderLine, OrderRecorded, ProductHint
from tests.benchmarks import emmett_peer
from tests.benchmarks.figures import Figure, median

EVENTS = 5_000
ROUNDS = 7
_LINKS: dict[str, object] = {
    "correlation_id": "0193d1a5-0000-7000-8000-000000000000",
    "causation_id": "0193d1a5-0000-7000-8000-000000000000",
}

Fact = Callable[[str], EventModel]
"""Makes an event from a key."""


async def figures(connection: asyncpg.Connection, dsn: str, small: Fact) -> list[Figure]:
    """Small events and large ones; nothing where `emmett` cannot run."""
    found: list[Figure] = []
    for fact, size in ((small, "300 bytes"), (_order, "1.5 KB")):
        best = emmett_peer.append_rate(dsn, fact("{key}"))
        if best is None:
            break
        way, rate = best
        prefix = size.replace(" ", "")
        ours = median([await _ours(connection, f"{prefix}{number}", fact) for number in range(ROUNDS)][1:])
        name = f"5 append, {emmett_peer.BATCH} events of {size} of one stream"
        found.append(Figure(name, ours, rate, "events/s", f"emmett, {way}", "≥ 10", ours / rate >= 10))
    return found


def _order(key: str) -> OrderRecorded:
    """A fact with as much JSON as a provider's webhook has."""
    lines = [
        OrderLine(product=ProductHint(kind="variant", value=f"variant-{n:08}"), quantity=1, amount=50_000)
        for n in range(16)
    ]
    return OrderRecorded(
        provider="scalev",
        order_key=key,
        status="completed",
        gross_amount=800_000,
        lines=tuple(lines),
        payer_email="ratna@contoh.id",
        method="qris",
        as_of=datetime(2026, 7, 1, tzinfo=UTC),
    )


async def _ours(connection: asyncpg.Connection, prefix: str, fact: Fact) -> float:
    size = emmett_peer.BATCH
    batches = [
        [NewEvent(f"order-{prefix}-{start}", fact(f"{prefix}-{start + one}"), _LINKS) for one in range(size)]
        for start in range(0, EVENTS, size)
    ]
    started = time.perf_counter()
    for events in batches:
        async with log_transaction(connection):
            await append(connection, events)
    return EVENTS / (time.perf_counter() - started)
