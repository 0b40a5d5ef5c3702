"""One look at archive and journals together: could the database be restored to now, and what would be missing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from console.backups.archive import Archive, ArchiveFlaw, BaseBackup, examine_base, examine_wal, read_archive
from console.backups.server import ArchiverReport, archiver_report
from console.backups.wal_names import WalFile, between, wal_file
from ingress.journal.opening import journal_root
from ingress.journal.survey import JournalState, survey

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class BackupView:
    """What was seen. `archive`: None when there is no folder to look into (`unreadable` says why, when one was named).

    `needed`: files from the beginning of the oldest copy to the end of the archive, in order; `untold`: a timeline whose history is missing, so that
    nobody knows what follows what. `reaches`: until when everything is archived. `flaws`: None when no bytes were read.
    """

    server: ArchiverReport
    archive: Archive | None = None
    unreadable: str = ""
    needed: Sequence[WalFile] = ()
    missing: Sequence[WalFile] = ()
    untold: int | None = None
    reaches: datetime | None = None
    journals: Sequence[JournalState] = ()
    flaws: Sequence[ArchiveFlaw] | None = None
    read: int = 0
    """How many files' bytes were read."""

    @property
    def newest_base(self) -> BaseBackup | None:
        return self.archive.bases[-1] if self.archive and self.archive.bases else None

    @property
    def waiting(self) -> int:
        """Finished files that are not archived; the one that is being written is none of them."""
        last = last_archived(self.server, self.archive)
        if not self.server.on or self.server.position is None or last is None:
            return 0
        return max(0, self.server.position // self.server.size - last.number - 1)

    @property
    def behind_seconds(self) -> float:
        """How long finished files have waited for the archive, at most; 0 when none does."""
        if not self.waiting:
            return 0.0
        since = self.server.archived_at or self.server.began
        return max(0.0, (self.server.now - max(since, self.server.began)).total_seconds())

    def base_age(self) -> timedelta | None:
        """Since the newest whole copy was begun."""
        return self.server.now - self.newest_base.begun if self.newest_base else None


Shown = Callable[[int, int], None]
"""Told how many files were read, of how many."""


async def look_at_backups(connection: Connection, settings: Settings) -> BackupView:
    """Names, lists and what the server says; no bytes. Files are read in a thread."""
    server = await archiver_report(connection)
    return await asyncio.to_thread(_look, server, settings)


def _look(server: ArchiverReport, settings: Settings) -> BackupView:
    root = settings.backup_dir
    journals = _journals(settings)
    if root is None:
        return BackupView(server, journals=journals, reaches=server.archived_at)
    try:
        archive = read_archive(root)
        return seen_in(archive, server, journals)
    except OSError as error:
        why = f"{error.filename or root}: {error.strerror}"
        return BackupView(server, unreadable=why, journals=journals, reaches=server.archived_at)


def seen_in(archive: Archive, server: ArchiverReport, journals: Sequence[JournalState]) -> BackupView:
    """Raises OSError."""
    last, size = last_archived(server, archive), server.size
    needed: list[WalFile] = []
    untold = None
    if last is not None and archive.bases:
        oldest = archive.bases[0]
        left = archive.history(last.timeline)
        if left is None:
            untold = last.timeline
        else:
            first = WalFile(oldest.timeline, oldest.first // size)
            needed = list(between(first, last, left, size))
    there = {file for file in (wal_file(name, size) for name in archive.names) if file is not None}
    newest = archive.newest(size)
    return BackupView(
        server,
        archive,
        needed=needed,
        missing=[file for file in needed if file not in there],
        untold=untold,
        reaches=archive.closed_at(newest, size) if newest else None,
        journals=journals,
    )


def last_archived(server: ArchiverReport, archive: Archive | None) -> WalFile | None:
    """The furthest that the server has given to the archive, or that the archive has."""
    told = wal_file(server.archived, server.size) if server.archived else None
    kept = archive.newest(server.size) if archive else None
    return max((file for file in (told, kept) if file is not None), default=None)


def with_bytes(view: BackupView, shown: Shown) -> BackupView:
    """The same, with every byte of the copies and of the log read. Takes as long as reading takes. Raises OSError."""
    archive = view.archive
    if archive is None:
        return view
    there = [file for file in view.needed if file not in set(view.missing)]
    of = len(there) + sum(len(base.files) + 1 for base in archive.bases)
    flaws: list[ArchiveFlaw] = []
    done = 0
    parts = [examine_base(base) for base in archive.bases]
    for part in (*parts, examine_wal(archive, there, view.server.size, view.server.system)):
        for flaw in part:
            done += 1
            flaws += [flaw] if flaw else []
            shown(done, of)
    return replace(view, flaws=flaws, read=done)


def _journals(settings: Settings) -> list[JournalState]:
    try:
        return list(survey(journal_root(settings)))
    except OSError:
        return []
