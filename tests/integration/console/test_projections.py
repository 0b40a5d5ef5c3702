"""`lunas projections`: what changes something takes a reason and `--yes`, and writes an audit record with both."""

from __future__ import annotations

import asyncpg
import pytest

from console import exits
from tests.integration.console.conftest import Run

VERBS = ("rebuild", "switch", "rollback")


@pytest.mark.parametrize("verb", VERBS)
async def test_without_a_reason_or_yes_nothing_changes(
    lunas: Run, store: asyncpg.Connection, verb: str
) -> None:
    await lunas("migrate")
    assert (await lunas("projections", verb, "ledger", "--yes")).code == exits.WRONG_USE
    assert (await lunas("projections", verb, "ledger", "--reason", "x")).code == exits.REFUSED
    assert await store.fetchval("SELECT count(*) FROM operator_acts") == 0


async def test_the_reason_is_in_the_audit_record(lunas: Run, store: asyncpg.Connection) -> None:
    await lunas("migrate")
    for verb in VERBS:
        done = await lunas("projections", verb, "ledger", "--reason", f"why {verb}", "--yes")
        assert done.code == exits.FINE, done.err
    acts = await store.fetch("SELECT verb, reason, actor FROM operator_acts ORDER BY act_id")
    assert [tuple(act) for act in acts] == [(f"projections.{verb}", f"why {verb}", "sari") for verb in VERBS]
