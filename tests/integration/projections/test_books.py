"""The books as metrics: the house's accounts of every provider, and that debits and credits cancel each other."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry

from api.reads.books import BookMetrics, Books, books
from runtime.database import Pool
from tests.integration.projections.conftest import Append
from tests.integration.projections.decisions import credit


async def test_the_books_are_shown_by_account_of_the_house_and_add_up(
    projected: Pool, append_events: Append, catch_up: Any
) -> None:
    await append_events([credit("c1", 50_000), credit("c2", 70_000)])
    await catch_up()
    registry = CollectorRegistry()
    metrics = BookMetrics(registry)
    async with projected.acquire() as connection:
        found = await books(connection, ["xendit", "mayar"])
    metrics.show(found)
    read = registry.get_sample_value
    assert read("lunas_ledger_rupiah", {"account": "clearing:xendit"}) == 120_000
    assert read("lunas_ledger_rupiah", {"account": "clearing:mayar"}) is None
    assert {account.split(":")[0] for account in found.accounts} == {"clearing"}, "customers are no metrics"
    debits, credits = (
        read("lunas_ledger_sides", {"unit": "IDR", "side": side}) for side in ("debits", "credits")
    )
    assert (debits, credits) == (120_000, -120_000)
    metrics.show(Books({}, {}))
    assert read("lunas_ledger_rupiah", {"account": "clearing:xendit"}) is None
