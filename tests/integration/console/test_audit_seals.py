"""`lunas audit seals|verify|prove`, and the script with which others check a proof."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from console import exits
from deploy import verify_proof
from eventstore.published_seals import append_seals
from eventstore.sealing import seal_next, seals_behind
from eventstore.seals import FIELDS
from providers.simulated import Buyer
from runtime.database import Connection, Pool
from runtime.settings import Settings
from tests.integration.console.conftest import Run
from tests.integration.console.replays import Shop
from tests.unit.processor.intake.envelopes import capture, envelope

RATNA = Buyer("ratna@contoh.id", customer_id="c1")


@pytest.fixture
async def shop(pool: Pool, database_url: str, settings: Callable[..., Settings]) -> Shop:
    """Two payments of one customer, nothing sealed."""
    opened = await Shop(pool, settings(database_url=database_url)).open()
    await opened.register([RATNA])
    await opened.take_in(envelope(capture("py-1")), envelope(capture("py-2", amount=25_000)))
    await opened.settle()
    return opened


async def sealed(pool: Pool, under: int = 3) -> None:
    async with pool.acquire() as connection:
        while await seal_next(connection, under) is not None:
            pass


async def published(pool: Pool, file: Path) -> Path:
    async with pool.acquire() as connection:
        append_seals(file, await seals_behind(connection, 0, 100))
    return file


def checked(*files: Path) -> subprocess.CompletedProcess[str]:
    """As somebody who has the script alone: no site packages, no environment, another folder."""
    script = Path(verify_proof.__file__)
    command = [sys.executable, "-I", "-S", str(script), *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, cwd="/", env={}, check=False)


async def test_a_payment_is_proved_to_whoever_has_the_script_alone(
    lunas: Run, shop: Shop, pool: Pool, tmp_path: Path
) -> None:
    await sealed(pool)
    seals = await published(pool, tmp_path / "seals.jsonl")
    file = tmp_path / "proof.json"
    made = await lunas("audit", "prove", "xendit", "py-1", "--output", str(file))
    assert made.code == exits.FINE, made.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    document = json.loads(file.read_bytes())
    types = [event["type"] for event in document["events"]]
    assert {"webhook.received", "payment.succeeded", "credit.granted"} <= set(types)
    assert len(document["deliveries"]) == 1
    for files in ((file,), (file, seals)):
        answer = checked(*files)
        assert (answer.returncode, answer.stderr) == (0, ""), answer
        assert f"{len(types)} events and 1 bodies are as they were sealed" in answer.stdout
    assert answer.stdout.count("(published)") == len(document["seals"])
    printed = await lunas("audit", "prove", "xendit", "py-1")
    assert json.loads(printed.out) == document


def says(part: str, number: int, otherwise: dict[str, Any]) -> Callable[[Any], None]:
    return lambda proof: proof[part][number].update(otherwise)


async def test_every_word_of_a_proof_matters(lunas: Run, shop: Shop, pool: Pool, tmp_path: Path) -> None:
    await sealed(pool)
    seals = await published(pool, tmp_path / "seals.jsonl")
    document = (await lunas("audit", "prove", "xendit", "py-1")).json
    forged = tmp_path / "forged.json"

    def refused(change: Callable[[Any], None]) -> None:
        changed = json.loads(json.dumps(document))
        change(changed)
        forged.write_text(json.dumps(changed))
        answer = checked(forged, seals)
        assert answer.returncode in (1, 2), answer
        assert "as they were sealed" not in answer.stdout

    for number, event in enumerate(document["events"]):
        for field in FIELDS:
            # A position beyond the seal is refused as well, so a neighbour's is tried.
            other = str(int(event[field]) + 1) if field == "position" else event[field] + " "
            refused(says("events", number, {field: other}))
        refused(says("events", number, {"index": event["index"] ^ 1}))
    for number in range(len(document["seals"])):
        for field in verify_proof.SEAL:
            refused(says("seals", number, {field: "0"}))
        refused(says("seals", number, {"hash": "00" * 32}))
        refused(partial(lambda at, proof: proof["seals"].pop(at), number))
    refused(lambda proof: proof["deliveries"][0].update(body="e30="))
    seals.write_text(
        "".join(line.replace('"hash":"', '"hash":"00') + "\n" for line in seals.read_text().splitlines())
    )
    refused(lambda _: None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"events": [], "seals": []}',
        '{"events": [{}], "seals": [{}], "deliveries": []}',
        "null",
    ],
)
def test_what_is_no_proof_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "file"
    file.write_text(text)
    for answer in (checked(file), checked(tmp_path / "nothing"), checked()):
        assert (answer.returncode, answer.stdout) == (2, "")
        assert answer.stderr.startswith("this is not a proof: ")


async def test_a_proof_of_an_event_that_was_changed_does_not_hold(
    lunas: Run, shop: Shop, pool: Pool, store: Connection, tmp_path: Path
) -> None:
    await sealed(pool)
    await store.execute("SET session_replication_role = replica")
    await store.execute(
        "UPDATE events SET data = replace(data::text, ':', ': ')::json WHERE type = 'payment.succeeded'"
    )
    file = tmp_path / "proof.json"
    assert (await lunas("audit", "prove", "xendit", "py-1", "--output", str(file))).code == exits.FINE
    answer = checked(file)
    assert answer.returncode == 1
    assert "(payment.succeeded): it is not what seal" in answer.stdout


async def test_what_is_not_sealed_cannot_be_proved_yet(lunas: Run, shop: Shop, pool: Pool) -> None:
    early = await lunas("audit", "prove", "xendit", "py-1")
    assert (early.code, early.out) == (exits.REFUSED, "")
    assert "not sealed yet" in early.err
    nobody = await lunas("audit", "prove", "xendit", "py-9")
    assert nobody.code == exits.WRONG_USE
    assert "py-9" in nobody.err


async def test_the_log_is_verified_and_a_changed_byte_is_named(
    lunas: Run, shop: Shop, pool: Pool, store: Connection, tmp_path: Path
) -> None:
    assert "Nothing is sealed yet" in (await lunas("audit", "verify")).out
    await sealed(pool)
    seals = await published(pool, tmp_path / "seals.jsonl")
    fine = await lunas("audit", "verify", "--published", str(seals), "--json")
    assert fine.code == exits.FINE, fine.err
    assert fine.json["ok"] is True
    assert fine.json["bodies"] == 2
    listed = (await lunas("audit", "seals", "--json")).json
    assert listed["items"][0]["hash"] == fine.json["hash"]
    assert listed["unsealed_events"] == 0
    assert fine.json["hash"] in (await lunas("audit", "verify", "--published", str(seals))).out
    await store.execute("SET session_replication_role = replica")
    position = await store.fetchval("SELECT min(position) FROM events WHERE type = 'credit.granted'")
    await store.execute(
        "UPDATE events SET data = replace(data::text, '0', '1')::json WHERE position = $1", position
    )
    changed = await lunas("audit", "verify")
    assert changed.code == exits.PROBLEMS
    assert f"event {position} (credit.granted " in changed.out
    document = (await lunas("audit", "verify", "--json", "--no-bodies")).json
    assert [(each["what"], each["position"]) for each in document["findings"]] == [("changed", position)]
    assert document["bodies"] == 0


async def test_a_file_that_holds_no_seals_is_no_evidence(
    lunas: Run, shop: Shop, pool: Pool, tmp_path: Path
) -> None:
    """Compared with nothing, everything would fit."""
    await sealed(pool)
    empty = tmp_path / "empty"
    empty.write_text("")
    answer = await lunas("audit", "verify", "--published", str(empty))
    assert (answer.code, answer.out) == (exits.WRONG_USE, "")
    assert "holds no seal" in answer.err


async def test_of_another_log_the_first_differences_are_told_and_the_rest_counted(
    lunas: Run, shop: Shop, pool: Pool, store: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.commands.audit_seals.SHOWN_MAX", 2)
    await sealed(pool)
    await store.execute("SET session_replication_role = replica")
    await store.execute("UPDATE events SET metadata = '{}'")
    count = await store.fetchval("SELECT count(*) FROM events")
    answer = await lunas("audit", "verify")
    assert answer.code == exits.PROBLEMS
    assert answer.out.count("was changed after seal") == 2
    assert f"changed {count}" in answer.out
