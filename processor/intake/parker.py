"""Parking lot to table: what the pipeline or the broker gave up on waits in `dead_letters` for a person.

What the broker took out because it was delivered again and again goes back, to be worked on alone: how often says nothing of who killed the
workers, and what really kills them is parked by its own deaths (`processor.intake.suspects`).

A message here may never have been stored. So it goes the way of every delivery (row, `webhook.received`, dead letter), only that nobody
tries to understand it; one that was committed after all is known by its delivery id and needs nothing more.
"""

from __future__ import annotations

import asyncio

from msgspec.structs import replace as amended

from processor.intake.failures import Failure, classify, describe
from processor.intake.instruments import Instruments
from processor.intake.interpreter import (
    EnvelopeInvalid,
    Interpreter,
    Prepared,
    Trip,
    WhyParked,
    identified,
    parked,
)
from processor.intake.letters import Letter, unreadable
from processor.intake.patience import Patience, Stopping
from processor.intake.retry import Detours, is_undecided, why_parked
from processor.intake.stopping import until_stopped
from processor.intake.store import Store
from runtime.amqp.consumer import Consumer, Incoming
from runtime.faults import fault_point
from runtime.logs import get_logger
from schemas.envelope import EnvelopeError, pack, unpack
from schemas.errors import Transient
from schemas.topology import PARKED

RETRIED = "retries_exhausted"
BATCH = 50  # messages; parking is rare, and they may be large

log = get_logger(__name__)


class Parker:
    """Consumes the parking lot."""

    def __init__(
        self,
        consumer: Consumer,
        store: Store,
        patience: Patience,
        instruments: Instruments,
        detours: Detours,
        partitions: int,
    ) -> None:
        self._consumer = consumer
        self._store = store
        self._patience = patience
        self._instruments = instruments
        self._detours = detours
        self._partitions = partitions

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop`."""
        await self._consumer.start()
        try:
            while (messages := await until_stopped(stop, self._consumer.take(BATCH))) is not None:
                for message in messages:
                    fault_point("parker.before_commit")
                    await (self._back(message) if is_undecided(message) else self._keep(message))
                    fault_point("parker.before_ack")
                    await self._consumer.ack_through(message.tag)
        except Stopping:
            log.info("stopped while the database was away", action="parker.stop")
        finally:
            await self._consumer.pause()

    async def _back(self, message: Incoming) -> None:
        while True:
            try:
                await self._detours.back(message, self._partitions)
            except Transient as error:
                log.warning("going back not confirmed, trying again", action="parker.back", error=str(error))
                await self._patience.rest()
            else:
                log.warning(
                    "the broker gave it up, worked on alone next",
                    action="parker.back",
                    queue=message.headers.get("x-first-death-queue"),
                )
                return

    async def _keep(self, message: Incoming) -> None:
        prepared, letters = _read(message, self._store.interpreter)
        try:
            if prepared:
                stored = await self._patience.through(lambda: self._store.store(prepared))
                self._instruments.stored(len(prepared), stored)
        except Exception as error:
            if classify(error) is not Failure.DATA:
                raise
            log.warning(
                "parked message is not storable as a delivery", action="parker.raw", error=describe(error)
            )
            why = why_parked(message.headers)
            letters = [*letters, unreadable(message.body, why.stage, why.reason, why.detail, why.attempts)]
        if letters:
            await self._patience.through(lambda: self._store.park(letters))


def _read(message: Incoming, interpreter: Interpreter) -> tuple[list[Prepared], list[Letter]]:
    """Deliveries to be parked, and what cannot be read at all."""
    why = why_parked(message.headers)
    try:
        envelopes = unpack(message.body)
    except EnvelopeError as error:
        return [], [_raw(message.body, why, f"frame_{error.reason}")]
    prepared: list[Prepared] = []
    letters: list[Letter] = []
    for envelope in envelopes:
        try:
            # What was read before may be read again, to know whose line it holds up; what killed workers is left unread.
            known = interpreter.prepare(envelope) if why.reason == RETRIED else identified(envelope)
            put_aside = parked(known, why.stage, why.reason, why.detail, why.attempts, why.errors)
            prepared.append(amended(put_aside, trip=Trip.by(PARKED, why.attempts, message.count)))
        except EnvelopeInvalid as error:
            letters.append(_raw(pack([envelope]), why, error.reason))
    return prepared, letters


def _raw(body: bytes, why: WhyParked, reason: str) -> Letter:
    return unreadable(body, "decode", reason, f"{why.stage}: {why.reason} {why.detail}".strip(), why.attempts)
