"""Intake, fulfilment and projections struck at every single step that they take in the database: nothing lost, nothing doubled, tables as the log says.

The steps of one pass are counted first; then fate strikes at each of them in turn, in each of four ways (`tests/simulation/steps.py`), with payments
of its own each time. What the broker had not been told is delivered again, as it does.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from eventstore.append import NewEvent, append, log_transaction
from processor.fulfilment.catalog_source import publish_catalog
from processor.fulfilment.inline import Inline
from processor.fulfilment.rebuild import verify
from processor.fulfilment.rounds import CONSUMER, Fulfilment
from processor.intake.store import Store
from projections.feeder import Feeder
from projections.verify import verify_all
from projections.versions import ensure
from runtime.database import CONNECTION_ERRORS, Pool, server_settings
from runtime.settings import Settings
from schemas.envelope import Envelope
from schemas.errors import Transient
from schemas.facts import CustomerRegistered
from tests.integration.processor.intake.test_letters import refund
from tests.simulation.steps import Died, Fate, Steps, stepping
from tests.unit.processor.intake.envelopes import capture, envelope, interpreter
from tests.unit.processor.policies.ledgerbook import shipped_catalog

pytestmark = [pytest.mark.timeout(1200), pytest.mark.heavy]

TOKENS_PER_IDR = 10
BUSY = (Transient, *CONNECTION_ERRORS, asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
TRIES = 50


@dataclass
class Story:
    """Payments of one customer, as they are delivered: in batches, one of them twice, and money that goes back."""

    customer: str
    batches: Sequence[Sequence[Envelope]]
    payments: int
    tokens: int

    @classmethod
    def of(cls, number: int) -> Story:
        customer = f"c{number}"
        paid = {"payment_type": "credit_topup", "customer_id": customer}

        def payment(part: str, amount: int) -> Envelope:
            return envelope(_owned(capture(f"py-{number}-{part}", amount), paid))

        first, second, third = payment("a", 50_000), payment("b", 20_000), payment("c", 7_000)
        back = envelope(refund(5_000, f"py-{number}-a", f"rfd-{number}"))
        again = envelope(first.body)
        batches = [[first, second], [again, back, third]]
        return cls(customer, batches, 3, (50_000 + 20_000 + 7_000 - 5_000) * TOKENS_PER_IDR)


def _owned(body: bytes, metadata: dict[str, str]) -> bytes:
    import json

    document = json.loads(body)
    document["data"]["metadata"] = metadata
    return json.dumps(document).encode()


class Worker:
    """One process: takes in, decides, shows. Goes on after errors of the database as the real ones do; `Died` ends it."""

    def __init__(self, pool: Pool, *, at_once: bool) -> None:
        self._pool = pool
        inline = Inline(10 if at_once else 0)
        self._store = Store(pool, interpreter(), 1000, 60.0, inline)
        self._fulfilment = Fulfilment(pool, limit=2)
        inline.lead(self._fulfilment, lambda _: None)

    async def work(self, story: Story) -> None:
        """All of it; what was done before is done again, as after a redelivery."""
        await _patiently(self._decide)
        for batch in story.batches:
            await _patiently(
                lambda batch=batch: self._store.store([interpreter().prepare(one) for one in batch])
            )
        await _patiently(self._decide)
        await _patiently(self._show)

    async def _decide(self) -> None:
        while (await self._fulfilment.round()).more:
            pass

    async def _show(self) -> None:
        async with self._pool.acquire() as connection:
            await Feeder(connection, batch_max=3).catch_up()


async def _patiently(act: Callable[[], Awaitable[object]]) -> None:
    for _ in range(TRIES):
        try:
            await act()
        except BUSY:
            await asyncio.sleep(0)
        else:
            return
    raise AssertionError("it never came through")


@dataclass
class Bench:
    """Two processes' ways to one database: `steps` counts those of the first."""

    steps: Steps
    pool: Pool
    other: Pool
    at_once: bool
    stories: int = 0

    async def play(self, at: int, fate: Fate) -> int:
        """One story, struck at a step. The steps of its first worker, to its death if it died."""
        self.stories += 1
        story = Story.of(self.stories)
        await self._register(story)

        async def meanwhile() -> None:
            try:
                await Worker(self.other, at_once=self.at_once).work(story)
            except (*BUSY, AssertionError):
                return  # the first one stands still in a transaction, and holds what the other wants

        self.steps.arm(at, fate, meanwhile)
        try:
            await Worker(self.pool, at_once=self.at_once).work(story)
        except Died:
            await Worker(self.pool, at_once=self.at_once).work(story)
        await self._judge(story)
        return self.steps.taken

    async def _register(self, story: Story) -> None:
        async with self.other.acquire() as connection, log_transaction(connection):
            told = CustomerRegistered(customer_id=story.customer, email=f"{story.customer}@contoh.id")
            await append(connection, [NewEvent(f"customer-{story.customer}", told, {"correlation_id": "c"})])

    async def _judge(self, story: Story) -> None:
        bodies = [one.body for batch in story.batches for one in batch]
        stored = await self.other.fetch(
            "SELECT body, status, count(*) AS times FROM deliveries WHERE body = ANY($1::bytea[]) GROUP BY 1, 2",
            bodies,
        )
        processed = Counter({row["body"]: row["times"] for row in stored if row["status"] == "processed"})
        assert processed == Counter(set(bodies)), "each body counts once"
        granted = await self.other.fetchval(
            "SELECT count(*) FROM events WHERE type = 'credit.granted' AND data->>'customer_id' = $1",
            story.customer,
        )
        assert granted == story.payments
        balance = await self.other.fetchval(
            "SELECT credit_tokens FROM balances WHERE customer_id = $1", story.customer
        )
        assert balance == story.tokens


@asynccontextmanager
async def benched(url: str, chosen: Settings, *, at_once: bool) -> AsyncIterator[Bench]:
    session = server_settings(chosen, "test")
    steps = Steps()
    async with (
        stepping(url, session, steps) as pool,
        # Whoever overtakes one that holds a lock does not wait for it: that one goes on only after it.
        stepping(url, session | {"lock_timeout": "50"}, None) as other,
    ):
        await publish_catalog(other, shipped_catalog())
        async with other.acquire() as connection:
            await ensure(connection)
        yield Bench(steps, pool, other, at_once)


async def check_tables(pool: Any) -> None:
    """What is kept beside the log is what the log says."""
    async with pool.acquire() as connection:
        assert (await verify(connection, CONSUMER)).differences == []
    assert [one.differences for one in await verify_all(pool)] == [[]] * len(await verify_all(pool))


@pytest.mark.parametrize("at_once", [False, True], ids=["decided in rounds", "decided at once"])
@pytest.mark.parametrize("fate", Fate, ids=lambda fate: fate.value)
async def test_fate_at_every_step_loses_and_doubles_nothing(
    database_url: str, settings: Callable[..., Settings], fate: Fate, at_once: bool
) -> None:
    async with benched(database_url, settings(database_url=database_url), at_once=at_once) as bench:
        await bench.play(0, fate)  # what happens once in a database
        steps = await bench.play(0, fate)
        assert steps > 30
        struck = 0
        for at in range(1, steps + 1):
            await bench.play(at, fate)
            struck += bench.steps.struck
        assert struck == steps
        await check_tables(bench.other)
