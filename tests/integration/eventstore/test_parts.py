"""The log in parts: each guarded by itself, made before it is needed by whoever may only append, and read without asking those that cannot have it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from itertools import pairwise

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from eventstore.migrations import files, migrate
from eventstore.parts import make_parts, parts, room
from eventstore.queries import load
from eventstore.read import read_after, read_stream
from eventstore.sealing import seal_next, verify_log
from processor.watch.parts import keep_log_parts, turn
from runtime.database import BY_INDEX, PLAN_ONCE, Connection, Pool
from tests.integration.eventstore.samples import append_now, written_off
from tests.parts import in_parts
from tests.waiting import until

STEP = 10
ROLES = (
    "lunas_processor",
    "lunas_projector",
    "lunas_api",
    "lunas_operator",
    "lunas_notifier",
    "lunas_reader",
)
SQL = load("read.sql")


@pytest.fixture
async def log(pool: Pool) -> AsyncIterator[Connection]:
    """Of four parts with 35 events in them, two streams, and two parts ahead."""
    async with pool.acquire() as connection:
        await in_parts(connection, STEP, 3 * STEP)
        for number in range(35):
            await append_now(connection, written_off(f"a-{number % 2}", str(number)))
        yield connection


async def _allowed(connection: Connection, role: str, statement: str) -> bool:
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL ROLE {role}")
            await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        return False
    return True


async def names(connection: Connection) -> list[str]:
    return [row["part"] for row in await parts(connection)]


async def test_a_log_is_in_parts_and_two_are_ahead(pool: Pool) -> None:
    async with pool.acquire() as connection:
        assert await names(connection) == ["events_p0", "events_p20000000", "events_p30000000"]
        assert (await room(connection)).parts == 2


async def test_it_reads_as_one_table_whatever_the_parts(log: Connection) -> None:
    assert [event.position for event in await read_after(log, 0, limit=100)] == list(range(1, 36))
    assert [event.position for event in await read_after(log, 8, ["suspense.written_off"], 4)] == [
        9,
        10,
        11,
        12,
    ]
    assert [event.version for event in await read_stream(log, "a-1", from_version=3)] == list(range(3, 18))


@pytest.mark.parametrize("role", ROLES)
async def test_c146_no_role_reads_or_changes_a_part_by_itself(log: Connection, role: str) -> None:
    """What was granted and what a policy lets pass holds for the whole: a part addressed directly is nobody's."""
    for part in await names(log):
        for statement in (
            f"SELECT * FROM {part}",
            f"INSERT INTO {part} SELECT * FROM {part}",
            f"UPDATE {part} SET type = 'x'",
            f"DELETE FROM {part}",
            f"TRUNCATE {part}",
            f"ALTER TABLE events DETACH PARTITION {part}",
            "SELECT add_log_part(900, 910)",
            f"SELECT guard_log_part('{part}')",
        ):
            assert not await _allowed(log, role, statement), statement


async def test_c146_who_owns_a_part_cannot_change_it_either(log: Connection) -> None:
    for part in await names(log):
        before = await log.fetchval(f"SELECT count(*) FROM {part}")
        for statement in (f"UPDATE {part} SET type = 'x'", f"DELETE FROM {part}"):
            if before:
                with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="only ever added"):
                    await log.execute(statement)
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="only ever added"):
            await log.execute(f"TRUNCATE {part}")
        assert await log.fetchval(f"SELECT count(*) FROM {part}") == before


async def test_each_part_has_the_guards_of_every_other_and_shows_nothing_to_who_is_granted_it_by_mistake(
    log: Connection,
) -> None:
    guards = await log.fetch(
        "SELECT p.part, array_agg(t.tgname::text ORDER BY t.tgname) AS triggers, "
        "(SELECT relrowsecurity FROM pg_class WHERE oid = p.part::regclass) AS secured, "
        "(SELECT count(*) FROM pg_policy WHERE polrelid = p.part::regclass) AS policies "
        "FROM log_parts() p JOIN pg_trigger t ON t.tgrelid = p.part::regclass AND t.tgenabled = 'O' GROUP BY p.part, p.behind ORDER BY p.behind"
    )
    expected = ["events_are_immutable", "events_are_not_truncated", "events_in_commit_order"]
    assert [(row["part"], row["triggers"], row["secured"], row["policies"]) for row in guards] == [
        (part, expected, True, 0) for part in await names(log)
    ]
    async with log.transaction():
        await log.execute("GRANT SELECT ON events_p10 TO lunas_reader")
        await log.execute("SET LOCAL ROLE lunas_reader")
        assert await log.fetch("SELECT * FROM events_p10") == []


