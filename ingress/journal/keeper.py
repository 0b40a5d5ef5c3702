"""Answers for a delivery once it is on our disk: with the broker's confirm beside it, or without when the broker does not answer.

While the broker takes what comes, a delivery is written and published at the same time. When it does not, deliveries are only written, and a
relay sends them in order as soon as it does; what arrives during the last part of that waits in memory for its turn.
"""

from __future__ import annotations

import asyncio

from ingress.journal.journal import Journal, NotWritten
from ingress.journal.progress import Progress
from ingress.lane import Settle, Unpublished
from ingress.publisher import GroupingPublisher
from runtime.faults import fault_point
from schemas.envelope import Envelope, pack_one
from schemas.errors import NotConfirmed


class Kept:
    """One delivery on its two ways. It is answered when it is written, and the broker has answered or is not waited for."""

    __slots__ = ("answered", "keeper", "number", "sent", "settle")

    def __init__(self, keeper: Keeper, settle: Settle) -> None:
        self.keeper = keeper
        self.settle = settle
        self.number = 0
        self.sent: bool | None = None
        self.answered = False

    def written(self, number: int, failure: NotWritten | None) -> None:
        """By the journal, or not."""
        if failure is not None:
            self.answered = True
            self.settle(failure)
            return
        self.number = number
        fault_point("ingress.journal_written")
        if self.sent is not None:
            self.resolve()

    def confirmed(self, failure: Unpublished | None) -> None:
        """By the broker, or not."""
        if failure is not None:
            self.keeper.missed(self)
            return
        self.sent = True
        fault_point("ingress.confirmed")
        if self.number:
            self.resolve()

    def resolve(self) -> None:
        """Answers once both ways are at their end, and notes what the broker has."""
        if not self.number or self.sent is None:
            return
        if not self.answered:
            self.answered = True
            fault_point("ingress.before_answer")
            self.settle(None)
        if self.sent:
            self.keeper.progress.settle(self.number)


class Keeper:
    """Takes the place of the publisher behind the door. `behind` is set while the relay has something to do."""

    def __init__(self, journal: Journal, publisher: GroupingPublisher, progress: Progress) -> None:
        self._journal = journal
        self._publisher = publisher
        self.progress = progress
        self.behind = asyncio.Event()
        self._held: list[tuple[bytes, int, Kept]] | None = None
        if progress.through + 1 < journal.next:
            self.behind.set()

    @property
    def waiting(self) -> int:
        """Records that the broker does not have, as far as we know."""
        return self._journal.next - 1 - self.progress.through

    def submit(self, envelope: Envelope, partition: int, settle: Settle) -> None:
        """`settle` is called in a later turn of the loop. Raises NotWritten when too much waits for the disk."""
        fault_point("ingress.before_journal")
        kept = Kept(self, settle)
        frame = pack_one(envelope)
        self._journal.append(frame, kept.written)
        if self._held is not None:
            self._held.append((frame, partition, kept))
        elif self.behind.is_set():
            kept.sent = False
        elif not self._publisher.is_ready:
            self.missed(kept)
        else:
            self._send(frame, partition, kept)

    def hold(self) -> None:
        """From now on deliveries wait in memory as well, until `join` or the next failure."""
        self._held = []

    def join(self) -> None:
        """The relay has sent all that came before what is held: the direct way is open again."""
        held, self._held = self._held, None
        if held is None:
            return
        self.behind.clear()
        for frame, partition, kept in held:
            self._send(frame, partition, kept)

    def release(self) -> None:
        """Nothing waits in memory any more: the relay sends that too."""
        held, self._held = self._held or [], None
        for _, _, kept in held:
            kept.sent = False
            kept.resolve()

    def missed(self, kept: Kept) -> None:
        """The broker did not take it, or not in time: the relay will send it."""
        self.behind.set()
        kept.sent = False
        kept.resolve()
        self.release()

    def _send(self, frame: bytes, partition: int, kept: Kept) -> None:
        try:
            self._publisher.send(frame, partition, kept.confirmed)
        except NotConfirmed:
            self.missed(kept)
