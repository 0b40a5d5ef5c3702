"""Incidents of our own making, rehearsed with real processes and nothing but the `lunas` command: a wrong secret, and a bug."""

from __future__ import annotations

from pathlib import Path

import pytest

from console import exits
from tests.system.incidents import (
    FORGED,
    GENUINE,
    PARKED,
    PRICE,
    RIGHT,
    WRONG,
    genuine,
    mended_secret,
    mended_version,
    parked_by_a_bug,
    refused_for_a_wrong_secret,
)
from tests.system.pipeline import CUSTOMERS, Pipeline, expected_tokens, settle
from tests.system.test_rehearsals import Operator, closed, operator, points_at, today
from tests.waiting import until

pytestmark = pytest.mark.heavy

lunas = operator


async def test_w1_two_hours_with_a_wrong_secret_are_made_up_for_and_no_forgery_comes_in(
    database_url: str, broker_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lunas: Operator
) -> None:
    async with Pipeline(database_url, broker_url, tmp_path, more={"XENDIT_WEBHOOK_SECRET": WRONG}) as shop:
        points_at(shop, monkeypatch)
        await shop.register(CUSTOMERS)
        days = [today()]
        await refused_for_a_wrong_secret(shop)
        first = await lunas("status")
        assert first.code == exits.PROBLEMS
        assert "wrong_credential" in first.out
        await mended_secret(shop)
        monkeypatch.setenv("XENDIT_WEBHOOK_SECRET", RIGHT)
        amount = sum(one.amount for one in genuine())
        looked = (await lunas("quarantine", "reverify", "xendit", "--dry-run", "--json")).json
        assert (looked["genuine"], looked["not_genuine"], looked["amount_idr"]) == (GENUINE, FORGED, amount)
        done = await lunas("quarantine", "reverify", "xendit", "--reason", "wrong token since nine", "--yes")
        assert done.code == exits.FINE, done.err
        expected = expected_tokens(genuine())
        assert await settle(shop, expected) == expected
        again = (await lunas("quarantine", "reverify", "xendit", "--dry-run", "--json")).json
        assert (again["genuine"], again["admitted_before"], again["not_genuine"]) == (0, GENUINE, FORGED)
        days = sorted({*days, today()})
        books = await closed(lunas, *days)
        assert [one["differences"] for one in books] == [[] for _ in days]
        assert sum(one["providers"]["xendit"]["received"] for one in books) == amount
        (act,) = (await lunas("audit", "list", "--verb", "quarantine", "--json")).json["items"]
        assert act["reason"] == "wrong token since nine"


async def test_w2_a_bug_parks_forty_payments_and_the_fixed_version_credits_each_once(
    database_url: str, broker_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lunas: Operator
) -> None:
    async with Pipeline(database_url, broker_url, tmp_path) as shop:
        points_at(shop, monkeypatch)
        await shop.register(["c1", *(f"m{number}" for number in range(PARKED))])
        days = [today()]
        await parked_by_a_bug(shop)
        assert await settle(shop, {"c1": 500_000}) == {"c1": 500_000}, "what the bug does not touch goes on"
        (problem,) = (await lunas("problems", "list", "--json")).json["items"]
        assert (problem["count"], problem["amount"], problem["error"]) == (
            PARKED,
            PARKED * PRICE,
            "translator_failed",
        )
        assert problem["replay"].startswith("lunas replay plan --where ")
        where = problem["replay"].removeprefix("lunas replay plan --where '").removesuffix("'")
        await lunas("problems", "ack", problem["fingerprint"], "--reason", "the mapper; fix on its way")
        await mended_version(shop)
        plan = (await lunas("replay", "plan", "--where", where, "--json")).json
        assert (plan["items"], plan["preview"]["outcomes"]) == (PARKED, {"processed": PARKED})
        assert len(plan["preview"]["customers"]) == PARKED
        assert await _granted(shop) == 0, "a preview changes nothing"
        done = await lunas(
            "replay", "apply", plan["plan_id"], "--reason", "fixed", "--rate", "200/s", "--yes"
        )
        assert done.code == exits.FINE, done.out + done.err
        await until(lambda: _all_granted(shop))
        assert (await lunas("problems", "list", "--json")).json["items"] == []
        again = await lunas("replay", "apply", plan["plan_id"], "--reason", "again", "--yes")
        assert again.code == exits.REFUSED
        assert (await _tokens(shop))["c1"] == 500_000
        books = await closed(lunas, *sorted({*days, today()}))
        assert all(one["differences"] == [] for one in books)
        assert (
            sum(one["providers"]["mayar"]["received"] for one in books if "mayar" in one["providers"])
            == PARKED * PRICE
        )


async def _granted(shop: Pipeline) -> int:
    """Payments that became what was bought, each by its own customer."""
    rows = await shop.rows(
        "SELECT DISTINCT customer_id FROM payments WHERE provider = 'mayar' AND status = 'succeeded' AND held IS NULL"
    )
    return len([row for row in rows if row["customer_id"]])


async def _all_granted(shop: Pipeline) -> bool:
    return await _granted(shop) == PARKED


async def _tokens(shop: Pipeline) -> dict[str, int]:
    rows = await shop.rows("SELECT customer_id, credit_tokens FROM balances")
    return {row["customer_id"]: row["credit_tokens"] for row in rows}