async def test_the_next_part_is_made_by_who_may_only_append_and_never_more_than_two_ahead(
    log: Connection,
) -> None:
    assert (await room(log)).parts == 2
    for role in ("lunas_api", "lunas_operator", "lunas_projector", "lunas_notifier", "lunas_reader"):
        assert not await _allowed(log, role, "SELECT make_log_part(1000)")
    for number in range(6):
        await append_now(log, written_off("b-1", str(number)))
    assert (await room(log)).parts == 1
    await log.execute("SET ROLE lunas_processor")
    try:
        assert await make_parts(log, 1_000) == ["events_p60"]
        assert await make_parts(log, 1_000) == []
        with pytest.raises(asyncpg.DataError, match="at least 10"):
            await make_parts(log, 9)
    finally:
        await log.execute("RESET ROLE")
    assert [(row["first"], row["before"]) for row in await parts(log)][-2:] == [(50, 60), (60, 1_060)]
    assert (await room(log)).parts == 2


async def test_made_by_many_at_once_there_is_one_of_each(log: Connection, pool: Pool) -> None:
    await append_now(log, *(written_off("b-1", str(number)) for number in range(6)))
    connections = [await pool.acquire() for _ in range(4)]
    try:
        made = await asyncio.gather(*(make_parts(connection, STEP) for connection in connections))
    finally:
        for connection in connections:
            await pool.release(connection)
    assert [name for some in made for name in some] == ["events_p60"]


async def test_a_part_is_made_while_others_hold_the_log_open(log: Connection, pool: Pool) -> None:
    """Whoever reads or appends is not waited for, and does not wait."""
    await append_now(log, *(written_off("b-1", str(number)) for number in range(6)))
    async with pool.acquire() as other, other.transaction():
        await other.fetch("SELECT * FROM events")
        await other.execute("LOCK TABLE events IN ROW EXCLUSIVE MODE")  # as an append has it
        assert await make_parts(log, STEP) == ["events_p60"]


async def test_a_log_that_ended_goes_on_once_there_is_a_part(log: Connection) -> None:
    """What was refused has left a gap of positions, which means nothing; nothing of it was written."""
    last = (await room(log)).behind - 1
    await log.execute("SELECT setval('events_position_seq', $1)", last)
    with pytest.raises(asyncpg.CheckViolationError, match="no partition"):
        await append_now(log, written_off("c-1"))
    assert (await room(log)).parts == 0
    assert await turn(log, STEP) == 2
    added = await append_now(log, written_off("c-1"))
    assert added.first > last
    assert [event.version for event in await read_stream(log, "c-1")] == [1]


async def test_seals_reach_over_parts_and_stay_valid(log: Connection) -> None:
    while await seal_next(log, 7) is not None:
        pass
    done = [so_far async for so_far in verify_log(log, {})][-1]
    assert (done.events, done.findings) == (35, [])


async def test_when_each_part_begins_and_ends_is_told(log: Connection) -> None:
    told = await parts(log)
    assert [row["since"] is None for row in told] == [False] * 4 + [True] * 2
    written = [row for row in told if row["since"]]
    assert all(row["since"] <= row["until"] for row in written)
    assert all(one["until"] <= two["since"] for one, two in pairwise(written))


@pytest.mark.parametrize(
    ("name", "arguments", "most"),
    [
        ("after", (15, 3), 1),
        ("after_of_types", (15, ["suspense.written_off"], 3), 8),
        ("recorded_at", (15,), 1),
        ("reaching", (15,), 1),
        ("lean_after", (15, ["suspense.written_off"], 3, 100), 12),
    ],
)
async def test_what_asks_for_a_position_looks_into_the_parts_that_can_have_it(
    log: Connection, name: str, arguments: tuple[object, ...], most: int
) -> None:
    """Of six. The head is looked for from the end: through the empty ones, to the first that has something."""
    for setting, value in (BY_INDEX | PLAN_ONCE).items():
        await log.execute(f"SET {setting} = {value}")
    prepared = await log.prepare(SQL[name])
    (top,) = await prepared.explain(*arguments, analyze=True)
    looked = [node for node in _nodes(json.loads(json.dumps(top["Plan"]))) if _is_look(node)]
    assert 0 < len(looked) <= most, looked


