"""`lunas suspense ask-rest`: what is missing is asked for by a request of its own, with an audit record, or nothing happened."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from console import claims, exits
from runtime.database import Pool
from tests.integration.console.conftest import Run
from tests.integration.console.short_money import ASKED, CAME, REQUEST, short_money
from tests.integration.console.test_suspense import add_held

ASK = ("--reason", "the payer called", "--yes")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No API runs in these tests, so nobody waits for a provider's answer."""
    monkeypatch.setattr(claims, "OUTCOME_SECONDS", 0.0)


@pytest.fixture
async def short(lunas: Run, pool: Pool, store: asyncpg.Connection) -> str:
    assert (await lunas("migrate")).code == exits.FINE
    return await short_money(pool, store)


async def _request(store: asyncpg.Connection) -> Any:
    row = await store.fetchrow(
        "SELECT p.*, r.rest_of, r.suspense_id, r.asked_by FROM rests_asked_for r JOIN payment_requests p USING (request_id)"
    )
    assert row is not None
    return row


async def test_c61_asking_for_the_rest_records_a_request_and_an_act(
    short: str, lunas: Run, store: asyncpg.Connection
) -> None:
    result = await lunas("suspense", "ask-rest", short, *ASK)
    assert result.code == exits.FINE, result.err
    assert "Rp 30,000 are asked for" in result.out
    row = await _request(store)
    assert (row["rest_of"], row["suspense_id"], row["asked_by"]) == (REQUEST, short, "sari")
    assert (row["status"], row["kind"], row["customer_id"], row["provider"], row["channel"]) == (
        "requested",
        "topup",
        "c1",
        "xendit",
        "BNI_VIRTUAL_ACCOUNT",
    )
    assert row["amount_idr"] == ASKED - CAME
    event = await store.fetchrow(
        "SELECT stream, data, metadata FROM events WHERE type = 'checkout.requested' ORDER BY position DESC"
    )
    assert event is not None
    assert event["stream"] == f"request-{row['request_id']}"
    assert json.loads(event["data"])["rest_of"] == REQUEST
    assert json.loads(event["metadata"])["actor"] == "sari"
    act = await store.fetchrow("SELECT actor, verb, target, reason, after FROM operator_acts")
    assert act is not None
    assert (act["actor"], act["verb"], act["target"], act["reason"]) == (
        "sari",
        "suspense.ask_rest",
        short,
        "the payer called",
    )
    assert json.loads(act["after"])["request_id"] == row["request_id"]


async def test_c61_the_entry_says_that_the_rest_was_asked_for_how_much_and_until_when(
    short: str, lunas: Run
) -> None:
    before = await lunas("suspense", "show", short)
    assert f"lunas suspense ask-rest {short}" in before.out
    assert (await lunas("suspense", "show", short, "--json")).json["rest"] is None
    made = (await lunas("suspense", "ask-rest", short, *ASK, "--json")).json
    assert made["items"][0]["act_id"]
    seen = await lunas("suspense", "show", short)
    assert "The rest was asked for: Rp 30,000" in seen.out
    assert "by sari" in seen.out
    assert "ask-rest" not in seen.out.partition("Next:")[2]
    rest = (await lunas("suspense", "show", short, "--json")).json["rest"]
    assert (rest["amount_idr"], rest["open"], rest["status"], rest["by"]) == (
        30_000,
        True,
        "requested",
        "sari",
    )
    assert rest["page"].startswith("http://")
    assert rest["expires_at"]


async def test_c61_what_cannot_be_asked_for_is_refused_and_leaves_no_trace(
    short: str, lunas: Run, store: asyncpg.Connection
) -> None:
    await add_held(store, "susp-unknown")
    await add_held(store, "susp-scalev", provider="scalev", reason="underpaid", payment_id="260504A")
    await add_held(store, "susp-manual", provider="manual", reason="underpaid", payment_id="ord-1")
    await add_held(store, "susp-theirs", reason="underpaid", payment_id="py-9")
    said = {
        "susp-unknown": "less than was asked for",
        "susp-scalev": "its own prices alone",
        "susp-manual": "lunas manual confirm",
        "susp-theirs": "did not ask for this payment ourselves",
    }
    events = await store.fetchval("SELECT count(*) FROM events")
    for entry, words in said.items():
        result = await lunas("suspense", "ask-rest", entry, *ASK)
        assert (result.code, result.out) == (exits.REFUSED, ""), entry
        assert words in result.err
        assert "Nothing was changed" in result.err
    assert (await lunas("suspense", "ask-rest", "susp-9", *ASK)).code == exits.WRONG_USE
    assert (await lunas("suspense", "ask-rest", short, "--reason", "x")).code == exits.REFUSED
    assert await store.fetchval("SELECT count(*) FROM operator_acts") == 0
    assert await store.fetchval("SELECT count(*) FROM events") == events
