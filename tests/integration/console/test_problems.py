"""`lunas problems`: what is wrong by cause, the same in every release, and what people said of it."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from console import exits
from projections.versions import ensure
from tests.integration.console.conftest import Run, add_letter
from tests.integration.console.test_suspense import add_held


@pytest.fixture(autouse=True)
async def read_models(store: asyncpg.Connection) -> None:
    await ensure(store)


BUG = {"reason": "translator_failed", "provider": "mayar", "event_name": "payment.received"}


async def test_problems_are_grouped_by_cause_with_money_customers_and_a_replay(
    lunas: Run, store: asyncpg.Connection
) -> None:
    await add_letter(store, b"1", detail="KeyError in _order line 42", amount=50_000, whose="a", **BUG)
    await add_letter(store, b"2", detail="KeyError in _order line 57", amount=25_000, whose="a", **BUG)
    await add_letter(store, b"3", detail="KeyError in _member line 42", amount=None, whose="b", **BUG)
    await add_letter(store, b"4", detail="KeyError in _order line 1", status="resolved", **BUG)
    await add_held(store)
    listed = await lunas("problems", "list", "--json")
    assert listed.code == exits.PROBLEMS
    items = {(one["kind"], one["place"]): one for one in listed.json["items"]}
    order = items["letters", "KeyError in _order"]
    assert (order["count"], order["amount"], order["customers"]) == (2, 75_000, 1)
    assert items["letters", "KeyError in _member"]["amount"] is None
    assert ("held", None) in items
    planned = await lunas("replay", "plan", "--where", order["replay"].split("'")[1], "--json")
    assert planned.json["items"] == 2
    shown = (await lunas("problems", "show", order["fingerprint"][:6], "--json")).json
    assert len(shown["examples"]) == 2
    assert order["next"] in (await lunas("problems", "list")).out


async def test_two_bugs_of_a_policy_are_two_problems(lunas: Run, store: asyncpg.Connection) -> None:
    more: dict[str, Any] = {"stage": "fulfil", "reason": "policy_failed", "amount": 10_000}
    await add_letter(store, b"1", detail="xendit:pr-1", place="KeyError in _parts", **more)
    await add_letter(store, b"2", detail="xendit:pr-2", place="KeyError in _parts", **more)
    await add_letter(store, b"3", detail="xendit:pr-3", place="ZeroDivisionError in _share", **more)
    await add_letter(store, b"4", detail="xendit:pr-4", place="", **more)
    items = (await lunas("problems", "list", "--json")).json["items"]
    assert {one["place"]: one["count"] for one in items} == {
        "KeyError in _parts": 2,
        "ZeroDivisionError in _share": 1,
        None: 1,
    }
    [parts] = [one for one in items if one["place"] == "KeyError in _parts"]
    shown = (await lunas("problems", "show", parts["fingerprint"], "--json")).json
    assert {one["detail"] for one in shown["examples"]} == {"xendit:pr-1", "xendit:pr-2"}
    assert "policy_failed KeyError in _parts" in (await lunas("dlq", "groups")).out


async def test_what_is_replayed_for_a_bug_is_its_own_and_not_that_of_a_longer_name(
    lunas: Run, store: asyncpg.Connection
) -> None:
    await add_letter(store, b"1", detail="KeyError in _order line 42", place="KeyError in _order", **BUG)
    await add_letter(
        store, b"2", detail="KeyError in _order_of line 42", place="KeyError in _order_of", **BUG
    )
    items = (await lunas("problems", "list", "--json")).json["items"]
    for one in items:
        planned = await lunas("replay", "plan", "--where", one["replay"].split("'")[1], "--json")
        assert planned.json["items"] == 1, one["place"]


async def test_a_letter_from_before_places_had_a_column_is_the_same_problem(
    lunas: Run, store: asyncpg.Connection
) -> None:
    await add_letter(store, b"1", detail="KeyError in _order line 42", place=None, **BUG)
    await add_letter(store, b"2", detail="KeyError in _order line 57", place="KeyError in _order", **BUG)
    [one] = (await lunas("problems", "list", "--json")).json["items"]
    shown = (await lunas("problems", "show", one["fingerprint"], "--json")).json
    assert (one["count"], len(shown["examples"])) == (2, 2)


async def test_a_fingerprint_survives_releases(lunas: Run, store: asyncpg.Connection) -> None:
    await add_letter(store, b"1", detail="KeyError in _order line 42", **BUG)
    [before] = (await lunas("problems", "list", "--json")).json["items"]
    await store.execute("UPDATE dead_letters SET status = 'resolved'")
    await add_letter(store, b"2", detail="KeyError in _order line 99", **BUG)
    [after] = (await lunas("problems", "list", "--json")).json["items"]
    assert before["fingerprint"] == after["fingerprint"]


async def test_causes_come_before_what_is_only_wrong_because_of_them(
    lunas: Run, store: asyncpg.Connection
) -> None:
    await add_letter(
        store,
        b"1",
        stage="fulfil",
        reason="payment_unconfirmed",
        provider="mayar",
        detail="p1",
        amount=900_000,
    )
    await add_letter(store, b"2", detail="KeyError in _order line 42", amount=50_000, **BUG)
    await add_letter(store, b"3", provider="xendit", amount=10_000)
    items = (await lunas("problems", "list", "--json")).json["items"]
    assert [one["kind"] for one in items] == ["letters", "unconfirmed", "letters"]
    assert items[1]["because"] == items[0]["fingerprint"]
    assert items[0]["fingerprint"] in (await lunas("problems", "list")).out.splitlines()[2]


async def test_what_people_say_is_kept_audited_and_said_once(
    lunas: Run, store: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_letter(store, b"1", detail="KeyError in _order line 42", **BUG)
    [one] = (await lunas("problems", "list", "--json")).json["items"]
    name = one["fingerprint"]
    assert (await lunas("problems", "ack", name, "--reason", "mine")).code == exits.FINE
    monkeypatch.setenv("LUNAS_OPERATOR", "joko")
    second = await lunas("problems", "ack", name, "--owner", "sari", "--reason", "also mine")
    assert second.code == exits.REFUSED
    assert "by sari" in second.err
    assert (await lunas("problems", "note", name, "asked the provider")).code == exits.FINE
    assert (await lunas("problems", "fix", name, "--reason", "1.4")).code == exits.FINE
    assert (await lunas("problems", "list", "--json")).json["items"] == []
    shown = (await lunas("problems", "show", name, "--json")).json
    assert (shown["status"], shown["owner"], shown["notes"][0]["note"]) == (
        "fixed",
        "sari",
        "asked the provider",
    )
    await add_letter(store, b"2", detail="KeyError in _order line 43", **BUG)
    [back] = (await lunas("problems", "list", "--json")).json["items"]
    assert (back["status"], back["again"], back["owner"]) == ("open", True, "sari")
    assert (await lunas("problems", "fix", name, "--reason", "1.5")).code == exits.FINE
    verbs = [row["verb"] for row in await store.fetch("SELECT verb FROM operator_acts ORDER BY act_id")]
    assert verbs == ["problems.ack", "problems.note", "problems.fix", "problems.fix"]
    assert (await lunas("problems", "show", "feedfeed")).code == exits.WRONG_USE


async def test_every_act_is_found_by_its_id_with_who_why_before_after_and_undo(
    lunas: Run, store: asyncpg.Connection
) -> None:
    await add_letter(store, b"1", detail="KeyError in _order line 42", **BUG)
    [one] = (await lunas("problems", "list", "--json")).json["items"]
    done = await lunas("problems", "ack", one["fingerprint"], "--reason", "mine", "--json")
    [item] = done.json["items"]
    shown = (await lunas("audit", "show", item["act_id"], "--json")).json
    assert (shown["actor"], shown["verb"], shown["reason"]) == ("sari", "problems.ack", "mine")
    assert (shown["before"]["status"], shown["after"]["status"]) == ("open", "acknowledged")
    assert shown["undo"].startswith(f"lunas problems reopen {one['fingerprint']}")
    [listed] = (await lunas("audit", "list", "--verb", "problems", "--json")).json["items"]
    assert listed["act_id"] == item["act_id"]
    assert "problems.ack" in (await lunas("audit", "list")).out
    assert (await lunas("audit", "list", "--actor", "joko", "--json")).json["items"] == []
    assert (await lunas("audit", "show", one["fingerprint"].ljust(32, "0"))).code == exits.WRONG_USE


async def test_a_problem_that_is_over_is_told_with_who_called_it_what(
    lunas: Run, store: asyncpg.Connection
) -> None:
    await add_letter(store, b"1", detail="KeyError in _order line 42", **BUG)
    [one] = (await lunas("problems", "list", "--json")).json["items"]
    assert (await lunas("problems", "ack", one["fingerprint"], "--reason", "mine")).code == exits.FINE
    await store.execute("UPDATE dead_letters SET status = 'resolved'")
    over = await lunas("problems", "show", one["fingerprint"][:8])
    assert over.code == exits.WRONG_USE
    assert f"{one['fingerprint']}: sari called it acknowledged" in over.err
    assert f"lunas audit list --target {one['fingerprint']}" in over.err


async def test_held_money_says_why_it_is_held_in_words(lunas: Run, store: asyncpg.Connection) -> None:
    await add_held(store)
    [held] = (await lunas("problems", "list", "--json")).json["items"]
    assert held["kind"] == "held"
    assert held["words"]
    assert held["words"] != held["error"]
