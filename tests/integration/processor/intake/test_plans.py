"""Plans made while tables are small are kept while they grow; so they must be good from the first day."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from eventstore.append import ADVANCE, ADVANCE_EXPECTED, LOG_LOCK, lock_log
from eventstore.queries import load
from processor.intake.taking import TAKE_IN, TAKE_IN_AND_LOOK
from runtime.database import Pool

INTAKE = load("intake.sql", "processor")
FULFILMENT = load("fulfilment.sql", "processor")
ID = uuid.UUID(int=7)

# Small enough that reading the whole table looks cheaper than a few look-ups.
A_LITTLE = (
    "INSERT INTO streams (stream, category, version) SELECT 'a-' || n, 'a', 1 FROM generate_series(1, 50) n",
    "INSERT INTO inbox (provider, dedupe_key, content_digest, delivery_id) "
    "SELECT 'xendit', n::text, 'x', gen_random_uuid() FROM generate_series(1, 50) n",
    "INSERT INTO deliveries (delivery_id, provider, received_at, processing_ms, path, headers, body, body_sha256, scheme, secret_id, status) "
    "SELECT gen_random_uuid(), 'xendit', now(), 1, '/', '{}', 'x', 'x', 's', 'i', 'test' FROM generate_series(1, 50) n",
    "INSERT INTO dead_letters (dead_letter_id, provider, stage, reason, message, body_sha256) "
    "SELECT gen_random_uuid(), 'xendit', 'decode', 'r', 'x', n::text::bytea FROM generate_series(1, 50) n",
    "INSERT INTO fulfilment_aliases (alias, case_key) SELECT 'xendit:pr-' || n, 'xendit:py-' || n FROM generate_series(1, 50) n",
    "ANALYZE streams, inbox, deliveries, dead_letters, fulfilment_aliases",
)


@pytest.mark.parametrize(
    ("statement", "arguments"),
    [
        (TAKE_IN, ([ID], ["xendit:pr-1"], ["xendit"], ["k"], [b"x"], [ID], [1])),
        (
            TAKE_IN_AND_LOOK,
            ([ID], ["xendit:pr-1"], ["xendit"], ["k"], [b"x"], [ID], [1], ["n"], ["c"], ["e"]),
        ),
        (INTAKE["first_seen"], (["xendit"], ["k"])),
        (INTAKE["first_delivery"], (ID,)),
        (INTAKE["learned"], ("xendit", "k", 1)),
        (INTAKE["resolve"], (["xendit"], [b"x"], [None], [None])),
        (ADVANCE, (["a-1"], ["a"], [1], LOG_LOCK)),
        (ADVANCE_EXPECTED, (["a-1"], ["a"], [1], LOG_LOCK, ["a-1"], [1], [1])),
        (FULFILMENT["add_aliases"], (["xendit:pr-1"], ["xendit:py-1"])),
        (FULFILMENT["point_aliases"], (["xendit:pr-1"], ["xendit:py-1"])),
    ],
)
async def test_statements_under_the_logs_lock_look_up_by_index_even_when_planned_on_small_tables(
    pool: Pool, statement: str, arguments: tuple[object, ...]
) -> None:
    for filling in A_LITTLE:
        await pool.execute(filling)
    async with pool.acquire() as connection, connection.transaction():
        await lock_log(connection)
        await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        prepared = await connection.prepare(statement)
        (top,) = await prepared.explain(*arguments)
    # A sequence is one row.
    nodes = [node for node in _nodes(top["Plan"]) if node.get("Relation Name") != "events_position_seq"]
    tables = {"deliveries", "inbox", "streams", "dead_letters", "events", "fulfilment_aliases"}
    looked_up = [
        node for node in nodes if node.get("Relation Name") in tables and "Scan" in node["Node Type"]
    ]
    assert looked_up
    assert not [node for node in nodes if node["Node Type"] in ("Seq Scan", "Hash Join", "Merge Join")]
    assert all("Index Cond" in node or "Recheck Cond" in node for node in looked_up)


def _nodes(node: dict[str, Any]) -> Any:
    yield node
    for inner in node.get("Plans", []):
        yield from _nodes(inner)
