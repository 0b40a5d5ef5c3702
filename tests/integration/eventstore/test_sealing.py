"""The log under seals: what a superuser changes later is found and named, whatever it is."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from eventstore.append import NewEvent
from eventstore.published_seals import append_seals, newest_published, published_hashes
from eventstore.queries import load
from eventstore.sealing import (
    LogCheck,
    SealFinding,
    recent_seals,
    seal_covering,
    seal_next,
    seals_behind,
    unsealed,
    verify_log,
)
from eventstore.seals import FIELDS, event_texts, leaf, packed, root
from processor.watch.sealing import Sealer, SealMetrics
from runtime.database import Connection, Pool
from runtime.settings import Settings
from schemas.facts import WebhookReceived
from schemas.streams import StreamName
from tests.integration.eventstore.samples import append_now, written_off
from tests.waiting import until

ODD = ("", "é 🙂 ‮", '"\\\n\t', "0:,", "x" * 5000, "\u2028")


@pytest.fixture
async def superuser(database_url: str) -> AsyncIterator[Connection]:
    """Past triggers and policies, as whoever runs the server can be."""
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "lunas"})
    await connection.execute("SET session_replication_role = replica")
    yield connection
    await connection.close()


async def told(connection: Connection, published: dict[int, str] | None = None) -> LogCheck:
    return [so_far async for so_far in verify_log(connection, published or {})][-1]


async def filled(connection: Connection, count: int = 10, under: int = 4) -> None:
    """`count` events in streams of two, sealed by `under`."""
    for number in range(0, count, 2):
        await append_now(connection, written_off(f"a-{number}"), written_off(f"a-{number}", "again"))
    while await seal_next(connection, under) is not None:
        pass


async def test_the_database_and_the_program_hash_an_event_alike(pool: Pool) -> None:
    """Whatever the texts are, and however large the numbers."""
    async with pool.acquire() as connection:
        odd: list[NewEvent] = [written_off(f"a-{number}", reason) for number, reason in enumerate(ODD)]
        await append_now(connection, *odd)
        await connection.execute("SELECT setval('events_position_seq', 4000000000000)")
        await connection.execute("SELECT add_log_part(4000000000000, 4000010000000)")
        await append_now(connection, written_off("a-far"))
        rows = await connection.fetch(load("proofs.sql")["rows"], 0, 2**62)
        hashed = await connection.fetch(load("seals.sql")["leaves"], 0, 100)
        assert len(rows) == len(ODD) + 1
        assert [row["leaf"] for row in hashed] == [leaf(event_texts(dict(row))) for row in rows]
        assert await seal_next(connection, 100)
        assert (await told(connection)).findings == []


async def test_seals_follow_one_another_and_cover_everything_once(pool: Pool) -> None:
    async with pool.acquire() as connection:
        assert await seal_next(connection, 4) is None
        assert await unsealed(connection) == (0, 0.0)
        await filled(connection)
        seals = await seals_behind(connection, 0, 10)
        assert [seal.events for seal in seals] == [4, 4, 2]
        assert [seal.previous for seal in seals[1:]] == [seal.hash for seal in seals[:-1]]
        assert [seal.after for seal in seals] == [0, *(seal.through for seal in seals[:-1])]
        assert [seal.number for seal in await recent_seals(connection, 2)] == [3, 2]
        await append_now(connection, written_off("later"))
        events, seconds = await unsealed(connection)
        assert (events, seconds >= 0) == (1, True)
        done = await told(connection)
        assert (done.seals, done.events, done.findings) == (3, 10, [])


async def test_two_sealers_at_once_make_one_chain(pool: Pool, database_url: str) -> None:
    async with pool.acquire() as connection:
        await append_now(connection, *(written_off(f"a-{number}") for number in range(40)))

    async def seal_all() -> None:
        connection = await asyncpg.connect(database_url, server_settings={"search_path": "lunas"})
        try:
            while (await unsealed(connection))[0]:
                await seal_next(connection, 3)
        finally:
            await connection.close()

    await asyncio.gather(*(seal_all() for _ in range(4)))
    async with pool.acquire() as connection:
        done = await told(connection)
        assert (done.seals, done.events, done.findings) == (14, 40, [])


CHANGES = {
    "event_id": "gen_random_uuid()",
    "recorded_at": "recorded_at + interval '1 microsecond'",
    "stream_id": "stream_id + 1000",
    "stream": "stream || 'x'",
    "version": "version + 1000",
    "type": "'suspense.claimed'",
    "schema_version": "schema_version + 1",
    "data": "replace(data::text, 'ani', 'anj')::json",
    "metadata": "(metadata::text || ' ')::json",
}


def test_every_column_is_tried() -> None:
    assert {*CHANGES, "position"} == set(FIELDS)


@pytest.mark.parametrize("column", CHANGES)
async def test_a_change_of_any_column_is_found_and_named(
    pool: Pool, superuser: Connection, column: str
) -> None:
    """One byte, even one that means nothing to JSON."""
    async with pool.acquire() as connection:
        await filled(connection)
        position = await superuser.fetchval("SELECT position FROM events ORDER BY position OFFSET 5 LIMIT 1")
        await superuser.execute(
            f"UPDATE events SET {column} = {CHANGES[column]} WHERE position = $1", position
        )
        (found,) = (await told(connection)).findings
        assert (found.what, found.seal, found.position) == ("changed", 2, position)


async def test_an_event_that_is_taken_away_or_put_in_is_named(pool: Pool, superuser: Connection) -> None:
    async with pool.acquire() as connection:
        await append_now(connection, written_off("a-0"))
        await connection.execute("SELECT nextval('events_position_seq')")
        await filled(connection)
        first, second = [
            row["position"]
            for row in await connection.fetch("SELECT position FROM events ORDER BY 1 LIMIT 2")
        ]
        await superuser.execute("DELETE FROM events WHERE position = $1", second)
        await superuser.execute(
            "INSERT INTO events (position, stream_id, event_id, version, schema_version, stream, type, data, metadata) OVERRIDING SYSTEM VALUE "
            "SELECT $2, stream_id, event_id, version + 1, schema_version, stream, type, data, metadata FROM events WHERE position = $1",
            first,
            first + 1,
        )
        found = {(each.what, each.position) for each in (await told(connection)).findings}
        assert found == {("added", first + 1), ("missing", second)}


async def test_the_last_events_cannot_be_cut_off(pool: Pool, superuser: Connection) -> None:
    async with pool.acquire() as connection:
        await filled(connection)
        await superuser.execute(
            "DELETE FROM events WHERE position IN (SELECT position FROM events ORDER BY 1 DESC LIMIT 2)"
        )
        assert [each.what for each in (await told(connection)).findings] == ["missing", "missing"]


@pytest.mark.parametrize(
    "change",
    [
        "after = after - 1",
        "sealed_at = sealed_at - interval '1 day'",
        "root = sha256('other')",
        "previous = sha256('other')",
        "leaves = overlay(leaves PLACING '\\x00'::bytea FROM 20)",
        "events = 3, leaves = substring(leaves FOR 120)",
    ],
)
async def test_a_changed_seal_is_found(pool: Pool, superuser: Connection, change: str) -> None:
    async with pool.acquire() as connection:
        await filled(connection)
        await superuser.execute(f"UPDATE seals SET {change} WHERE number = 2")
        assert (await told(connection)).findings


async def test_a_seal_that_is_gone_is_found(pool: Pool, superuser: Connection) -> None:
    async with pool.acquire() as connection:
        await filled(connection)
        await superuser.execute("DELETE FROM seals WHERE number = 2")
        assert (
            SealFinding("seal", 3, detail="does not follow the one before")
            in (await told(connection)).findings
        )


async def test_history_that_was_written_anew_with_its_seals_is_told_by_published_ones(
    pool: Pool, superuser: Connection, tmp_path: Path
) -> None:
    """The one thing that a database cannot know of itself."""
    file = tmp_path / "seals.jsonl"
    async with pool.acquire() as connection:
        await filled(connection)
        append_seals(file, await seals_behind(connection, 0, 10))
        published = published_hashes(file)
        assert (await told(connection, published)).findings == []
        await superuser.execute("UPDATE events SET data = replace(data::text, 'ani', 'budi')::json")
        await superuser.execute("DELETE FROM seals")
        while await seal_next(connection, 4) is not None:
            pass
        assert (await told(connection)).findings == []
        found = (await told(connection, published)).findings
        assert [(each.what, each.seal) for each in found] == [
            ("published", 1),
            ("published", 2),
            ("published", 3),
        ]


async def test_a_database_that_is_older_than_what_was_published_is_told(
    pool: Pool, superuser: Connection, tmp_path: Path
) -> None:
    file = tmp_path / "seals.jsonl"
    async with pool.acquire() as connection:
        await filled(connection)
        append_seals(file, await seals_behind(connection, 0, 10))
        await superuser.execute("DELETE FROM seals WHERE number > 1")
        assert [
            (each.what, each.seal) for each in (await told(connection, published_hashes(file))).findings
        ] == [
            ("unknown_seal", 2),
            ("unknown_seal", 3),
        ]


async def test_the_seal_over_a_position_is_found_with_what_it_is_made_of(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await filled(connection)
        for row in await connection.fetch("SELECT position FROM events"):
            cover = await seal_covering(connection, row["position"])
            assert cover is not None
            assert row["position"] in cover.positions
            assert root(cover.leaves) == cover.seal.root
            assert packed(
                cover.seal.after, zip(cover.positions, cover.leaves, strict=True)
            ) == await connection.fetchval("SELECT leaves FROM seals WHERE number = $1", cover.seal.number)
        assert await seal_covering(connection, 10**9) is None


async def test_the_processor_seals_what_comes_and_fills_the_file(
    pool: Pool, database_url: str, settings: Callable[..., Settings], tmp_path: Path
) -> None:
    """Also a file that was away: first it cannot be written, then everything is in it."""
    file = tmp_path / "away" / "seals.jsonl"
    configured = settings(
        database_url=database_url, seals_path=file, seal_every_seconds=0.05, seal_events_max=3
    )
    metrics, stop = SealMetrics(CollectorRegistry()), asyncio.Event()
    keeping = asyncio.create_task(Sealer(pool, configured, metrics).keep(stop))
    try:
        async with pool.acquire() as connection:
            await append_now(connection, *(written_off(f"a-{number}") for number in range(7)))
            await until(lambda: metrics.unpublished._value.get() == 1)
            file.parent.mkdir()
            await until(lambda: newest_published(file) == 3)
            await append_now(connection, written_off("later"))
            await until(lambda: newest_published(file) == 4)
            assert metrics.unpublished._value.get() == 0
            assert (await told(connection, published_hashes(file))).findings == []
    finally:
        stop.set()
        await keeping


async def test_bytes_of_a_delivery_are_part_of_what_is_sealed(pool: Pool, superuser: Connection) -> None:
    """The log names their digest; the bytes may go when their time is over, not change."""
    body = b'{"amount":75000}'
    async with pool.acquire() as connection:
        identity = await superuser.fetchval(
            "INSERT INTO deliveries (delivery_id, provider, received_at, processing_ms, path, headers, body, body_sha256, scheme, secret_id, status) "
            "VALUES (gen_random_uuid(), 'xendit', now(), 1, '/', '{}', $1, sha256($1), 's', 'i', 'processed') RETURNING delivery_id",
            body,
        )
        await append_now(connection, received(str(identity), hashlib.sha256(body).hexdigest()))
        await seal_next(connection, 10)
        done = await told(connection)
        assert (done.bodies, done.bodies_gone, done.findings) == (1, 0, [])
        await superuser.execute(
            "UPDATE deliveries SET body = '{\"amount\":95000}', body_sha256 = sha256('{\"amount\":95000}')"
        )
        (found,) = (await told(connection)).findings
        assert (found.what, found.detail) == ("body", str(identity))
        await superuser.execute("DELETE FROM deliveries")
        done = await told(connection)
        assert (done.bodies, done.bodies_gone, done.findings) == (0, 1, [])


def received(delivery_id: str, digest: str) -> NewEvent:
    said = WebhookReceived(
        provider="xendit",
        delivery_id=delivery_id,
        event_name="payment.capture",
        body_sha256=digest,
        dedupe_key="k",
        scheme="token",
        secret_id="1",
        status="processed",
    )
    return NewEvent(StreamName("deliveries-xendit-1"), said, {"correlation_id": "c", "causation_id": "c"})
