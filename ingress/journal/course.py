"""The way through a journal for whoever sends what is in it: in order within each queue, and past a queue that does not take what is for it.

A queue may be full, or have no leader, while the others are well. Then it is left behind: they go on without it, and somebody follows with what is for it at
its own pace until it is where they are (ADR 0099). What the broker has is known to the progress alone, record by record; where anybody reads is only where to look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import NamedTuple, Self

from ingress.journal.progress import Progress
from ingress.journal.reader import JournalPart, JournalReader
from ingress.lane import Unpublished
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
)  # between two tries while the broker or a queue refuses: what waits goes on so long after it takes messages again, at most
LOOK_SECONDS = 0.1  # so often we look for more to send while a queue is left behind
ASKED = 16
"""Deliveries that a queue which took none of the last is asked to take: a window of them would take their room in memory from the others', again and again."""


class Addressed(NamedTuple):
    """A record and the number of the queue that it is for."""

    number: int
    frame: bytes
    queue: int


class Sender:
    """Sends records of a journal. `window`: deliveries at once."""

    def __init__(
        self, publisher: GroupingPublisher, *, routing: Routing, window: int, metrics: Metrics
    ) -> None:
        self.publisher = publisher
        self.window = window
        self._routing = routing
        self.metrics = metrics

    def course(self, reader: JournalReader, progress: Progress) -> Course:
        """From where `progress` stands."""
        return Course(self, reader, progress)

    async def read(self, reader: JournalReader, after: int, until: int) -> JournalPart:
        """The next part behind `after` and before record `until`. Raises OSError."""
        return await asyncio.to_thread(reader.read, after, until, records=self.window, size=PART_BYTES)

    def left(self, part: JournalPart, progress: Progress) -> list[Addressed]:
        """What the broker does not have of it."""
        return [
            Addressed(record.number, record.frame, self._queue(record.frame))
            for record in part.records
            if not progress.is_settled(record.number)
        ]

    async def send(self, records: Sequence[Addressed], progress: Progress) -> dict[int, Unpublished]:
        """What got through is settled. Which queues did not take something, and why."""
        sending = [self._settled(record, progress) for record in records]
        outcomes = await asyncio.gather(*sending, return_exceptions=True)
        failures: dict[int, Unpublished] = {}
        sent = 0
        for record, outcome in zip(records, outcomes, strict=True):
            if outcome is None:
                sent += 1
            elif isinstance(outcome, NotConfirmed | Unroutable):
                failures.setdefault(record.queue, outcome)
            else:
                raise outcome
        self.metrics.journal_relayed.inc(sent)
        return failures

    async def _settled(self, record: Addressed, progress: Progress) -> None:
        """At once, whatever becomes of the others: what was confirmed before its connection broke is in doubt only if it is known by then."""
        await self.publisher.deliver(record.frame, record.queue)
        progress.settle(record.number)

    def _queue(self, frame: bytes) -> int:
        try:
            (envelope,) = unpack(MAGIC + frame)
        except (EnvelopeError, ValueError):
            # Whole, and of a later version: the processor parks what it cannot read, and nothing waits behind it.
            return 0
        provider = PROVIDERS.get(envelope.provider)
        return self._routing.number(provider, envelope.body) if provider else 0

    def tell_damage(self, part: JournalPart) -> None:
        for path in part.damaged:
            self.metrics.journal_damaged.inc()
            log.error(
                "part of the journal is damaged; `lunas ingress journal verify` names it",
                action="ingress.journal_damaged",
                segment=path.name,
                before_record=part.through,
            )


