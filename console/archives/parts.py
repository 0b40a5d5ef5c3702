"""Writing a part of the log into a file, with the seals that prove it (docs/adr/0079).

A file gets its name when it is whole and was read back, every hash made anew; the database names it after that. Then what stood there before goes. Killed anywhere, the file that
the database names is whole, and the same command goes on.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.archives.archiving import alone
from console.archives.body_file import ArchiveDamaged
from console.archives.part_file import PartFileWriter, PartHeld, Range, read_part
from eventstore.parts import parts
from eventstore.queries import load
from eventstore.sealing import covers
from runtime.faults import fault_point
from runtime.files import sync_folder
from schemas.errors import LunasError

if TYPE_CHECKING:
    from runtime.database import Connection

SQL = load("log_archives.sql", "console")


class NothingSealed(LunasError):
    """No seal covers anything of this part yet."""


async def ranges(connection: Connection) -> dict[str, Range]:
    """Every part that something was written to, by its name, in order."""
    return {
        row["part"]: Range(row["part"], row["first"] or None, row["before"])
        for row in await parts(connection)
        if row["since"] is not None
    }


async def parts_due(connection: Connection) -> list[str]:
    """Parts that are sealed to their end, and have no file that reaches there."""
    return [row["part"] for row in await connection.fetch(SQL["due"])]


async def archive_part(connection: Connection, folder: Path, place: Range, by: str) -> tuple[str, PartHeld]:
    """Writes what is sealed of a part; the file's name, and what it holds. Raises NothingSealed, ArchiveDamaged when the log is not what was sealed, OSError,
    BlockingIOError when another run is at work in the folder."""
    with alone(folder):
        with PartFileWriter(folder / f".log-{place.part}-{uuid.uuid4().hex}", place) as writer:
            async for seal, hashes, events in covers(connection, place.first or 0, place.before):
                writer.add(seal, hashes, events)
            if not writer.seals:
                raise NothingSealed
            writer.end()
            held = read_part(writer.path)
            file = folder / f"log-{place.part}-{held.digest.hex()[:12]}.jsonl.gz"
            fault_point("log_archive.written")
            writer.path.rename(file)
            sync_folder(folder)
        async with connection.transaction():
            await connection.execute(SQL["archived"], *_named(place, file, held), by)
            fault_point("log_archive.before_commit")
        fault_point("log_archive.after_commit")
        _sweep(folder, place.part, file.name)
        return file.name, held


def check_part(path: Path, row: Mapping[str, Any], published: Mapping[int, str]) -> PartHeld:
    """Raises ArchiveDamaged unless a file fits its seals, these the published ones, and it is the one that the database names; OSError."""
    held = read_part(path)
    if (held.range.part, held.events, held.digest.hex()) != (row["part"], row["events"], row["sha256"]):
        raise ArchiveDamaged(f"{path.name}: it is not the file that was written")
    for number, each in held.hashes.items():
        if published and published.get(number) != each:
            raise ArchiveDamaged(f"{path.name}: seal {number} is not the one that was published")
    return held


def _named(place: Range, file: Path, held: PartHeld) -> tuple[object, ...]:
    through = min(held.through, place.before - 1)
    return place.part, through, file.name, held.events, min(held.hashes), max(held.hashes), held.digest


def _sweep(folder: Path, part: str, file: str) -> None:
    """What runs of before left."""
    for pattern in (f"log-{part}-*.jsonl.gz", f".log-{part}-*"):
        for other in folder.glob(pattern):
            if other.name != file:
                other.unlink(missing_ok=True)
    sync_folder(folder)
