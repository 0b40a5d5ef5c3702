"""No statement of any room reads what grows from end to end: each is explained where 200,000 payments and 1,000,000 events are."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from api.app import pool_of
from eventstore.queries import load
from runtime.settings import Settings
from tests.filled import fill
from tests.integration.plans.joined import CONFIRMATIONS, is_part_of, joined
from tests.integration.plans.rooms import ROOT, Statement, statements
from tests.parts import in_parts
from tests.services import DatabaseServer, run_apart

pytestmark = pytest.mark.heavy

PAYMENTS = 200_000
PART = 300_000

GROWS = re.compile(
    r"^(?!ledger_totals)(events|streams|inbox|deliveries|dead_letters|operator_acts|idempotency_keys|payment_requests|refunds(?!_watched)|replay_items|fulfilment_[a-z]+|credit_ac[a-z]+|\w+_v\d+)(_\w+)?$"
)
"""Tables, and the indexes named after them. `quarantine` is capped; checkpoints, generations and totals of the ledger are a handful."""

ONLY_WHAT_WAITS = {
    "backing_v1_wrong_idx",
    "dead_letters_holding_idx",
    "dead_letters_unresolved_problem",
    "payment_requests_watched_idx",
    "refunds_waiting_idx",
    "fulfilment_cases_due_idx",
    "payment_requests_manual_idx",
    "spending_v1_frozen_idx",
    "suspense_v1_held_idx",
}
"""Partial indexes over what waits for a person or a moment: reading one whole is reading what waits."""

ALLOWED = {
    # The demonstration looks at everything in an instance of its own that holds one day.
    "console/demo.sql": "a demonstration's own small database",
    # `lunas projections verify` compares every row, which is what it is for.
    "compare": "verify reads every row",
    "wrong": "verify reads every row",
    "count": "verify says how many rows it has compared",
    # `lunas fulfilment rebuild|verify` builds every state anew beside the live ones, compares all and exchanges what differs.
    **{
        f"processor/fulfilment.sql:{name}": "rebuild and verify of fulfilment read every state"
        for name in (
            "side_by_side",
            "built_cases",
            "built_customers",
            "switch_cases",
            "switch_aliases",
            "switch_waits",
            "switch_customers",
        )
    },
    # Once, when an installation begins to seal; and when a person is forgotten or told everything.
    "eventstore/personal.sql:told_in_clear": "every address that the log holds in clear",
    "console/archives.sql:due": "every file, and everybody who was forgotten",
    "eventstore/key_exchange.sql:told_before": "the same when the key is exchanged, behind whoever works",
    **{
        f"console/persons.sql:{name}": "everything about a person, wherever it stands"
        for name in ("mentioning", "forget_answers", "held")
    },
    # The newest by its key, one row: the walk begins at the end and stops at the first that is not of this minute.
    "processor/strangers.sql:newest": "one row from the end of the index",
    **{
        f"api/credit.sql:{name}": "rebuild of credit writes every reference anew, verify compares every one"
        for name in ("every_act", "forget_acts")
    },
}
"""What reads or exchanges everything because that is what it was asked for. Nothing that answers a question about some of it."""

BY_KIND = "deliveries_kind_idx"

EXPLAIN = "EXPLAIN (FORMAT JSON) "
MUCH, FEW = 5_000.0, 100
"""A condition may bound an index by a column of few values alone: reading costs this much, and finds that little."""

VALUES: dict[str, Any] = {
    "int2": 1, "int4": 5, "int8": 100, "float8": 1.0, "text": "c5", "varchar": "c5", "bytea": b"x", "bool": False, "json": "{}",
    "uuid": uuid.UUID(int=7), "timestamptz": datetime(2026, 1, 15, tzinfo=UTC), "date": date(2026, 1, 1), "interval": timedelta(days=1),
}  # fmt: skip


LISTED = re.compile(r"\bNOT\s+IN\s*\(\s*SELECT\b", re.IGNORECASE)

LOG_BY_POSITION = re.compile(r"events_p\d+_pkey$")


@pytest.fixture(scope="module")
def filled(postgres: DatabaseServer) -> Iterator[str]:
    url = postgres.create_migrated()
    run_apart(lambda: _fill(url))
    yield url
    postgres.drop(url)


async def _fill(url: str) -> None:
    """In several parts, the last two of them empty, as they are in life."""
    connection = await asyncpg.connect(url, server_settings={"search_path": "lunas"})
    try:
        await in_parts(connection, PART, 5 * PAYMENTS)
    finally:
        await connection.close()
    await fill(url, PAYMENTS)


def test_no_statement_excludes_by_a_list_that_is_walked_for_each_row() -> None:
    """`NOT IN (SELECT …)` is hashed only while the list fits into work_mem; beyond, exchanging 60,000 cases took 94 s instead of one, under the log's lock."""
    files = [
        path
        for room in ROOT.iterdir()
        if room.is_dir() and not room.name.startswith(".")
        for path in room.rglob("*.sql")
    ]
    assert len(files) > 20
    assert [path.name for path in files if LISTED.search(path.read_text())] == []