class Course:
    """One way through one journal. Use as an async context manager: whoever follows with what was left behind ends with it."""

    def __init__(self, sender: Sender, reader: JournalReader, progress: Progress) -> None:
        self.sender = sender
        self.progress = progress
        self.front = progress.through
        """Up to this record everything was sent but what is for a queue that was left behind."""
        self._passed = self.front
        """Up to this record those who go on leave to the followers what is for their queues."""
        self._reader = reader
        self._followers: dict[int, asyncio.Task[None]] = {}

    @property
    def behind(self) -> bool:
        """Some queue is left behind."""
        return bool(self._followers)

    def lacks(self, until: int) -> bool:
        """The broker does not have everything before record `until`."""
        return self.progress.through + 1 < until

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Nobody follows any more."""
        followers = list(self._followers.values())
        self._followers.clear()
        for follower in followers:
            follower.cancel()
        await asyncio.gather(*followers, return_exceptions=True)

    async def send(self, until: int) -> None:
        """The next part before record `until`; a moment's wait where only queues that were left behind lack something.

        Raises NotConfirmed or Unroutable when no queue of it goes on; what got through is settled. Raises OSError, a follower's too.
        """
        for follower in self._followers.values():
            if follower.done():
                follower.result()
        if self.front + 1 < until:
            await self._send(until)
        elif self._followers:
            await asyncio.wait(self._followers.values(), timeout=LOOK_SECONDS)
        else:
            self.front = self.progress.through  # whatever was thought: what the broker does not have is sent

    async def _send(self, until: int) -> None:
        part = await self.sender.read(self._reader, self.front, until)
        self.sender.tell_damage(part)
        # Said in the same turn of the loop: up to there a follower has to come, and what is left to one is decided by who follows now.
        self._passed = max(self._passed, part.through)
        left = [each for each in self.sender.left(part, self.progress) if each.queue not in self._followers]
        failures = await self.sender.send(left, self.progress)
        if failures and not self._go_on_without(failures):
            raise next(iter(failures.values()))
        self._settle_missing(part)
        self.front = part.through

    def _go_on_without(self, failures: dict[int, Unpublished]) -> bool:
        """Leaves these queues behind; not where none would be left to go on, nor where it is the connection that is gone."""
        publisher = self.sender.publisher
        if len(self._followers) + len(failures) >= publisher.queues or not publisher.is_ready:
            return False
        for queue, failure in failures.items():
            log.warning(
                "a queue does not take what is for it: the others go on without it",
                action="ingress.queue_left_behind",
                queue=queue,
                behind_record=self.front,
                error=str(failure),
            )
            self._followers[queue] = asyncio.create_task(
                self._follow(queue, self.front), name=f"ingress queue {queue}"
            )
        return True

    async def _follow(self, queue: int, after: int) -> None:
        """Sends what is for this queue behind record `after`, until it has all that others were sent beside it. Raises OSError."""
        reader, least, refused = JournalReader(self._reader.folder), PAUSE_SECONDS[0], True
        pause = least
        await asyncio.sleep(pause)
        while after < self._passed:
            await self.sender.publisher.wait_ready()
            part = await self.sender.read(reader, after, self._passed + 1)
            left = [each for each in self.sender.left(part, self.progress) if each.queue == queue]
            asked = left[:ASKED] if refused else left
            if await self.sender.send(asked, self.progress):
                refused = not self.progress.is_settled(asked[0].number)
                pause = min(2 * pause, PAUSE_SECONDS[1]) if refused else least
                await asyncio.sleep(pause)
                continue
            after = part.through if len(asked) == len(left) else asked[-1].number
            if asked:
                pause, refused = least, False
        # No turn of the loop between the last look and this: what is read from now on is nobody else's.
        del self._followers[queue]
        log.info(
            "a queue that was left behind has what is for it", action="ingress.queue_caught_up", queue=queue
        )

    def _settle_missing(self, part: JournalPart) -> None:
        """Of what is not there, or cannot be read, nothing can be sent."""
        if len(part.records) == part.through - self.front:
            return
        before = self.front
        for record in part.records:
            self.progress.settle_all(before + 1, record.number - 1)
            before = record.number
        self.progress.settle_all(before + 1, part.through)
