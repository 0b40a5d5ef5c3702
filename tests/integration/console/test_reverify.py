"""`lunas quarantine reverify`: after a wrong secret is corrected exactly the genuine requests that were kept are admitted, each once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from console import exits
from eventstore.queries import load
from ingress.quarantine import RefusedRequest, _rejection
from processor.intake.quarantine import _columns
from providers.verification import sign_hmac_sha256
from runtime.database import Pool
from runtime.ids import uuid7
from tests.integration.console.conftest import Run
from tests.integration.console.test_webhooks import taken
from tests.integration.processor.intake.taking_in import store_of
from tests.unit.processor.intake.envelopes import capture

RIGHT = "the-token-that-xendit-really-sends"
WRONG = "the-token-that-was-configured-here"
GENUINE, FORGED = 300, 50
START_US = 1_782_875_047_000_000


def refused(body: bytes, headers: list[tuple[str, str]], provider: str = "xendit") -> RefusedRequest:
    told = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    return RefusedRequest(
        provider, "wrong_credential", "203.0.113.9", f"/webhooks/{provider}", told + headers, body
    )


def token(value: str) -> list[tuple[str, str]]:
    return [("X-Callback-Token", value)]


async def keep(store: asyncpg.Connection, requests: list[RefusedRequest], *, production: bool = True) -> None:
    """Through the same two functions as in the processes."""
    kept = [
        _rejection(one, str(uuid7()), START_US + number * 1_000_000, production=production)
        for number, one in enumerate(requests)
    ]
    await store.execute(load("intake.sql", "processor")["quarantine"], *_columns(kept))


def mixed() -> list[RefusedRequest]:
    """Genuine ones, and among them forgeries of every kind."""
    forgeries = [
        *[token(f"a-guess-{n}-of-somebody-who-knows-none") for n in range(20)],
        *[token(RIGHT[:-1] + "x") for _ in range(10)],
        *[[] for _ in range(5)],
        *[token(RIGHT) + token(RIGHT) for _ in range(5)],
        *[token(RIGHT.upper()) for _ in range(5)],
        *[token("Bearer " + RIGHT) for _ in range(5)],
    ]
    requests = [refused(capture(f"py-{n}", 10_000), token(RIGHT)) for n in range(GENUINE)]
    for number, headers in enumerate(forgeries):
        requests.insert(number * 7, refused(capture(f"forged-{number}", 9_000_000), headers))
    return requests


@pytest.fixture
def right(tmp_path: Path) -> str:
    path = tmp_path / "right"
    path.write_text(RIGHT + "\n")
    return str(path)


async def test_exactly_the_genuine_ones_are_admitted_and_each_once(
    lunas: Run,
    store: asyncpg.Connection,
    pool: Pool,
    broker_url: str,
    right: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    await keep(store, mixed())
    dry = (
        await lunas("quarantine", "reverify", "xendit", "--secret-file", right, "--dry-run", "--json")
    ).json
    assert (dry["genuine"], dry["not_genuine"], dry["amount_idr"]) == (GENUINE, FORGED, GENUINE * 10_000)
    assert await store.fetchval("SELECT count(*) FROM quarantine WHERE admitted_at IS NOT NULL") == 0
    done = await lunas(
        "quarantine", "reverify", "xendit", "--secret-file", right, "--reason", "wrong token", "--yes"
    )
    assert done.code == exits.FINE, done.err
    envelopes = await taken(broker_url)
    assert {json.loads(one.body)["data"]["payment_id"] for one in envelopes} == {
        f"py-{n}" for n in range(GENUINE)
    }
    assert len(envelopes) == GENUINE
    intake = store_of(pool)
    statuses = [
        each.verdict.status
        for each in await intake.store([intake.interpreter.prepare(one) for one in envelopes])
    ]
    assert statuses == ["processed"] * GENUINE
    again = await lunas(
        "quarantine", "reverify", "xendit", "--secret-file", right, "--reason", "once more", "--yes", "--json"
    )
    assert (again.json["genuine"], again.json["admitted_before"]) == (0, GENUINE)
    assert await taken(broker_url) == []
    (act,) = await store.fetch("SELECT verb, target, after FROM operator_acts")
    assert (act["verb"], act["target"], json.loads(act["after"])["genuine"]) == (
        "quarantine.reverify",
        "xendit",
        GENUINE,
    )


async def test_a_command_that_died_between_queue_and_mark_goes_on_and_doubles_nothing(
    lunas: Run,
    store: asyncpg.Connection,
    pool: Pool,
    broker_url: str,
    right: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    await keep(store, [refused(capture(f"py-{n}"), token(RIGHT)) for n in range(70)])
    command = ("quarantine", "reverify", "xendit", "--secret-file", right, "--reason", "wrong token", "--yes")

    def die(name: str) -> None:
        if name == "reverify.published":
            raise KeyboardInterrupt(name)

    with monkeypatch.context() as patched:
        patched.setattr("console.reverifying.fault_point", die)
        assert (await lunas(*command)).code != exits.FINE
    assert (await lunas(*command)).code == exits.FINE
    envelopes = await taken(broker_url)
    assert len(envelopes) == 120, "the first fifty were sent twice"
    intake = store_of(pool)
    await intake.store([intake.interpreter.prepare(one) for one in envelopes])
    assert await store.fetchval("SELECT count(*) FROM inbox") == 70


async def test_a_signature_is_verified_over_the_bytes_that_were_kept(
    lunas: Run, store: asyncpg.Connection, broker_url: str, right: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    body = b'{"event":"order.paid","data":{"order_id":"A-1"}}'
    good = refused(body, [("X-Scalev-Hmac-Sha256", sign_hmac_sha256(body, RIGHT))], "scalev")
    other = refused(body + b" ", [("X-Scalev-Hmac-Sha256", sign_hmac_sha256(body, RIGHT))], "scalev")
    await keep(store, [good, other])
    assert (
        await lunas("quarantine", "reverify", "scalev", "--secret-file", right, "--reason", "x", "--yes")
    ).code == exits.FINE
    assert [one.body for one in await taken(broker_url)] == [body]


async def test_what_was_not_kept_whole_is_told_and_not_admitted(
    lunas: Run, store: asyncpg.Connection, right: str
) -> None:
    whole = refused(capture(), token(RIGHT))
    cut = RefusedRequest(
        whole.provider, whole.cause, whole.remote, whole.path, whole.headers, whole.body[:40]
    )
    await keep(store, [cut])
    seen = (
        await lunas("quarantine", "reverify", "xendit", "--secret-file", right, "--dry-run", "--json")
    ).json
    assert (seen["genuine"], seen["cut"]) == (0, 1)


async def test_without_a_file_the_configured_secrets_count_and_without_a_reason_nothing_is_done(
    lunas: Run, store: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(store, [refused(capture(), token(RIGHT)), refused(capture(), token(WRONG))])
    monkeypatch.setenv("XENDIT_WEBHOOK_SECRET", f"{RIGHT},another-one-of-ours")
    assert (await lunas("quarantine", "reverify", "xendit", "--dry-run", "--json")).json["genuine"] == 1
    assert (await lunas("quarantine", "reverify", "xendit", "--yes")).code == exits.WRONG_USE


@pytest.mark.parametrize(("production", "genuine"), [(True, 0), (False, 1)])
async def test_a_token_that_could_be_guessed_is_kept_nowhere_in_production(
    lunas: Run, store: asyncpg.Connection, tmp_path: Path, production: bool, genuine: int
) -> None:
    (tmp_path / "short").write_text("short")
    await keep(store, [refused(capture(), token("short"))], production=production)
    found: dict[str, Any] = (
        await lunas(
            "quarantine",
            "reverify",
            "xendit",
            "--secret-file",
            str(tmp_path / "short"),
            "--dry-run",
            "--json",
        )
    ).json
    assert found["genuine"] == genuine
    assert await store.fetchval("SELECT count(*) FROM quarantine WHERE credential LIKE '%short%'") == 0


@pytest.mark.parametrize("size", [1, 1000, 8 * 1024 * 1024])
async def test_pages_of_any_size_look_at_every_request_once(
    lunas: Run, store: asyncpg.Connection, right: str, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """A request that alone is larger than a page is a page."""
    monkeypatch.setattr("console.reverifying.PAGE_BYTES", size)
    await keep(store, [refused(capture(f"py-{n}"), token(RIGHT)) for n in range(30)])
    found = (
        await lunas("quarantine", "reverify", "xendit", "--secret-file", right, "--dry-run", "--json")
    ).json
    assert (found["kept"], found["genuine"]) == (30, 30)