async def test_no_statement_of_any_room_scans_what_grows(filled: str) -> None:
    scanning, explained = [], 0
    async for statement, with_, plan in _explained(filled, [*statements(), *joined()]):
        explained += 1
        scanning += [f"{statement} {with_}: {what}" for what in _scans(plan)]
    assert not scanning, "\n".join(scanning)
    assert explained > 100


async def test_what_is_asked_of_each_kind_of_delivery_is_read_by_the_index_of_kinds(filled: str) -> None:
    """A range of whole rows of an index is one to the planner that another index bounds as well, which then is read for all of a provider."""
    chosen = [statement for statement in statements() if "FROM delivery_kinds" in statement.text]
    assert len(chosen) > 5
    elsewhere = [
        f"{statement} {with_}: {index}"
        async for statement, with_, plan in _explained(filled, chosen)
        for index in _beside_kinds(plan)
    ]
    assert not elsewhere, "\n".join(elsewhere)


async def test_the_api_plans_each_read_once_however_much_there_is(
    filled: str, settings: Callable[..., Settings]
) -> None:
    """Planning held money anew for every page took longer than reading it: with a million payments, a read took 1.7 times as long."""
    reads = load("reads.sql", "api")
    asked = {"suspense": (None, None, 21), "payments": ("c5", None, 21), "payment": ("xendit", "py-5"), "entitlements": ("c5",)}  # fmt: skip
    given = settings(database_url=filled, database_pool_min=1, database_pool_max=1)
    async with pool_of(given) as pool, pool.acquire() as connection:
        for name, arguments in asked.items():
            for _ in range(8):  # PostgreSQL makes up its mind after five
                await connection.fetch(reads[name], *arguments)
        planned = await connection.fetch(
            "SELECT statement, custom_plans FROM pg_prepared_statements WHERE statement = ANY($1::text[])",
            [reads[name] for name in asked],
        )
    assert [row["custom_plans"] for row in planned] == [0] * len(asked)


async def _explained(
    url: str, chosen: Sequence[Statement]
) -> AsyncIterator[tuple[Statement, str, dict[str, Any]]]:
    """Every plan of each of them, as its room's session plans it, with what it was given."""
    connections: dict[str, asyncpg.Connection[asyncpg.Record]] = {}
    wholes = list(joined())
    try:
        for statement in chosen:
            if _allowed(statement) or statement.name in CONFIRMATIONS:
                continue
            session = statement.session
            if session.name not in connections:
                connections[session.name] = await asyncpg.connect(
                    url,
                    server_settings={
                        "search_path": "lunas",
                        "role": session.role,
                        "jit": "off",
                        **session.settings,
                    },
                    statement_cache_size=0,
                )
            try:
                plans = await _plans(connections[session.name], statement)
            except asyncpg.UndefinedTableError:
                # It reads other parts of a whole, so it can only be explained with them.
                assert any(is_part_of(statement, whole) for whole in wholes), statement
                continue
            except asyncpg.InsufficientPrivilegeError:
                continue  # the files of the log are shared; what a role may not run it does not run
            for with_, plan in plans:
                yield statement, with_, plan
    finally:
        for connection in connections.values():
            await connection.close()


