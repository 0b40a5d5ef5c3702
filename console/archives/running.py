"""Archiving as operators ask for it: where the folder is, which months, what the audit record says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from console.acts import Act, Done, record
from console.archives.archiving import FolderUnknown, MonthArchived, archive_month, is_over, months_due
from console.archives.body_file import ArchiveDamaged
from console.exits import Refused
from console.messages import text
from console.options import actor
from console.output import number

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

VERB = "webhooks.archive"


def folder_of(settings: Settings) -> Path:
    """Where files are written and read. Raises Refused."""
    if settings.body_archive_dir is None:
        raise Refused(text("archive.no_folder"))
    return settings.body_archive_dir


@contextmanager
def readable() -> Iterator[None]:
    """What is wrong with a file or its folder is told in a sentence."""
    try:
        yield
    except FolderUnknown:
        raise Refused(text("archive.no_folder")) from None
    except BlockingIOError:
        raise Refused(text("archive.busy")) from None
    except (ArchiveDamaged, OSError) as error:
        raise Refused(text("archive.unreadable", error=error)) from None


async def write_month(connection: Connection, settings: Settings, month: date, reason: str) -> Done:
    """Raises Refused for a month that is not over, and when the folder or a file is not as it must be: the file of before is left then."""
    if not await is_over(connection, month):
        raise Refused(text("archive.not_over", month=f"{month:%Y-%m}"))
    with readable():
        done = await archive_month(connection, folder_of(settings), month, settings.raw_body_batch, actor())
    undo = text("archive.undo")
    after = {"file": done.file, "bodies": done.bodies, "added": done.added, "forgotten": done.forgotten}
    act = Act(VERB, f"{month:%Y-%m}", reason, undo, after=after)
    return Done(_told(done), await record(connection, act), undo)


async def write_due(connection: Connection, settings: Settings, reason: str) -> Sequence[Done]:
    """Every month that is due, oldest first."""
    return [await write_month(connection, settings, month, reason) for month in await months_due(connection)]


def _told(done: MonthArchived) -> str:
    return text(
        "archive.done",
        month=f"{done.month:%Y-%m}",
        file=done.file,
        bodies=number(done.bodies),
        added=number(done.added),
        forgotten=number(done.forgotten),
    )
