"""What lies in the archive's folder. Reads only."""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from console.backups.wal_names import Fork, WalFile, forks, lsn, wal_file, wal_name

WAL, BASE, PACKED = "wal", "base", ".gz"
MANIFEST = "backup_manifest"
_BEGUN = re.compile(r"\d{8}T\d{6}Z\Z")
_HEAD = struct.Struct("<HHIQI4xQI")
"""Beginning of the first page of a file: magic, flags, timeline, place, what is left of a record, system, size of a file (xlog_internal.h)."""
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class BaseBackup:
    """One whole copy. `first` and `last`: the places in the log between which it was taken."""

    folder: Path
    begun: datetime
    timeline: int
    first: int
    last: int
    files: Sequence[Mapping[str, object]] = field(repr=False, default=())


@dataclass(frozen=True, slots=True)
class Archive:
    """`names`: of every archived file, without the ending. `bases`: oldest first. `unfinished`: folders of `base` that hold no whole copy."""

    root: Path
    names: frozenset[str]
    bases: Sequence[BaseBackup]
    unfinished: Sequence[str]

    def newest(self, size: int) -> WalFile | None:
        """The file that reaches furthest."""
        found = [file for file in (wal_file(name, size) for name in self.names) if file is not None]
        return max(found, key=lambda file: (file.timeline, file.number), default=None)

    def path_of(self, name: str) -> Path:
        return self.root / WAL / f"{name}{PACKED}"

    def closed_at(self, file: WalFile, size: int) -> datetime:
        """When PostgreSQL finished it. Raises OSError."""
        return datetime.fromtimestamp(self.path_of(wal_name(file, size)).stat().st_mtime, UTC)

    def history(self, timeline: int) -> list[Fork] | None:
        """Where earlier timelines were left; None when the archive does not tell. Raises OSError."""
        if timeline == 1:
            return []
        name = f"{timeline:08X}.history"
        if name not in self.names:
            return None
        try:
            return forks(_unpacked(self.path_of(name)).decode())
        except (zlib.error, ValueError, EOFError):
            return None


@dataclass(frozen=True, slots=True)
class ArchiveFlaw:
    """`what`: `damaged` (not what was written), `foreign` (of another database), `misplaced` (of another place in the log) or `gone`."""

    file: Path
    what: str


def read_archive(root: Path) -> Archive:
    """Names and lists, no bytes of the log. Raises OSError."""
    names = {
        entry.name.removesuffix(PACKED)
        for entry in _entries(root, WAL)
        if entry.name.endswith(PACKED) and not entry.name.startswith(".")
    }
    bases, unfinished = [], []
    for entry in sorted(_entries(root, BASE), key=lambda each: each.name):
        base = _base(Path(entry.path)) if _BEGUN.match(entry.name) else None
        if base is not None:
            bases.append(base)
        elif not entry.name.startswith("."):
            unfinished.append(entry.name)
    return Archive(root, frozenset(names), bases, unfinished)


def _entries(root: Path, part: str) -> list[os.DirEntry[str]]:
    """Nothing before the first file is archived. Raises OSError when the archive itself is not there."""
    try:
        with os.scandir(root / part) as entries:
            return list(entries)
    except FileNotFoundError:
        root.stat()
        return []


def _base(folder: Path) -> BaseBackup | None:
    try:
        document = json.loads((folder / MANIFEST).read_bytes())
        (span,) = document["WAL-Ranges"]
        begun = datetime.strptime(folder.name, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return BaseBackup(
            folder,
            begun,
            int(span["Timeline"]),
            lsn(span["Start-LSN"]),
            lsn(span["End-LSN"]),
            document["Files"],
        )
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        return None


def examine_wal(
    archive: Archive, files: Sequence[WalFile], size: int, system: int
) -> Iterator[ArchiveFlaw | None]:
    """One word for each file: what is wrong with it, or None. Reads every byte. Raises OSError."""
    for file in files:
        path = archive.path_of(wal_name(file, size))
        what = _wal_flaw(path, file, size, system)
        yield ArchiveFlaw(path, what) if what else None


def _wal_flaw(path: Path, file: WalFile, size: int, system: int) -> str | None:
    try:
        content = _unpacked(path)
    except FileNotFoundError:
        return "gone"
    except (zlib.error, EOFError):
        return "damaged"
    if len(content) != size:
        return "damaged"
    _, _, _, place, _, theirs, _ = _HEAD.unpack_from(content)
    if theirs != system % 2**64:
        return "foreign"
    return None if place == file.number * size else "misplaced"


def examine_base(base: BaseBackup) -> Iterator[ArchiveFlaw | None]:
    """One word for each file of a copy, and one for its list: what is wrong with it, or None. Reads every byte. Raises OSError."""
    yield None if _listed_whole(base.folder / MANIFEST) else ArchiveFlaw(base.folder / MANIFEST, "damaged")
    for listed in base.files:
        path = base.folder / str(
            listed.get("Path") or bytes.fromhex(str(listed["Encoded-Path"])).decode("latin-1")
        )
        what = _copied_flaw(path, listed)
        yield ArchiveFlaw(path, what) if what else None


def _copied_flaw(path: Path, listed: Mapping[str, object]) -> str | None:
    try:
        if path.stat().st_size != listed["Size"]:
            return "damaged"
        if listed.get("Checksum-Algorithm") != "SHA256":
            return None  # its length is all that the list tells
        with path.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except FileNotFoundError:
        return "gone"
    return None if digest == listed["Checksum"] else "damaged"


def _listed_whole(manifest: Path) -> bool:
    """The list's own checksum covers everything before its line."""
    content = manifest.read_bytes()
    at = content.rfind(b'"Manifest-Checksum"')
    said = re.search(rb'"Manifest-Checksum":\s*"([0-9a-f]{64})"', content[at:])
    return at > 0 and said is not None and hashlib.sha256(content[:at]).hexdigest() == said[1].decode()


def _unpacked(path: Path) -> bytes:
    """All of a packed file, held against the checksum and the length that gzip keeps. Raises OSError, zlib.error or EOFError."""
    machine, parts = zlib.decompressobj(wbits=31), []
    with path.open("rb") as opened:
        while piece := opened.read(_PIECE):
            parts.append(machine.decompress(piece))
    if not machine.eof or machine.unused_data:
        raise EOFError(f"{path} does not end where it should")
    return b"".join(parts)
