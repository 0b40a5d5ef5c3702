"""`lunas find`: paste anything, and the next command is named."""

from __future__ import annotations

import uuid

import asyncpg
import pytest

from console import exits
from tests.integration.console.conftest import AT, Run
from tests.integration.console.test_suspense import add_held

ACT = uuid.UUID(int=7)


@pytest.fixture
async def known(lunas: Run, store: asyncpg.Connection) -> Run:
    assert (await lunas("migrate")).code == exits.FINE
    await store.execute(
        "INSERT INTO customers_v1 (customer_id, email, email_normalized, position) VALUES ('budi', 'Budi@example.com', 'budi@example.com', 1)"
    )
    await store.execute(
        "INSERT INTO subscriptions_v1 (subscription_id, customer_id, provider, status, licence_code, cancel_at_period_end, first_position, position) "
        "VALUES ('mayar:subscription:LCN-AB12-CD34', 'budi', 'mayar', 'active', 'LCN-AB12-CD34', false, 1, 1)"
    )
    await store.execute(
        "INSERT INTO enrollments_v1 (customer_id, course, status, order_id, provider, payment_id, granted_at, position) "
        "VALUES ('budi', 'kelas-sql', 'active', '261121ABC', 'scalev', '261121ABC', $1, 1)",
        AT,
    )
    await store.execute(
        "INSERT INTO operator_acts (act_id, actor, verb, target, reason) VALUES ($1, 'sari', 'claim', 'susp-1', 'he called')",
        ACT,
    )
    await add_held(store)
    await add_held(store, "susp-2", status="claimed")
    return lunas


@pytest.mark.parametrize(
    ("pasted", "kind", "command"),
    [
        ("LCN-AB12-CD34", "subscription", "GET /v1/customers/budi/subscriptions"),
        ("mayar:subscription:LCN-AB12-CD34", "subscription", "GET /v1/customers/budi/subscriptions"),
        ("kelas-sql", "enrollment", "GET /v1/customers/budi/enrollments"),
        (str(ACT), "audit", "lunas find susp-1"),
        ("susp-1", "suspense", "lunas suspense claim susp-1"),
        ("susp-2", "suspense", "lunas suspense list --all --provider xendit"),
        (" BUDI@Example.COM ", "customer", "GET /v1/customers/budi/balance"),
    ],
)
async def test_what_is_pasted_is_found_with_the_command_that_goes_on(
    known: Run, pasted: str, kind: str, command: str
) -> None:
    found = await known("find", pasted, "--json")
    assert [(one["kind"], one["command"]) for one in found.json["items"]] == [(kind, command)]
