from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventstore.append import CHANNEL, NewEvent
from projections import log as event_log
from projections import versions
from projections.build import fold_log
from projections.feeder import Feeder
from projections.registry import BY_NAME
from projections.verify import verify, verify_all
from projections.versions import GenerationError
from runtime.database import Connection, Pool
from tests.integration.projections.conftest import Append
from tests.integration.projections.decisions import assessed, broken, credit
from tests.unit.projections.histories import History, Step, steps

CatchUp = Callable[..., Awaitable[int]]

_prefixes = (f"h{number}-" for number in itertools.count())


@pytest.mark.heavy
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(played=steps, batch_max=st.integers(1, 50), rows_max=st.integers(0, 60))
async def test_c142_rebuilt_projection_equals_live_projection(
    projected: Pool,
    append_events: Append,
    catch_up: CatchUp,
    played: list[Step],
    batch_max: int,
    rows_max: int,
) -> None:
    """Every example adds to the same log; small batches and little memory take every path through the code."""
    await append_events(History(next(_prefixes)).play(played))
    await catch_up(batch_max)
    for name in BY_NAME:
        assert (await verify(projected, name, rows_max=rows_max)).differences == []
        await versions.rebuild(projected, name, rows_max=rows_max)
        await versions.switch(projected, name)
        assert (await verify(projected, name)).differences == []


async def test_c142_a_row_that_was_changed_is_found(
    projected: Pool, append_events: Append, catch_up: CatchUp
) -> None:
    await append_events([credit("c1"), credit("c2"), assessed("k")])
    await catch_up()
    await projected.execute("UPDATE balances_v1 SET credit_tokens = 11 WHERE customer_id = 'c1'")
    await projected.execute("DELETE FROM payments_v1")
    await projected.execute("INSERT INTO payment_aliases_v1 VALUES ('xendit', 'x', 'y')")
    found = [difference for one in await verify_all(projected) for difference in one.differences]
    assert found == [
        "balances c1: credit_tokens differ",
        "payments k: missing, the log has it",
        "payment_aliases xendit x y: there, the log does not have it",
    ]


@pytest.mark.parametrize(("first", "rows_max", "parked"), [(credit("c1"), 0, 0), (broken("c1"), 10, 1)])
async def test_what_is_read_ahead_in_vain_ends_no_transaction(
    projected: Pool,
    append_events: Append,
    monkeypatch: pytest.MonkeyPatch,
    first: NewEvent,
    rows_max: int,
    parked: int,
) -> None:
    """A log of more rows than memory holds, and one with a broken event: the next batch is under way when it turns out that nobody needs it."""
    await append_events([first, credit("c2"), credit("c3")])
    read, reads = event_log.read, itertools.count()

    async def slow_from_the_second_on(connection: Connection, *rest: Any) -> event_log.Batch:
        if next(reads) == 1:
            await connection.execute("SELECT pg_sleep(0.2)")
        return await read(connection, *rest)

    monkeypatch.setattr(event_log, "read", slow_from_the_second_on)
    async with projected.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        built = await fold_log(connection, BY_NAME["balances"], rows_max=rows_max, batch_max=1)
        assert await connection.fetchval("SELECT 1") == 1
    assert len(built.parked) == parked


async def test_parked_streams_are_parked_in_the_rebuild_too(
    projected: Pool, append_events: Append, catch_up: CatchUp
) -> None:
    await append_events([credit("c1"), broken("c1"), credit("c1"), credit("c2")])
    await catch_up()
    assert (await verify(projected, "balances")).differences == []
    await versions.rebuild(projected, "balances")
    await versions.switch(projected, "balances")
    assert await projected.fetchval("SELECT stale FROM balances WHERE customer_id = 'c1'") is True
    assert (
        await projected.fetchval(
            "SELECT count(*) FROM projection_parked WHERE name = 'balances' AND version = 2"
        )
        == 2
    )


