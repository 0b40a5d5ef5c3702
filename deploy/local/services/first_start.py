"""A broker that was never ready has confirmed nothing: what a cut left of its first start is put aside as a whole, and it is made anew.

RabbitMQ makes its schema in many files that reach the disk in any order; a power cut in between leaves some of them without the others, and the node does not
start (`no_exists, rabbit_vhost`; seen with 3.10.8, a cut 4.9 s into a first start). A note says that a first start is under way. It is on the disk before the
node is started, and gone, with everything that the node wrote synced, before anybody is told the broker's address. So a note that is found means that nobody
has ever published there; a node without one may hold something, and is left alone.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from runtime.files import sync_folder, write_whole

NOTE = ".first-start"
ASIDE = ".unfinished"


def begin(data: Path) -> Path | None:
    """Before each start: notes a first one, and puts aside what an earlier first one left; where to. `data`: the node's own folder, there or not.

    Raises OSError.
    """
    note, aside = _note(data), data.with_name(data.name + ASIDE)
    if not data.exists():
        note.parent.mkdir(parents=True, exist_ok=True)
        write_whole(note, b"")
        sync_folder(note.parent.parent)
        return None
    if not note.exists():
        return None
    shutil.rmtree(aside, ignore_errors=True)
    data.replace(aside)
    sync_folder(data.parent)
    return aside


def end(data: Path) -> None:
    """It is ready, and nobody knows its address yet. Raises OSError."""
    note = _note(data)
    if note.exists():
        _sync(data)
        sync_folder(data.parent)
        note.unlink()
        sync_folder(note.parent)


def _note(data: Path) -> Path:
    return data.with_name(data.name + NOTE)


def _sync(folder: Path) -> None:
    """Every file and folder beneath it: the node has not synced all of its own."""
    for path, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):  # it works meanwhile, and takes away what it no longer needs
                _sync_file(Path(path, name))
        with suppress(FileNotFoundError):
            sync_folder(Path(path))


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
