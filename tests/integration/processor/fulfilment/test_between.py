"""What came into the log between what a round had read and what it decided: its decisions then lie behind its checkpoint."""

from __future__ import annotations

from typing import Any

import pytest

from eventstore import checkpoints
from eventstore.read import head
from processor.fulfilment import rounds as fulfilment_module
from processor.fulfilment.catalog_source import publish_catalog
from processor.fulfilment.rounds import CONSUMER, Fulfilment
from runtime.database import Pool
from schemas import facts as f
from tests.integration.processor.fulfilment.test_rebuild import rebuilt, verified
from tests.integration.processor.fulfilment.test_rounds import decided, ratna, settle, write
from tests.unit.processor.cases.facts import capture
from tests.unit.processor.policies.ledgerbook import shipped_catalog


@pytest.fixture
async def between(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> Pool:
    """A log whose last round was overtaken by a registration, and that no round has looked at since."""
    await publish_catalog(pool, shipped_catalog())
    await write(pool, ratna(), capture())
    decide = fulfilment_module.decide_all

    async def overtaken(*args: Any) -> None:
        monkeypatch.setattr(fulfilment_module, "decide_all", decide)
        await decide(*args)
        await write(
            pool, f.CustomerRegistered(customer_id="c2", email="budi@contoh.id"), capture("py-2", "pr-2")
        )

    monkeypatch.setattr(fulfilment_module, "decide_all", overtaken)
    await Fulfilment(pool, limit=100).round()
    async with pool.acquire() as connection:
        assert await checkpoints.read(connection, CONSUMER) < await head(connection) - 1
    assert (await decided(pool)).credit("c1") == 500_000
    return pool


async def test_what_was_decided_behind_the_checkpoint_is_no_difference(between: Pool) -> None:
    found = await verified(between)
    assert (found.differences, found.undecided) == ([], [])


async def test_a_rebuild_then_forgets_no_decision_and_decides_nothing_twice(between: Pool) -> None:
    await rebuilt(between)
    await settle(between)
    book = await decided(between)
    assert book.credit("c1") == 1_000_000
    found = await verified(between)
    assert (found.differences, found.undecided) == ([], [])
