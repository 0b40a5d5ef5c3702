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
    """One delivery on its two ways, for the journal and for the publisher the same object. It is answered when it is written, and the broker has answered or is
    not waited for.
    """

    __slots__ = ("answer", "answered", "frame", "keeper", "number", "sent", "settled", "size", "until")

    def __init__(self, keeper: Keeper, frame: bytes, answer: Settle) -> None:
        self.keeper = keeper
        self.frame = frame
        self.size = len(frame)
        self.answer = answer
        self.number = 0
        self.sent: bool | None = None
        self.answered = False
        # The publisher's; it sets them when it takes this.
        self.until = 0.0
        self.settled = False

    def written(self, number: int, failure: NotWritten | None) -> None:
        """By the journal, or not."""
        if failure is not None:
            self.answered = True
            self.answer(failure)
            return
        self.number = number
        fault_point("ingress.journal_written")
        if self.sent is not None:
            self.resolve()

    def settle(self, failure: Unpublished | None) -> None:
        """The broker has it, or not."""
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
            self.answer(None)
        if self.sent:
            self.keeper.progress.settle(self.number)


class Keeper:
    """Takes the place of the publisher behind the door. `behind` is set while the relay has something to do."""

    def __init__(self, journal: Journal, publisher: GroupingPublisher, progress: Progress) -> None:
        self._journal = journal
        self._publisher = publisher
        self.progress = progress
        self.behind = asyncio.Event()
        self._held: list[tuple[Kept, int]] | None = None
        self._direct = True  # nothing is held, and the relay has nothing to do
        if progress.through + 1 < journal.next:
            self._fall_behind()

    @property
    def waiting(self) -> int:
        """Records that the broker does not have, as far as we know."""
        progress = self.progress
        return self._journal.next - 1 - progress.through - progress.ahead

    def submit(self, envelope: Envelope, partition: int, settle: Settle) -> None:
        """`settle` is called in a later turn of the loop. Raises NotWritten when too much waits for the disk."""
        fault_point("ingress.before_journal")
        frame = pack_one(envelope)
        kept = Kept(self, frame, settle)
        self._journal.append(frame, kept.written)
        if self._direct:
            self._send(kept, partition)
        elif self._held is not None:
            self._held.append((kept, partition))
        else:
            kept.sent = False

    def hold(self) -> None:
        """From now on deliveries wait in memory as well, until `join` or the next failure."""
        self._held = []

    def join(self) -> None:
        """The relay has sent all that came before what is held: the direct way is open again."""
        held, self._held = self._held, None
        if held is None:
            return
        self.behind.clear()
        self._direct = True
        for kept, partition in held:
            self._send(kept, partition)

    def release(self) -> None:
        """Nothing waits in memory any more: the relay sends that too."""
        held, self._held = self._held or [], None
        for kept, _ in held:
            kept.sent = False
            kept.resolve()

    def missed(self, kept: Kept) -> None:
        """The broker did not take it, or not in time: the relay will send it."""
        self._fall_behind()
        kept.sent = False
        kept.resolve()
        self.release()

    def _fall_behind(self) -> None:
        self.behind.set()
        self._direct = False

    def _send(self, kept: Kept, partition: int) -> None:
        if not self._publisher.is_ready:
            self.missed(kept)
            return
        try:
            self._publisher.take(kept, partition)
        except NotConfirmed:
            self.missed(kept)
