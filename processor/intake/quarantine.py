"""Rejected requests from their queue to their table, which is capped: they never cost more than their share."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from eventstore.queries import load
from processor.intake.columns import json_text
from processor.intake.failures import Failure, classify, describe
from processor.intake.instruments import Instruments
from processor.intake.interpreter import EnvelopeInvalid, moment
from processor.intake.patience import Patience, Stopping
from processor.intake.stopping import until_stopped
from runtime.amqp.consumer import Consumer, Incoming
from runtime.database import Connection, Pool
from runtime.ids import uuid7
from runtime.logs import get_logger
from schemas.rejection import Rejection, RejectionError, unpack_rejection

BATCH = 200  # messages in one transaction
SLACK = 100  # a hundredth of what the table may hold comes in between two looks at it, so that a flood does not pay for one with every batch
OLD_SECONDS = 3600.0  # what is too old goes within an hour, whether anything comes or not

log = get_logger(__name__)

_SQL = load("intake.sql", "processor")


class Cap(NamedTuple):
    """How much the table holds at most, and for how long."""

    rows: int
    bytes: int
    days: int


class QuarantineKeeper:
    """Consumes the quarantine queue. What goes beyond `cap` goes, the oldest first."""

    def __init__(
        self,
        consumer: Consumer,
        pool: Pool,
        patience: Patience,
        instruments: Instruments,
        *,
        cap: Cap,
        acquire_timeout: float,
    ) -> None:
        self._consumer = consumer
        self._pool = pool
        self._patience = patience
        self._instruments = instruments
        self._cap = cap
        self._acquire_timeout = acquire_timeout
        # Since the last look at what the table holds.
        self._rows = 0
        self._bytes = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop`."""
        try:
            await self._patience.through(self._trim)
            # Whoever waits for this queue is this coroutine alone: declaring and consuming it may hang for as long as it likes.
            await until_stopped(stop, self._consumer.start())
            while (messages := await until_stopped(stop, self._next())) is not None:
                if not messages:
                    await self._patience.through(self._trim)
                    continue
                await self._keep([_read(message) for message in messages])
                await self._consumer.ack_through(messages[-1].tag)
        except Stopping:
            log.info("stopped while the database was away", action="quarantine.stop")
        finally:
            await self._consumer.pause()

    async def _next(self) -> list[Incoming]:
        """What comes; nothing when it is time to look for what is too old."""
        try:
            async with asyncio.timeout(OLD_SECONDS):
                return await self._consumer.take(BATCH)
        except TimeoutError:
            return []

    async def _keep(self, rejections: Sequence[Rejection]) -> None:
        try:
            await self._patience.through(lambda: self._store(rejections))
        except Exception as error:
            if classify(error) is not Failure.DATA:
                raise
            if len(rejections) == 1:
                log.warning(
                    "rejected request is not storable", action="quarantine.lost", error=describe(error)
                )
                return
            middle = len(rejections) // 2
            await self._keep(rejections[:middle])
            await self._keep(rejections[middle:])
            return
        for rejection in rejections:
            self._instruments.quarantined.labels(rejection.provider, rejection.cause).inc()

    async def _store(self, rejections: Sequence[Rejection]) -> None:
        async with self._pool.acquire(timeout=self._acquire_timeout) as connection, connection.transaction():
            await connection.execute(_SQL["quarantine"], *_columns(rejections))
            rows = self._rows + len(rejections)
            size = self._bytes + sum(len(rejection.body) for rejection in rejections)
            if rows * SLACK >= self._cap.rows or size * SLACK >= self._cap.bytes:
                await self._trim_on(connection)
                rows = size = 0
        self._rows, self._bytes = rows, size

    async def _trim(self) -> None:
        async with self._pool.acquire(timeout=self._acquire_timeout) as connection, connection.transaction():
            await self._trim_on(connection)

    async def _trim_on(self, connection: Connection) -> None:
        await connection.execute(_SQL["trim_quarantine"], self._cap.rows)
        await connection.execute(_SQL["trim_quarantine_further"], self._cap.bytes, self._cap.days)


def _read(message: Incoming) -> Rejection:
    """The rejected request; one that cannot be read is kept whole."""
    try:
        return unpack_rejection(message.body)
    except RejectionError as error:
        now = int(datetime.now(UTC).timestamp() * 1_000_000)
        log.warning("quarantined message is not readable", action="quarantine.unreadable", error=str(error))
        return Rejection(str(uuid7()), "unknown", "unreadable", now, "", "", {}, message.body)


def _columns(rejections: Sequence[Rejection]) -> tuple[list[object], ...]:
    return (
        [_identifier(rejection.quarantine_id) for rejection in rejections],
        [clean(rejection.provider) for rejection in rejections],
        [clean(rejection.cause) for rejection in rejections],
        [_received(rejection.received_at) for rejection in rejections],
        [clean(rejection.remote) for rejection in rejections],
        [clean(rejection.path) for rejection in rejections],
        [json_text(rejection.headers) for rejection in rejections],
        [rejection.body for rejection in rejections],
        [hashlib.sha256(rejection.body).digest() for rejection in rejections],
        [clean(rejection.credential) for rejection in rejections],
    )


def clean(text: str) -> str:
    """What PostgreSQL takes: the path of a hostile request may hold NUL or bytes that are no UTF-8."""
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode("utf-8")


def _identifier(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid7()


def _received(microseconds: int) -> datetime:
    try:
        return moment(microseconds)
    except EnvelopeInvalid:
        return datetime.now(UTC)