async def test_c144_switching_versions_never_shows_an_older_position(
    projected: Pool, append_events: Append
) -> None:
    """Traffic, a leader, and readers go on while generations are built, switched, rolled back and dropped."""
    stop = asyncio.Event()

    async def write() -> None:
        while not stop.is_set():
            await append_events([credit("c1")])
            await asyncio.sleep(0)

    async def feed() -> None:
        async with projected.acquire() as connection:
            feeder = Feeder(connection, batch_max=10)
            while not stop.is_set():
                await feeder.refresh()
                await feeder.round()
                await asyncio.sleep(0)

    seen: list[tuple[int, int]] = []

    async def look() -> None:
        while not stop.is_set():
            row = await projected.fetchrow(
                "SELECT p.position, coalesce(b.credit_tokens, 0) FROM projection_positions p LEFT JOIN balances b ON true"
                " WHERE p.name = 'balances'"
            )
            assert row is not None
            seen.append((row[0], row[1]))

    tasks = [asyncio.create_task(work()) for work in (write, feed, look)]
    for _ in range(4):
        await versions.rebuild(projected, "balances")
        await versions.switch(projected, "balances")
        await versions.rollback(projected, "balances")
        await versions.switch(projected, "balances")
        await versions.drop(projected, "balances")
    stop.set()
    await asyncio.gather(*tasks)
    assert len(seen) > 20
    assert seen == sorted(seen)
    assert all(
        tokens == position * 10 for position, tokens in seen
    )  # every position is one grant of 10 tokens


async def test_c144_a_generation_that_fell_behind_while_it_caught_up_is_not_shown_before_it_has_caught_up_again(
    projected: Pool, append_events: Append, catch_up: CatchUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    await append_events([credit("c1")])
    await catch_up()
    version = await versions.rebuild(projected, "balances")
    caught_up, times = versions._catch_up, 0

    async def live_moves_on(*given: Any) -> None:
        nonlocal times
        await caught_up(*given)
        times += 1
        if times == 1:
            await append_events([credit("c1")])
            async with projected.acquire() as connection:
                await Feeder(connection, batch_max=10, only={("balances", 1)}).catch_up()

    monkeypatch.setattr(versions, "_catch_up", live_moves_on)
    assert await versions.switch(projected, "balances") == version
    shown = await projected.fetchrow(
        "SELECT p.position, b.credit_tokens FROM projection_positions p, balances b WHERE p.name = 'balances'"
    )
    assert shown is not None
    assert (tuple(shown), times) == ((2, 20), 2)


async def _until_blocked(pool: Pool) -> None:
    """Until somebody waits for a lock."""
    async with asyncio.timeout(60):
        while not await pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)


async def test_dropping_a_generation_waits_for_who_feeds_it_and_never_the_other_way_round(
    projected: Pool, append_events: Append, catch_up: CatchUp
) -> None:
    """Who feeds it writes its table first and moves its checkpoint then."""
    await append_events([credit("c1")])
    await catch_up()
    await versions.rebuild(projected, "balances")
    await versions.switch(projected, "balances")
    async with projected.acquire() as feeding:
        async with feeding.transaction():
            await feeding.execute("UPDATE balances_v1 SET position = position")
            dropping = asyncio.create_task(versions.drop(projected, "balances"))
            await _until_blocked(projected)
            moved = await feeding.execute(
                "UPDATE checkpoints SET position = position WHERE consumer = 'projection.balances' AND version = 1"
            )
        assert moved == "UPDATE 0"
    assert await dropping == [1]
    assert [one.version for one in await versions.status(projected) if one.name == "balances"] == [2]


async def test_a_switch_that_loses_a_deadlock_is_tried_again(
    projected: Pool, append_events: Append, catch_up: CatchUp
) -> None:
    await append_events([credit("c1")])
    await catch_up()
    version = await versions.rebuild(projected, "balances")
    lock = "SELECT 1 FROM checkpoints WHERE consumer = 'projection.balances' AND version = $1 FOR UPDATE"
    async with projected.acquire() as feeding, feeding.transaction():
        await feeding.execute("SET LOCAL deadlock_timeout = '60s'")
        await feeding.execute(lock, version)
        switching = asyncio.create_task(versions.switch(projected, "balances"))
        await _until_blocked(projected)
        await feeding.execute(lock, 1)
    assert await switching == version


