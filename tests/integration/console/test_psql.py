"""`lunas psql`: the views at a prompt; nothing is written by accident, and no password shows."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE

import pytest

from console import exits
from console.commands import psql
from tests.integration.console.conftest import Result, Run
from tests.ports import held_ports

QUERY = ("-X", "-A", "-t", "-c")


async def at_a_prompt(*arguments: str) -> Result:
    """In a process of its own, whose place psql takes; the environment names the database."""
    command = (sys.executable, "-m", "console.main", "psql", *arguments)
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    out, err = await process.communicate()
    return Result(process.returncode or 0, out.decode(), err.decode())


async def test_views_are_there_without_a_schema_name(lunas: Run) -> None:
    assert (await lunas("migrate")).code == exits.FINE
    result = await at_a_prompt(*QUERY, "SELECT current_user, count(*) FROM balances")
    assert (result.code, result.out.strip()) == (exits.FINE, "lunas_reader|0"), result.err


@pytest.mark.parametrize(
    ("options", "statement", "allowed"),
    [
        ([], "CREATE TEMPORARY TABLE x (y int)", False),
        ([], "SELECT count(*) FROM deliveries", False),
        (["--operator"], "SELECT count(*) FROM deliveries", True),
        (["--operator"], "UPDATE dead_letters SET status = 'open'", False),
        (["--write"], "UPDATE dead_letters SET status = 'open'", True),
    ],
)
async def test_who_may_do_what(lunas: Run, options: list[str], statement: str, allowed: bool) -> None:
    assert (await lunas("migrate")).code == exits.FINE
    result = await at_a_prompt(*options, *QUERY, statement)
    assert (result.code == exits.FINE) == allowed, result.err
    assert ("nobody keeps a record" in result.err) == ("--write" in options)


@pytest.mark.parametrize(
    ("url", "shown", "password"),
    [
        ("postgresql://lunas:p%40ss@h:5432/lunas", "postgresql://lunas@h:5432/lunas", "p@ss"),
        ("postgresql://a%40b:x@h1:1,h2:2/l?sslmode=require", "postgresql://a%40b@h1:1,h2:2/l?sslmode=require", "x"),
        ("postgresql://h/lunas", "postgresql://h/lunas", None),
        ("postgresql://u@h:1,h2:2/l?password=p%26w&sslmode=prefer", "postgresql://u@h:1,h2:2/l?sslmode=prefer", "p&w"),
        ("postgresql://u:one@h/l?password=two", "postgresql://u@h/l", "two"),
        ("postgresql:///lunas?host=/run/postgresql", "postgresql:///lunas?host=/run/postgresql", None),
    ],
)  # fmt: skip
def test_the_password_is_in_no_list_of_processes(url: str, shown: str, password: str | None) -> None:
    assert psql.without_password(url) == shown
    assert psql.session(url).get("PGPASSWORD") == password


@pytest.mark.parametrize("options", [[], ["--operator"], ["--write"]])
async def test_an_address_of_several_hosts_that_asks_for_the_one_that_writes_is_opened_as_any_other(
    lunas: Run, database_url: str, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader's session is read-only, and libpq takes no server for read-write in one."""
    assert (await lunas("migrate")).code == exits.FINE
    login, _, place = database_url.rpartition("@")
    with held_ports(1) as (nobody,):
        host = f"127.0.0.1:{nobody},{place}"
        monkeypatch.setenv("LUNAS_DATABASE_URL", f"{login}@{host}?target_session_attrs=read-write")
        result = await at_a_prompt(*options, *QUERY, "SELECT 7")
    assert (result.code, result.out.strip()) == (exits.FINE, "7"), result.err


def test_without_psql_the_engine_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psql.programs, "postgres_folder", lambda: None)
    monkeypatch.setattr(psql.shutil, "which", lambda _name: None)
    monkeypatch.setattr(psql.programs, "docker_program", lambda: "docker")
    command = psql._program()
    assert command[:2] == ["docker", "run"]
    assert command[-2:] == [psql.POSTGRES_IMAGE, "psql"]
    monkeypatch.setattr(psql.programs, "docker_program", lambda: None)
    with pytest.raises(psql.CommandError, match="apt-get install --no-install-recommends postgresql-client"):
        psql._program()
