"""One partition of the queue: messages in, committed batches, acknowledgements out.

A message is acknowledged when each of its deliveries is committed, parked, or confirmed on a detour; never before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import groupby
from typing import TypeVar

import asyncpg
from msgspec.structs import replace as amended

from processor.intake.batcher import Arrival, Batcher
from processor.intake.failures import Failure, classify, describe
from processor.intake.hands import Hands
from processor.intake.instruments import Instruments
from processor.intake.interpreter import EnvelopeInvalid, Prepared, Trip, identified, parked
from processor.intake.letters import Letter, unreadable
from processor.intake.patience import Patience, Stopping
from processor.intake.retry import Detours, attempt_of, errors_of
from processor.intake.stopping import until_stopped
from processor.intake.store import Store
from processor.intake.suspects import (
    CRASH_LOOP,
    DEADLY,
    UNREADABLE,
    is_suspicious,
    together,
    window,
)
from runtime.amqp.consumer import Consumer, Incoming
from runtime.database import CONNECTION_ERRORS
from runtime.faults import fault_point
from runtime.logs import get_logger
from runtime.pace import Pace
from schemas.envelope import Envelope, EnvelopeError, carried_on, pack, unpack
from schemas.errors import Transient
from schemas.trace_context import TRACEPARENT

T = TypeVar("T")

log = get_logger(__name__)


class Pipeline:
    """Intake of one partition. `prefetch`: messages held at once when nothing is suspicious. `hands`: those of its process."""

    def __init__(
        self,
        consumer: Consumer,
        store: Store,
        detours: Detours,
        patience: Patience,
        instruments: Instruments,
        *,
        batch_max: int,
        fill_seconds: float,
        prefetch: int,
        pace_seconds: float = 0.0,
        hands: Hands | None = None,
    ) -> None:
        self._consumer = consumer
        self._store = store
        self._detours = detours
        self._patience = patience
        self._instruments = instruments
        self._settled = instruments.settled.labels(consumer.queue)
        self._prefetch = prefetch
        self._pace = Pace(pace_seconds)
        self._hands = hands or Hands()
        self._batcher = Batcher(
            consumer, self._prepare, limit=batch_max, fill_seconds=fill_seconds, hands=self._hands
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop`, then finishes the batch in hand; what it had not begun goes back to the queue."""
        await self._consumer.start()
        batching = asyncio.create_task(self._batcher.run(), name="intake batching")
        try:
            while (batch := await until_stopped(stop, self._next(batching))) is not None:
                await self._settle(batch)
                self._pace.end()
        except Stopping:
            log.info("stopped while the database was away", action="intake.stop")
        finally:
            await self._consumer.pause()
            batching.cancel()
            await asyncio.gather(batching, return_exceptions=True)

    async def _next(self, batching: asyncio.Task[None]) -> list[Arrival]:
        await self._pace.turn()
        coming = asyncio.create_task(self._batcher.next(), name="intake next batch")
        try:
            await asyncio.wait({coming, batching}, return_when=asyncio.FIRST_COMPLETED)
            if batching.done():
                batching.result()  # it never ends well
            return await coming
        finally:
            coming.cancel()

    def _prepare(self, delivery: Incoming) -> Arrival:
        """What an ordinary message holds; a suspicious one is not looked into yet."""
        fault_point("intake.delivered")
        return Arrival(delivery, ()) if is_suspicious(delivery) else self._read(delivery)

    def _read(self, delivery: Incoming, deaths: int = 0) -> Arrival:
        """What a message holds. Never raises: what cannot be read is parked as it is. `deaths`: processes that it killed."""
        if deaths >= UNREADABLE:
            letter = unreadable(delivery.body, "broker", CRASH_LOOP, _told(delivery, deaths), deaths)
            return Arrival(delivery, (), (letter,))
        try:
            envelopes = unpack(delivery.body)
        except EnvelopeError as error:
            letter = unreadable(delivery.body, "decode", f"frame_{error.reason}", error.detail)
            return Arrival(delivery, (), (letter,))
        if TRACEPARENT in delivery.headers:
            envelopes = carried_on(envelopes, delivery.headers[TRACEPARENT])
        if 0 < deaths < DEADLY and len(envelopes) > 1:
            return Arrival(delivery, (), scatter=envelopes)
        headers = delivery.headers
        trip = Trip.by(self._consumer.queue, attempt_of(headers), delivery.count, errors_of(headers))
        prepared: list[Prepared] = []
        letters: list[Letter] = []
        for envelope in envelopes:
            try:
                prepared.append(amended(self._understand(delivery, envelope, deaths), trip=trip))
            except EnvelopeInvalid as error:
                letters.append(unreadable(pack([envelope]), "decode", error.reason))
        return Arrival(delivery, prepared, letters)

    def _understand(self, delivery: Incoming, envelope: Envelope, deaths: int) -> Prepared:
        fault_point("intake.prepare")
        if deaths >= DEADLY:
            known = identified(envelope)
            return parked(known, "broker", CRASH_LOOP, _told(delivery, deaths), max(deaths, delivery.count))
        prepared = self._store.interpreter.prepare(envelope)
        fault_point("intake.understood")
        return prepared

    async def _settle(self, batch: Sequence[Arrival]) -> None:
        """Store a batch and acknowledge it; what may be what kills workers with nothing ordinary beside it."""
        parts = await self._parts(batch)
        wider = window((arrival.delivery for arrival in batch), self._prefetch)
        for number, part in enumerate(parts, 1):
            after = wider if number == len(parts) else None
            if is_suspicious(part[0].delivery):
                async with self._hands.alone():
                    await self._suspected([arrival.delivery for arrival in part], after)
            else:
                async with self._hands.beside():
                    await self._keep(part)
                    await self._acknowledge(part[-1].delivery, after)
        self._settled.inc(len(batch))

    async def _parts(self, batch: Sequence[Arrival]) -> list[list[Arrival]]:
        """What is worked on at once, in order."""
        parts: list[list[Arrival]] = []
        for suspicious, run in groupby(batch, lambda arrival: is_suspicious(arrival.delivery)):
            arrivals = list(run)
            if suspicious:
                bodies = [arrival.delivery.body for arrival in arrivals]
                parts += together(arrivals, await self._surely(partial(self._store.deaths, bodies)))
            else:
                parts.append(arrivals)
        return parts

    async def _suspected(self, deliveries: Sequence[Incoming], prefetch: int | None) -> None:
        """Under marks that outlive us: if we die now, we died of one of these. Without a mark nobody looks into it."""
        bodies = [delivery.body for delivery in deliveries]
        try:
            deaths = await self._surely(lambda: self._store.in_hand(bodies))
            await self._keep(
                [self._read(delivery, died) for delivery, died in zip(deliveries, deaths, strict=True)]
            )
            await self._surely(lambda: self._store.let_go(bodies))
        except Stopping:
            await self._put_down(bodies)
            raise
        await self._acknowledge(deliveries[-1], prefetch)

    async def _put_down(self, bodies: Sequence[bytes]) -> None:
        try:
            await self._store.put_down(bodies)
        except (*CONNECTION_ERRORS, asyncpg.PostgresError) as error:
            log.warning("marks stay", action="intake.mark", error=describe(error))

    async def _surely(self, work: Callable[[], Awaitable[T]]) -> T:
        """A mark is made and taken away however long that takes: that the database is busy is not the message's fault."""
        while True:
            try:
                return await self._patience.through(work)
            except Exception as error:
                if classify(error) is not Failure.BUSY:
                    raise
                log.warning("a mark has to wait", action="intake.mark", error=describe(error))
                await self._patience.rest()

    async def _acknowledge(self, delivery: Incoming, prefetch: int | None) -> None:
        """It, and everything before it. `prefetch`: the window from now on."""
        fault_point("intake.before_ack")
        if prefetch is not None:
            await self._consumer.set_prefetch(prefetch)
        await self._consumer.ack_through(delivery.tag)
        fault_point("intake.acked")

    async def _keep(self, arrivals: Sequence[Arrival]) -> None:
        for envelope in (envelope for arrival in arrivals for envelope in arrival.scatter):
            await self._alone(envelope)
        letters = [letter for arrival in arrivals for letter in arrival.unreadable]
        if letters:
            await self._patience.through(lambda: self._store.park(letters))
        await self._commit([prepared for arrival in arrivals for prepared in arrival.prepared])

    async def _commit(self, batch: Sequence[Prepared]) -> None:
        """Store the batch, by halves when something in it cannot be stored, down to the one that cannot."""
        if not batch:
            return
        try:
            stored = await self._patience.through(lambda: self._store.store(batch))
        except Exception as error:
            failure = classify(error)
            if failure not in (Failure.DATA, Failure.BUSY):
                raise
            if len(batch) == 1:
                await self._detour(batch[0], failure, error)
                return
            log.warning(
                "batch refused, looking for the cause",
                action="intake.bisect",
                size=len(batch),
                error=describe(error),
            )
            middle = len(batch) // 2
            await self._commit(batch[:middle])
            await self._commit(batch[middle:])
            return
        self._instruments.stored(len(batch), stored)

    async def _detour(self, prepared: Prepared, failure: Failure, error: Exception) -> None:
        """A delivery that fails by itself: later, when the store was only busy; else it is parked, at worst without a row of its own."""
        attempt, errors = prepared.trip.attempts, prepared.trip.errors
        if failure is Failure.BUSY:
            await self._later(prepared.envelope, prepared.trip, describe(error))
        elif prepared.parked is None:
            again = parked(prepared, "append", "not_storable", describe(error), attempt, errors)
            await self._commit([again])
        else:
            why = prepared.parked
            letter = unreadable(pack([prepared.envelope]), why.stage, why.reason, why.detail, attempt)
            await self._patience.through(lambda: self._store.park([letter]))

    async def _alone(self, envelope: Envelope) -> None:
        """Give a delivery a message of its own, so that one that kills workers takes no other with it."""
        while True:
            try:
                await self._detours.alone(envelope)
            except Transient as error:
                log.warning(
                    "scattering not confirmed, trying again", action="intake.scatter", error=str(error)
                )
                await self._patience.rest()
            else:
                return

    async def _later(self, envelope: Envelope, trip: Trip, reason: str) -> None:
        """Through a retry tier. The message is ours until that is confirmed, and nothing behind it may be acknowledged before it."""
        fault_point("intake.before_detour")
        while True:
            try:
                delay = await self._detours.later(envelope, trip.attempts, reason, trip.errors)
            except Transient as error:
                log.warning("detour not confirmed, trying again", action="intake.detour", error=str(error))
                await self._patience.rest()
            else:
                fault_point("intake.after_detour")
                self._instruments.retried.labels("parked" if delay is None else f"{delay:g}").inc()
                return


def _told(delivery: Incoming, deaths: int) -> str:
    return f"{deaths} processes had nothing else in their hands and died or were stopped (limit {DEADLY}); delivered {delivery.count + 1} times"
