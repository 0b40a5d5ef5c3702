"""What a power cut leaves of a broker that was just being made: files with a name and a length, of which nothing was ever written to the disk.

RabbitMQ keeps its quorum queues' terms and names in tables (dets) that are written some time after they are made, and does not start when one of them
has no head (`not_a_dets_file`; seen with 3.10, three of three cuts 10 to 15 s after a first start on a busy machine). Where the log beside them holds
nothing either, nothing was ever confirmed, and such a table is put aside: the broker makes it anew. Where the log holds something they are left
alone, for a person to look at: what was confirmed is in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

HEAD = bytes.fromhex("00abcdef")  # every dets file has it
HEAD_AT = 4
LOG_HEAD_BYTES = 5  # "RAWA" and a version
ASIDE = ".unwritten"
CHUNK_BYTES = 1 << 20


def put_aside(database: Path) -> list[Path]:
    """Renames tables that were never written, of queues of which nothing was; their former names. `database`: the node's folder, there or not."""
    found = [table for folder in _systems(database) if _is_empty(folder) for table in _unwritten(folder)]
    for table in found:
        table.replace(table.with_name(table.name + ASIDE))
    return found


def _systems(database: Path) -> Iterator[Path]:
    """Folders in which queues have their tables and their common log."""
    for kind in ("quorum", "coordination"):
        yield from sorted(folder for folder in (database / kind).glob("*") if folder.is_dir())


def _unwritten(folder: Path) -> Iterator[Path]:
    for table in sorted(folder.glob("*.dets")):
        with table.open("rb") as file:
            if file.read(HEAD_AT + len(HEAD))[HEAD_AT:] != HEAD:
                yield table


def _is_empty(folder: Path) -> bool:
    """Whether its logs hold no entry, and no queue has one of its own."""
    return not any(folder.glob("*/*.segment")) and all(_holds_nothing(log) for log in folder.glob("*.wal"))


def _holds_nothing(log: Path) -> bool:
    with log.open("rb") as file:
        file.seek(LOG_HEAD_BYTES)
        while chunk := file.read(CHUNK_BYTES):
            if chunk.strip(b"\0"):
                return False
    return True
