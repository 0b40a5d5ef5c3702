"""Writes accepted deliveries to disk: what waits is written together, and one sync serves all of it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

from ingress.journal.place import JournalFolder
from ingress.journal.record import pack_record
from ingress.journal.segment import OpenSegment
from runtime.logs import get_logger
from runtime.settings import Settings
from schemas.errors import NotConfirmed

log = get_logger(__name__)

Written = Callable[[int, "NotWritten | None"], None]
"""Told once: the number of the record, or why there is none."""

DAY_SECONDS = 86_400


class NotWritten(NotConfirmed):
    """The journal could not be written to."""


@dataclass(frozen=True, slots=True)
class JournalBounds:
    """Sizes in bytes, times in seconds."""

    segment: int
    total: int
    retention: float
    pending: int
    pending_bytes: int


class Journal:
    """Records are numbered in the order of `append`; a number is given when the record is written."""

    def __init__(self, place: JournalFolder, bounds: JournalBounds) -> None:
        self._place = place
        self._bounds = bounds
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._segment: OpenSegment | None = None
        self._pending: list[tuple[bytes, Written]] = []
        self._pending_bytes = 0
        self._writing: asyncio.Future[None] | None = None
        self._flushing = False
        self._in_flight = self._appended = self._landings = 0
        self._landing = asyncio.Event()
        self.next = place.last_number() + 1
        self.failing = ""
        self.syncs = 0

    def append(self, frame: bytes, written: Written) -> None:
        """`written` is called in a later turn of the loop. Raises NotWritten when too much waits for the disk."""
        if (
            len(self._pending) >= self._bounds.pending
            or self._pending_bytes + len(frame) > self._bounds.pending_bytes
        ):
            raise NotWritten("too many deliveries wait for the journal")
        self._pending.append((frame, written))
        self._appended += 1
        self._pending_bytes += len(frame)
        self._flush_soon()

    async def barrier(self) -> int:
        """Waits until everything appended so far is written or refused. The number behind the last of it."""
        behind = self.next + self._in_flight + len(self._pending)
        appended = self._appended
        while self._landings < appended:
            self._landing.clear()
            await self._landing.wait()
        return min(behind, self.next)

    async def trim(self, relayed: int) -> None:
        """Deletes segments whose time is over. What the broker does not have is never deleted."""
        await self._loop.run_in_executor(self._thread, self._trim, relayed)

    async def is_writable(self) -> bool:
        """Tries again when the last write failed: nobody sends webhooks to a door that is not ready."""
        if self.failing:
            with contextlib.suppress(OSError):
                await self._loop.run_in_executor(self._thread, self._write, self.next, [])
                log.info("the journal can be written again", action="ingress.journal_writable")
                self.failing = ""
        return not self.failing

    async def close(self) -> None:
        """After the last `append`: what waits is written first."""
        await self.barrier()
        self._thread.shutdown()
        if self._segment is not None:
            self._segment.close()

    def _flush_soon(self) -> None:
        if self._writing is None and not self._flushing and self._pending:
            # Not at once: what was read in the same turn of the loop is written together.
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        batch, self._pending, self._pending_bytes = self._pending, [], 0
        self._in_flight = len(batch)
        self._writing = self._loop.run_in_executor(
            self._thread, self._write, self.next, [frame for frame, _ in batch]
        )
        self._writing.add_done_callback(lambda writing: self._landed(batch, writing))

    def _landed(self, batch: Sequence[tuple[bytes, Written]], writing: asyncio.Future[None]) -> None:
        self._writing, self._in_flight = None, 0
        self._landings += len(batch)
        self._landing.set()
        error = asyncio.CancelledError() if writing.cancelled() else writing.exception()
        if error is None:
            first, self.next = self.next, self.next + len(batch)
            self.syncs += 1
            self.failing = ""
        elif not self.failing:
            log.error("the journal cannot be written", action="ingress.journal_failing", error=str(error))
        for index, (_, written) in enumerate(batch):
            # Not called here: what goes wrong in one answer is not the others' trouble.
            if error is None:
                self._loop.call_soon(written, first + index, None)
            else:
                self._loop.call_soon(written, 0, NotWritten(f"the journal cannot be written: {error}"))
        if error is not None:
            self.failing = str(error) or type(error).__name__
        self._flush_soon()

    # In the thread of the journal.

    def _write(self, first: int, frames: Sequence[bytes]) -> None:
        segment = self._segment
        if segment is None or segment.size >= self._bounds.segment:
            segment = self._turn(first)
        try:
            segment.append(
                b"".join([pack_record(first + index, frame) for index, frame in enumerate(frames)])
            )
        except OSError:
            # After a failed sync nobody knows what the disk holds: the file is not written to again.
            self._segment = None
            segment.abandon()
            raise

    def _turn(self, first: int) -> OpenSegment:
        if self._segment is not None:
            self._segment.close()
            self._segment = None
        if self._trim(self._place.relayed) >= self._bounds.total:
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
    )
