"""The file of published seals: a line of JSON each, in order, only ever added to. It is evidence only where others keep it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

from eventstore.seals import Seal
from runtime.files import sync_folder, write_all

PUBLIC = 0o644
TAIL_BYTES = 64 * 1024  # holds the last line many times over


def append_seals(file: Path, seals: Sequence[Seal]) -> None:
    """Adds lines and syncs them. Raises OSError. A line that a crash tore before gets an end of its own, and is skipped by readers."""
    fresh = not file.exists()
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, PUBLIC)
    try:
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        lines = b"".join(orjson.dumps(seal.as_document()) + b"\n" for seal in seals)
        write_all(descriptor, b"\n" * torn + lines)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if fresh:
        sync_folder(file.parent)


def newest_published(file: Path) -> int:
    """Number of the last whole line; 0 without a file. Reads its end only. Raises OSError."""
    try:
        with file.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - TAIL_BYTES))
            lines = stream.read().split(b"\n")
    except FileNotFoundError:
        return 0
    return max((document["number"] for document in _whole(lines)), default=0)


def published_hashes(file: Path) -> dict[int, str]:
    """Hash in hex by number. Raises OSError, and ValueError when a number is there twice with different hashes."""
    hashes: dict[int, str] = {}
    with file.open("rb") as stream:
        for document in _whole(stream):
            if hashes.setdefault(document["number"], document["hash"]) != document["hash"]:
                raise ValueError(f"seal {document['number']} is there twice, with different hashes")
    return hashes


def _whole(lines: Iterable[bytes]) -> Iterable[dict[str, Any]]:
    for line in lines:
        try:
            document = orjson.loads(line)
        except orjson.JSONDecodeError:  # torn by a crash, or the beginning of a tail
            continue
        if (
            isinstance(document, dict)
            and isinstance(document.get("number"), int)
            and isinstance(document.get("hash"), str)
        ):
            yield document
