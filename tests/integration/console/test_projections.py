"""`lunas projections`: what changes something takes a reason and `--yes`, and writes an audit record with both."""

from __future__ import annotations

import asyncpg
import pytest

from console import exits
from eventstore.append import append, lock_log
from projections.feeder import Feeder
from tests.integration.console.conftest import Run
from tests.integration.projections.decisions import credit

VERBS = ("rebuild", "switch", "rollback")


@pytest.mark.parametrize("verb", VERBS)
async def test_without_a_reason_or_yes_nothing_changes(
    lunas: Run, store: asyncpg.Connection, verb: str
) -> None:
    await lunas("migrate")
    assert (await lunas("projections", verb, "ledger", "--yes")).code == exits.WRONG_USE
    assert (await lunas("projections", verb, "ledger", "--reason", "x")).code == exits.REFUSED
    assert await store.fetchval("SELECT count(*) FROM operator_acts") == 0


async def test_c160_the_reason_is_in_the_audit_record(lunas: Run, store: asyncpg.Connection) -> None:
    await lunas("migrate")
    for verb in VERBS:
        done = await lunas("projections", verb, "ledger", "--reason", f"why {verb}", "--yes")
        assert done.code == exits.FINE, done.err
    acts = await store.fetch("SELECT verb, reason, actor FROM operator_acts ORDER BY act_id")
    assert [tuple(act) for act in acts] == [(f"projections.{verb}", f"why {verb}", "sari") for verb in VERBS]


async def test_a_grant_appended_without_a_payment_is_named_by_verify_and_doctor(
    lunas: Run, store: asyncpg.Connection
) -> None:
    """By a superuser, past the rights of every role: it looks like ours, and its postings sum to zero."""
    await lunas("migrate")
    assert (await lunas("projections", "verify")).code == exits.FINE
    async with store.transaction():
        await lock_log(store)
        await append(store, [credit("budi", 1_000_000, case="xendit:py-nobody")])
    await Feeder(store, batch_max=100).catch_up()
    verified = await lunas("projections", "verify")
    assert verified.code == exits.PROBLEMS
    assert "case xendit:py-nobody: Rp 1000000 moved that no fact of xendit told" in verified.out
    checks = (await lunas("doctor", "--json")).json["checks"]
    (finding,) = [check for check in checks if check["check"] == "backing"]
    assert finding["state"] == "problem"
    assert "1,000,000" in finding["detail"]
