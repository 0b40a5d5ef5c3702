"""How processes connect to PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable

from runtime.database import open_pool
from runtime.notifications import Notifications
from runtime.settings import Settings

MakeSettings = Callable[..., Settings]


async def test_a_pool_works_as_its_role_with_bounded_waits_in_utc(
    empty_database_url: str, settings: MakeSettings
) -> None:
    async with open_pool(settings(database_url=empty_database_url), "projections", role="pg_monitor") as pool:
        await pool.execute("RESET ALL")
        row = await pool.fetchrow(
            "SELECT current_user AS role, current_setting('application_name') AS name, current_setting('TimeZone') AS zone,"
            " current_setting('lock_timeout') AS lock_timeout,"
            " current_setting('idle_in_transaction_session_timeout') AS idle, current_setting('search_path') AS path"
        )
    assert row is not None
    assert dict(row) == {
        "role": "pg_monitor",
        "name": "lunas-projections",
        "zone": "UTC",
        "lock_timeout": "10s",
        "idle": "10s",
        "path": "lunas",
    }


async def test_a_notification_ends_the_wait_and_none_is_missed_between_waits(
    empty_database_url: str, settings: MakeSettings
) -> None:
    own = settings(database_url=empty_database_url)
    async with open_pool(own, "test") as pool, Notifications(own, "test", "lunas_events") as wakeups:
        assert await wakeups.wait(5)  # the listener is there
        await pool.execute("NOTIFY lunas_events")
        assert await wakeups.wait(5)
        assert not await wakeups.wait(0.05)


async def test_a_lost_listener_comes_back_and_wakes_its_reader(
    empty_database_url: str, settings: MakeSettings
) -> None:
    own = settings(database_url=empty_database_url)
    async with open_pool(own, "test") as pool, Notifications(own, "test", "lunas_events") as wakeups:
        assert await wakeups.wait(5)
        await pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lunas-test-listener'"
        )
        assert await wakeups.wait(5)
