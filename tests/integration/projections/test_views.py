"""What downstream SQL sees: the views, with a role that sees nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from eventstore.append import NewEvent
from projections import versions
from projections.registry import PROJECTIONS
from runtime.database import Pool
from schemas.decisions import SubscriptionMerged
from tests.integration.projections.conftest import Append
from tests.integration.projections.decisions import assessed, credit, registered, subscription, tier

CatchUp = Callable[..., Awaitable[int]]

VIEWS = [table.name for projection in PROJECTIONS for table in projection.tables] + ["projection_positions"]
PAST = datetime.now(UTC) - timedelta(days=1)


@pytest.mark.parametrize("view", VIEWS)
async def test_every_view_and_every_column_says_what_it_is(projected: Pool, view: str) -> None:
    columns = await projected.fetch(
        "SELECT attname, col_description(attrelid, attnum) AS said FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0",
        view,
    )
    assert [row["attname"] for row in columns if not row["said"]] == []
    assert await projected.fetchval("SELECT obj_description($1::regclass)", view)


async def test_comments_survive_a_switch(projected: Pool) -> None:
    await versions.rebuild(projected, "balances")
    await versions.switch(projected, "balances")
    assert (
        await projected.fetchval("SELECT col_description('balances'::regclass, 1)") == "Whose balance it is."
    )


@pytest.mark.parametrize("view", VIEWS)
async def test_the_reader_sees_every_view(projected: Pool, view: str) -> None:
    async with projected.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL ROLE lunas_reader")
        await connection.fetch(f"SELECT * FROM {view}")
        # A view over several tables cannot be written by anybody.
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ObjectNotInPrerequisiteStateError)):
            await connection.execute(f"DELETE FROM {view}")


async def test_the_reader_sees_no_table_of_a_generation(projected: Pool) -> None:
    for projection in PROJECTIONS:
        for table in projection.tables:
            async with projected.acquire() as connection, connection.transaction():
                await connection.execute("SET LOCAL ROLE lunas_reader")
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.fetch(f"SELECT * FROM {table.physical(1)}")


async def test_the_reader_still_sees_the_view_after_a_switch(projected: Pool) -> None:
    await versions.rebuild(projected, "balances")
    await versions.switch(projected, "balances")
    async with projected.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL ROLE lunas_reader")
        assert await connection.fetch("SELECT * FROM balances") == []


async def test_the_projector_can_feed_and_may_do_nothing_else(projected: Pool, append_events: Append) -> None:
    from projections.feeder import Feeder

    await append_events(
        [registered("c1"), credit("c1"), assessed("k"), subscription("c1", "s"), tier("c1", "pro", None)]
    )
    async with projected.acquire() as connection:
        await connection.execute("SET ROLE lunas_projector")
        assert await Feeder(connection, batch_max=2).catch_up() == 5
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DROP TABLE balances_v1")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("INSERT INTO streams (stream, category, version) VALUES ('a', 'a', 1)")
        await connection.execute("RESET ROLE")


async def test_sql_readers_get_status_and_tier_by_the_clock(
    projected: Pool, append_events: Append, catch_up: CatchUp
) -> None:
    await append_events(
        [subscription("c1", "s", expires_at=PAST, access_until=PAST), tier("c1", "pro", PAST, "bpp")]
    )
    await catch_up()
    assert await projected.fetchval("SELECT status FROM subscriptions") == "expired"
    assert await projected.fetchval("SELECT tier FROM balances") == "bpp"


async def test_a_subscription_that_is_one_with_another_is_shown_once(
    projected: Pool, append_events: Append, catch_up: CatchUp
) -> None:
    plan = subscription("c1", "plan:c1:klub")
    gone = SubscriptionMerged(**(vars(plan.event) | {"status": "merged", "into": "mayar:subscription:LCN-1"}))
    await append_events([plan, subscription("c1", "mayar:subscription:LCN-1"), NewEvent("customer-c1", gone)])
    await catch_up()
    shown = "SELECT array_agg(subscription_id) FROM subscriptions"
    assert await projected.fetchval(shown) == ["mayar:subscription:LCN-1"]
    await append_events([plan])
    await catch_up()
    assert len(await projected.fetchval(shown)) == 2
