"""What takes two persons, at the command line: each is a named operator who shows it, and roles are given by those who may agree."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from console import exits
from runtime.database import Pool
from runtime.settings import Settings
from tests.integration.console.conftest import Result, Run
from tests.integration.console.persons.shown import a_person
from tests.integration.console.replays import Shop
from tests.integration.console.test_correct import BUDI, RATNA
from tests.unit.processor.intake.envelopes import capture, envelope

As = Callable[..., Awaitable[Result]]
ROLES = {"sari": "operator", "vina": "viewer", "ayu": "approver"}
"""The approver comes last: from then on it takes one to name others."""


@pytest.fixture
async def shop(pool: Pool, database_url: str, settings: Callable[..., Settings]) -> Shop:
    return await Shop(pool, settings(database_url=database_url)).open()


@pytest.fixture
async def people(lunas: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pool: Pool) -> As:
    """`await people("ayu", "approve", …)`: a command in somebody's name and with their password, or with that of `password_of`."""
    for name, role in ROLES.items():
        made = await lunas("operators", "add", name, "--role", role, "--json")
        assert made.code == exits.FINE, made.err
        (tmp_path / name).write_text(json.loads(made.out)["password"] + "\n", "utf-8")

    async def run(name: str, *words: str, password_of: str | None = None) -> Result:
        monkeypatch.setenv("LUNAS_OPERATOR", name)
        monkeypatch.setenv("LUNAS_OPERATOR_PASSWORD_FILE", str(tmp_path / (password_of or name)))
        return await lunas(*words)

    return run


async def _much(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """A correction that one person does not decide alone."""
    monkeypatch.setenv("LUNAS_CORRECTION_APPROVAL_IDR", "100000")
    await shop.register([RATNA, BUDI])
    await shop.take_in(envelope(capture("py-1", amount=400_000)))
    await shop.settle()
    return ("correct", "xendit", "py-1", "--customer", "c2", "--reason", "his", "--yes", "--json")


async def _proposals(store: asyncpg.Connection) -> list[str]:
    return [row["status"] for row in await store.fetch("SELECT status FROM corrections")]


async def test_c161_at_the_command_line_who_proposes_shows_who_they_are(
    people: As, lunas: Run, shop: Shop, store: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = await _much(shop, monkeypatch)
    for name, password_of in (("sari", "ayu"), ("vina", "vina"), ("joko", "sari")):
        refused = await people(name, *words, password_of=password_of)
        assert (refused.code, name in refused.err) == (exits.REFUSED, True), refused.err
    monkeypatch.setenv("LUNAS_OPERATOR", "sari")
    monkeypatch.delenv("LUNAS_OPERATOR_PASSWORD_FILE")
    unseen = await lunas(*words)
    assert (unseen.code, "LUNAS_OPERATOR_PASSWORD_FILE" in unseen.err) == (exits.REFUSED, True)
    assert await _proposals(store) == []
    assert (await people("sari", *words)).code == exits.FINE
    assert await _proposals(store) == ["proposed"]


async def test_c161_at_the_command_line_a_named_approver_who_is_another_lets_it_count(
    people: As, shop: Shop, store: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposed = await people("sari", *await _much(shop, monkeypatch))
    change = str(json.loads(proposed.out)["items"][0]["undo"]).split()[2]
    words = ("approve", change, "--reason", "seen the receipt", "--yes")
    for name, password_of in (("ayu", "sari"), ("sari", "sari"), ("vina", "vina"), ("joko", "ayu")):
        refused = await people(name, *words, password_of=password_of)
        assert refused.code == exits.REFUSED, refused.err
    assert await _proposals(store) == ["proposed"]
    done = await people("ayu", *words)
    assert done.code == exits.FINE, done.err
    said = await store.fetchrow(
        "SELECT data ->> 'actor' AS author, data ->> 'approver' AS approver FROM events WHERE type = 'payment.corrected'"
    )
    assert said is not None
    assert (said["author"], said["approver"]) == ("sari", "ayu")


async def test_c161_what_one_person_decides_asks_for_no_password(
    people: As, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = await _much(shop, monkeypatch)
    monkeypatch.setenv("LUNAS_CORRECTION_APPROVAL_IDR", "1000000")
    done = await people("joko", *words, password_of="nobody")
    assert done.code == exits.FINE, done.err


async def test_c161_once_somebody_may_agree_roles_are_theirs_to_give(
    people: As, store: asyncpg.Connection
) -> None:
    """Else whoever is to be agreed with would name the second person."""
    why = ("--reason", "x", "--yes")
    for words in (
        ("operators", "add", "mallory", "--role", "approver"),
        ("operators", "change", "sari", "--role", "approver", *why),
        ("operators", "change", "ayu", "--new-password", *why),
        ("operators", "disable", "ayu", *why),
    ):
        refused = await people("sari", *words)
        assert refused.code == exits.REFUSED, words
    assert {
        row["name"]: row["role"] for row in await store.fetch("SELECT name, role FROM operators")
    } == ROLES
    done = await people("ayu", "operators", "add", "dewi", "--role", "operator")
    assert done.code == exits.FINE, done.err


async def test_c161_who_is_disabled_or_has_no_password_agrees_to_nothing_here(
    people: As, shop: Shop, store: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = await _much(shop, monkeypatch)
    await store.execute("UPDATE operators SET disabled_at = clock_timestamp() WHERE name = 'sari'")
    assert (await people("sari", *words)).code == exits.REFUSED
    await store.execute(
        "UPDATE operators SET disabled_at = NULL, password_hash = NULL, email = 's@contoh.id' WHERE name = 'sari'"
    )
    refused = await people("sari", *words)
    assert (refused.code, "web console" in refused.err) == (exits.REFUSED, True)
    gone = await people("ayu", *words, password_of="nowhere")
    assert (gone.code, "nowhere" in gone.err) == (exits.WRONG_USE, True)
    assert await _proposals(store) == []


async def test_c161_a_person_is_forgotten_by_an_operator_and_an_approver_who_show_it(
    sealing: Shop, people: As, store: asyncpg.Connection
) -> None:
    await a_person(sealing)
    words = ("customers", "erase", "c1", "--reason", "by letter", "--yes")
    assert (await people("vina", *words)).code == exits.REFUSED
    asked = await people("sari", *words)
    assert asked.code == exits.FINE, asked.err
    for name, password_of in (("vina", "vina"), ("ayu", "sari")):
        assert (await people(name, *words, password_of=password_of)).code == exits.REFUSED
    assert await store.fetchval("SELECT count(*) FROM events WHERE type = 'customer.erased'") == 0
    done = await people("ayu", *words)
    assert done.code == exits.FINE, done.err
    assert await store.fetchval("SELECT count(*) FROM events WHERE type = 'customer.erased'") == 1
