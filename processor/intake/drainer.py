"""Lines that wait behind a failed delivery: each is drained in order once the letter at its head is dealt with.

One process of all drains. What it has in its hands is counted before it looks into it, so a delivery that kills every worker is taken out of
the line as others are taken out of the queue (`suspects`); a process that lives through its own failure counts once, however often it tries.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

import asyncpg
from msgspec.structs import replace as amended
from prometheus_client import CollectorRegistry

from eventstore.leadership import Leadership
from eventstore.queries import load
from processor.intake.failures import Failure, classify, describe
from processor.intake.instruments import Instruments, LineGauges
from processor.intake.interpreter import Prepared, identified, parked
from processor.intake.store import Store
from processor.intake.suspects import HOPELESS, SUSPICIOUS
from runtime.database import CONNECTION_ERRORS
from runtime.faults import fault_point
from runtime.ids import uuid7
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from runtime.outage import DATABASE
from runtime.settings import Settings
from schemas.envelope import unpack
from schemas.errors import StoreUnavailable

JOB = "parked-streams"
MEASURE_SECONDS = 5.0  # between two looks at how much is parked
_SQL = load("intake.sql", "processor")

log = get_logger(__name__)


class Drainer:
    """Looks for lines that may move, and moves them."""

    def __init__(
        self, store: Store, settings: Settings, instruments: Instruments, registry: CollectorRegistry
    ) -> None:
        self._store = store
        self._settings = settings
        self._instruments = instruments
        self._gauges = LineGauges(registry)
        self._most = settings.parked_drain_max
        self._me = uuid7()
        self._measured = -MEASURE_SECONDS

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop`."""
        async with Leadership(self._settings, "processor", JOB) as leadership:
            while await leadership.wait(stop):
                while leadership.is_leader and not stop.is_set():
                    if not await self._look():
                        await sleep_until(stop, self._settings.parked_poll_seconds)

    async def _look(self) -> bool:
        """Whether there may be more to do at once."""
        try:
            await self._measure()
            return await self.step()
        except (StoreUnavailable, asyncpg.PostgresError, *CONNECTION_ERRORS) as error:
            if classify(error) is Failure.DATA:
                raise
            if not DATABASE.explains(error):
                log.warning("lines wait a little longer", action="drain.later", error=describe(error))
            return False

    async def step(self) -> bool:
        """One piece of one line. Raises the database's error; then nothing was done."""
        async with self._store.pool.acquire(
            timeout=self._settings.database_acquire_timeout_seconds
        ) as connection:
            stream = await connection.fetchval(_SQL["released"])
            if stream is None:
                return False
            rows = await connection.fetch(_SQL["their_turn"], stream, self._most, self._me)
        rows.sort(key=lambda row: int(row["place"]))
        if any(row["tries"] >= SUSPICIOUS for row in rows):
            rows = rows[:1]
        fault_point("drain.prepare")
        places, batch = [row["place"] for row in rows], []
        for row in rows:
            batch.append(self._prepared(stream, bytes(row["message"]), row["tries"]))
            if batch[-1].parked is not None:
                break  # it is the new head, and the rest goes on waiting behind it
        return await self._take_in(stream, batch, places[: len(batch)])

    async def _take_in(self, stream: str, batch: Sequence[Prepared], places: Sequence[int]) -> bool:
        try:
            done = await self._store.drain(stream, batch, places)
        except Exception as error:
            if classify(error) is not Failure.DATA or not batch or batch[0].parked is not None:
                raise
            log.warning("part of a line refused, one at a time", action="drain.bisect", error=describe(error))
            if len(batch) > 1:
                return await self._take_in(stream, batch[:1], places[:1])
            refused = parked(batch[0], "append", "not_storable", describe(error))
            return await self._take_in(stream, [refused], places)
        self._instruments.stored(len(batch), done.recorded)
        if done.recorded:
            log.info("deliveries that waited were taken in", action="drain.taken_in", deliveries=len(batch))
        return done.go_on

    def _prepared(self, stream: str, message: bytes, tries: int) -> Prepared:
        """The delivery whose turn has come: as it came, and known as a repetition of the one that is stored."""
        (envelope,) = unpack(message)
        again = replace(envelope, delivery_id=str(uuid7()), replay_of=envelope.delivery_id)
        if tries > HOPELESS:
            detail = f"{tries} processes had it in their hands and died or were stopped (limit {HOPELESS})"
            return amended(parked(identified(again), "broker", "crash_loop", detail, tries), stream=stream)
        return self._store.interpreter.prepare(again)

    async def _measure(self) -> None:
        if time.monotonic() < self._measured + MEASURE_SECONDS:
            return
        async with self._store.pool.acquire(
            timeout=self._settings.database_acquire_timeout_seconds
        ) as connection:
            rows = await connection.fetch(_SQL["parked_streams"])
        self._gauges.show(rows)
        self._measured = time.monotonic()
