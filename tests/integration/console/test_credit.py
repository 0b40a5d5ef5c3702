"""`lunas credit` and `lunas keys`."""

from __future__ import annotations

import asyncpg
import pytest

from api.keys import digest_of
from console import exits
from eventstore.append import NewEvent, append, log_transaction
from projections.feeder import Feeder
from projections.versions import ensure
from schemas.credit_events import CreditReserved, CreditSpent, LotPart
from tests.contract.api.test_spending import taken_back
from tests.integration.console.conftest import Run
from tests.integration.projections.decisions import AT, credit, registered

LATER = AT.replace(year=2099)


def spent(tokens: int, reference: str = "r") -> NewEvent:
    lots = (LotPart(lot=2, key="k main", tokens=tokens, idr=tokens // 10),)
    return NewEvent(
        "credit-c1",
        CreditSpent(
            customer_id="c1", credit_tokens=0, at=AT, spend_id="s", tokens=tokens, idr=tokens // 10, reason="x", reference=reference,
            lots=lots,
        ),
    )  # fmt: skip


def reserved(tokens: int) -> NewEvent:
    lots = (LotPart(lot=2, key="k main", tokens=tokens, idr=tokens // 10),)
    return NewEvent(
        "credit-c1",
        CreditReserved(
            customer_id="c1",
            credit_tokens=0,
            at=AT,
            reservation_id="v",
            tokens=tokens,
            reference="v",
            expires_at=LATER,
            lots=lots,
        ),
    )


@pytest.fixture
async def indebted(store: asyncpg.Connection) -> asyncpg.Connection:
    """A customer who spent 400 of 1000 tokens whose money then went back, and whose debt is known; another who only topped up."""
    await ensure(store)
    async with log_transaction(store):
        await append(
            store, [registered("c1"), credit("c1", 100), spent(400), reserved(100), taken_back("c1", 100)]
        )
        await append(store, [registered("c2"), credit("c2", 100)])
    await Feeder(store, batch_max=100).catch_up()
    return store


async def test_what_a_customer_can_spend_is_shown_by_top_up(lunas: Run, indebted: asyncpg.Connection) -> None:
    shown = (await lunas("credit", "show", "c1", "--json")).json
    assert (shown["credit_tokens"], shown["debt_tokens"], shown["reserved_tokens"]) == (-500, 500, 100)
    shown = (await lunas("credit", "show", "c2", "--json")).json
    assert [(lot["tokens"], lot["idr"]) for lot in shown["lots"]] == [(1000, 100)]
    assert "1,000" in (await lunas("credit", "show", "c2")).out
    assert (await lunas("credit", "show", "nobody")).code == exits.WRONG_USE


async def test_rebuild_writes_what_the_log_adds_up_to_and_verify_agrees(
    lunas: Run, indebted: asyncpg.Connection
) -> None:
    assert (await lunas("credit", "rebuild", "--json")).code == exits.FINE
    verified = await lunas("credit", "verify", "--json")
    assert (verified.code, verified.json["ok"], verified.json["acts"]) == (exits.FINE, True, 2)
    assert await indebted.fetchval("SELECT debt_tokens FROM credit_accounts WHERE customer_id = 'c1'") == 500
    assert [row["customer_id"] for row in (await lunas("credit", "list", "--json")).json["items"]] == ["c1"]


@pytest.mark.parametrize("harm", [
    "UPDATE credit_accounts SET state = replace(state::text, '\"spent\":400', '\"spent\":300')::json",
    "DELETE FROM credit_acts WHERE kind = 'spend'",
    "UPDATE credit_acts SET position = position + 1",
    "INSERT INTO credit_acts VALUES ('c1', 'spend', 'never', 1)",
])  # fmt: skip
async def test_verify_sees_what_is_not_as_the_log_has_it_and_rebuild_puts_it_right(
    lunas: Run, indebted: asyncpg.Connection, harm: str
) -> None:
    await lunas("credit", "rebuild")
    assert await indebted.execute(harm) != "UPDATE 0"
    assert (await lunas("credit", "verify")).code == exits.PROBLEMS
    await lunas("credit", "rebuild")
    assert (await lunas("credit", "verify")).code == exits.FINE


async def test_a_debt_is_forgiven_once_and_written_down(lunas: Run, indebted: asyncpg.Connection) -> None:
    refused = await lunas("credit", "forgive", "c1", "--reason", "our mistake")
    assert refused.code == exits.REFUSED
    done = await lunas("credit", "forgive", "c1", "--reason", "our mistake", "--yes", "--json")
    assert done.code == exits.FINE
    assert (await lunas("credit", "show", "c1", "--json")).json["debt_tokens"] == 0
    assert (await lunas("credit", "forgive", "c1", "--reason", "again", "--yes")).code == exits.REFUSED
    act = await indebted.fetchrow("SELECT actor, verb, target, reason FROM operator_acts")
    assert tuple(act) == ("sari", "credit.forgive", "c1", "our mistake")
    await Feeder(indebted, batch_max=100).catch_up()
    assert await indebted.fetchval("SELECT sum(balance) FROM ledger") == 0


async def test_an_account_is_frozen_and_freed_by_word(lunas: Run, indebted: asyncpg.Connection) -> None:
    assert (await lunas("credit", "freeze", "c2", "--reason", "dispute")).code == exits.FINE
    assert (await lunas("credit", "freeze", "c2", "--reason", "dispute")).code == exits.REFUSED
    assert (await lunas("credit", "show", "c2", "--json")).json["frozen"] == "dispute"
    await Feeder(indebted, batch_max=100).catch_up()
    listed = (await lunas("credit", "rebuild", "--json"), await lunas("credit", "list", "--json"))[1].json[
        "items"
    ]
    assert {row["customer_id"]: row["frozen"] for row in listed} == {"c1": None, "c2": "dispute"}
    assert (await lunas("credit", "unfreeze", "c2", "--reason", "won")).code == exits.FINE
    assert (await lunas("credit", "show", "c2", "--json")).json["frozen"] is None


async def test_a_key_is_shown_once_listed_without_itself_and_revoked(
    lunas: Run, store: asyncpg.Connection
) -> None:
    nobodys = await lunas("keys", "create", "--scope", "read", "--scope", "suspense", "--customer", "c1")
    assert (nobodys.code, "suspense" in nobodys.err) == (exits.WRONG_USE, True)
    made = await lunas(
        "keys", "create", "--scope", "read", "--scope", "spend", "--customer", "c1", "--rate", "5"
    )
    key = made.out.splitlines()[0]
    row = await store.fetchrow("SELECT * FROM api_keys")
    assert (row["key_sha256"], row["scopes"], row["customer_id"], row["rate_per_second"]) == (
        digest_of(key), ["read", "spend"], "c1", 5,
    )  # fmt: skip
    listed = await lunas("keys", "list", "--json")
    assert key not in listed.out
    assert listed.json["items"][0]["key_id"] == row["key_id"]
    assert key.startswith(f"lunas_{row['key_id']}_")
    shown = (await lunas("keys", "list")).out
    assert shown.startswith("KEY ID")
    revoked = await lunas("keys", "revoke", row["key_id"])
    assert revoked.code == exits.FINE
    assert "lunas keys create" in revoked.out
    assert (await lunas("keys", "revoke", "none")).code == exits.WRONG_USE
    verbs = [one["verb"] for one in await store.fetch("SELECT verb FROM operator_acts ORDER BY act_id")]
    assert verbs == ["keys.create", "keys.revoke"]
    kept = await store.fetchval("SELECT string_agg(a::text, ' ') FROM operator_acts a")
    # What is random may hold an underscore itself.
    assert key.removeprefix(f"lunas_{row['key_id']}_") not in kept
    assert not (await lunas("--lang", "id", "keys", "list")).out.rstrip().endswith("-")  # revoked


@pytest.mark.parametrize(
    "given",
    [
        ["--scope", "everything"],
        [],
        ["--scope", "read", "--rate", "0"],
        ["--scope", "read", "--customer", "a b"],
    ],
)
async def test_keys_that_make_no_sense_are_not_made(
    lunas: Run, store: asyncpg.Connection, given: list[str]
) -> None:
    assert (await lunas("keys", "create", *given)).code == exits.WRONG_USE
    assert await store.fetchval("SELECT count(*) FROM api_keys") == 0
