"""Writes accepted deliveries to disk: what waits is written together, and one sync serves all of it.

A sync costs the disk the same for one delivery as for thirty, and on that disk the broker and the database wait for syncs of their own. So few
deliveries wait a moment for more of them, as they do on their way to the broker (`ingress/lane.py`): they are answered when both are done, and
the two moments are the same.
"""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

from ingress.answering import answer_failed
from ingress.journal.direct import DirectWrites
from ingress.journal.place import JournalFolder
from ingress.journal.record import PREFIX_BYTES, record_parts
from ingress.journal.segment import OpenSegment
from runtime.logs import get_logger
from runtime.settings import Settings
from schemas.errors import NotConfirmed

log = get_logger(__name__)

Written = Callable[[int, "NotWritten | None"], None]
"""Told once: the number of the record, or why there is none."""

DAY_SECONDS = 86_400
GOOD_WRITE = 64
"""So many deliveries never wait for more of them: beside what they cost themselves, a write is then little. And they make no room for others: with so much in each
write the file grows at nearly every one as it is."""
DIRECT_BYTES = 2 * 1024 * 1024  # more at once would hold up the loop, which lays them in the file itself


class NotWritten(NotConfirmed):
    """The journal could not be written to."""


@dataclass(frozen=True, slots=True)
class JournalBounds:
    """Sizes in bytes, times in seconds; `pause`: between the beginnings of two writes, while few deliveries wait."""

    segment: int
    total: int
    retention: float
    pending: int
    pending_bytes: int
    pause: float = 0.0


