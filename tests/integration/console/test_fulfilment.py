"""`lunas fulfilment`: cases and customers are compared with the log and built from it; each rebuild is recorded."""

from __future__ import annotations

import asyncpg
import pytest

from console import exits
from processor.fulfilment.catalog_source import publish_catalog
from runtime.database import Pool
from tests.integration.console.conftest import Run
from tests.integration.processor.fulfilment.test_rounds import ratna, settle, write
from tests.unit.processor.cases.facts import capture
from tests.unit.processor.policies.ledgerbook import shipped_catalog


@pytest.fixture
async def decided(lunas: Run, pool: Pool) -> Run:
    """A top-up of Ratna's was credited."""
    await publish_catalog(pool, shipped_catalog())
    await write(pool, ratna(), capture())
    await settle(pool)
    return lunas


async def test_verify_is_fine_while_tables_and_log_agree(decided: Run) -> None:
    result = await decided("fulfilment", "verify")
    assert result.code == exits.FINE
    assert "1 cases and 1 customers equal the log" in result.out


async def test_what_was_damaged_is_named_and_put_right(decided: Run, store: asyncpg.Connection) -> None:
    await store.execute('UPDATE fulfilment_customers SET state = \'{"customer_id":"c1","topups":7}\'')
    result = await decided("fulfilment", "verify", "--json")
    assert (result.code, result.json["ok"]) == (exits.PROBLEMS, False)
    assert result.json["differences"][0].startswith("c1: ")
    result = await decided("fulfilment", "rebuild", "--yes", "--reason", "edited by hand")
    assert result.code == exits.FINE
    assert await store.fetchval("SELECT state ->> 'topups' FROM fulfilment_customers") == "1"
    act = await store.fetchrow("SELECT verb, reason FROM operator_acts")
    assert act is not None
    assert (act["verb"], act["reason"]) == ("fulfilment.rebuild", "edited by hand")
