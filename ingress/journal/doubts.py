"""Sees when the broker may have forgotten what it confirmed, and sends it again once the broker stays (ADR 0096).

Beside everything else and not before a connection has lasted as long as a broker may forget: where connections break again and again, what is new
goes on its way on each of them, and none of them is spent on what the one before had sent.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from ingress.journal.course import PAUSE_SECONDS, Sender
from ingress.journal.progress import Progress
from ingress.journal.reader import JournalReader
from runtime.logs import get_logger
from schemas.errors import NotConfirmed, Unroutable

log = get_logger(__name__)

LOOK_SECONDS = 1.0
LONGEST_LOOK = 2 * LOOK_SECONDS  # a process that stood still has not seen what happened meanwhile


class Channel(Protocol):
    """What is published on, such as `Publisher`. `losses`: how often a channel was gone."""

    losses: int

    @property
    def is_ready(self) -> bool: ...


class Doubts:
    """Run both its tasks beside the door. `reach` in seconds; with 0 the broker is believed."""

    def __init__(
        self, progress: Progress, channel: Channel, reader: JournalReader, sender: Sender, reach: float
    ) -> None:
        self._progress = progress
        self._channel = channel
        self._reader = reader
        self._sender = sender
        self._reach = reach
        self._losses = channel.losses
        self._clock = self._lasted = 0.0
        self._due = asyncio.Event()
        self._again: Progress | None = None  # of what is sent again now
        self._until = 0  # the last of it

    @property
    def waiting(self) -> int:
        """Confirmed records that are in doubt and were not sent again yet."""
        progress, again = self._progress, self._again
        if again is not None:
            return self._until - again.through
        if progress.doubted is None and self._channel.losses == self._losses:
            return 0
        return max(0, progress.through + progress.ahead - progress.sure)

    async def run(self) -> None:
        """Until it is cancelled. Raises OSError when the journal cannot be read."""
        while True:
            await self._due.wait()
            await self._send_again()
            self._due.clear()

    async def watch(self) -> None:
        """Until it is cancelled: what tells `run` when."""
        loop = asyncio.get_running_loop()
        looked = loop.time()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = loop.time()
            self.look(min(now - looked, LONGEST_LOOK))
            looked = now

    def look(self, passed: float) -> None:
        """One look, so many seconds after the last one."""
        progress, again = self._progress, self._again
        self._clock += passed
        if self._channel.losses != self._losses:
            self._losses = self._channel.losses
            self._lasted = 0.0
            progress.doubt()
            self._stop_again()
        else:
            self._lasted = self._lasted + passed if self._channel.is_ready else 0.0
            if again is not None:
                again.look(self._clock)
        progress.look(self._clock)
        if progress.doubted is not None and self._lasted >= self._reach:
            self._due.set()

    async def _send_again(self) -> None:
        """What is in doubt, on one connection; the next one begins behind what is sure by then."""
        progress = self._progress
        if progress.doubted is None:
            return
        losses, until = self._channel.losses, progress.last()
        if until <= progress.doubted:
            progress.believe()
            return
        again = self._again = Progress(progress.doubted, self._reach)
        self._until = until
        again.look(self._clock)
        log.warning(
            "the broker was gone, and may have forgotten what it confirmed last: that is sent again",
            action="ingress.journal_doubted",
            deliveries=until - again.through,
        )
        self._sender.metrics.journal_doubted.inc(until - again.through)
        async with self._sender.course(self._reader, again) as course:
            while self._channel.losses == losses and course.lacks(until + 1):
                try:
                    await course.send(until + 1)
                except (NotConfirmed, Unroutable):
                    await asyncio.sleep(PAUSE_SECONDS[1])
        if await self.lasts(losses):
            self._again = None
            progress.believe()
        else:
            self._stop_again()

    def _stop_again(self) -> None:
        again, self._again = self._again, None
        if again is not None:
            self._progress.doubted = again.sure

    async def lasts(self, losses: int) -> bool:
        """Whether what was confirmed up to now is believed: the broker lives on for as long as it may forget, and was gone no more often than `losses`."""
        if not self._reach:
            return True
        if self._channel.losses == losses:
            await asyncio.sleep(self._reach)
        return self._channel.losses == losses

    @property
    def losses(self) -> int:
        """For `lasts`, before the first of what is confirmed."""
        return self._channel.losses

    def end(self) -> None:
        """This process ends in order while the broker is well: the next one need send nothing again."""
        well = self._channel.is_ready and self._channel.losses == self._losses
        if well and self._progress.doubted is None:
            self._progress.trust()
