"""Columns of tables are fields of what the same command prints with `--json`: found in the tree of commands, called both ways, compared."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import click
import pytest

from console import output, tables
from console.main import lunas as cli
from console.texts.columns import COLUMNS, heading
from console.times import WIB
from eventstore.sealing import seal_next
from tests.filled import fill
from tests.integration.console.conftest import Run, add_letter
from tests.integration.console.replays import Shop
from tests.integration.console.test_journal import envelope as accepted
from tests.integration.console.test_journal import keep
from tests.integration.processor.reconciliation.stand import KEYS, SECRET, STORE, Branch
from tests.unit.processor.intake.envelopes import capture, envelope

PAYMENTS = 2000  # the least of which the filled database has one of each kind
ON_ITS_SIDE = {"close"}
"""Here the columns are the objects, and the rows their fields, in the words of the paper that is signed."""


def printing() -> set[str]:
    """Every command that can come to a table, by what its function calls."""
    return {path for path, command in _leaves(cli, ()) if _comes_to(command.callback, set())}


def _leaves(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        assert child is not None
        yield from _leaves(child, (*path, name))


def _comes_to(function: Any, seen: set[Any]) -> bool:
    function = inspect.unwrap(function)
    if function in (output.table_lines, tables.field_lines):
        return True
    if function in seen or not isinstance(function, types.FunctionType):
        return False
    seen.add(function)
    if not function.__module__.startswith("console"):
        return False
    called = [function.__globals__.get(name) for name in _names(function.__code__)]
    return any(_comes_to(each, seen) for each in called if isinstance(each, types.FunctionType))


def _names(code: types.CodeType) -> set[str]:
    inner = [_names(each) for each in code.co_consts if isinstance(each, types.CodeType)]
    return set(code.co_names).union(*inner)


@dataclass
class Walk:
    """Calls a command both ways. `tables` are the headings and rows of those that it printed the first time."""

    lunas: Run
    tables: list[tuple[list[str], list[list[Any]]]] = field(default_factory=list)
    walked: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    async def both(self, command: str, *arguments: str, instead: Sequence[str] | None = None) -> None:
        """`instead`: arguments of the second call, where the first has used up what it was about."""
        self.tables.clear()
        shown = await self.lunas(*command.split(), *arguments)
        printed = list(self.tables)
        again = arguments if instead is None else instead
        document = (await self.lunas(*command.split(), *again, "--json")).json
        if not printed:
            self.wrong.append(f"{command}: no table: {shown}")
        objects = list(_objects(document))
        for headings, _rows in printed:
            if command in ON_ITS_SIDE and headings[0] == "":
                known = [{name for each in objects for name in each} | {""}]
            else:
                known = [set(each) for each in objects]
            fields = {_field(each) for each in headings}
            if not any(fields <= each for each in known):
                near = max(known, key=lambda each: len(fields & each), default=set())
                self.wrong.append(f"{command}: not in --json: {sorted(fields - near)}")
        self.walked.add(command)


def _objects(document: Any) -> Iterator[dict[str, Any]]:
    if isinstance(document, dict):
        yield document
    for each in document.values() if isinstance(document, dict) else document:
        if isinstance(each, dict | list):
            yield from _objects(each)


def _field(shown: str) -> str:
    """`RECEIVED AT (WIB)` → `received_at`: what somebody does who reads a table and writes a program."""
    return shown.partition(" (")[0].lower().replace(" ", "_")


@pytest.fixture
def walk(lunas: Run, monkeypatch: pytest.MonkeyPatch) -> Walk:
    made = Walk(lunas)

    def spied(headings: Sequence[str], rows: Sequence[Sequence[Any]], *more: Any, **named: Any) -> list[str]:
        made.tables.append((list(headings), [list(row) for row in rows]))
        return plainly(headings, rows, *more, **named)

    def spied_fields(item: tables.Item, columns: Sequence[tables.Column]) -> list[str]:
        made.tables.append(([column.heading for column in columns], []))
        return one_item(item, columns)

    plainly, one_item = output.table_lines, tables.field_lines
    monkeypatch.setattr(tables, "field_lines", spied_fields)
    for place in (output, tables):
        monkeypatch.setattr(place, "table_lines", spied)
    return made


OF_A_FILLED_DATABASE: dict[str, tuple[str, ...]] = {
    "status": (),
    "top": ("--once",),
    "find": ("50001",),
    "webhooks list": (),
    "webhooks show": ("DELIVERY",),
    "webhooks strangers": (),
    "webhooks archives": (),
    "log archives": (),
    "log parts": (),
    "dlq list": (),
    "dlq groups": (),
    "dlq streams": (),
    "problems list": (),
    "quarantine list": (),
    "quarantine show": ("REJECTED",),
    "suspense list": (),
    "suspense ageing": (),
    "audit list": ("--since", "2020-01-01"),
    "audit seals": (),
    "projections status": (),
    "ingress journal status": (),
    "credit list": (),
    "corrections": (),
    "endpoints list": (),
    "keys list": (),
    "secrets list": (),
    "manual list": (),
    "notifications list": (),
    "operators list": (),
    "reconcile show": ("xendit",),
    "reconcile statement": ("xendit", "STATEMENT"),
    "replay status": (),
}
REPLAYS = (
    "replay plan",
    "replay show",
    "replay recover",
    "replay unhandled",
    "dlq replay",
    "webhooks replay",
    "close",
)
AT_A_PROVIDER = ("replay missing", "scalev resync", "trigger")


def test_every_command_that_prints_a_table_is_walked() -> None:
    assert printing() == {*OF_A_FILLED_DATABASE, *REPLAYS, *AT_A_PROVIDER}


def test_headings_are_names_of_fields_and_their_translations() -> None:
    for key, (english, indonesian) in COLUMNS.items():
        assert english == heading(key.removeprefix("column."))
        assert indonesian == indonesian.upper() != ""


async def test_of_a_filled_database(
    walk: Walk, database_url: str, store: asyncpg.Connection, broker_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setenv("LUNAS_BROKER_URL", broker_url)
    monkeypatch.setenv("LUNAS_BODY_ARCHIVE_DIR", str(tmp_path))
    await fill(database_url, PAYMENTS)
    await keep(tmp_path, accepted(1))
    await add_letter(store)
    assert await seal_next(store, 100)
    await store.execute(STRANGER)
    await store.execute(VERIFIED)
    await store.execute("UPDATE reconcile_findings SET resolved_at = NULL")
    await store.execute("UPDATE credit_accounts SET debt_tokens = 5 WHERE customer_id = 'c1'")
    for said in (
        ("keys", "create", "--scope", "read"),
        ("operators", "add", "rina", "--role", "viewer"),
        ("log", "archive", "events_p0"),
    ):
        done = await walk.lunas(*said, "--reason", "filling")
        assert done.code == 0, done
    statement = tmp_path / "statement.csv"
    statement.write_text("Payment ID,Amount\npy-unknown,1000\n", encoding="utf-8")
    given = {
        "DELIVERY": str(await store.fetchval("SELECT delivery_id FROM deliveries LIMIT 1")),
        "REJECTED": str(await store.fetchval("SELECT quarantine_id FROM quarantine LIMIT 1")),
        "STATEMENT": str(statement),
    }
    for command, arguments in OF_A_FILLED_DATABASE.items():
        await walk.both(command, *(given.get(each, each) for each in arguments))
    stream = await store.fetchval("SELECT stream FROM waiting_deliveries LIMIT 1")
    await walk.both("dlq streams", stream)
    assert not walk.wrong
    assert walk.walked == set(OF_A_FILLED_DATABASE)


VERIFIED = """INSERT INTO webhook_secrets (provider, secret_id, delivery_id, known_before)
SELECT provider, '9f86d081884c', delivery_id, '{}' FROM deliveries LIMIT 1"""
STRANGER = """INSERT INTO strangers (provider, kind, path, shape, seen, first_seen, last_seen, delivery_id)
SELECT provider, 'field', 'data.new', 'text', 1, received_at, received_at, delivery_id FROM deliveries LIMIT 1"""


async def test_of_replays_and_a_day(walk: Walk, branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(branch.pool, branch.settings)
    for number in range(3):
        await shop.take_in(envelope(capture(f"py-{number}")), broken=True)
    strange = envelope(b'{"event":"strange","data":{}}', provider="mayar")
    await shop.take_in(strange, broken=True)
    stranger = envelope(b'{"event":"stranger","data":{}}', provider="mayar")
    await shop.take_in(envelope(capture("py-done")), stranger)
    await branch.settled()
    await walk.both("replay plan", "--where", "provider=xendit")
    plan = (await walk.lunas("replay", "status", "--json")).json["items"][0]["plan_id"]
    await walk.both("replay show", plan)
    await walk.both("replay recover", "--since", "40000d")
    await walk.both("replay unhandled", "--since", "40000d")
    sure = ("--reason", "mended", "--yes")
    await walk.both("webhooks replay", "--status", "processed", "--since", "40000d", *sure)
    await walk.both("dlq replay", "--provider", "xendit", *sure, instead=("--provider", "mayar", *sure))
    told = await branch.pool.fetchval("SELECT max(recorded_at) FROM events WHERE type = 'payment.assessed'")
    await walk.both("close", f"{told.astimezone(WIB):%Y-%m-%d}", "--payments", "xendit")
    assert not walk.wrong
    assert walk.walked == set(REPLAYS)


async def test_of_a_provider(
    walk: Walk, branch: Branch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = tmp_path / "catalog.toml"
    catalog.write_text(OLD_CATALOG, encoding="utf-8")
    for name, value in {
        "LUNAS_CATALOG": str(catalog),
        "XENDIT_WEBHOOK_SECRET": SECRET,
        "SCALEV_STORE_UNIQUE_ID": STORE,
        "SCALEV_API_KEY": KEYS["scalev"],
        "SCALEV_BASE_URL": branch.fakes.bases["scalev"],
    }.items():
        monkeypatch.setenv(name, value)
    await branch.register("budi")
    branch.door.lost = lambda _: True
    await branch.act("xendit", await branch.xendit_payment("topup-1", 50_000, "budi"))
    await walk.both("replay missing", "--provider", "xendit", "--since", "2h")
    await walk.both("scalev resync")
    door = branch.webhooks.removesuffix("/webhooks/xendit")
    await walk.both("trigger", "xendit", "payment.capture", "--url", door)
    assert not walk.wrong
    assert walk.walked == set(AT_A_PROVIDER)


OLD_CATALOG = """[[products]]
id = "kelas-python"
kind = "course"
title = "Kelas Python"
price_idr = 150000
scalev = { variant_unique_ids = ["variant_of_the_old_store"] }
"""