class Journal:
    """Records are numbered in the order of `append`; a number is given when the record is written."""

    def __init__(
        self, place: JournalFolder, bounds: JournalBounds, synced: Callable[[int], object] = lambda _: None
    ) -> None:
        """`synced` is told of every sync, and how many deliveries it served."""
        self._synced = synced
        self._place = place
        self._bounds = bounds
        self._most, self._most_bytes = bounds.pending, bounds.pending_bytes
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._direct = DirectWrites(self._loop)
        self._segment: OpenSegment | None = None
        self._laid_in: OpenSegment | None = None  # by the write that is under way, if it is not the thread's
        self._pending: list[bytes] = []
        self._told: list[Written] = []  # beside `_pending`
        self._pending_bytes = 0
        self._writing: asyncio.Future[None] | None = None
        self._flushing: asyncio.Handle | None = None
        self._next_turn = float("-inf")  # no write of few deliveries before this time of the loop
        self._pausing = False
        self._in_flight = self._landings = 0
        self._landing = asyncio.Event()
        self.next = place.last_number() + 1
        self.failing = ""
        self.syncs = 0

    def append(self, frame: bytes, written: Written) -> None:
        """`written` is called in a later turn of the loop. Raises NotWritten when too much waits for the disk."""
        pending, size = self._pending, self._pending_bytes + len(frame)
        if len(pending) >= self._most or size > self._most_bytes:
            raise NotWritten("too many deliveries wait for the journal")
        pending.append(frame)
        self._told.append(written)
        self._pending_bytes = size
        if self._writing is None and (
            self._flushing is None or (self._pausing and len(pending) >= GOOD_WRITE)
        ):
            self._flush_soon()

    async def barrier(self) -> int:
        """Waits until everything appended so far is written or refused. The number behind the last of it. Nothing waits for more of it now."""
        self._next_turn = float("-inf")
        self._flush_soon()
        waiting = self._in_flight + len(self._pending)
        behind, last = self.next + waiting, self._landings + waiting
        while self._landings < last:
            self._landing.clear()
            await self._landing.wait()
        return min(behind, self.next)

    async def trim(self, relayed: int) -> None:
        """Deletes segments whose time is over. What the broker does not have is never deleted."""
        await self._loop.run_in_executor(self._thread, self._trim, relayed)

    async def is_writable(self) -> bool:
        """Tries again when the last write failed: nobody sends webhooks to a door that is not ready.

        The try is a write like every other, in its place in their order, only of nothing: beside one it would have a number that is taken.
        """
        if self.failing and self._writing is None:
            await asyncio.wait([self._flush()])
        return not self.failing

    async def close(self) -> None:
        """After the last `append`: what waits is written first."""
        await self.barrier()
        self._direct.close()
        self._thread.shutdown()
        if self._segment is not None:
            self._segment.close()

    def _flush_soon(self) -> None:
        if self._writing is not None or not self._pending:
            return
        waits = self._next_turn > self._loop.time() and len(self._pending) < GOOD_WRITE
        if self._flushing is not None:
            if waits or not self._pausing:
                return
            self._flushing.cancel()
        # Not at once: what was read in the same turn of the loop is written together.
        self._flushing = (
            self._loop.call_at(self._next_turn, self._flush) if waits else self._loop.call_soon(self._flush)
        )
        self._pausing = waits

    def _flush(self) -> asyncio.Future[None]:
        if self._flushing is not None:
            self._flushing.cancel()
        self._flushing, self._pausing = None, False
        self._next_turn = self._loop.time() + self._bounds.pause
        frames, told, size = self._pending, self._told, self._pending_bytes
        self._pending, self._told, self._pending_bytes = [], [], 0
        self._in_flight = len(frames)
        writing = self._writing = self._begin(frames, size)
        writing.add_done_callback(lambda writing: self._landed(told, writing))
        return writing

    def _begin(self, frames: Sequence[bytes], size: int) -> asyncio.Future[None]:
        self._laid_in, segment = None, self._segment
        if (
            segment is not None
            and segment.size < self._bounds.segment
            and size <= DIRECT_BYTES
            and (len(frames) >= GOOD_WRITE or segment.has_room(size + len(frames) * PREFIX_BYTES))
        ):
            writing = self._direct.begin(segment, record_parts(self.next, frames))
            if writing is not None:
                self._laid_in = segment
                return writing
        return self._loop.run_in_executor(self._thread, self._write, self.next, frames)

    def _landed(self, told: Sequence[Written], writing: asyncio.Future[None]) -> None:
        self._writing, self._in_flight = None, 0
        self._landings += len(told)
        self._landing.set()
        error = asyncio.CancelledError() if writing.cancelled() else writing.exception()
        first = self.next
        if error is None:
            self.next += len(told)
            self._succeeded(len(told))
        else:
            self._failed(error)
        self._loop.call_soon(self._tell, told, first, error)
        self._flush_soon()

    def _tell(self, told: Sequence[Written], first: int, error: BaseException | None) -> None:
        """One turn of the loop for all of a write: a turn for each costs more than writing it."""
        for number, written in enumerate(told, first):
            try:
                if error is None:
                    written(number, None)
                else:
                    written(0, NotWritten(f"the journal cannot be written: {error}"))
            except Exception as failed:  # noqa: BLE001 - handed to the loop, which logs it as it does for its own callbacks
                answer_failed(self._loop, written, failed)

    def _succeeded(self, deliveries: int) -> None:
        if deliveries:
            self.syncs += 1
            self._synced(deliveries)
        if self.failing:
            log.info("the journal can be written again", action="ingress.journal_writable")
            self.failing = ""

    def _failed(self, error: BaseException) -> None:
        if not self.failing:
            log.error("the journal cannot be written", action="ingress.journal_failing", error=str(error))
        self.failing = str(error) or type(error).__name__
        if self._laid_in is not None and self._laid_in is self._segment:
            # As the thread does it: nobody knows what the disk holds after a failed sync.
            self._segment = None
            self._thread.submit(self._laid_in.abandon)

    # In the thread of the journal.

    def _write(self, first: int, frames: Sequence[bytes]) -> None:
        segment = self._segment
        if segment is None or segment.size >= self._bounds.segment:
            segment = self._turn(first)
        try:
            segment.append(record_parts(first, frames))
        except OSError:
            # After a failed sync nobody knows what the disk holds: the file is not written to again.
            self._segment = None
            segment.abandon()
            raise

    def _turn(self, first: int) -> OpenSegment:
        segment, self._segment = self._segment, None
        if segment is not None:
            segment.close()
        if self._trim(self._place.sure) >= self._bounds.total:
            raise OSError(
                errno.ENOSPC,
                "it is as large as LUNAS_INGRESS_JOURNAL_MAX_BYTES allows, and the broker has not taken it yet",
            )
        self._segment = OpenSegment(self._place.folder, first)
        return self._segment

    def _trim(self, relayed: int) -> int:
        """Deletes whole segments that the broker has, oldest first, when they are too old or all together too large. Bytes that are left."""
        before = time.time() - self._bounds.retention
        found = self._place.segments()
        total = sum(segment.size for segment in found)
        for segment, following in pairwise(found):
            old = segment.path.stat().st_mtime < before
            if following.first > relayed + 1 or not (old or total >= self._bounds.total):
                break
            total -= segment.size
            segment.path.unlink()
        return total


def bounds_of(settings: Settings) -> JournalBounds:
    return JournalBounds(
        segment=settings.ingress_journal_segment_bytes,
        total=settings.ingress_journal_max_bytes,
        retention=settings.ingress_journal_retention_days * DAY_SECONDS,
        pending=settings.ingress_pending_max,
        pending_bytes=settings.ingress_pending_bytes,
        pause=settings.ingress_group_pause_ms / 1000,
    )
