"""From an HTTP 200 to what applications and operators see, through real processes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from console import exits, main
from console.player import play
from tests.system.pipeline import CUSTOMERS, Pipeline, Webhook, expected_tokens, settle, top_up

VISIBLE_SECONDS = 180.0


class Operator:
    """Runs `lunas` in this process, as a person at a terminal of the same machine would."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture

    async def __call__(self, *arguments: str, code: int = exits.FINE) -> str:
        """stdout of one command that must end with `code`."""
        self._capture.readouterr()
        ended = await asyncio.to_thread(main.run, arguments)
        shown = self._capture.readouterr()
        assert ended == code, shown.err
        return shown.out

    async def json(self, *arguments: str, code: int = exits.FINE) -> Any:
        return json.loads(await self(*arguments, "--json", code=code))


@pytest.fixture
def lunas(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Operator:
    monkeypatch.setenv("LUNAS_LANG", "en")
    monkeypatch.setenv("LUNAS_OPERATOR", "sari")
    return Operator(capsys)


def of_a_stranger(number: int) -> Webhook:
    """A top-up whose payer is known by an e-mail address that nobody registered."""
    body = top_up(number, "?", 25_000).body.replace(b'"customer_id": "?"', b'"payer_email": "tamu@contoh.id"')
    return Webhook("?", 25_000, body)


async def test_a_webhook_answered_200_becomes_a_visible_balance(pipeline: Pipeline) -> None:
    webhook = top_up(1, "c1", 50_000)
    [answer] = await play(pipeline.ingress, [webhook])
    assert answer.status == 200
    started = asyncio.get_running_loop().time()
    balance: dict[str, Any] = {}
    while balance.get("credit_tokens") != 500_000:
        assert asyncio.get_running_loop().time() - started < VISIBLE_SECONDS, balance
        await asyncio.sleep(0.02)
        balance = await pipeline.balance("c1")
    assert (balance["credit_idr"], balance["tier"]) == (50_000, "bpp")
    assert balance["last_top_up"]["amount_idr"] == 50_000


async def test_operators_see_claim_and_replay(pipeline: Pipeline, lunas: Operator) -> None:
    await play(
        pipeline.ingress, [top_up(1, "c1", 50_000), top_up(1, "c1", 50_000), of_a_stranger(2)], concurrency=1
    )
    expected = {"c1": 500_000}
    assert await settle(pipeline, expected) == expected

    await _until_deliveries(lunas, 3)
    deliveries = (await lunas.json("webhooks", "list"))["items"]
    assert sorted(item["status"] for item in deliveries) == ["duplicate", "processed", "processed"]
    assert all(item["processing_ms"] >= 0 for item in deliveries)

    [payment] = (await lunas.json("payments", "show", "xendit", "pr-1"))["items"]
    assert [entry["what"] for entry in payment["timeline"] if entry["kind"] == "fact"] == [
        "payment.succeeded"
    ]
    assert [entry["kind"] for entry in payment["timeline"]].count("delivery") == 2
    assert "WIB" in await lunas("payments", "show", "xendit", "py-1", "--raw")

    [held] = (await lunas.json("suspense", "list"))["items"]
    assert (held["reason"], held["amount"]) == ("customer_unknown", 25_000)
    await lunas(
        "suspense", "claim", held["suspense_id"], "--customer", "c2", "--reason", "called us", "--yes"
    )
    expected["c2"] = 250_000
    assert await settle(pipeline, expected) == expected
    assert (await lunas.json("suspense", "list"))["items"] == []

    said = await lunas("suspense", "unclaim", held["suspense_id"], "--reason", "it was c3", "--yes")
    assert "payer is not a customer yet" in said
    assert await settle(pipeline, expected | {"c2": 0}) == expected | {"c2": 0}
    assert [one["amount"] for one in (await lunas.json("suspense", "list"))["items"]] == [25_000]
    again = ("suspense", "claim", held["suspense_id"], "--customer", "c2", "--reason", "c2 it was", "--yes")
    assert f"lunas suspense unclaim {held['suspense_id']}" in await lunas(*again)
    assert await settle(pipeline, expected) == expected

    processed = next(item for item in deliveries if item["status"] == "processed")
    await lunas("webhooks", "replay", processed["delivery_id"], "--yes")
    await _until_deliveries(lunas, 4)
    replayed = (await lunas.json("webhooks", "list"))["items"][0]
    assert (replayed["status"], replayed["replay_of"]) == ("duplicate", processed["delivery_id"])
    assert await settle(pipeline, expected) == expected


async def test_a_parked_letter_comes_back_when_it_fails_again(pipeline: Pipeline, lunas: Operator) -> None:
    odd = top_up(3, "c1", 50_000)
    body = odd.body.replace(b'"capture_amount": 50000', b'"capture_amount": 50000.5')
    await play(pipeline.ingress, [Webhook("c1", 50_000, body)])
    await _until_deliveries(lunas, 1)
    [letter] = (await lunas.json("dlq", "list"))["items"]
    assert (letter["reason"], letter["status"]) == ("amount_fractional", "open")
    status = await lunas.json("status", code=exits.PROBLEMS)
    assert status["parked"]["count"] == 1
    await lunas("dlq", "replay", letter["dead_letter_id"], "--reason", "try", "--yes")
    await _until_deliveries(lunas, 2)
    [again] = (await lunas.json("dlq", "list"))["items"]
    assert (again["dead_letter_id"], again["status"], again["deliveries"]) == (
        letter["dead_letter_id"],
        "open",
        2,
    )


async def test_read_models_are_rebuilt_and_switched_under_traffic(
    pipeline: Pipeline, lunas: Operator
) -> None:
    webhooks = [top_up(number, CUSTOMERS[number % 10], 10_000) for number in range(200)]
    playing = asyncio.create_task(play(pipeline.ingress, webhooks, rate=60))
    for verb in ("rebuild", "switch", "rollback", "switch"):
        await lunas("projections", verb, "balances", "--yes", "--reason", "a look at rebuilding")
    assert (await lunas.json("projections", "verify", "balances"))["ok"] is True
    assert {answer.status for answer in await playing} == {200}
    assert await settle(pipeline, expected_tokens(webhooks)) == expected_tokens(webhooks)
    states = {
        (item["name"], item["version"]): item["status"]
        for item in (await lunas.json("projections", "status"))["items"]
    }
    assert (states["balances", 1], states["balances", 2]) == ("retired", "live")
    assert (await lunas.json("projections", "verify"))["ok"] is True


async def test_verify_finds_one_changed_rupiah(pipeline: Pipeline, lunas: Operator) -> None:
    await play(pipeline.ingress, [top_up(1, "c1", 50_000)])
    assert await settle(pipeline, {"c1": 500_000}) == {"c1": 500_000}
    connection = await asyncpg.connect(pipeline.database_url, server_settings={"search_path": "lunas"})
    await connection.execute("UPDATE balances_v1 SET credit_tokens = credit_tokens + 1")
    await connection.close()
    found = await lunas.json("projections", "verify", "balances", code=exits.PROBLEMS)
    assert found["ok"] is False
    assert found["items"][0]["differences"]


async def test_simulate_reaches_the_running_door(pipeline: Pipeline, lunas: Operator) -> None:
    given = ("--count", "20", "--duplicates", "0.3", "--disorder", "0.3", "--late", "0.5", "--seed", "5")
    sent = await lunas.json(
        "simulate",
        "xendit",
        "payment.capture",
        "--customer",
        "c1",
        "--email",
        "c1@example.com",
        "--amount",
        "10000",
        *given,
    )
    assert sent["accepted"] == sent["sent"] > 20
    assert await settle(pipeline, {"c1": 2_000_000}) == {"c1": 2_000_000}


async def test_c15_no_secret_and_no_personal_data_in_the_logs(
    pipeline: Pipeline, lunas: Operator, tmp_path: Path
) -> None:
    await play(pipeline.ingress, [of_a_stranger(number) for number in range(5)])
    await _until_deliveries(lunas, 5)
    logs = "".join(path.read_text("utf-8") for path in tmp_path.glob("*.log"))
    assert "process" in logs
    for private in (
        "tamu@contoh.id",
        "dev-xendit-secret",
        "dev-api-key",
        pipeline.database_url,
        "c1@example.com",
    ):
        assert private not in logs


async def _until_deliveries(lunas: Operator, count: int) -> None:
    async with asyncio.timeout(180):
        while len((await lunas.json("webhooks", "list"))["items"]) < count:
            await asyncio.sleep(0.1)
