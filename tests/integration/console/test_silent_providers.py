"""A provider that should send and does not, under a clock that the test holds; status and doctor tell it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from console import exits
from processor.watch.listening import who_is_silent
from runtime.database import Pool
from runtime.settings import Settings
from tests.integration.console.conftest import Run

NOW = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)
"""Monday, 10:00 in Jakarta."""

ADDED = """
INSERT INTO lunas.deliveries (delivery_id, provider, received_at, processing_ms, path, headers, body, body_sha256, scheme, secret_id, status, replay_of)
SELECT overlay(lunas.first_id(at + interval '1 hour')::text PLACING lpad(to_hex((random() * 4e9)::bigint), 8, '0') FROM 29)::uuid,
    $1, at, 5, '/webhooks/' || $1, '{}', 'x', 'y', $5, 's', $6, CASE WHEN $7 THEN gen_random_uuid() END
FROM generate_series($2::timestamptz, $3::timestamptz - interval '1 second', $4::interval) AS at
"""


class Deliveries:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def come(
        self, provider: str, begin: datetime, end: datetime, every: timedelta,
        *, scheme: str = "static_token", status: str = "processed", replay: bool = False,
    ) -> None:  # fmt: skip
        await self._pool.execute(ADDED, provider, begin, end, every, scheme, status, replay)


@pytest.fixture
def came(pool: Pool) -> Deliveries:
    return Deliveries(pool)


@pytest.fixture
def silent_at(pool: Pool, settings: Callable[..., Settings]) -> Callable[..., object]:
    async def look(now: datetime, **more: object) -> list[str]:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("SET LOCAL ROLE lunas_processor")
            return [one.provider for one in await who_is_silent(connection, settings(**more), now)]

    return look


MINUTES = timedelta(minutes=10)
DAY = timedelta(days=1)


async def test_a_fresh_installation_never_raises_an_alarm(
    came: Deliveries, silent_at: Callable[..., object]
) -> None:
    assert await silent_at(NOW) == []
    await came.come("xendit", NOW - 20 * DAY, NOW - 2 * DAY, MINUTES)
    # Two whole weeks and a bit: three are needed.
    for hours in range(0, 48, 6):
        assert await silent_at(NOW - 2 * DAY + timedelta(hours=hours)) == []


async def test_silence_is_heard_as_soon_as_ten_should_have_come_and_not_before(
    came: Deliveries, silent_at: Callable[..., object]
) -> None:
    await came.come("xendit", NOW - 40 * DAY, NOW - timedelta(hours=2), MINUTES)
    await came.come("mayar", NOW - 40 * DAY, NOW, MINUTES)
    last = NOW - timedelta(hours=2, minutes=10)
    assert await silent_at(last + timedelta(minutes=99)) == []
    assert await silent_at(last + timedelta(minutes=100)) == ["xendit"]
    assert await silent_at(NOW) == ["xendit"]
    await came.come("xendit", NOW - timedelta(minutes=1), NOW, timedelta(minutes=5))
    assert await silent_at(NOW) == []


async def test_what_never_comes_at_night_is_not_missed_at_night(
    came: Deliveries, silent_at: Callable[..., object]
) -> None:
    """Open from 8 to 20 in Jakarta, six days a week: silence of a night or of a Sunday is as ever, on Monday morning it is not."""
    monday = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)
    for day in range(27):  # the last day that something came is Saturday the 30th
        if day % 7 != 6:
            await came.come("scalev", monday + day * DAY, monday + day * DAY + timedelta(hours=12), MINUTES)
    saturday = monday + 26 * DAY
    for hours in (13, 20, 24, 36, 47):
        assert await silent_at(saturday + timedelta(hours=hours)) == [], hours
    assert await silent_at(saturday + timedelta(hours=48, minutes=30)) == []
    assert await silent_at(saturday + timedelta(hours=50)) == ["scalev"]


async def test_a_week_of_holidays_or_of_an_outage_hides_nothing(
    came: Deliveries, silent_at: Callable[..., object]
) -> None:
    await came.come("xendit", NOW - 50 * DAY, NOW - 25 * DAY, MINUTES)
    await came.come("xendit", NOW - 18 * DAY, NOW - timedelta(hours=3), MINUTES)
    assert await silent_at(NOW) == ["xendit"]


async def test_what_a_provider_did_not_send_itself_is_neither_a_sign_of_life_nor_a_habit(
    came: Deliveries, silent_at: Callable[..., object]
) -> None:
    await came.come("xendit", NOW - 40 * DAY, NOW - timedelta(hours=3), MINUTES)
    for more in ({"scheme": "reconciled"}, {"replay": True}, {"status": "test"}):
        await came.come("xendit", NOW - timedelta(hours=1), NOW, MINUTES, **more)  # type: ignore[arg-type]
        await came.come("mayar", NOW - 40 * DAY, NOW - timedelta(hours=3), MINUTES, **more)  # type: ignore[arg-type]
    assert await silent_at(NOW) == ["xendit"]


async def test_a_provider_that_sends_little_is_missed_after_days_and_not_before(
    came: Deliveries, silent_at: Callable[..., object]
) -> None:
    """Five orders a day, and none on Sundays: no day of it brings ten, so nobody was ever told that nothing came for a week."""
    monday = datetime(2026, 4, 6, 1, 0, tzinfo=UTC)
    for day in range(7 * 7):
        if day % 7 != 6:
            begin = monday + day * DAY
            await came.come("scalev", begin, begin + timedelta(hours=10), timedelta(hours=2))
            await came.come("xendit", begin, begin + DAY, MINUTES)
    await came.come("xendit", monday + 49 * DAY, monday + 56 * DAY, MINUTES)
    last_week = monday + 49 * DAY
    assert await silent_at(last_week) == []  # a Sunday night
    assert await silent_at(last_week + timedelta(hours=24)) == []  # one day's orders
    assert await silent_at(last_week + timedelta(hours=36)) == ["scalev"]
    assert await silent_at(last_week + 6 * DAY) == ["scalev"]
    # Something comes, or it is used no more.
    assert await silent_at(last_week + 20 * DAY) == ["xendit"]
    await came.come("scalev", last_week + 5 * DAY, last_week + 5 * DAY + timedelta(hours=1), MINUTES)
    assert await silent_at(last_week + 6 * DAY) == []


async def test_who_is_not_used_any_more_is_forgotten(
    came: Deliveries, silent_at: Callable[..., object]
) -> None:
    await came.come("mayar", NOW - 80 * DAY, NOW - 5 * DAY, MINUTES)
    assert await silent_at(NOW) == ["mayar"]
    assert await silent_at(NOW + 15 * DAY) == []


async def test_limits_are_settings(came: Deliveries, silent_at: Callable[..., object]) -> None:
    await came.come("xendit", NOW - 10 * DAY, NOW - timedelta(hours=1), MINUTES)
    assert await silent_at(NOW) == []
    assert await silent_at(NOW, silence_weeks_min=1, silence_expected_min=6) == ["xendit"]
    assert await silent_at(NOW, silence_weeks_min=1, silence_expected_min=8) == []


@pytest.mark.parametrize("command", ["status", "doctor"])
async def test_status_and_doctor_tell_it_with_what_was_expected(
    lunas: Run, store: asyncpg.Connection, came: Deliveries, command: str
) -> None:
    now = datetime.now(UTC)
    await came.come("xendit", now - 40 * DAY, now - timedelta(hours=4), MINUTES)
    shown = await lunas(command, "--json")
    assert shown.code == exits.PROBLEMS
    told = [line for line in shown.out.splitlines() if "xendit" in line and "same hours" in line]
    assert told, shown.out
    assert "at least 2" in told[0]  # 23 or 24, by when the test runs
