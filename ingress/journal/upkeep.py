"""What a journal needs beside the relay: its progress saved, old segments deleted, folders of processes that died emptied."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from ingress.journal.course import Course, Sender
from ingress.journal.doubts import Doubts
from ingress.journal.journal import Journal
from ingress.journal.place import JournalFolder, folders, hold
from ingress.journal.progress import Progress
from ingress.journal.reader import JournalReader
from runtime.logs import get_logger
from schemas.errors import NotConfirmed, Unroutable

log = get_logger(__name__)

SAVE_SECONDS = 1.0  # of relayed deliveries that are sent again after a crash, and recognised
ROUND_SAVES = 60


@dataclass
class Estate:
    """The journal that a process left, up to before record `until`; `losses` of channels before its first was sent. It is held until the broker has all of it."""

    place: JournalFolder
    course: Course
    until: int
    losses: int

    async def close(self) -> None:
        await self.course.close()
        self.place.release()


class Upkeep:
    """Run it beside the door."""

    def __init__(
        self,
        root: Path,
        place: JournalFolder,
        journal: Journal,
        progress: Progress,
        sender: Sender,
        doubts: Doubts,
    ) -> None:
        self._root = root
        self._place = place
        self._journal = journal
        self._progress = progress
        self._sender = sender
        self._doubts = doubts
        self._estates: dict[Path, Estate] = {}
        """Of which only a queue that was left behind lacks something: its follower goes on between two rounds."""

    async def run(self) -> None:
        """Until it is cancelled."""
        turn = 0
        try:
            while True:
                if turn % ROUND_SAVES == 0:
                    await self._round()
                turn += 1
                await asyncio.sleep(SAVE_SECONDS)
                await self.save()
        finally:
            for estate in self._estates.values():
                await estate.close()

    async def save(self) -> None:
        """Remembers how far the broker is. On a full disk it is remembered later: then more is sent twice."""
        through, sure = self._progress.through, self._progress.sure
        if (through, sure) != (self._place.relayed, self._place.sure):
            try:
                await asyncio.to_thread(self._place.save_relayed, through, sure)
            except OSError as error:
                log.warning(
                    "the progress of the journal cannot be saved",
                    action="ingress.journal_unsaved",
                    error=str(error),
                )

    async def _round(self) -> None:
        try:
            await self._journal.trim(self._progress.sure)
            for folder in await asyncio.to_thread(folders, self._root):
                if folder != self._place.folder:
                    await self._empty(folder)
        except (OSError, NotConfirmed, Unroutable) as error:
            log.warning(
                "upkeep of the journal goes on later", action="ingress.journal_upkeep", error=str(error)
            )

    async def _empty(self, folder: Path) -> None:
        """Sends what a process left there that lives no more."""
        estate = self._estates.pop(folder, None) or await self._inherited(folder)
        if estate is None:
            return
        course, until = estate.course, estate.until
        try:
            # What a queue that was left behind lacks is sent between two rounds.
            while course.lacks(until) and not (course.behind and course.front + 1 >= until):
                await course.send(until)
            if not course.lacks(until):
                await self._sent(estate)
        except BaseException:
            await estate.close()
            raise
        if course.lacks(until):
            self._estates[folder] = estate
        else:
            await estate.close()

    async def _inherited(self, folder: Path) -> Estate | None:
        left = await asyncio.to_thread(hold, folder)
        if left is None:
            return None
        try:
            until = await asyncio.to_thread(left.last_number) + 1
        except OSError:
            left.release()
            raise
        if left.sure + 1 < until:
            log.warning(
                "sending what another ingress left in its journal",
                action="ingress.journal_adopted",
                folder=folder.name,
                deliveries=until - 1 - left.sure,
            )
        course = self._sender.course(JournalReader(folder), Progress(left.sure))
        return Estate(left, course, until, self._doubts.losses)

    async def _sent(self, estate: Estate) -> None:
        """What the broker may have forgotten meanwhile is sent again in the next round."""
        through = estate.course.progress.through
        if through > estate.place.sure and await self._doubts.lasts(estate.losses):
            await asyncio.to_thread(estate.place.save_relayed, through)