def _nodes(node: dict[str, object]) -> list[dict[str, object]]:
    inner: list[dict[str, object]] = node.get("Plans", [])  # type: ignore[assignment]
    return [node, *(each for one in inner for each in _nodes(one))]


def _is_look(node: dict[str, object]) -> bool:
    return str(node.get("Relation Name", "")).startswith("events_p") and bool(node.get("Actual Loops"))


BEFORE = "0420"


async def test_a_log_that_is_there_becomes_the_first_part_without_being_written_anew(
    empty_database_url: str,
) -> None:
    every = files()
    await migrate(empty_database_url, [one for one in every if one.name < BEFORE])
    connection = await asyncpg.connect(empty_database_url, server_settings={"search_path": "lunas"})
    try:
        for number in range(20):
            await append_now(connection, written_off(f"a-{number % 3}", str(number)))
        await seal_next(connection, 15)
        await connection.execute("GRANT SELECT ON events TO lunas_reader")
        file = await connection.fetchval("SELECT pg_relation_filenode('events')")
        before = await connection.fetch("SELECT * FROM events ORDER BY position")
        granted = "SELECT relname, relacl FROM pg_class WHERE relname IN ('events', 'events_position_seq') ORDER BY 1"
        policies = "SELECT policyname, permissive, roles, cmd, qual, with_check FROM pg_policies WHERE tablename = 'events' ORDER BY 1"
        rights, doors = await connection.fetch(granted), await connection.fetch(policies)
        view = await connection.fetchval("SELECT pg_get_viewdef('projection_positions')")
        assert await migrate(empty_database_url) == [one.name for one in every if one.name >= BEFORE]
        assert await connection.fetchval("SELECT pg_relation_filenode('events_p0')") == file
        assert await connection.fetch("SELECT * FROM events ORDER BY position") == before
        assert {row["relname"]: set(row["relacl"]) for row in await connection.fetch(granted)} == {
            row["relname"]: set(row["relacl"]) for row in rights
        }
        # Later migrations may open further doors; of those that were there none is another one, or gone.
        assert [door for door in await connection.fetch(policies) if door in doors] == doors
        assert await connection.fetchval("SELECT pg_get_viewdef('projection_positions')") == view
        added = await append_now(connection, written_off("a-0", "after"))
        assert (added.first, added.before) == (21, 20)
        assert [so_far async for so_far in verify_log(connection, {})][-1].findings == []
    finally:
        await connection.close()


async def test_what_reads_and_appends_meanwhile_goes_on_with_the_statements_it_had_prepared(
    empty_database_url: str,
) -> None:
    """The previous release keeps its connections, and what it prepared on them."""
    await migrate(empty_database_url, [one for one in files() if one.name < BEFORE])
    connection = await asyncpg.connect(
        empty_database_url,
        server_settings={"search_path": "lunas", "role": "lunas_processor", **BY_INDEX, **PLAN_ONCE},
    )
    try:
        for number in range(8):
            await append_now(connection, written_off("a-1", str(number)))
            await read_after(connection, 0)
        await migrate(empty_database_url)
        for number in range(8):
            await append_now(connection, written_off("a-1", str(number)))
        assert [event.version for event in await read_stream(connection, "a-1")] == list(range(1, 17))
        assert len(await read_after(connection, 0)) == 16
    finally:
        await connection.close()


async def test_a_processor_keeps_parts_ahead_and_says_how_many(
    log: Connection, pool: Pool, settings: Callable[..., object]
) -> None:
    await append_now(log, *(written_off("b-1", str(number)) for number in range(6)))
    registry, stop = CollectorRegistry(), asyncio.Event()
    keeping = asyncio.create_task(keep_log_parts(pool, settings(log_part_events=1_000), registry, stop))  # type: ignore[arg-type]
    try:
        await until(lambda: registry.get_sample_value("lunas_log_parts_ahead") == 2)
    finally:
        stop.set()
        await keeping
    assert "events_p60" in await names(log)
