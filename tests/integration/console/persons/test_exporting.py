"""Everything that is held about a person, as one document."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import asyncpg
import pytest

from console import exits
from tests.integration.console.conftest import Run
from tests.integration.console.persons.shown import (
    ADDRESS,
    CANARIES,
    GIVEN,
    NAME,
    PHONE,
    a_person,
    forget,
)
from tests.integration.console.replays import Shop


async def test_everything_about_a_person_is_one_document(
    shop: Shop, store: asyncpg.Connection, lunas: Run, tmp_path: Path
) -> None:
    await a_person(shop)
    await lunas("credit", "freeze", "c1", "--reason", "a look at it", "--yes")
    file = tmp_path / "c1.json"
    told = await lunas("customers", "export", "c1", "--output", str(file))
    assert told.code == exits.FINE, told.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    document = json.loads(file.read_text())
    assert document["customer"] == {"customer_id": "c1", "email": GIVEN, "name": NAME, "phone": PHONE}
    assert {one["payment_id"] for one in document["payments"]} == {"py-1", "py-2"}
    assert [json.loads(one["body"])["event"] for one in document["webhooks"]] == ["payment.capture"] * 2
    said = {one["type"]: one["data"] for one in document["events"]}
    assert said["customer.registered"] == {"customer_id": "c1", "email": GIVEN, "name": NAME, "phone": PHONE}
    assert said["payment.succeeded"]["payer_email"] == ADDRESS
    assert {one["verb"] for one in document["operator_acts"]} == {"credit.freeze"}
    assert [one["reason"] for one in document["held_money"]] == ["customer_unknown"]
    readable = await lunas("customers", "export", "c1")
    assert NAME in readable.out
    assert "payments (2)" in readable.out
    verbs = [row["verb"] for row in await store.fetch("SELECT verb FROM operator_acts ORDER BY act_id")]
    assert verbs == ["credit.freeze", "customers.export", "customers.export"]
    assert (await lunas("customers", "export", "nobody")).code == exits.WRONG_USE


async def test_after_an_erasure_an_export_holds_ids_and_amounts_only(
    shop: Shop, lunas: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_person(shop)
    await forget(lunas, monkeypatch)
    await shop.settle()
    told = await lunas("customers", "export", "c1", "--json")
    assert not [canary for canary in CANARIES if canary in told.out]
    assert told.json["erasures"][0]["certificate"]["complete"] is True
    assert all("body" not in one for one in told.json["webhooks"])
