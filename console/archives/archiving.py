"""Writing a month's bytes into a file, adding what came late, and taking out who was forgotten (docs/adr/0091).

A file gets its name when it is whole and was read back; the database names it after that, in one transaction under the log's lock, in which nobody can be forgotten.
Then what stood there before goes. Killed anywhere, the file that the database names is whole, and the same command goes on.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from console.archives.body_file import ArchiveDamaged, ArchivedBody, BodyFileWriter, read_bodies
from eventstore.append import log_transaction
from eventstore.queries import load
from eventstore.read import head, receipts
from runtime.faults import fault_point
from runtime.files import sync_folder
from schemas.errors import LunasError

if TYPE_CHECKING:
    import asyncpg

    from runtime.database import Connection

SQL = load("archives.sql", "console")


class FolderUnknown(LunasError):
    """LUNAS_BODY_ARCHIVE_DIR is not set, and there are files of archived webhooks."""


@dataclass(frozen=True, slots=True)
class MonthArchived:
    """`bodies`: in the file now; `added` and `forgotten`: since it was written before."""

    month: date
    file: str
    bodies: int
    added: int
    forgotten: int


async def months_due(connection: Connection) -> list[date]:
    """Whole months without a file, and those whose file holds somebody who was forgotten, oldest first."""
    return [row["month"] for row in await connection.fetch(SQL["due"])]


async def is_over(connection: Connection, month: date) -> bool:
    """Whether no webhook can come in that month any more."""
    current: date = await connection.fetchval(SQL["clock"])
    return month < current


async def archive_month(
    connection: Connection, folder: Path, month: date, batch: int, by: str
) -> MonthArchived:
    """Writes a month's file, or writes it anew. Raises ArchiveDamaged when the file of before is, or bytes are not what the log says; OSError; BlockingIOError
    when another run is at work in the folder."""
    with alone(folder):
        while True:
            [known] = await connection.fetch(SQL["of_month"], month)
            through = await head(connection)
            done = await _archived(connection, folder, month, known, through, batch, by)
            if done is not None:
                _sweep(folder, month, done.file)
                return done


async def _archived(
    connection: Connection,
    folder: Path,
    month: date,
    known: asyncpg.Record,
    through: int,
    batch: int,
    by: str,
) -> MonthArchived | None:
    """None when somebody was forgotten while it was written: once more."""
    span = known["from_id"], known["until_id"]
    gone = await _forgotten(connection, span)
    added = 0
    with BodyFileWriter(folder / f".bodies-{month:%Y-%m}-{uuid.uuid4().hex}", month, through) as writer:
        before = _kept(folder / known["file"], gone) if known["file"] else ()
        for one in before:
            writer.add(one)
        kept = writer.bodies
        async for rows in _new(connection, known, through, batch):
            for one in rows:
                writer.add(one)
                added += 1
        digest = writer.end()
        bodies = sum(1 for _ in read_bodies(writer.path))
        file = folder / f"bodies-{month:%Y-%m}-{digest.hex()[:12]}.jsonl.gz"
        fault_point("archive.written")
        writer.path.rename(file)
        sync_folder(folder)
    async with log_transaction(connection):
        if await _forgotten(connection, span) - gone:
            return None
        named = (month, *span, through, file.name, bodies, digest, by)
        await connection.execute(SQL["archived"], *named)
        fault_point("archive.before_commit")
    fault_point("archive.after_commit")
    return MonthArchived(month, file.name, bodies, added, (known["bodies"] or 0) - kept)


async def archived_bodies(
    connection: Connection, folder: Path | None, deliveries: Collection[uuid.UUID]
) -> dict[uuid.UUID, bytes]:
    """Bytes that the files of these deliveries' months hold. Raises ArchiveDamaged for one that is not what came, OSError."""
    rows = await connection.fetch(SQL["holding"], list(deliveries)) if folder is not None else []
    by_file: dict[str, set[uuid.UUID]] = {}
    for row in rows:
        by_file.setdefault(row["file"], set()).add(row["delivery_id"])
    found: dict[uuid.UUID, bytes] = {}
    for file, wanted in by_file.items():
        assert folder is not None
        found |= _picked(folder / file, wanted)
    return found


async def searched(connection: Connection, folder: Path | None, parts: Collection[bytes]) -> set[uuid.UUID]:
    """Webhooks in any file whose bytes hold one of these. Raises FolderUnknown when there are files and nobody says where; ArchiveDamaged, OSError."""
    rows = await connection.fetch(SQL["files"])
    if rows and folder is None:
        raise FolderUnknown
    found: set[uuid.UUID] = set()
    for row in rows if parts and folder is not None else ():
        bodies = read_bodies(folder / row["file"])
        found |= {one.delivery_id for one in bodies if any(part in one.body for part in parts)}
    return found


async def check_file(connection: Connection, path: Path, row: Mapping[str, object], batch: int) -> None:
    """Raises ArchiveDamaged unless a file is whole, is the one that the database names, and holds what the log says that came; OSError."""
    taken: list[ArchivedBody] = []
    count = 0
    for one in read_bodies(path):
        taken.append(one)
        count += 1
        if len(taken) == batch:
            await _as_received(connection, taken)
            taken.clear()
    await _as_received(connection, taken)
    if count != row["bodies"] or str(row["sha256"])[:12] not in path.name:
        raise ArchiveDamaged(f"{path.name}: it holds {count} webhooks, and {row['bodies']} were written")


async def _new(
    connection: Connection, known: asyncpg.Record, through: int, batch: int
) -> AsyncIterator[Sequence[ArchivedBody]]:
    place, after = known["from_id"], known["through"] or 0
    while rows := await connection.fetch(SQL["to_archive"], place, known["until_id"], after, through, batch):
        place = rows[-1]["delivery_id"]
        bodies = [ArchivedBody(*row) for row in rows]
        await _as_received(connection, bodies)
        yield bodies


async def _as_received(connection: Connection, bodies: Sequence[ArchivedBody]) -> None:
    """The sealed log names the digest of what came: nothing else is worth keeping."""
    said = await receipts(connection, [one.position for one in bodies])
    for one in bodies:
        if said.get(one.position) != (str(one.delivery_id), one.sha256):
            raise ArchiveDamaged(f"{one.delivery_id}: the log says that other bytes came")


async def _forgotten(connection: Connection, span: tuple[uuid.UUID, uuid.UUID]) -> set[uuid.UUID]:
    return {row["delivery_id"] for row in await connection.fetch(SQL["forgotten"], *span)}


def _kept(path: Path, gone: Collection[uuid.UUID]) -> Iterable[ArchivedBody]:
    return (one for one in read_bodies(path) if one.delivery_id not in gone)


def _picked(path: Path, wanted: set[uuid.UUID]) -> dict[uuid.UUID, bytes]:
    """Reads no further than the last of them; each body is held against its own digest."""
    found: dict[uuid.UUID, bytes] = {}
    for one in read_bodies(path):
        if one.delivery_id in wanted:
            found[one.delivery_id] = one.body
            if len(found) == len(wanted):
                break
    return found


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """What one run sweeps away may be what another one is about to name."""
    place = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(place)


def _sweep(folder: Path, month: date, file: str) -> None:
    """What runs of before left: files that the database does not name any more hold who was forgotten."""
    for pattern in (f"bodies-{month:%Y-%m}-*.jsonl.gz", f".bodies-{month:%Y-%m}-*"):
        for other in folder.glob(pattern):
            if other.name != file:
                other.unlink(missing_ok=True)
    sync_folder(folder)
