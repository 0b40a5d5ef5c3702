"""`lunas quarantine` against a real table: what was turned away can be looked at, and shows no credential."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import uuid
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from console import exits, main
from console.texts.reasons import REASONS
from ingress.door import UNREAD
from ingress.quarantine import safe_headers
from providers.verification import RejectionCause
from tests.integration.console.conftest import AT, BODY, Run, add_delivery

TOKEN = "an-invented-token-of-32-characters"


async def add_rejected(store: asyncpg.Connection, body: bytes = BODY, **more: Any) -> uuid.UUID:
    """One row of `quarantine`; its id."""
    row = {
        "quarantine_id": uuid.uuid4(),
        "provider": "xendit",
        "cause": "wrong_credential",
        "received_at": AT,
        "remote": "203.0.113.9",
        "path": "/webhooks/xendit",
        "headers": '{"content-type":"application/json"}',
        "body": body,
        "body_sha256": hashlib.sha256(body).digest(),
    } | more
    names = ", ".join(row)
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    await store.execute(f"INSERT INTO quarantine ({names}) VALUES ({places})", *row.values())
    return uuid.UUID(str(row["quarantine_id"]))


async def test_rejected_requests_are_listed_by_provider_cause_and_time(
    lunas: Run, store: asyncpg.Connection
) -> None:
    first = await add_rejected(store)
    other = await add_rejected(
        store, provider="mayar", cause="wrong_account", received_at=AT - timedelta(days=2), remote=""
    )
    everything = await lunas("quarantine", "list", "--json")
    assert (everything.code, everything.err) == (exits.FINE, "")
    assert {item["quarantine_id"] for item in everything.json["items"]} == {str(first), str(other)}
    assert everything.json["items"][0]["body_sha256"] == hashlib.sha256(BODY).hexdigest()
    for arguments in (("--provider", "mayar"), ("--cause", "wrong_account")):
        found = (await lunas("quarantine", "list", *arguments, "--json")).json["items"]
        assert [item["quarantine_id"] for item in found] == [str(other)]
    recent = (await lunas("quarantine", "list", "--since", "2026-11-22", "--json")).json["items"]
    assert [item["quarantine_id"] for item in recent] == [str(first)]
    limited = await lunas("quarantine", "list", "--limit", "1")
    assert limited.out.count("\n") == 2
    assert "--limit" in limited.err


async def test_an_empty_quarantine_says_so_in_both_languages(lunas: Run) -> None:
    assert (await lunas("quarantine", "list")).out == "No rejected request fits.\n"
    assert (await lunas("--lang", "id", "quarantine", "list")).out.startswith("Tidak ada permintaan ditolak")
    assert (await lunas("quarantine", "list", "--json")).json == {"items": []}


async def test_a_rejected_request_shows_its_cause_and_never_the_token_or_the_body(
    lunas: Run, store: asyncpg.Connection
) -> None:
    headers = json.dumps(safe_headers([("x-callback-token", TOKEN), ("user-agent", "curl/8\x1b[2J")]))
    rejected = await add_rejected(store, headers=headers)
    shown = await lunas("quarantine", "show", str(rejected))
    assert shown.code == exits.FINE
    assert "wrong_credential (the token or signature does not match)" in shown.out
    assert "203.0.113.9" in shown.out
    assert "2026-11-22 09:40:12 WIB" in shown.out
    assert "\x1b" not in shown.out
    document = await lunas("quarantine", "show", str(rejected), "--json")
    assert document.json["bytes"] == len(BODY)
    assert set(document.json["headers"]) == {"x-callback-token", "user-agent"}
    for answer in (shown, document):
        assert TOKEN not in answer.out + answer.err
        assert "py-1" not in answer.out


async def test_a_strangers_webhook_points_to_its_delivery(lunas: Run, store: asyncpg.Connection) -> None:
    delivery = await add_delivery(store, status="quarantined", reason="wrong_account")
    await add_rejected(store, quarantine_id=delivery, cause="wrong_account", remote="")
    shown = await lunas("quarantine", "show", str(delivery))
    assert f"lunas webhooks show {delivery}" in shown.err
    assert "of another account" in shown.out


async def test_the_body_of_a_rejected_request_comes_out_exactly_but_not_onto_a_terminal_it_could_control(
    lunas: Run,
    store: asyncpg.Connection,
    capfdbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hostile = b"{}\x1b]0;owned\x07\xff"
    rejected = await add_rejected(store, hostile)
    capfdbinary.readouterr()
    assert await asyncio.to_thread(main.run, ["quarantine", "raw", str(rejected)]) == exits.FINE
    shown = capfdbinary.readouterr()
    assert shown.out == hostile
    assert hashlib.sha256(hostile).hexdigest().encode() in shown.err
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    refused = await lunas("quarantine", "raw", str(rejected))
    assert (refused.code, refused.out) == (exits.REFUSED, "")
    assert "> body.bin" in refused.err


async def test_an_unknown_rejected_request_is_wrong_use(lunas: Run) -> None:
    for verb in ("show", "raw"):
        result = await lunas("quarantine", verb, str(uuid.uuid4()))
        assert (result.code, result.out) == (exits.WRONG_USE, "")
        assert result.err.startswith("Error: There is no rejected request")


async def test_find_knows_a_rejected_request_and_headers_that_are_no_text_are_shown(
    lunas: Run, store: asyncpg.Connection
) -> None:
    await lunas("migrate")
    rejected = await add_rejected(store, headers='{"user-agent":"curl\\udcff"}')
    [found] = (await lunas("find", str(rejected), "--json")).json["items"]
    assert (found["kind"], found["command"]) == ("rejected", f"lunas quarantine show {rejected}")
    assert "curl\\udcff" in (await lunas("quarantine", "show", str(rejected))).out
    assert (await lunas("quarantine", "show", str(rejected), "--json")).json["headers"] == {
        "user-agent": "curl\udcff"
    }


async def test_a_body_that_was_refused_before_it_was_read_says_so(
    lunas: Run, store: asyncpg.Connection
) -> None:
    cut = await add_rejected(store, headers='{"content-length":"1000000"}')
    whole = await add_rejected(store, headers=f'{{"content-length":"{len(BODY)}"}}')
    odd = await add_rejected(store, headers='{"content-length":"<9 bytes, ascii>"}')
    assert "of 1,000,000 bytes" in (await lunas("quarantine", "show", str(cut))).err
    assert (await lunas("quarantine", "show", str(cut), "--json")).json["stated_bytes"] == 1_000_000
    for other in (whole, odd):
        shown = await lunas("quarantine", "show", str(other))
        assert (shown.code, shown.err) == (exits.FINE, "")


@pytest.mark.parametrize("cause", [*UNREAD, "crowded", *(str(cause) for cause in RejectionCause)])
def test_every_cause_of_the_door_has_words(cause: str) -> None:
    assert f"cause.{cause}" in REASONS
