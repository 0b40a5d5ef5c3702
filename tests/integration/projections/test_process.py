"""The projections process itself: leadership, takeover, kill, stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable

import pytest

from projections.app import run
from projections.registry import BY_NAME
from projections.verify import verify_all
from runtime.database import Pool
from runtime.settings import Settings
from schemas.errors import ConfigurationError
from tests.integration.projections.conftest import Append
from tests.integration.projections.decisions import assessed, credit
from tests.waiting import until


async def tokens(pool: Pool) -> int:
    return await pool.fetchval("SELECT coalesce(sum(credit_tokens), 0)::bigint FROM balances") or 0


async def idle(pool: Pool) -> bool:
    """The process has asked the database for nothing for a moment."""
    asked = (
        "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name LIKE 'lunas-projections%' AND application_name NOT LIKE"
        " '%leader' AND datname = current_database() AND (state <> 'idle' OR state_change > clock_timestamp() - interval '0.1 s')"
    )
    return bool(await pool.fetchval(asked))


async def test_a_notification_wakes_the_leader_long_before_the_next_poll(
    projected: Pool, append_events: Append, database_url: str, settings: Callable[..., Settings]
) -> None:
    stop = asyncio.Event()
    process = asyncio.create_task(run(settings(database_url=database_url, poll_interval_seconds=3600), stop))
    await append_events([credit("c1")])
    await until(lambda: tokens(projected))
    await until(lambda: idle(projected))
    await append_events([credit("c1")])

    async def both() -> bool:
        return await tokens(projected) == 20

    await until(both)  # told, or an hour later
    stop.set()
    await asyncio.wait_for(process, 60)


async def test_c149_one_leads_the_other_takes_over_and_nothing_is_counted_twice(
    projected: Pool, append_events: Append, database_url: str, settings: Callable[..., Settings]
) -> None:
    given = settings(database_url=database_url, leadership_retry_seconds=0.2)
    stops = [asyncio.Event(), asyncio.Event()]
    processes = [asyncio.create_task(run(given, stop)) for stop in stops]
    leaders = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted" \
        " AND a.application_name = 'lunas-projections-leader' AND a.datname = current_database()"  # fmt: skip
    for number in range(1, 31):
        await append_events([credit("c1")])
        if number == 15:
            await until(lambda: projected.fetchval(leaders))
            assert await projected.fetchval(leaders) == 1
            # The server ends the leader's session: nobody told the leader.
            await projected.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lunas-projections-leader'"
                " AND datname = current_database()"
            )
        await asyncio.sleep(0)

    async def all_counted() -> bool:
        return await tokens(projected) == 300

    await until(all_counted)
    for stop in stops:
        stop.set()
    await asyncio.wait_for(asyncio.gather(*processes), 60)
    assert [one.differences for one in await verify_all(projected)] == [[]] * len(BY_NAME)


@pytest.mark.parametrize(
    ("where", "passes", "reached"), [("folded", 1, 0), ("folded", 3, 4), ("committed", 2, 4)]
)
async def test_c141_a_killed_process_leaves_rows_and_checkpoint_that_agree(
    projected: Pool,
    append_events: Append,
    database_url: str,
    settings: Callable[..., Settings],
    where: str,
    passes: int,
    reached: int,
) -> None:
    """Killed just before or just after a commit; then the log is folded on from the checkpoint."""
    environment = os.environ | {
        "LUNAS_ENV": "development", "LUNAS_DATABASE_URL": database_url, "LUNAS_PROJECTION_BATCH_MAX": "2",
        "LUNAS_PROJECTIONS_METRICS_PORT": "0", "LUNAS_FAULTS": f"projections.{where}:{passes}",
    }  # fmt: skip
    await append_events([credit("c1") if n % 2 else assessed(f"k{n}") for n in range(10)])
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "console.main",
        "run",
        "projections",
        env=environment,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await asyncio.wait_for(process.wait(), 180) == -signal.SIGKILL
    assert [one.differences for one in await verify_all(projected)] == [[]] * len(BY_NAME)
    assert await projected.fetchval("SELECT max(position) FROM projection_positions") == reached
    stop = asyncio.Event()
    second = asyncio.create_task(run(settings(database_url=database_url), stop))

    async def all_counted() -> bool:
        return await tokens(projected) == 50

    await until(all_counted)
    stop.set()
    await asyncio.wait_for(second, 60)
    assert [one.differences for one in await verify_all(projected)] == [[]] * len(BY_NAME)


async def test_the_process_makes_its_tables_when_nobody_migrated_them(
    pool: Pool, database_url: str, settings: Callable[..., Settings]
) -> None:
    stop = asyncio.Event()
    process = asyncio.create_task(run(settings(database_url=database_url), stop))
    await until(
        lambda: pool.fetchval(
            "SELECT count(*) = $1 FROM projection_versions WHERE status = 'live'", len(BY_NAME)
        )
    )
    stop.set()
    await asyncio.wait_for(process, 60)


async def test_it_goes_on_after_the_database_dropped_its_connections(
    projected: Pool, append_events: Append, database_url: str, settings: Callable[..., Settings]
) -> None:
    stop = asyncio.Event()
    process = asyncio.create_task(
        run(settings(database_url=database_url, leadership_retry_seconds=0.2), stop)
    )
    await append_events([credit("c1")])
    await until(lambda: tokens(projected))
    await projected.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'lunas-projections%'"
        " AND datname = current_database()"
    )
    await append_events([credit("c1")])

    async def both() -> bool:
        return await tokens(projected) == 20

    await until(both)
    stop.set()
    await asyncio.wait_for(process, 60)


async def test_an_empty_database_is_answered_with_what_to_do(
    empty_database_url: str, settings: Callable[..., Settings]
) -> None:
    with pytest.raises(ConfigurationError, match="run `lunas migrate`"):
        await run(settings(database_url=empty_database_url), asyncio.Event())
