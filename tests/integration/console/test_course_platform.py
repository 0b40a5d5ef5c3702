"""A course platform that is away: nothing that was paid is forgotten, and who waits for a course is a list."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from console import exits
from eventstore.append import NewEvent, append, log_transaction
from notify.dispatching import Dispatcher
from notify.endpoints import Endpoint
from notify.following import Follower
from notify.metrics import NotifyMetrics
from notify.outcome import Outcome, of_status
from notify.webhooks import ToSend
from runtime.database import Connection, Pool
from runtime.ids import utc_now
from runtime.metrics import new_registry
from runtime.settings import Settings
from schemas import streams
from schemas.decisions import CourseEnrolled, CourseRevoked
from tests.integration.console.conftest import Run
from tests.waiting import until

URL = "https://93.184.216.34/hooks"


class Platform:
    """Takes what it is sent while it is there."""

    def __init__(self) -> None:
        self.status = 503
        self.taken: list[tuple[str, str]] = []

    async def send(self, message: ToSend, _endpoint: Endpoint) -> Outcome:
        if self.status == 200:
            self.taken.append((message.kind, str(message.event_id)))
        return of_status(self.status, None, utc_now())


async def paid(connection: Connection, customer_id: str, *, back: bool = False) -> None:
    fields: dict[str, Any] = {
        "case": f"order-{customer_id}",
        "customer_id": customer_id,
        "provider": "scalev",
        "payment_id": f"o-{customer_id}",
        "course": "kelas-python",
        "order_id": f"o-{customer_id}",
        "at": utc_now(),
    }
    events = [CourseEnrolled(**fields, amount_idr=None)]
    if back:
        events.append(CourseRevoked(**fields, reason="refund"))  # type: ignore[arg-type]
    async with log_transaction(connection):
        await append(connection, [NewEvent(streams.case(one.case), one) for one in events])


@pytest.fixture
async def platform() -> Platform:
    return Platform()


async def test_c95_a_course_platform_that_is_down_is_told_again_and_who_paid_and_is_not_enrolled_is_a_list(
    lunas: Run, pool: Pool, settings: Callable[..., Settings], platform: Platform
) -> None:
    kinds = "enrollment.granted,enrollment.revoked"
    made = await lunas("endpoints", "create", URL, "--events", kinds, "--application", "courses", "--json")
    receiver = made.json["endpoint_id"]
    given = settings(email_sender="off", notify_retry_seconds="0.01,0.01,86400", notify_breaker_failures=100)
    follower = Follower(given)
    dispatcher = Dispatcher(given, platform.send, None, NotifyMetrics(new_registry()))

    async def not_enrolled(status: str) -> list[str]:
        listed = await lunas(
            "notifications", "list", "--kind", "enrollment.granted", "--status", status, "--json"
        )
        assert listed.code == exits.FINE
        return sorted(item["customer_id"] for item in listed.json["items"] if item["receiver"] == receiver)

    async with pool.acquire() as connection:

        async def turn() -> None:
            while (await follower.page(connection)).more:
                pass
            await dispatcher.turn(connection)
            await dispatcher.drain(connection, 10.0)

        async def tried_to_the_end() -> bool:
            await turn()
            left = await connection.fetchval("SELECT count(*) FROM notifications WHERE attempts < 3")
            return not left

        await follower.begin(connection)
        await paid(connection, "budi")
        await paid(connection, "sari", back=True)
        await until(tried_to_the_end)
        assert platform.taken == []
        assert await not_enrolled("waiting") == ["budi", "sari"]

        platform.status = 200
        await connection.execute("UPDATE notifications SET due_at = clock_timestamp()")
        await asyncio.wait_for(turn(), 60)
        assert await not_enrolled("waiting") == []
        assert await not_enrolled("delivered") == ["budi", "sari"]
        # Each once, however often it was tried.
        assert sorted(kind for kind, _ in platform.taken) == ["enrollment.granted"] * 2 + [
            "enrollment.revoked"
        ]
        assert len(set(platform.taken)) == 3
