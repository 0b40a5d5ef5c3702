"""`lunas operators`: who may sign in to the web console, by the command."""

from __future__ import annotations

import json
from pathlib import Path

import asyncpg

from console import exits
from tests.integration.console.conftest import Run


async def _add(lunas: Run, name: str = "ratna", role: str = "operator") -> dict[str, str]:
    made = await lunas("operators", "add", name, "--role", role, "--reason", "new", "--json")
    assert made.code == exits.FINE, made.err
    return dict(json.loads(made.out))


async def test_a_password_that_was_made_up_is_shown_once_and_kept_as_a_hash(
    lunas: Run, store: asyncpg.Connection
) -> None:
    made = await _add(lunas)
    kept = await store.fetchrow("SELECT * FROM operators WHERE name = 'ratna'")
    assert kept is not None
    assert len(made["password"]) >= 20
    assert made["password"] not in str(dict(kept))
    assert "$argon2id$" in str(dict(kept))
    audit = await store.fetch("SELECT * FROM operator_acts")
    assert made["password"] not in str([dict(row) for row in audit])
    listed = await lunas("operators", "list", "--json")
    assert made["password"] not in listed.out
    assert "argon2" not in listed.out


async def test_a_password_of_a_file_is_not_shown_and_a_short_one_is_refused(
    lunas: Run, tmp_path: Path
) -> None:
    given = tmp_path / "password"
    given.write_text("kata sandi yang panjang\n", encoding="utf-8")
    made = await lunas("operators", "add", "budi", "--role", "viewer", "--password-file", str(given))
    assert made.code == exits.FINE, made.err
    assert "kata sandi" not in made.out
    given.write_text("pendek\n", encoding="utf-8")
    short = await lunas("operators", "add", "siti", "--role", "viewer", "--password-file", str(given))
    assert short.code == exits.WRONG_USE


async def test_a_name_is_given_once(lunas: Run) -> None:
    await _add(lunas)
    again = await lunas("operators", "add", "ratna", "--role", "viewer", "--reason", "new")
    assert again.code in (exits.WRONG_USE, exits.REFUSED)
    assert "ratna" in again.err


async def test_who_is_disabled_or_enabled_twice_is_told_by_whom_it_was(
    lunas: Run, store: asyncpg.Connection
) -> None:
    await _add(lunas)
    for verb in ("disable", "enable"):
        first = await lunas("operators", verb, "ratna", "--reason", "leaves", "--yes", "--json")
        assert first.code == exits.FINE, first.err
        (item,) = json.loads(first.out)["items"]
        assert (
            await store.fetchval(
                "SELECT verb FROM operator_acts WHERE act_id = $1::text::uuid", item["act_id"]
            )
            == f"operators.{verb}"
        )
        second = await lunas("operators", verb, "ratna", "--reason", "leaves", "--yes")
        assert second.code == exits.REFUSED
        assert item["act_id"] in second.err
    nobody = await lunas("operators", "disable", "nobody", "--reason", "x", "--yes")
    assert nobody.code == exits.WRONG_USE


async def test_a_new_role_or_password_is_told_and_without_either_nothing_is_done(lunas: Run) -> None:
    before = await _add(lunas)
    nothing = await lunas("operators", "change", "ratna", "--reason", "x", "--yes")
    assert nothing.code == exits.WRONG_USE
    changed = await lunas(
        "operators",
        "change",
        "ratna",
        "--role",
        "approver",
        "--new-password",
        "--reason",
        "x",
        "--yes",
        "--json",
    )
    assert changed.code == exits.FINE, changed.err
    said = json.loads(changed.out)
    assert said["role"] == "approver"
    assert said["password"] != before["password"]
