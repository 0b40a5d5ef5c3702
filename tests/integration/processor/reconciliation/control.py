"""What readers see of an installation, and what they would see had every webhook come: the same bodies, stored one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from processor.app import interpreter_of
from processor.fulfilment.catalog_source import publish_catalog, read_catalog
from processor.fulfilment.inline import Inline
from processor.fulfilment.rounds import Fulfilment
from processor.intake.store import Store
from projections.feeder import Feeder
from projections.registry import PROJECTIONS
from projections.versions import ensure
from runtime.database import Pool
from runtime.settings import Settings
from schemas.envelope import Envelope
from tests.integration.processor.reconciliation.people import registered

LEFT_OUT = frozenset({"payment_timeline"})
"""It holds every telling, that of the provider on being asked too."""
VIEWS = tuple(sorted({table.name for one in PROJECTIONS for table in one.tables} - LEFT_OUT))
OURS = frozenset({"step", "since", "created_at", "started_at", "token_only", "attestation", "told", "facts"})
"""Columns, and positions, that say when and where we heard of something and wrote it down, not what is true. A membership whose webhook names no beginning
begins when we hear of it; of one that was lost, when its provider sent it. How many tellings a payment rests on, and by which names, is not what they add up to. And money that was found by asking is confirmed, which in the other
installation nobody asked for."""
CONTROL_BATCH = 500


async def shown(pool: Pool) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that readers see of money, but for positions and times of our own."""
    seen: dict[str, list[tuple[Any, ...]]] = {}
    async with pool.acquire() as connection:
        for view in VIEWS:
            rows = await connection.fetch(f"SELECT * FROM {view}")
            # What was held until its order was found is held no more; that it was stays in the list.
            rows = [row for row in rows if row.get("status") != "released"]
            rows = [row for row in rows if not str(row.get("name")).startswith("fact ")]
            told = [
                tuple(
                    (name, value)
                    for name, value in row.items()
                    if name not in OURS and not name.endswith("position")
                )
                for row in rows
            ]
            seen[view] = sorted(told, key=repr)
    return seen


async def control_run(
    pool: Pool, settings: Settings, customers: Sequence[str], sent: Sequence[Envelope]
) -> None:
    """Another database in which nothing was lost."""
    async with pool.acquire() as connection:
        await ensure(connection)
    await publish_catalog(pool, read_catalog(settings))
    await registered(pool, customers)
    store = Store(pool, interpreter_of(settings), 100, 60.0, Inline(0))
    for start in range(0, len(sent), CONTROL_BATCH):
        await store.store([store.interpreter.prepare(one) for one in sent[start : start + CONTROL_BATCH]])
    worker = Fulfilment(pool, limit=500)
    while (await worker.round(timers=True)).more:
        pass
    async with pool.acquire() as connection:
        await Feeder(connection, batch_max=2000).catch_up()
