"""`lunas suspense`: the operator's fact is in the log, with an audit record, or nothing happened."""

from __future__ import annotations

import json
import re
from typing import Any

import asyncpg
import pytest

from console import claims, exits
from tests.integration.console.conftest import AT, Run

SUSPENSE_ID = "susp-1"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody decides in these tests, so nobody waits for a decision."""
    monkeypatch.setattr(claims, "OUTCOME_SECONDS", 0.0)


@pytest.fixture
async def held(lunas: Run, store: asyncpg.Connection) -> Run:
    assert (await lunas("migrate")).code == exits.FINE
    await add_held(store)
    await store.execute(
        "INSERT INTO customers_v1 (customer_id, email, email_normalized, position) VALUES ('budi', 'budi@example.com', 'budi@example.com', 1)"
    )
    return lunas


async def add_held(store: asyncpg.Connection, suspense_id: str = SUSPENSE_ID, **more: Any) -> None:
    row = {
        "suspense_id": suspense_id,
        "case_key": "xendit:py-1",
        "provider": "xendit",
        "payment_id": "py-1",
        "reason": "customer_unknown",
        "amount": 50_000,
        "since": AT,
        "status": "held",
        "position": 1,
    } | more
    names = ", ".join(row)
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    await store.execute(f"INSERT INTO suspense_v1 ({names}) VALUES ({places})", *row.values())


async def test_list_shows_reason_in_words_and_total(held: Run, store: asyncpg.Connection) -> None:
    await add_held(store, "susp-2", status="released", resolution="granted", released_at=AT)
    result = await held("suspense", "list")
    assert "payer is not a customer yet" in result.out
    assert "Rp 50,000" in result.err
    assert "susp-2" not in result.out
    assert [
        item["suspense_id"] for item in (await held("suspense", "list", "--all", "--json")).json["items"]
    ] == [
        "susp-1",
        "susp-2",
    ]


async def test_c160_claim_appends_the_fact_and_an_audit_record(held: Run, store: asyncpg.Connection) -> None:
    result = await held(
        "suspense",
        "claim",
        SUSPENSE_ID,
        "--customer",
        "budi",
        "--product",
        "credit",
        "--reason",
        "called us",
        "--yes",
    )
    assert result.code == exits.FINE, result.err
    event = await store.fetchrow("SELECT stream, type, version, data, metadata FROM events")
    assert event is not None
    assert (event["stream"], event["type"], event["version"]) == (
        f"suspense-{SUSPENSE_ID}",
        "suspense.claimed",
        1,
    )
    assert json.loads(event["data"]) == {
        "suspense_id": SUSPENSE_ID,
        "case": "xendit:py-1",
        "customer_id": "budi",
        "product": "credit",
        "actor": "sari",
        "reason": "called us",
    }
    assert json.loads(event["metadata"])["actor"] == "sari"
    act = await store.fetchrow("SELECT act_id, actor, verb, target, reason, before, after FROM operator_acts")
    assert act is not None
    assert (act["actor"], act["verb"], act["target"], act["reason"]) == (
        "sari",
        "suspense.claim",
        SUSPENSE_ID,
        "called us",
    )
    assert json.loads(act["before"])["amount"] == 50_000
    assert str(act["act_id"]) in result.out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["claim", SUSPENSE_ID, "--customer", "nobody", "--reason", "x", "--yes"], exits.WRONG_USE),
        (
            ["claim", SUSPENSE_ID, "--customer", "budi", "--product", "platinum", "--reason", "x", "--yes"],
            exits.WRONG_USE,
        ),
        (["claim", "susp-9", "--customer", "budi", "--reason", "x", "--yes"], exits.WRONG_USE),
        (["claim", SUSPENSE_ID, "--customer", "budi", "--reason", "x"], exits.REFUSED),
        (["claim", SUSPENSE_ID, "--customer", "budi", "--yes"], exits.WRONG_USE),
        (["write-off", SUSPENSE_ID, "--reason", "x"], exits.REFUSED),
    ],
)
async def test_what_is_refused_leaves_no_trace(
    held: Run, store: asyncpg.Connection, arguments: list[str], code: int
) -> None:
    result = await held("suspense", *arguments)
    assert (result.code, result.out) == (code, "")
    assert (
        await store.fetchval("SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM operator_acts)")
        == 0
    )


@pytest.mark.parametrize(
    ("reason", "product", "asked"),
    [
        ("purpose_unknown", (), True),
        ("purpose_unknown", ("--product", "credit"), False),
        ("customer_unknown", (), False),
    ],
)
async def test_a_claim_that_leaves_open_what_it_is_for_asks_for_that(
    held: Run,
    store: asyncpg.Connection,
    reason: str,
    product: tuple[str, ...],
    asked: bool,
) -> None:
    await store.execute("UPDATE suspense_v1 SET reason = $1", reason)
    said = await held(
        "suspense", "claim", SUSPENSE_ID, "--customer", "budi", *product, "--reason", "called us", "--yes"
    )
    assert (said.code, "--customer budi --product PRODUCT" in said.out) == (exits.FINE, asked), said


async def test_released_money_is_not_claimed_again(held: Run, store: asyncpg.Connection) -> None:
    await add_held(
        store, "susp-2", status="released", resolution="granted", released_at=AT, released_by="joko"
    )
    result = await held("suspense", "claim", "susp-2", "--customer", "budi", "--reason", "x", "--yes")
    assert result.code == exits.REFUSED
    assert "granted by joko" in result.err
    assert await store.fetchval("SELECT count(*) FROM events") == 0


async def test_write_off_appends_its_fact(held: Run, store: asyncpg.Connection) -> None:
    result = await held("suspense", "write-off", SUSPENSE_ID, "--reason", "test payment", "--yes")
    assert result.code == exits.FINE, result.err
    assert await store.fetchval("SELECT type FROM events") == "suspense.written_off"
    assert await store.fetchval("SELECT verb FROM operator_acts") == "suspense.write_off"


async def test_the_total_counts_what_is_held_and_a_cut_list_says_so(
    held: Run, store: asyncpg.Connection
) -> None:
    await add_held(store, "susp-2", status="released", resolution="granted", released_at=AT)
    assert "1 held, together Rp 50,000." in (await held("suspense", "list", "--all")).err
    assert "Only the oldest 1 are shown" in (await held("suspense", "list", "--all", "--limit", "1")).err


async def test_a_claim_is_taken_back_once_and_says_how_to_make_it_again(
    held: Run, store: asyncpg.Connection
) -> None:
    await held("suspense", "claim", SUSPENSE_ID, "--customer", "budi", "--product", "credit",
               "--reason", "called us", "--yes")  # fmt: skip
    result = await held("suspense", "unclaim", SUSPENSE_ID, "--reason", "it was siti", "--yes")
    assert result.code == exits.FINE, result.err
    assert f"lunas suspense claim {SUSPENSE_ID} --customer budi --product credit" in result.out
    events = await store.fetch("SELECT stream, version, type, data FROM events ORDER BY position")
    assert [(event["stream"], event["version"], event["type"]) for event in events] == [
        (f"suspense-{SUSPENSE_ID}", 1, "suspense.claimed"),
        (f"suspense-{SUSPENSE_ID}", 2, "suspense.claim_withdrawn"),
    ]
    assert json.loads(events[1]["data"]) == {
        "suspense_id": SUSPENSE_ID,
        "case": "xendit:py-1",
        "actor": "sari",
        "reason": "it was siti",
    }
    acts = await store.fetch("SELECT verb, reason, undo FROM operator_acts ORDER BY act_id")
    assert [act["verb"] for act in acts] == ["suspense.claim", "suspense.unclaim"]
    assert acts[0]["undo"] == f"lunas suspense unclaim {SUSPENSE_ID} --reason WHY"
    again = await held("suspense", "unclaim", SUSPENSE_ID, "--reason", "twice", "--yes")
    assert again.code == exits.REFUSED
    assert "taken back already, by sari" in again.err


async def test_what_nobody_claimed_is_not_taken_back(held: Run, store: asyncpg.Connection) -> None:
    assert (await held("suspense", "unclaim", "susp-9", "--reason", "x", "--yes")).code == exits.WRONG_USE
    assert (await held("suspense", "unclaim", SUSPENSE_ID, "--reason", "x", "--yes")).code == exits.REFUSED
    assert await store.fetchval("SELECT count(*) FROM events") == 0


async def test_a_claim_that_said_whose_a_subscription_is_is_taken_back_as_any_other(
    held: Run, store: asyncpg.Connection
) -> None:
    await store.execute(
        "INSERT INTO fulfilment_cases (case_key, kind, state, position) VALUES ('xendit:py-1', 'payment', $1, 1)",
        json.dumps({"facts": {"registers": {"subscription_key": {"value": "repl-1"}}}}),
    )
    said = await held("suspense", "claim", SUSPENSE_ID, "--customer", "budi", "--reason", "x", "--yes")
    assert f"lunas suspense unclaim {SUSPENSE_ID} --reason WHY" in said.out
    result = await held("suspense", "unclaim", SUSPENSE_ID, "--reason", "x", "--yes")
    assert result.code == exits.FINE, result.err
    types = await store.fetch("SELECT type FROM events ORDER BY position")
    assert [row["type"] for row in types] == ["suspense.claimed", "suspense.claim_withdrawn"]
    again = await held("suspense", "unclaim", SUSPENSE_ID, "--reason", "twice", "--yes")
    assert "taken back already, by sari" in again.err


async def test_a_write_off_is_taken_back_by_undo_and_undo_takes_claims_back_too(
    held: Run, store: asyncpg.Connection
) -> None:
    done = await held("suspense", "write-off", SUSPENSE_ID, "--reason", "test payment", "--yes")
    assert f"lunas suspense undo {SUSPENSE_ID}" in done.out
    undone = await held("suspense", "undo", SUSPENSE_ID, "--reason", "the payer called", "--yes")
    assert (undone.code, "not written off any more" in undone.out) == (exits.FINE, True)
    await held("suspense", "claim", SUSPENSE_ID, "--customer", "budi", "--reason", "x", "--yes")
    again = await held("suspense", "undo", SUSPENSE_ID, "--reason", "that was siti", "--yes")
    assert "claim of susp-1 for customer budi is taken back" in again.out
    assert [row["type"] for row in await store.fetch("SELECT type FROM events ORDER BY position")] == [
        "suspense.written_off",
        "suspense.write_off_withdrawn",
        "suspense.claimed",
        "suspense.claim_withdrawn",
    ]
    nothing = await held("suspense", "undo", SUSPENSE_ID, "--reason", "x", "--yes")
    assert (nothing.code, "taken back already" in nothing.err) == (exits.REFUSED, True)


async def test_the_second_of_two_operators_is_told_who_was_faster(
    held: Run, store: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await held("suspense", "claim", SUSPENSE_ID, "--customer", "budi", "--reason", "called us", "--yes")
    monkeypatch.setenv("LUNAS_OPERATOR", "joko")
    for act in (
        ("claim", SUSPENSE_ID, "--customer", "budi"),
        ("write-off", SUSPENSE_ID),
        ("refund", SUSPENSE_ID),
    ):
        late = await held("suspense", *act, "--reason", "x", "--yes")
        assert (late.code, "already claimed for budi by sari at" in late.err) == (exits.REFUSED, True), (
            late.err
        )
    assert (
        "sudah diklaim untuk budi oleh sari"
        in (await held("--lang", "id", "suspense", "write-off", SUSPENSE_ID, "--reason", "x", "--yes")).err
    )
    assert await store.fetchval("SELECT count(*) FROM events") == 1


async def test_show_tells_why_it_waits_what_was_done_and_what_can_be(held: Run) -> None:
    seen = await held("suspense", "show", SUSPENSE_ID)
    assert "payer is not a customer yet" in seen.out
    assert "Nobody has done anything" in seen.out
    assert f"lunas suspense candidates {SUSPENSE_ID}" in seen.out
    await held("suspense", "claim", SUSPENSE_ID, "--customer", "budi", "--reason", "called us", "--yes")
    told = (await held("suspense", "show", SUSPENSE_ID, "--json")).json
    assert [(act["verb"], act["actor"], act["reason"]) for act in told["acts"]] == [
        ("suspense.claim", "sari", "called us")
    ]
    assert (await held("suspense", "show", "susp-9")).code == exits.WRONG_USE


async def test_show_says_that_money_is_on_its_way_back_and_offers_nothing_else(
    held: Run, store: asyncpg.Connection
) -> None:
    await store.execute(
        "INSERT INTO refunds (refund_id, provider, payment_id, names, amount_idr, reason, made_by, status, ask, created_at, next_try_at, position)"
        " VALUES ('rfn_1', 'xendit', 'py-1', '{py-1}', 50000, 'x', 'operator', 'reserved', '{}', now(), now(), 1)"
    )
    seen = await held("suspense", "show", SUSPENSE_ID)
    assert "on its way back to the payer (rfn_1), by operator since" in seen.out
    assert f"claim {SUSPENSE_ID}" not in seen.out
    assert (await held("suspense", "show", SUSPENSE_ID, "--json")).json["going_back"] == "rfn_1"
    await store.execute(
        "UPDATE refunds SET status = 'failed', ask = NULL, next_try_at = NULL, settled_at = now()"
    )
    assert f"claim {SUSPENSE_ID}" in (await held("suspense", "show", SUSPENSE_ID)).out


async def test_candidates_are_explained_in_the_operators_language(
    held: Run, store: asyncpg.Connection
) -> None:
    await add_held(store, "susp-2", case_key="xendit:py-2", payment_id="py-2", payer_email="budi@exampel.com")
    seen = await held("suspense", "candidates", "susp-2")
    assert "1. budi" in seen.out
    assert "differs from this customer's by 1 characters" in seen.out
    assert "lunas suspense claim susp-2 --customer budi" in seen.err
    indonesian = await held("--lang", "id", "suspense", "candidates", "susp-2")
    assert "berbeda 1 karakter" in indonesian.out
    (budi,) = (await held("suspense", "candidates", "susp-2", "--json")).json["items"]
    assert (budi["strength"], [one["reason"] for one in budi["reasons"]]) == ("likely", ["email_near"])
    assert "ask the payer" in (await held("suspense", "candidates", SUSPENSE_ID)).out


async def test_ageing_shows_spans_and_status_says_what_is_old(held: Run, store: asyncpg.Connection) -> None:
    await store.execute("UPDATE suspense_v1 SET since = now() - interval '40 days'")
    await add_held(
        store, "susp-2", amount=None, since=await store.fetchval("SELECT now() - interval '2 hours'")
    )
    seen = await held("suspense", "ageing")
    assert re.search(r"xendit +0-1 d +1 +Rp 0", seen.out)
    assert re.search(r"xendit +> 30 d +1 +Rp 50,000", seen.out)
    assert "2 held, together Rp 50,000." in seen.err
    assert "Of 1 nobody told the amount." in seen.err
    told = (await held("suspense", "ageing", "--json")).json["items"]
    assert [(one["from_hours"], one["to_hours"], one["count"], one["unknown"]) for one in told] == [
        (0, 24, 1, 1),
        (720, None, 1, 0),
    ]
    status = await held("status")
    assert "Held money has waited longer than 7 days: 1, Rp 50,000" in status.out


@pytest.mark.parametrize("options", [("--by-hand",), ("--proof", "BCA 1")])
async def test_what_went_back_by_hand_needs_a_proof(
    held: Run, store: asyncpg.Connection, options: tuple[str, ...]
) -> None:
    result = await held("suspense", "refund", SUSPENSE_ID, *options, "--reason", "x", "--yes")
    assert (result.code, "belong together" in result.err) == (exits.WRONG_USE, True)
    assert await store.fetchval("SELECT count(*) FROM events") == 0