def _beside_kinds(node: dict[str, Any]) -> Iterator[str]:
    """Names of the indexes by which a plan finds deliveries without the one of kinds."""
    parts = node.get("Plans", [])
    if node["Node Type"] == "BitmapAnd" and any(one.get("Index Name") == BY_KIND for one in parts):
        return
    name = node.get("Index Name", "")
    if name.startswith("deliveries_") and name not in {BY_KIND, "deliveries_pkey"}:
        yield name
    for inner in parts:
        yield from _beside_kinds(inner)


def _allowed(statement: Statement) -> bool:
    file, _, heading = statement.name.partition(":")
    if file in ALLOWED or statement.name in ALLOWED:
        return True
    return file.startswith("projections/") and heading in ALLOWED


async def _plans(
    connection: asyncpg.Connection[asyncpg.Record], statement: Statement
) -> list[tuple[str, dict[str, Any]]]:
    """How it is planned without arguments, or with them: with all of its filters, with each alone and with none."""
    if statement.session.generic:
        return [("", await _generic_plan(connection, statement))]
    async with connection.transaction():
        kinds = [one.name for one in (await connection.prepare(statement.text)).get_parameters()]
        values = [_value(kind) for kind in kinds]
        filters = [
            n for n in range(len(kinds)) if re.search(rf"\${n + 1}::[a-z\[\]]+ IS NULL", statement.text)
        ]
        found = []
        for left in ({*filters}, *({n} for n in filters), set()) if filters else (set(),):
            given = [None if n in filters and n not in left else values[n] for n in range(len(values))]
            shown = await connection.fetchval(EXPLAIN + statement.text, *given)
            found.append((f"filtered by {sorted(left)}" if filters else "", json.loads(shown)[0]["Plan"]))
    return found


async def _generic_plan(
    connection: asyncpg.Connection[asyncpg.Record], statement: Statement
) -> dict[str, Any]:
    async with connection.transaction():
        await connection.execute("DEALLOCATE ALL")
        await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE looked_at AS {statement.text}")
        nothing = ", ".join(["NULL"] * statement.parameters)
        shown = await connection.fetchval(
            f"{EXPLAIN} EXECUTE looked_at" + (f"({nothing})" if nothing else "")
        )
    plan: dict[str, Any] = json.loads(shown)[0]["Plan"]
    return plan


def _value(kind: str) -> Any:
    return [VALUES[kind.removesuffix("[]")]] if kind.endswith("[]") else VALUES[kind]


def _ends_early(node: dict[str, Any], above: tuple[str, ...]) -> bool:
    """The end of an index is not the whole of it; but what a filter drops on the way to it does not count towards the limit."""
    return "Limit" in above and "Filter" not in node


def _drops_on_the_way_back(node: dict[str, Any]) -> bool:
    """From the newest event backwards, what is rare may be the first of all. A reader that goes forwards keeps how far it has come."""
    return node.get("Scan Direction") == "Backward" and "Filter" in node


def _scans(node: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[str]:
    """Reads of a growing table that no condition on an index bounds. The end of an index is not the whole of it."""
    kind, name = node["Node Type"], node.get("Index Name") or node.get("Relation Name", "")
    if GROWS.match(name) and name not in ONLY_WHAT_WAITS:
        if kind == "Seq Scan" and not name.endswith("_seq"):
            yield f"{kind} on {name}"
        elif (
            kind.endswith("Scan")
            and "Index" in kind
            and "Index Cond" not in node
            and not _ends_early(node, above)
        ):
            yield f"{kind} of all of {name}"
        elif LOG_BY_POSITION.match(name) and _drops_on_the_way_back(node):
            yield f"{kind} of {name} backwards, past all that its filter drops"
        elif (
            "Index" in kind and node["Total Cost"] > MUCH and node["Plan Rows"] < FEW and "Limit" not in above
        ):
            yield f"{kind} through much of {name} for {node['Plan Rows']} rows"
    for inner in node.get("Plans", []):
        yield from _scans(inner, (*above, kind))
