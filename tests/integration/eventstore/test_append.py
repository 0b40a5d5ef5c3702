"""The only write to the log."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from eventstore.append import (
    ANY,
    CHANNEL,
    LOG_LOCK,
    NO_STREAM,
    STREAM_EXISTS,
    ExpectedVersion,
    append,
    lock_log,
    log_transaction,
)
from eventstore.read import head, read_after, read_stream, stream_version
from runtime.database import Connection, Pool
from schemas.errors import StoreUnavailable, WrongExpectedVersion
from tests.integration.eventstore.samples import append_now, written_off
from tests.waiting import until


async def test_versions_count_from_one_in_every_stream_and_positions_follow_the_order_given(
    pool: Pool,
) -> None:
    async with pool.acquire() as connection:
        first = await append_now(
            connection, written_off("a-1", "x"), written_off("b-1", "y"), written_off("a-1", "z")
        )
        second = await append_now(connection, written_off("a-1", "w"))
        events = await read_after(connection, 0)
    assert [(event.stream, event.version, event.decoded().model_dump()["reason"]) for event in events] == [
        ("a-1", 1, "x"),
        ("b-1", 1, "y"),
        ("a-1", 2, "z"),
        ("a-1", 3, "w"),
    ]
    assert [event.position for event in events] == [*first.positions, *second.positions]
    assert [event.event_id for event in events] == [*first.event_ids, *second.event_ids]
    assert first.versions == {"a-1": 2, "b-1": 1}
    assert all(event.event_id.version == 7 for event in events)


async def test_stored_text_is_what_was_written_byte_for_byte(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await append_now(connection, written_off("a-1", "héllo  \u2603"))
        (event,) = await read_stream(connection, "a-1")
    assert event.data == '{"suspense_id":"s-1","case":"xendit:1","actor":"ani","reason":"héllo  \u2603"}'
    assert event.metadata == '{"correlation_id":"c-1","causation_id":"c-1"}'
    assert event.context() == {"correlation_id": "c-1", "causation_id": "c-1"}


@pytest.mark.parametrize(
    ("expectation", "holds"),
    [(2, True), (1, False), (3, False), (0, False), (ANY, True), (NO_STREAM, False), (STREAM_EXISTS, True)],
)
async def test_expected_version_of_a_stream_at_version_two(
    pool: Pool, expectation: ExpectedVersion, holds: bool
) -> None:
    async with pool.acquire() as connection:
        await append_now(connection, written_off("a-1"), written_off("a-1"))
        if holds:
            result = await append_now(connection, written_off("a-1"), expected={"a-1": expectation})
            assert result.versions["a-1"] == 3
        else:
            with pytest.raises(WrongExpectedVersion) as caught:
                await append_now(connection, written_off("a-1"), expected={"a-1": expectation})
            assert caught.value.actual == 2
            assert await stream_version(connection, "a-1") == 2


@pytest.mark.parametrize(
    ("expectation", "holds"), [(0, True), (1, False), (ANY, True), (NO_STREAM, True), (STREAM_EXISTS, False)]
)
async def test_expected_version_of_a_missing_stream(
    pool: Pool, expectation: ExpectedVersion, holds: bool
) -> None:
    async with pool.acquire() as connection:
        if holds:
            await append_now(connection, written_off("a-1"), expected={"a-1": expectation})
        else:
            with pytest.raises(WrongExpectedVersion):
                await append_now(connection, written_off("a-1"), expected={"a-1": expectation})
        assert await stream_version(connection, "a-1") == int(holds)


async def test_a_refused_append_writes_nothing_even_when_the_caller_commits(pool: Pool) -> None:
    async with pool.acquire() as connection:
        async with connection.transaction():
            await lock_log(connection)
            with pytest.raises(WrongExpectedVersion):
                await append(
                    connection, [written_off("a-1"), written_off("b-1")], expected={"b-1": STREAM_EXISTS}
                )
        assert await head(connection) == 0
        assert await stream_version(connection, "a-1") == 0


async def test_c50_of_two_deciders_with_the_same_expectation_one_wins(pool: Pool) -> None:
    async def decide(reason: str) -> str:
        async with pool.acquire() as connection:
            await append_now(connection, written_off("a-1", reason), expected={"a-1": NO_STREAM})
        return reason

    outcomes = await asyncio.gather(*(decide(str(n)) for n in range(5)), return_exceptions=True)
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, WrongExpectedVersion) for outcome in outcomes) == 4


async def test_an_empty_batch_appends_nothing(pool: Pool) -> None:
    async with pool.acquire() as connection:
        result = await append_now(connection)
        assert list(result.positions) == []
        assert await head(connection) == 0


async def test_appending_needs_a_transaction_that_reads_what_was_committed(pool: Pool) -> None:
    async with pool.acquire() as connection:
        with pytest.raises(RuntimeError, match="none is open"):
            await lock_log(connection)
        with pytest.raises(RuntimeError, match="READ COMMITTED"):
            async with connection.transaction(isolation="repeatable_read"):
                await lock_log(connection)


async def test_a_log_transaction_is_begun_locked_and_committed(pool: Pool) -> None:
    async with pool.acquire() as connection, pool.acquire() as other:
        async with log_transaction(connection):
            assert not await other.fetchval("SELECT pg_try_advisory_lock($1)", LOG_LOCK)
            await append(connection, [written_off("a-1")])
            assert await head(other) == 0
        assert await head(other) == 1
        assert await other.fetchval("SELECT pg_try_advisory_lock($1)", LOG_LOCK)


async def test_a_log_transaction_that_fails_leaves_nothing_and_no_lock(pool: Pool) -> None:
    async def fail(connection: Connection) -> None:
        async with log_transaction(connection):
            await append(connection, [written_off("a-1")])
            raise ZeroDivisionError

    async with pool.acquire() as connection, pool.acquire() as other:
        with pytest.raises(ZeroDivisionError):
            await fail(connection)
        assert not connection.is_in_transaction()
        assert await head(other) == 0
        assert await other.fetchval("SELECT pg_try_advisory_lock($1)", LOG_LOCK)


async def test_a_log_transaction_waits_no_longer_than_the_lock_timeout(pool: Pool) -> None:
    async with pool.acquire() as holder, pool.acquire() as late, log_transaction(holder):
        await late.execute("SET lock_timeout = '100ms'")
        with pytest.raises(asyncpg.LockNotAvailableError):
            async with log_transaction(late):
                raise AssertionError("it was locked twice")
        assert not late.is_in_transaction()


async def test_a_log_transaction_is_no_part_of_another_one(pool: Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        with pytest.raises(RuntimeError, match="open already"):
            async with log_transaction(connection):
                raise AssertionError("two transactions on one connection")


async def test_an_appender_that_forgot_the_lock_is_refused_while_another_holds_it(pool: Pool) -> None:
    async with pool.acquire() as holder, pool.acquire() as forgetful, holder.transaction():
        await lock_log(holder)
        with pytest.raises(StoreUnavailable):
            async with forgetful.transaction():
                await append(forgetful, [written_off("a-1")])
    async with pool.acquire() as connection:
        assert await head(connection) == 0


async def test_even_a_plain_insert_waits_for_the_lock(pool: Pool) -> None:
    insert = (
        "INSERT INTO events (stream_id, event_id, version, schema_version, stream, type, data, metadata) "
        "VALUES (1, gen_random_uuid(), 1, 1, 'x-1', 'suspense.written_off', '{}', '{}')"
    )
    async with pool.acquire() as holder, pool.acquire() as stranger, holder.transaction():
        await lock_log(holder)
        await stranger.execute("SET lock_timeout = '100ms'")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await stranger.execute(insert)


async def test_listeners_are_told_once_per_append_and_only_after_the_commit(pool: Pool) -> None:
    heard: list[object] = []
    async with pool.acquire() as listener, pool.acquire() as connection:
        await listener.add_listener(CHANNEL, lambda *parts: heard.append(parts[3]))
        async with connection.transaction():
            await lock_log(connection)
            await append(connection, [written_off("a-1"), written_off("a-2")])
            await listener.execute("SELECT 1")
            assert heard == []
        await until(lambda: heard)
        assert heard == [""]
        await listener.remove_listener(CHANNEL, lambda *_: None)
        await listener.reset()


async def test_positions_are_drawn_for_what_is_stored_only(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await append_now(connection, written_off("a-1"))
        with pytest.raises(WrongExpectedVersion):
            await append_now(connection, written_off("a-1"), expected={"a-1": NO_STREAM})
        result = await append_now(connection, written_off("a-1"))
    assert result.first == 2
