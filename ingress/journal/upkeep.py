"""What a journal needs beside the relay: its progress saved, old segments deleted, folders of processes that died emptied."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ingress.journal.doubts import Doubts
from ingress.journal.journal import Journal
from ingress.journal.place import JournalFolder, folders, hold
from ingress.journal.progress import Progress
from ingress.journal.reader import JournalReader
from ingress.journal.relay import Sender
from runtime.logs import get_logger
from schemas.errors import NotConfirmed, Unroutable

log = get_logger(__name__)

SAVE_SECONDS = 1.0  # of relayed deliveries that are sent again after a crash, and recognised
ROUND_SAVES = 60


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

    async def run(self) -> None:
        """Until it is cancelled."""
        turn = 0
        while True:
            if turn % ROUND_SAVES == 0:
                await self._round()
            turn += 1
            await asyncio.sleep(SAVE_SECONDS)
            await self.save()

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
        left = await asyncio.to_thread(hold, folder)
        if left is None:
            return
        try:
            until = await asyncio.to_thread(left.last_number) + 1
            progress, reader = Progress(left.sure), JournalReader(folder)
            losses, waits = self._doubts.losses, progress.through + 1 < until
            if waits:
                log.warning(
                    "sending what another ingress left in its journal",
                    action="ingress.journal_adopted",
                    folder=folder.name,
                    deliveries=until - 1 - progress.through,
                )
            while progress.through + 1 < until:
                await self._sender.send(reader, progress, until)
            # What the broker may have forgotten meanwhile is sent again in the next round.
            if waits and await self._doubts.lasts(losses):
                await asyncio.to_thread(left.save_relayed, progress.through)
        finally:
            left.release()
