"""Services that hang: one cause with what follows from it, and no command waits for them beyond its limit."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import click
import pytest

from console import exits
from console.causes import PROCESSES
from console.exits import Away
from console.main import lunas as root
from console.store import open_store
from runtime.settings import load_settings
from tests.integration.broker.proxy import Proxy, proxied
from tests.integration.console.conftest import Result, Run, add_delivery
from tests.system.pipeline import Pipeline
from tests.waiting import PATIENCE_SECONDS, until

pytestmark = pytest.mark.heavy

# What waits on purpose, and says so, or never asks the database.
WAITING = {("run",), ("dev",), ("demo",), ("migrate",), ("status",), ("doctor",), ("top",)}
# Files of this machine alone.
LOOKING_AT_FILES = {("ingress", "journal", "status"), ("ingress", "journal", "verify")}
# The fakes have none; psql takes this process's place and waits as PGCONNECT_TIMEOUT says; completion prints.
WITHOUT_THE_DATABASE = {"fake", "psql", "completion"}
# What refuses to mean everything at once, before it asks anybody.
CHOOSING = {("dlq", "replay"), ("webhooks", "replay")}
LIMIT = 0.5
PROBE = 5
BUSY = 24.0
"""Seconds that a loaded machine may add; without limits these commands waited from 30 s to minutes."""


def leaves(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with its words."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        yield from leaves(below, (*path, name))


def value_of(parameter: click.Parameter) -> str:
    if isinstance(parameter.type, click.Choice):
        return str(parameter.type.choices[0])
    named = {"uuid": str(uuid.UUID(int=1)), "integer": "1", "integer range": "1"}
    return named.get(parameter.type.name, "x")


def call(path: tuple[str, ...], command: click.Command) -> list[str]:
    """A whole command line: what is required is filled in, and nothing is asked back."""
    line = list(path)
    for parameter in command.params:
        if parameter.name == "yes":
            line.append("--yes")
        elif isinstance(parameter, click.Argument) and (parameter.required or parameter.name == "event"):
            line.append(value_of(parameter))
        elif parameter.required or (parameter.name == "provider" and path in CHOOSING):
            line += [parameter.opts[0], value_of(parameter)]
    return line


COMMANDS = [
    call(path, command)
    for path, command in leaves(root)
    if path not in WAITING | LOOKING_AT_FILES and path[0] not in WITHOUT_THE_DATABASE
]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUNAS_PROBE_TIMEOUT_SECONDS", str(LIMIT))


@pytest.fixture
def fair(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where something else is to answer meanwhile: a limit that a machine which stands still does not reach."""
    monkeypatch.setenv("LUNAS_PROBE_TIMEOUT_SECONDS", str(PROBE))


@pytest.fixture
async def database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Proxy]:
    async with proxied(database_url) as (proxy, url):
        monkeypatch.setenv("LUNAS_DATABASE_URL", url)
        yield proxy


@pytest.fixture
async def broker(broker_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Proxy]:
    async with proxied(broker_url) as (proxy, url):
        monkeypatch.setenv("LUNAS_BROKER_URL", url)
        yield proxy


@pytest.mark.parametrize("line", COMMANDS, ids=" ".join)
async def test_no_command_waits_for_a_database_that_hangs(
    lunas: Run,
    database: Proxy,
    impatient: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    line: list[str],
) -> None:
    monkeypatch.setenv("LUNAS_BODY_ARCHIVE_DIR", str(tmp_path))
    for door in ("INGRESS", "API"):
        monkeypatch.setenv(f"LUNAS_{door}_PORT", "1")
    database.freeze()
    began = time.monotonic()
    ended = await lunas(*line)
    assert time.monotonic() - began < LIMIT + BUSY
    if ended.code != exits.WRONG_USE:  # some mistakes are found without the database
        assert ended.code == exits.PROBLEMS
        assert ended.err.count("\n") == 1, ended.err
        assert (
            "does not answer" in ended.err or "gives no answer" in ended.err or "Nothing answers" in ended.err
        )


async def test_a_database_that_falls_silent_ends_the_statement_it_was_asked(
    lunas: Run, database: Proxy, fair: None
) -> None:
    async with open_store(load_settings()) as connection:
        # Longer than the limit, and answered: long work may last.
        assert await connection.fetchval("SELECT true FROM pg_sleep($1)", 1.5 * PROBE)
    began = time.monotonic()
    with pytest.raises(Away, match="gives no answer within"):
        await asked_while_it_falls_silent(database)
    assert time.monotonic() - began < PROBE + BUSY


async def asked_while_it_falls_silent(database: Proxy) -> None:
    async with open_store(load_settings()) as connection:
        asking = asyncio.create_task(connection.fetchval("SELECT pg_sleep(60)"))
        database.freeze()
        await asking


