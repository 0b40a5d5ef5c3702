"""Reading by position and by stream: plans that stay good when the log grows, and old versions lifted on the way."""

from __future__ import annotations

import json
from typing import ClassVar

import pytest

from eventstore.queries import load
from eventstore.read import read_after, read_stream
from runtime.database import BY_INDEX, PLAN_ONCE, Connection, Pool
from schemas import events as registry
from schemas.errors import UnknownEventVersion
from schemas.event_model import EventModel
from tests.integration.eventstore.samples import append_now, written_off

SQL = load("read.sql")


async def _grown(connection: Connection, events: int = 20_000) -> None:
    """A log large enough that a wrong plan shows."""
    await connection.execute(
        "INSERT INTO streams (stream, category, version) SELECT 'a-' || n, 'a', 1 FROM generate_series(1, $1) n",
        events,
    )
    await connection.execute(
        "INSERT INTO events (stream_id, event_id, version, schema_version, stream, type, data, metadata) "
        "SELECT stream_id, gen_random_uuid(), 1, 1, stream, 'webhook.received', '{}', '{}' FROM streams ORDER BY stream_id"
    )
    await connection.execute("ANALYZE events")
    await connection.execute("ANALYZE streams")


async def _plan(connection: Connection, statement: str, *arguments: object) -> list[dict[str, object]]:
    """Nodes of the generic plan: the one a long-lived connection ends up with."""
    for name, value in (BY_INDEX | PLAN_ONCE).items():
        await connection.execute(f"SET {name} = {value}")
    prepared = await connection.prepare(statement)
    (top,) = await prepared.explain(*arguments)
    nodes, found = [top["Plan"]], []
    while nodes:
        node = nodes.pop()
        found.append(node)
        nodes.extend(node.get("Plans", []))
    return found


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("after", (19_000, 500)),
        ("after_of_types", (19_000, ["webhook.received", "payment.succeeded"], 500)),
        ("stream", ("a-7", 1, 10)),
        ("head", ()),
    ],
)
async def test_the_hot_reads_use_an_index_and_never_scan_the_log(
    pool: Pool, name: str, arguments: tuple[object, ...]
) -> None:
    async with pool.acquire() as connection:
        await _grown(connection)
        nodes = await _plan(connection, SQL[name], *arguments)
    on_events = [
        node for node in nodes if str(node.get("Relation Name", "")).startswith(("events_p", "streams"))
    ]
    assert on_events
    assert {str(node["Node Type"]) for node in on_events} <= {"Index Scan", "Index Only Scan"}
    assert not any(node["Node Type"] == "Sort" for node in nodes)


async def test_reading_starts_behind_the_position_and_keeps_the_limit(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await append_now(connection, *(written_off("a-1", str(n)) for n in range(5)))
        events = await read_after(connection, 2, limit=2)
        assert [event.position for event in events] == [3, 4]
        assert await read_after(connection, 5) == []
        assert await read_after(connection, 0, ["payment.succeeded"]) == []


async def test_a_stream_is_read_in_order_from_a_version_on(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await append_now(connection, *(written_off(f"a-{n % 2}", str(n)) for n in range(6)))
        events = await read_stream(connection, "a-1", from_version=2)
        assert [(event.version, event.decoded().model_dump()["reason"]) for event in events] == [
            (2, "3"),
            (3, "5"),
        ]
        assert await read_stream(connection, "a-9") == []


class _Closed(EventModel):
    """Version 2 of a type whose version 1 called `why` `reason`."""

    TYPE: ClassVar[str] = "suspense.written_off"
    VERSION: ClassVar[int] = 2

    suspense_id: str
    case: str
    actor: str
    why: str


async def test_c148_an_old_version_is_lifted_when_read_and_the_original_stays(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pool.acquire() as connection:
        await append_now(connection, written_off("a-1", "duplicate"))
        monkeypatch.setitem(registry.EVENT_TYPES, _Closed.TYPE, _Closed)
        monkeypatch.setitem(
            registry.UPCASTERS, (_Closed.TYPE, 1), lambda old: {**old, "why": old["reason"].upper()}
        )
        (event,) = await read_after(connection, 0)
    lifted = event.decoded()
    assert isinstance(lifted, _Closed)
    assert lifted.why == "DUPLICATE"
    assert (event.schema_version, json.loads(event.data)["reason"]) == (1, "duplicate")


async def test_a_version_newer_than_the_program_stops_the_reader(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await connection.execute(
            "INSERT INTO events (stream_id, event_id, version, schema_version, stream, type, data, metadata) "
            "VALUES (1, gen_random_uuid(), 1, 2, 'a-1', 'suspense.written_off', '{}', '{}')"
        )
        (event,) = await read_after(connection, 0)
    with pytest.raises(UnknownEventVersion):
        event.decoded()
