"""Whether the database could be restored to now: archiving, copies, holes, damage, and whether the journals of ingress close the gap."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from console.backups.looking import BackupView, last_archived, look_at_backups
from console.backups.wal_names import WalFile, spans, wal_name
from console.checks.finding import Finding, note, ok, problem, unseen
from console.messages import text
from console.output import number
from console.times import ago, iso, moment

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

SHOWN_MAX = 5  # holes and damaged files named one by one
LATE = 1.5
"""A copy that is half as old again as it should be is late."""


async def check_backups(connection: Connection, settings: Settings) -> AsyncIterator[Finding]:
    """For `lunas doctor`: names only. On a developer's machine that archives nothing, nothing is said."""
    view = await look_at_backups(connection, settings)
    if not view.server.on and settings.backup_dir is None:
        if settings.env == "production":
            yield note("archiving", text("backup.off"), text("backup.off.fix"))
        return
    for finding in backup_findings(view, settings):
        yield finding


def backup_findings(view: BackupView, settings: Settings) -> Iterator[Finding]:
    """Every finding of a look, in a stable order."""
    yield from _archiving(view, settings)
    if view.unreadable:
        detail = text("backup.unreadable", why=view.unreadable)
        yield problem("archive", detail, text("backup.unreadable.fix"))
    elif view.archive is None:
        yield unseen("archive", text("backup.unseen"), text("backup.unseen.fix"))
    else:
        yield from _bases(view, settings)
        yield from _holes(view)
        yield from _bytes(view)
    yield from _journals(view, settings)


def republish_since(view: BackupView, settings: Settings) -> datetime | None:
    """From when on a restore to the end of the archive is filled from the journals."""
    return view.reaches - timedelta(seconds=settings.backup_overlap_seconds) if view.reaches else None


def _archiving(view: BackupView, settings: Settings) -> Iterator[Finding]:
    server = view.server
    if not server.on:
        yield problem("archiving", text("backup.off"), text("backup.off.fix"))
        return
    last = last_archived(server, view.archive)
    if server.failing and server.failed_at is not None:
        told = {"name": server.failed, "age": ago(server.failed_at, server.now)}
        yield problem("archiving", text("backup.failing", **told), text("backup.failing.fix"))
    elif view.behind_seconds > settings.backup_behind_seconds:
        told = {
            "count": number(view.waiting),
            "age": ago(server.now - timedelta(seconds=view.behind_seconds), server.now),
        }
        yield problem("archiving", text("backup.behind", **told), text("backup.failing.fix"))
    elif last is None and (server.now - server.began).total_seconds() > settings.backup_behind_seconds:
        told = {"age": ago(server.began, server.now)}
        yield problem("archiving", text("backup.never", **told), text("backup.failing.fix"))
    elif last is None:
        yield ok("archiving", text("backup.not_yet"))
    else:
        at = view.reaches or server.archived_at
        told = {"name": wal_name(last, server.size), "age": ago(at, server.now) if at else "-"}
        yield ok("archiving", text("backup.archived", count=number(view.waiting), **told))
    if not server.timeout_seconds:
        yield note("archive_timeout", text("backup.no_timeout"), text("backup.no_timeout.fix"))


def _bases(view: BackupView, settings: Settings) -> Iterator[Finding]:
    assert view.archive is not None
    newest, age = view.newest_base, view.base_age()
    if newest is None or age is None:
        yield problem("base_backup", text("backup.no_base", root=view.archive.root), text("backup.base.fix"))
    else:
        told = {
            "count": number(len(view.archive.bases)),
            "begun": moment(newest.begun),
            "age": ago(newest.begun, view.server.now),
        }
        if age > timedelta(hours=settings.backup_every_hours * LATE):
            told["hours"] = number(settings.backup_every_hours)
            yield problem("base_backup", text("backup.base_old", **told), text("backup.base.fix"))
        else:
            yield ok("base_backup", text("backup.base", keep=number(settings.backup_keep), **told))
    if view.archive.unfinished:
        names = ", ".join(view.archive.unfinished[:SHOWN_MAX])
        yield note("base_backup", text("backup.unfinished", names=names), text("backup.unfinished.fix"))


def _holes(view: BackupView) -> Iterator[Finding]:
    size = view.server.size
    if view.untold is not None:
        detail = text("backup.untold", name=f"{view.untold:08X}.history")
        yield problem("gaps", detail, text("backup.gap.fix"))
    elif view.missing:
        told = {"count": number(len(view.missing)), "names": _named(view.missing, size)}
        yield problem("gaps", text("backup.gap", **told), text("backup.gap.fix"))
    elif view.needed:
        told = {"first": wal_name(view.needed[0], size), "last": wal_name(view.needed[-1], size)}
        yield ok("gaps", text("backup.no_gap", count=number(len(view.needed)), **told))


def _named(files: Sequence[WalFile], size: int) -> str:
    found = spans(files)
    shown = [
        wal_name(first, size) if first == last else f"{wal_name(first, size)}–{wal_name(last, size)}"
        for first, last in found[:SHOWN_MAX]
    ]
    return ", ".join(shown) + (", …" if len(found) > SHOWN_MAX else "")


def _bytes(view: BackupView) -> Iterator[Finding]:
    if view.flaws is None:
        return
    for flaw in view.flaws[:SHOWN_MAX]:
        yield problem("checksums", text(f"backup.{flaw.what}", file=flaw.file), text("backup.damage.fix"))
    if len(view.flaws) > SHOWN_MAX:
        more = number(len(view.flaws) - SHOWN_MAX)
        yield problem("checksums", text("backup.more_damage", count=more), text("backup.damage.fix"))
    if not view.flaws:
        yield ok("checksums", text("backup.bytes", count=number(view.read)))


def _journals(view: BackupView, settings: Settings) -> Iterator[Finding]:
    since = republish_since(view, settings)
    if settings.ingress_durability != "journal":
        yield note("journals", text("backup.no_journal"), text("backup.no_journal.fix"))
    elif not view.journals:
        yield unseen("journals", text("backup.journals_unseen"), text("backup.journals_unseen.fix"))
    elif since is not None:
        late = [journal for journal in view.journals if not journal.reaches(since)]
        if late:
            oldest = max((journal.oldest for journal in late if journal.oldest), default=None)
            told = {"oldest": moment(oldest), "since": moment(since)}
            yield problem(
                "journals", text("backup.journals_short", **told), text("backup.journals_short.fix")
            )
        else:
            told = {"count": number(len(view.journals)), "since": iso(since.replace(microsecond=0))}
            yield ok("journals", text("backup.journals", **told))