async def test_c143_a_rebuild_writes_nothing_but_its_own_tables(
    projected: Pool, append_events: Append, catch_up: CatchUp
) -> None:
    await append_events([credit("c1"), assessed("k")])
    await catch_up()
    notified: list[object] = []
    async with projected.acquire() as listener:
        hear = lambda *_: notified.append(1)  # noqa: E731
        await listener.add_listener(CHANNEL, hear)
        before = await _everything(projected)
        await versions.rebuild(projected, "balances")
        after = await _everything(projected)
        await listener.execute("SELECT 1")
        await listener.remove_listener(CHANNEL, hear)
    assert notified == []
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"balances_v2", "projection_versions", "checkpoints"}


async def _everything(pool: Pool) -> dict[str, str]:
    """A digest of every table."""
    tables = await pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'lunas'")
    query = "SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} t"
    return {row["tablename"]: await pool.fetchval(query.format(row["tablename"])) for row in tables}


async def test_a_rebuild_that_was_cut_off_leaves_nothing_behind_for_readers(
    projected: Pool, append_events: Append, catch_up: CatchUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    await append_events([credit("c1")])
    await catch_up()

    async def die(*_: object) -> None:
        raise ConnectionError("cut off")

    monkeypatch.setattr(versions.build, "keep", die)
    with pytest.raises(ConnectionError):
        await versions.rebuild(projected, "balances")
    monkeypatch.undo()
    with pytest.raises(GenerationError, match="nothing to switch to"):
        await versions.switch(projected, "balances")
    assert await projected.fetchval("SELECT credit_tokens FROM balances") == 10
    assert (
        await versions.rebuild(projected, "balances") == 2
    )  # the abandoned one was dropped, its number is free
    await versions.switch(projected, "balances")
    assert [one.version for one in await versions.status(projected) if one.name == "balances"] == [2, 1]


async def test_what_cannot_be_done_says_why(projected: Pool) -> None:
    with pytest.raises(GenerationError, match="run `lunas projections rebuild ledger` first"):
        await versions.switch(projected, "ledger")
    with pytest.raises(GenerationError, match="no earlier generation"):
        await versions.rollback(projected, "ledger")
    with pytest.raises(GenerationError, match="there is no projection nothing; there are backing, balances"):
        await versions.rebuild(projected, "nothing")


async def test_a_switch_behind_a_long_query_gives_up_and_changes_nothing(
    projected: Pool, append_events: Append, catch_up: CatchUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    await append_events([credit("c1")])
    await catch_up()
    await versions.rebuild(projected, "balances")
    monkeypatch.setattr(versions, "DDL_LOCK_TIMEOUT", "50ms")
    async with projected.acquire() as reader, reader.transaction():
        await reader.fetch("SELECT * FROM balances")
        with pytest.raises(GenerationError, match="long query"):
            await versions.switch(projected, "balances")
        assert (
            await projected.fetchval("SELECT version FROM projection_positions WHERE name = 'balances'") == 1
        )
    assert await versions.switch(projected, "balances") == 2


async def test_only_one_rebuild_of_a_projection_runs_at_a_time(
    projected: Pool, append_events: Append, monkeypatch: pytest.MonkeyPatch
) -> None:
    await append_events([credit("c1")])
    inside, leave = asyncio.Event(), asyncio.Event()
    keep = versions.build.keep

    async def slow(*arguments: object) -> None:
        inside.set()
        await leave.wait()
        await keep(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(versions.build, "keep", slow)
    first = asyncio.create_task(versions.rebuild(projected, "balances"))
    await inside.wait()
    with pytest.raises(GenerationError, match="being rebuilt by somebody else"):
        await versions.rebuild(projected, "balances")
    leave.set()
    assert await first == 2


async def test_a_first_build_by_several_at_once_makes_each_table_once(projected: Pool) -> None:
    async def again() -> list[str]:
        async with projected.acquire() as connection:
            return await versions.ensure(connection)

    assert await asyncio.gather(*(again() for _ in range(4))) == [[], [], [], []]