async def test_a_replay_does_not_wait_for_a_broker_that_hangs(
    lunas: Run, store: asyncpg.Connection, broker: Proxy, fair: None
) -> None:
    delivery = await add_delivery(store)
    broker.freeze()
    began = time.monotonic()
    ended = await lunas("webhooks", "replay", str(delivery), "--reason", "x", "--yes")
    assert time.monotonic() - began < PROBE + BUSY
    assert ended.code == exits.PROBLEMS
    assert "RabbitMQ does not answer" in ended.err


NOTICED = {"LUNAS_BROKER_HEARTBEAT_SECONDS": "1", "LUNAS_BROKER_CONNECT_TIMEOUT_SECONDS": "1"}
"""Idle processes notice a frozen broker by their heartbeats; one that is well would be lost by them whenever this process stands still."""


@pytest.fixture
async def pipeline(
    lunas: Run,
    database: Proxy,
    broker: Proxy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fair: None,
    request: pytest.FixtureRequest,
) -> AsyncIterator[Pipeline]:
    """Every process, on the other side of two proxies."""
    await lunas("migrate")
    settings = load_settings()
    urls = settings.require_database_url(), settings.require_broker_url()
    # With a journal, ingress is ready without a broker.
    more = {"LUNAS_INGRESS_DURABILITY": "broker", "LUNAS_BROKER_HEARTBEAT_SECONDS": "60"} | getattr(
        request, "param", {}
    )
    async with Pipeline(*urls, tmp_path, PROCESSES, more) as started:
        for name, value in started.doors.items():
            monkeypatch.setenv(name, value)
        yield started


async def not_ready(pipeline: Pipeline, *names: str) -> bool:
    async with aiohttp.ClientSession() as session:
        for name in names:
            for port in pipeline._health_ports(name):
                async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    if answer.status == 200:
                        return False
    return True


def of_process(causes: list[dict[str, Any]]) -> list[str]:
    return sorted(cause["problem"].split(" ")[0] for cause in causes)


async def at_last(check: Callable[[], Awaitable[None]], seconds: float = PATIENCE_SECONDS) -> None:
    """Once this holds. What is well has seconds to answer a command, and a machine that stands still may need more: looked again, it is there."""
    ends = time.monotonic() + seconds
    while True:
        try:
            return await check()
        except (AssertionError, ValueError):  # also of `[cause] =` where there are two
            if time.monotonic() > ends:
                raise


async def at_once(lunas: Run, *words: str) -> Result:
    """What a command says that waits no longer than its limit for what is frozen."""
    began = time.monotonic()
    said = await lunas(*words)
    if time.monotonic() - began > PROBE + BUSY:
        pytest.fail(f"{words} waited")
    return said


async def test_a_frozen_database_is_the_one_cause_and_its_processes_stand_under_it(
    lunas: Run, pipeline: Pipeline, database: Proxy
) -> None:
    await until(lambda: all_is_well(lunas))
    database.freeze()
    waiting = ("processor", "projections", "api", "notify", "console")
    await until(lambda: not_ready(pipeline, *waiting))

    async def status() -> None:
        seen = (await at_once(lunas, "status", "--json")).json
        [cause] = seen["causes"]
        assert "PostgreSQL" in cause["problem"]
        assert of_process(cause["consequences"]) == sorted(waiting)
        assert seen["processes"]["ingress"] == "ready"
        assert seen["queues"]

    async def examination() -> None:
        checks = (await at_once(lunas, "doctor", "--json")).json["checks"]
        [problem] = [check for check in checks if is_cause(check)]
        assert "PostgreSQL" in problem["detail"]

    async def screen() -> None:
        shown = (await at_once(lunas, "status")).out
        assert "PostgreSQL at" in shown
        assert "└ processor runs" in shown[shown.index("PostgreSQL at") :]

    for look in (status, examination, screen):
        await at_last(look)


@pytest.mark.parametrize("pipeline", [NOTICED], indirect=True, ids=["noticed"])
async def test_a_frozen_broker_is_the_one_cause_and_its_processes_stand_under_it(
    lunas: Run, pipeline: Pipeline, broker: Proxy
) -> None:
    await until(lambda: all_is_well(lunas))
    broker.freeze()
    await until(lambda: not_ready(pipeline, "ingress", "processor"))

    async def status() -> None:
        seen = (await at_once(lunas, "status", "--json")).json
        [cause] = seen["causes"]
        assert "RabbitMQ" in cause["problem"]
        assert of_process(cause["consequences"]) == ["ingress", "processor"]
        assert seen["position"] is not None

    async def examination() -> None:
        checks = (await at_once(lunas, "doctor", "--json")).json["checks"]
        [problem] = [check for check in checks if is_cause(check)]
        assert "RabbitMQ" in problem["detail"]
        assert [check["because"] for check in checks if check["because"]] == ["broker", "broker"]

    async def screen() -> None:
        assert "└ process" in (await at_once(lunas, "doctor")).out

    for look in (status, examination, screen):
        await at_last(look)


async def all_is_well(lunas: Run) -> bool:
    return (await lunas("status")).code == exits.FINE


def is_cause(check: dict[str, Any]) -> bool:
    return bool(check["state"] == "problem" and not check["because"])
