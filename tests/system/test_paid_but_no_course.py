"""Rehearsals: an incident from its first sign to its end, with nothing but lunas' own commands."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from console import exits
from console.player import play
from tests.system.pipeline import SETTLE_SECONDS, Pipeline, Webhook, settle, top_up
from tests.system.test_pipeline import Operator

PRICE = 150_000

pytestmark = pytest.mark.heavy


@pytest.fixture
def lunas(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Operator:
    monkeypatch.setenv("LUNAS_LANG", "en")
    monkeypatch.setenv("LUNAS_OPERATOR", "sari")
    return Operator(capsys)


def nameless(number: int, amount: int) -> Webhook:
    """A transfer to a virtual account that says neither whose it is nor what for."""
    document = json.loads(top_up(number, "?", amount).body)
    document["data"] |= {"metadata": {}, "channel_code": "BCA_VIRTUAL_ACCOUNT"}
    return Webhook("?", amount, json.dumps(document).encode())


async def _until(lunas: Operator, count: int, *command: str) -> list[Any]:
    """What a listing shows once it shows so many."""
    async with asyncio.timeout(SETTLE_SECONDS):
        while len(items := (await lunas.json(*command))["items"]) != count:
            await asyncio.sleep(0.05)
    return list(items)


async def test_w4_i_paid_and_have_no_course(pipeline: Pipeline, lunas: Operator) -> None:
    """The customer knows a bank, an amount and an hour. It ends with the course and sentences to send back."""
    await play(pipeline.ingress, [top_up(1, "c1", 50_000), nameless(2, PRICE)])
    [held] = await _until(lunas, 1, "suspense", "list")
    found = (await lunas.json("find", str(PRICE)))["items"]
    assert held["suspense_id"] in {item["id"] for item in found}
    assert held["amount"] == PRICE
    shown = await lunas("suspense", "show", held["suspense_id"])
    assert "BCA_VIRTUAL_ACCOUNT" in shown + await lunas("payments", "show", "xendit", "py-2")
    await lunas("suspense", "candidates", held["suspense_id"])
    claim = ("--customer", "c3", "--product", "kelas-python", "--reason", "BCA, 150000, at ten", "--yes")
    said = await lunas("suspense", "claim", held["suspense_id"], *claim)
    assert f"lunas suspense unclaim {held['suspense_id']}" in said
    async with asyncio.timeout(SETTLE_SECONDS):
        while not (document := await lunas.json("explain", "access", "c3"))["moves"]:
            await asyncio.sleep(0.05)
    assert document["values"] == {"course kelas-python": "active"}
    assert document["moves"][0]["body_sha256"]
    proof = await lunas("explain", "access", "c3", "--letter")
    assert "the course kelas-python was opened for you (payment py-2)." in proof
    assert "kelas kelas-python dibuka untuk Anda" in await lunas(
        "--lang", "id", "explain", "access", "c3", "--letter"
    )
    acts = (await lunas.json("audit", "list", "--target", held["suspense_id"]))["items"]
    assert [(act["verb"], act["actor"]) for act in acts] == [("suspense.claim", "sari")]


async def test_a_replay_goes_through_the_real_queue_and_reports_each_outcome(
    pipeline: Pipeline, lunas: Operator
) -> None:
    """What had its effect already is a duplicate, as the preview says; nothing changes for anybody."""
    webhooks = [top_up(number, "c1", 10_000) for number in range(5)]
    await play(pipeline.ingress, webhooks)
    expected = {"c1": 500_000}
    assert await settle(pipeline, expected) == expected
    await _until(lunas, 5, "webhooks", "list")
    plan = await lunas.json("replay", "plan", "--where", "provider=xendit and status=processed")
    assert (plan["items"], plan["preview"]["outcomes"], plan["preview"]["customers"]) == (
        5,
        {"duplicate": 5},
        [],
    )
    document = await lunas.json(
        "replay", "apply", plan["plan_id"], "--reason", "a rehearsal", "--rate", "100/s", "--yes"
    )
    assert document["status"] == "done"
    assert [(one["outcome"], one["count"]) for one in document["progress"]] == [("duplicate", 5)]
    assert await settle(pipeline, expected) == expected
    await lunas("replay", "apply", plan["plan_id"], "--reason", "again", "--yes", code=exits.REFUSED)
