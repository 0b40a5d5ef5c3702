"""Whether the bytes of old webhooks stand in files, where that is asked for."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from console.archives.archiving import SQL, months_due
from console.checks.finding import Finding, note, ok, problem
from console.messages import text

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

CHECK = "body_archive"
SHOWN_MAX = 6  # months and files named one by one


async def check_body_archive(connection: Connection, settings: Settings) -> AsyncIterator[Finding]:
    """For `lunas doctor`. Where nothing was ever archived, and nobody asks for it, nothing is said."""
    files = [row["file"] for row in await connection.fetch(SQL["files"])]
    if not files and settings.raw_body_archive == "off" and settings.body_archive_dir is None:
        return
    missing = _missing(settings, files)
    if missing:
        detail = text("doctor.archive_missing", files=_some(missing))
        yield problem(CHECK, detail, text("doctor.archive_missing.fix"))
    due = [f"{month:%Y-%m}" for month in await months_due(connection)]
    if due:
        yield note(CHECK, text("doctor.archive_due", months=_some(due)), text("doctor.archive_due.fix"))
    if not (missing or due):
        yield ok(CHECK, text("doctor.archive_ok"))


def _missing(settings: Settings, files: list[str]) -> list[str]:
    """Only who has the folder can say; the processor needs none."""
    if settings.body_archive_dir is None:
        return []
    try:
        there = set(os.listdir(settings.body_archive_dir))
    except OSError:
        there = set()
    return [file for file in files if file not in there]


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:SHOWN_MAX])
    return f"{shown}, …" if len(names) > SHOWN_MAX else shown
