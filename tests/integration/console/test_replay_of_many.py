"""Very many letters are replayed in a stream: a bounded number at once, at a rate, behind live traffic; nothing is closed before its effect is there."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from console.replay import Replayer
from console.replaying import applying
from console.replaying.applying import change, go, start
from console.replaying.planning import make_plan, plan_document
from runtime.database import Pool
from runtime.settings import Settings
from schemas.envelope import Envelope
from tests.integration.console.replays import Shop
from tests.integration.console.test_replay import LETTERS, RATNA
from tests.unit.processor.intake.envelopes import capture, envelope

MANY, WINDOW, LIVE = 120, 8, 40


class Limiter:
    """In the place of the one that waits: how it was made, and how often somebody passed."""

    made: list[tuple[float, float]]
    passed: int

    def __init__(self, at_once: float, seconds: float) -> None:
        Limiter.made.append((at_once, seconds))

    async def acquire(self) -> None:
        Limiter.passed += 1


class Queue(Replayer):
    """The work queue: what is published waits behind what came before. Looked at, it gives the processor the oldest of it."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._waiting: deque[Envelope] = deque()
        self.replayed: set[str] = set()
        self.most = 0

    async def publish(self, envelope: Envelope) -> None:
        self._waiting.append(envelope)
        self.replayed.add(envelope.delivery_id)
        self.most = max(self.most, self.ahead)

    def arrives(self, envelope: Envelope) -> int:
        """Something live; how many replayed ones stand before it."""
        self._waiting.append(envelope)
        return self.ahead

    @property
    def ahead(self) -> int:
        return sum(one.delivery_id in self.replayed for one in self._waiting)

    async def take(self, most: int) -> list[Envelope]:
        taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        if taken:
            await self._shop.take_in(*taken)
        return taken


@pytest.fixture
async def shop(pool: Pool, database_url: str, settings: Callable[..., Settings]) -> Shop:
    own = settings(database_url=database_url, replay_lease_seconds=600, replay_window=WINDOW)
    return await Shop(pool, own).open()


@pytest.fixture
async def operator(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(
        database_url, server_settings={"search_path": "lunas", "role": "lunas_operator"}
    )
    yield connection
    await connection.close()


async def parked(shop: Shop, count: int) -> None:
    await shop.register([RATNA])
    await shop.take_in(*(envelope(capture(f"py-{number}")) for number in range(count)), broken=True)
    await shop.settle()


def working(queue: Queue, monkeypatch: pytest.MonkeyPatch, at_look: Callable[[], Any]) -> None:
    """While a replay waits for room the processor takes a few; `at_look` is called before."""

    async def look(_seconds: float) -> None:
        at_look()
        await queue.take(3)

    monkeypatch.setattr(applying, "asyncio", SimpleNamespace(sleep=look))


async def test_c31_many_letters_are_sent_a_few_at_once_at_their_rate_and_closed_by_their_effect_alone(
    shop: Shop, operator: asyncpg.Connection, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await parked(shop, MANY)
    plan = await make_plan(operator, shop.settings, LETTERS, by="sari")
    run, _ = await start(operator, shop.settings, plan, "mended", rate=50, by="sari")
    Limiter.made, Limiter.passed = [], 0
    monkeypatch.setattr(applying, "AsyncLimiter", Limiter)
    queue, closed = Queue(shop), []
    working(queue, monkeypatch, lambda: None)

    async def effects() -> None:
        row = await pool.fetchrow(
            "SELECT (SELECT count(*) FROM dead_letters WHERE status = 'resolved') AS closed,"
            " (SELECT count(*) FROM deliveries WHERE replay_of IS NOT NULL) AS stored"
        )
        closed.append((row["closed"], row["stored"]))

    taking = queue.take

    async def take(most: int) -> list[Envelope]:
        await effects()
        taken = await taking(most)
        await effects()
        return taken

    monkeypatch.setattr(queue, "take", take)
    assert await go(operator, shop.settings, queue, run, lambda *_: None) == "done"
    assert queue.most == WINDOW, "no more than these are ever on their way"
    assert Limiter.made == [(1, 1 / 50)]
    assert Limiter.passed == MANY
    assert {letters - stored for letters, stored in closed} == {0}, (
        "a letter is closed by what its effect is in"
    )
    assert await pool.fetchval("SELECT count(*) FROM dead_letters") == MANY, "and never deleted"


async def test_c31_a_replay_of_many_that_is_cancelled_says_exactly_how_far_it_was(
    shop: Shop, operator: asyncpg.Connection, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what was not sent can be planned again, and has its effect then."""
    await parked(shop, MANY)
    plan = await make_plan(operator, shop.settings, LETTERS, by="sari")
    run, _ = await start(operator, shop.settings, plan, "mended", rate=10_000, by="sari")

    class Stopped(Queue):
        async def publish(self, envelope: Envelope) -> None:
            await super().publish(envelope)
            if len(self.replayed) == MANY // 2:
                async with pool.acquire() as other:
                    await change(other, plan, "cancel", "enough", by="joko")

    queue = Stopped(shop)
    working(queue, monkeypatch, lambda: None)
    assert await go(operator, shop.settings, queue, run, lambda *_: None) == "cancelled"
    while await queue.take(WINDOW):
        pass
    told = {one["state"]: one["count"] for one in (await plan_document(operator, plan))["progress"]}
    stored = await pool.fetchval("SELECT count(*) FROM deliveries WHERE replay_of IS NOT NULL")
    still = await pool.fetchval("SELECT count(*) FROM dead_letters WHERE status = 'open'")
    assert told == {"done": stored, "waiting": MANY - stored}
    assert still == MANY - stored
    assert stored >= MANY // 2
    await shop.settle()
    again = await make_plan(operator, shop.settings, LETTERS, by="sari")
    run, _ = await start(operator, shop.settings, again, "the rest", rate=10_000, by="sari")
    assert await go(operator, shop.settings, queue, run, lambda *_: None) == "done"
    assert await pool.fetchval("SELECT count(*) FROM events WHERE type = 'payment.succeeded'") == MANY


async def test_c32_live_traffic_waits_behind_a_window_of_what_is_replayed_and_never_behind_all_of_it(
    shop: Shop, operator: asyncpg.Connection, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day's backlog and the traffic of today share the queue, which is first in, first out."""
    await parked(shop, MANY)
    plan = await make_plan(operator, shop.settings, LETTERS, by="sari")
    run, _ = await start(operator, shop.settings, plan, "mended", rate=10_000, by="sari")
    queue, before = Queue(shop), []

    def arrive() -> None:
        if len(before) < LIVE:
            before.append(queue.arrives(envelope(capture(f"py-live-{len(before)}"))))

    working(queue, monkeypatch, arrive)
    assert await go(operator, shop.settings, queue, run, lambda *_: None) == "done"
    while await queue.take(WINDOW):
        pass
    assert len(before) == LIVE
    assert max(before) <= WINDOW
    rows = await pool.fetch(
        "SELECT delivery_id, replay_of, body FROM deliveries WHERE status = 'processed' ORDER BY position"
    )
    live = [
        number
        for number, row in enumerate(rows)
        if "py-live-" in json.loads(row["body"])["data"]["payment_id"]
    ]
    assert len(live) == LIVE
    assert live[LIVE // 2] < MANY, "live traffic was taken in among what was replayed"
