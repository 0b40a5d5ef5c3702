"""`lunas dlq` against a real database and a real broker."""

from __future__ import annotations

import uuid

import asyncpg
import pytest

from console import exits
from tests.integration.console.conftest import BODY, Run, add_letter
from tests.integration.console.test_webhooks import taken


async def test_list_and_groups_show_the_money_and_only_what_is_unresolved(
    lunas: Run, store: asyncpg.Connection
) -> None:
    first = await add_letter(store)
    await add_letter(store, b'{"data":{"amount":25000}}')
    await add_letter(store, b'{"data":{"amount":1}}', status="resolved")
    listed = (await lunas("dlq", "list", "--json")).json["items"]
    assert {item["amount"] for item in listed} == {50_000, 25_000}
    assert "message" not in listed[0]
    assert len((await lunas("dlq", "list", "--status", "all", "--json")).json["items"]) == 3
    [group] = (await lunas("dlq", "groups", "--json")).json["items"]
    assert (group["count"], group["amount"], group["reason"]) == (2, 75_000, "amount_fractional")
    table = (await lunas("dlq", "groups")).out
    assert "Rp 75,000" in table
    assert "lunas dlq settle" in table
    shown = (await lunas("dlq", "show", str(first), "--json")).json
    assert (shown["stage"], shown["status"]) == ("translate", "open")


async def test_c30_a_letter_is_replayed_once_and_the_second_operator_hears_who_was_first(
    lunas: Run, store: asyncpg.Connection, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    letter = await add_letter(store)
    first = await lunas("dlq", "replay", str(letter), "--reason", "fixed", "--yes")
    assert first.code == exits.FINE, first.err
    monkeypatch.setenv("LUNAS_OPERATOR", "joko")
    second = await lunas("dlq", "replay", str(letter), "--reason", "me too", "--yes")
    assert second.code == exits.REFUSED
    assert "replaying by sari" in second.err
    [envelope] = await taken(broker_url)
    assert (envelope.body, envelope.dead_letter_id, envelope.actor) == (BODY, str(letter), "sari")
    assert envelope.received_at == 1_700_000_000_000_000
    assert await store.fetchval("SELECT count(*) FROM operator_acts") == 1


async def test_c31_a_replay_that_cannot_be_sent_gives_the_letter_back(
    lunas: Run, store: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_BROKER_URL", "amqp://guest:guest@127.0.0.1:1/")
    monkeypatch.setenv("LUNAS_PROBE_TIMEOUT_SECONDS", "10")
    letter = await add_letter(store)
    result = await lunas("dlq", "replay", str(letter))
    assert result.code == exits.PROBLEMS
    assert "RabbitMQ does not answer" in result.err
    assert await store.fetchval("SELECT status FROM dead_letters") == "open"


async def test_a_message_that_was_never_readable_is_refused(
    lunas: Run, store: asyncpg.Connection, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    letter = await add_letter(store, message=b"garbage", stage="decode")
    result = await lunas("dlq", "replay", str(letter), "--reason", "try", "--yes")
    assert result.code == exits.REFUSED
    assert await store.fetchval("SELECT status FROM dead_letters") == "open"


async def test_discard_keeps_the_bytes_and_can_be_taken_back(lunas: Run, store: asyncpg.Connection) -> None:
    letter = await add_letter(store)
    assert (await lunas("dlq", "discard", str(letter), "--reason", "test data", "--yes")).code == exits.FINE
    row = await store.fetchrow("SELECT status, resolved_by, octet_length(message) AS size FROM dead_letters")
    assert row is not None
    assert (row["status"], row["resolved_by"]) == ("discarded", "sari")
    assert row["size"] > len(BODY)
    assert (await lunas("dlq", "discard", str(letter), "--reason", "again", "--yes")).code == exits.REFUSED
    assert (await lunas("dlq", "reopen", str(letter), "--reason", "was real", "--yes")).code == exits.FINE
    assert await store.fetchval("SELECT status FROM dead_letters") == "open"
    verbs = await store.fetch("SELECT verb, undo FROM operator_acts ORDER BY act_id")
    assert [row["verb"] for row in verbs] == ["dlq.discard", "dlq.reopen"]
    assert verbs[0]["undo"].startswith(f"lunas dlq reopen {letter}")


async def test_a_discard_is_not_reopened_beside_the_same_bytes(lunas: Run, store: asyncpg.Connection) -> None:
    letter = await add_letter(store, status="discarded", resolved_by="joko")
    await add_letter(store)
    assert (await lunas("dlq", "reopen", str(letter), "--reason", "x", "--yes")).code == exits.REFUSED


async def test_a_discard_is_reopened_beside_another_problem_of_the_same_bytes(
    lunas: Run, store: asyncpg.Connection
) -> None:
    alarm = {"stage": "fulfil", "reason": "refund_exceeds_payment", "detail": "rfd-1"}
    letter = await add_letter(store, status="discarded", resolved_by="joko", **alarm)
    await add_letter(store, **(alarm | {"detail": "rfd-2"}))
    await add_letter(store, stage="append", reason="retries_exhausted")
    assert (await lunas("dlq", "reopen", str(letter), "--reason", "x", "--yes")).code == exits.FINE
    again = await add_letter(store, status="discarded", **alarm)
    assert (await lunas("dlq", "reopen", str(again), "--reason", "x", "--yes")).code == exits.REFUSED


async def test_every_letter_and_group_says_what_to_do_next_in_the_operators_language(
    lunas: Run, store: asyncpg.Connection
) -> None:
    letter = await add_letter(store, stage="fulfil", reason="payment_reversed", provider="scalev")
    [group] = (await lunas("dlq", "groups", "--json")).json["items"]
    assert "replay" not in group["next"]
    assert group["next"].endswith("then lunas dlq discard")
    assert group["next"] in (await lunas("dlq", "groups")).out
    assert group["next"] in (await lunas("dlq", "show", str(letter))).err
    assert "lalu lunas dlq discard" in (await lunas("--lang", "id", "dlq", "show", str(letter))).err


async def test_an_unknown_letter_and_a_missing_reason_are_wrong_use(lunas: Run) -> None:
    assert (await lunas("dlq", "show", str(uuid.uuid4()))).code == exits.WRONG_USE
    assert (await lunas("dlq", "discard", str(uuid.uuid4()), "--yes")).code == exits.WRONG_USE


async def test_an_amount_that_nobody_can_read_is_not_shown_as_nothing(
    lunas: Run, store: asyncpg.Connection
) -> None:
    await add_letter(store, body=b"not json", reason="unparsable_not_json", provider="mayar")
    [row] = (await lunas("dlq", "groups")).out.splitlines()[1:]
    assert row.split()[:3] == ["1", "-", "mayar"]


async def test_reopening_an_open_letter_is_refused_without_inventing_who_was_faster(
    lunas: Run, store: asyncpg.Connection
) -> None:
    letter = await add_letter(store)
    result = await lunas("dlq", "reopen", str(letter), "--reason", "again", "--yes")
    assert result.code == exits.REFUSED
    assert result.err == f"Error: Dead letter {letter} is open. Nothing was changed.\n"
