"""Answers for a delivery once it is on our disk: with the broker's confirm beside it, or without when the broker does not answer.

While the broker takes what comes, a delivery is written and published at the same time. When it does not, deliveries are only written, and a
relay sends them in order as soon as it does; what arrives during the last part of that waits in memory for its turn.
"""

from __future__ import annotations

import asyncio
from functools import partial

from ingress.journal.journal import Journal, NotWritten
from ingress.journal.progress import Progress
from ingress.lane import Settle, Unpublished
from ingress.publisher import GroupingPublisher
from runtime.faults import fault_point
from schemas.envelope import Envelope, pack_one
from schemas.errors import NotConfirmed


class Kept:
    """One delivery on its two ways. It is answered when it is written, and the broker has answered or is not waited for."""

    __slots__ = ("answered", "number", "sent", "settle")

    def __init__(self, settle: Settle) -> None:
        self.settle = settle
        self.number = 0
        self.sent: bool | None = None
        self.answered = False


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
        kept = Kept(settle)
        frame = pack_one(envelope)
        self._journal.append(frame, partial(self._written, kept))
        if self._held is not None:
            self._held.append((frame, partition, kept))
        elif self.behind.is_set():
            kept.sent = False
        elif not self._publisher.is_ready:
            self._missed(kept)
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
            self._resolve(kept)

    def _send(self, frame: bytes, partition: int, kept: Kept) -> None:
        try:
            self._publisher.send(frame, partition, partial(self._confirmed, kept))
        except NotConfirmed:
            self._missed(kept)

    def _written(self, kept: Kept, number: int, failure: NotWritten | None) -> None:
        if failure is not None:
            kept.answered = True
            kept.settle(failure)
            return
        kept.number = number
        fault_point("ingress.journal_written")
        self._resolve(kept)

    def _confirmed(self, kept: Kept, failure: Unpublished | None) -> None:
        if failure is not None:
            self._missed(kept)
            return
        kept.sent = True
        fault_point("ingress.confirmed")
        self._resolve(kept)

    def _missed(self, kept: Kept) -> None:
        """The broker did not take it, or not in time: the relay will send it."""
        self.behind.set()
        kept.sent = False
        self._resolve(kept)
        self.release()

    def _resolve(self, kept: Kept) -> None:
        if not kept.number or kept.sent is None:
            return
        if not kept.answered:
            kept.answered = True
            fault_point("ingress.before_answer")
            kept.settle(None)
        if kept.sent:
            self.progress.settle(kept.number)
