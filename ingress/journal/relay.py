"""Sends the broker what it does not have yet, in order, and gives the direct way back when it is through."""

from __future__ import annotations

import asyncio

from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential

from ingress.journal.journal import Journal
from ingress.journal.keeper import Keeper
from ingress.journal.progress import Progress
from ingress.journal.reader import JournalPart, JournalReader
from ingress.metrics import Metrics
from ingress.publisher import GroupingPublisher
from ingress.routing import Routing
from providers.registry import PROVIDERS
from runtime.logs import get_logger
from schemas.envelope import MAGIC, EnvelopeError, unpack
from schemas.errors import NotConfirmed, Unroutable

log = get_logger(__name__)

PART_BYTES = 8 * 1024 * 1024  # of a journal in memory at once
PAUSE_SECONDS = (
    0.2,
    2.0,
)  # between two tries while the broker refuses: what waits goes on so long after it takes messages again, at most


class Sender:
    """Sends parts of a journal. `window`: deliveries at once."""

    def __init__(
        self, publisher: GroupingPublisher, *, routing: Routing, window: int, metrics: Metrics
    ) -> None:
        self.publisher = publisher
        self.window = window
        self._routing = routing
        self.metrics = metrics

    async def send(self, reader: JournalReader, progress: Progress, until: int) -> None:
        """The next part before record `until`. Raises NotConfirmed or Unroutable; what got through is settled. Raises OSError."""
        part = await asyncio.to_thread(
            reader.read, progress.through, until, records=self.window, size=PART_BYTES
        )
        self._tell_damage(part)
        left = [record for record in part.records if not progress.is_settled(record.number)]
        sending = [self._settled(record.number, record.frame, progress) for record in left]
        outcomes = await asyncio.gather(*sending, return_exceptions=True)
        failures = [outcome for outcome in outcomes if outcome is not None]
        self.metrics.journal_relayed.inc(len(left) - len(failures))
        if failures:
            raise failures[0]
        progress.settle_through(part.through)

    async def _settled(self, number: int, frame: bytes, progress: Progress) -> None:
        """At once, whatever becomes of the others: what was confirmed before its connection broke is in doubt only if it is known by then."""
        await self.publisher.deliver(*self._addressed(frame))
        progress.settle(number)

    def _addressed(self, frame: bytes) -> tuple[bytes, int]:
        try:
            (envelope,) = unpack(MAGIC + frame)
        except (EnvelopeError, ValueError):
            # Whole, and of a later version: the processor parks what it cannot read, and nothing waits behind it.
            return frame, 0
        provider = PROVIDERS.get(envelope.provider)
        return frame, self._routing.number(provider, envelope.body) if provider else 0

    def _tell_damage(self, part: JournalPart) -> None:
        for path in part.damaged:
            self.metrics.journal_damaged.inc()
            log.error(
                "part of the journal is damaged; `lunas ingress journal verify` names it",
                action="ingress.journal_damaged",
                segment=path.name,
                before_record=part.through,
            )


async def relay(journal: Journal, keeper: Keeper, reader: JournalReader, sender: Sender) -> None:
    """Until it is cancelled. Raises OSError when the journal cannot be read."""
    while True:
        await keeper.behind.wait()
        before = keeper.waiting
        log.warning("the broker is behind the journal", action="ingress.journal_behind", deliveries=before)
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type((NotConfirmed, Unroutable)),
            wait=wait_exponential(multiplier=PAUSE_SECONDS[0], max=PAUSE_SECONDS[1]),
        ):
            with attempt:
                try:
                    await _catch_up(journal, keeper, reader, sender)
                finally:
                    keeper.release()
        log.info("the broker has all of the journal", action="ingress.journal_relayed")


async def _catch_up(journal: Journal, keeper: Keeper, reader: JournalReader, sender: Sender) -> None:
    await sender.publisher.wait_ready()
    progress = keeper.progress
    while progress.through + 1 < journal.next - sender.window:
        await sender.send(reader, progress, journal.next)
    keeper.hold()
    until = await journal.barrier()
    while progress.through + 1 < until:
        await sender.send(reader, progress, until)
    keeper.join()
