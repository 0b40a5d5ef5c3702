"""A file with a part of the log and its proof: packed lines of JSON. Pure but for the disk.

The first line says what it is; then, for each seal in order, the seal with the hashes of those of its events that stand in another part, and the events under it,
every column as the text that was hashed; the last line says what the file holds. So it proves itself against the published seals, without a database:
`deploy/verify_log_part.py` does it without this code.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from console.archives.body_file import ARCHIVED, ArchiveDamaged, documents
from eventstore.seals import FIELDS, Seal, leaf, root
from runtime.files import open_new

FORMAT = "lunas log part 1"


@dataclass(frozen=True, slots=True)
class Range:
    """Which part: positions from `first` (None: from the beginning) to below `before`."""

    part: str
    first: int | None
    before: int

    def holds(self, position: int) -> bool:
        return position < self.before and (self.first is None or position >= self.first)


@dataclass(slots=True)
class PartHeld:
    """What a file holds, once every hash in it was made anew. `through`: the last position that its seals reach; `hashes` of these in hex by number."""

    range: Range
    events: int = 0
    through: int = 0
    hashes: dict[int, str] = field(default_factory=dict)
    digest: bytes = b""

    @property
    def whole(self) -> bool:
        """Whether its seals reach the end of the part: nothing can be added to it any more."""
        return self.through >= self.range.before - 1


class PartFileWriter:
    """Writes a file; it is whole after `end`, and synced."""

    def __init__(self, path: Path, place: Range) -> None:
        self.path = path
        self._place = place
        self.seals = self._events = 0
        self._digest = hashlib.sha256()
        self._raw = open_new(path, ARCHIVED)
        self._packed = gzip.GzipFile(filename="", mode="wb", fileobj=self._raw, mtime=0)
        self._line({"format": FORMAT, "part": place.part, "first": place.first, "before": place.before})

    def __enter__(self) -> PartFileWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if (
            error is not None or not self._raw.closed
        ):  # something failed: nobody is to take it for a whole one
            self._raw.close()
            self.path.unlink(missing_ok=True)

    def add(self, seal: Seal, hashes: Mapping[int, bytes], events: Iterable[Mapping[str, str]]) -> None:
        """A seal, the hashes of all of its events by position, and the texts of those that stand in this part."""
        others = [
            [position, hashes[position].hex()] for position in hashes if not self._place.holds(position)
        ]
        self._line({"seal": seal.as_document(), "elsewhere": others})
        self.seals += 1
        for texts in events:
            self._line({"event": texts})
            self._events += 1

    def end(self) -> None:
        """The last line, which names the SHA-256 of those before it."""
        self._line({"events": self._events, "seals": self.seals, "sha256": self._digest.hexdigest()})
        self._packed.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()

    def _line(self, document: Mapping[str, object]) -> None:
        line = json.dumps(document, separators=(",", ":")).encode() + b"\n"
        self._digest.update(line)
        self._packed.write(line)


def read_part(path: Path) -> PartHeld:
    """Everything in a file, hashed anew and held against its seals. Raises ArchiveDamaged at the first thing that does not fit, OSError."""
    try:
        return _Reading(path.name).whole(documents(path))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ArchiveDamaged(f"{path.name}: no file of {FORMAT!r} ({type(error).__name__})") from None


class _Reading:
    """Line by line: what is open is the seal whose events come."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._seal: Seal | None = None
        self._previous: Seal | None = None
        self._leaves: dict[int, bytes] = {}
        self._held = PartHeld(Range("", None, 0))

    def whole(self, lines: Iterable[tuple[bytes, dict[str, Any]]]) -> PartHeld:
        digest, held = hashlib.sha256(), self._held
        for number, (line, document) in enumerate(lines, 1):
            if number == 1:
                if document.get("format") != FORMAT:
                    raise ArchiveDamaged(f"{self._name}: not a file of {FORMAT!r}")
                held.range = Range(document["part"], document["first"], document["before"])
            elif "event" in document:
                self._event(document["event"])
            else:
                self._close()
                if "seal" not in document:
                    held.digest = digest.digest()
                    self._end(document)
                    return held
                self._open(document)
            digest.update(line)
        raise ArchiveDamaged(f"{self._name}: its end is missing")

    def _open(self, document: Mapping[str, Any]) -> None:
        said = document["seal"]
        root_, previous = bytes.fromhex(said["root"]), bytes.fromhex(said["previous"])
        moment = datetime.fromisoformat(said["sealed_at"])
        seal = Seal(said["number"], said["after"], said["through"], said["events"], root_, previous, moment)
        before = self._previous
        if before is None:
            fits = seal.after < max(self._held.range.first or 1, 1)
        else:
            follows = (before.number + 1, before.through, before.hash)
            fits = (seal.number, seal.after, seal.previous) == follows
        if not fits or seal.hash.hex() != said["hash"]:
            raise ArchiveDamaged(f"{self._name}: seal {seal.number} does not follow the one before")
        self._seal = seal
        self._leaves = {position: bytes.fromhex(text) for position, text in document["elsewhere"]}
        if any(map(self._held.range.holds, self._leaves)):
            raise ArchiveDamaged(f"{self._name}: seal {seal.number}: an event of this part is left out")

    def _event(self, texts: Mapping[str, str]) -> None:
        position = int(texts["position"])
        if not self._held.range.holds(position) or position in self._leaves:
            raise ArchiveDamaged(f"{self._name}: event {position} does not belong here")
        self._leaves[position] = leaf({name: texts[name] for name in FIELDS})
        self._held.events += 1

    def _close(self) -> None:
        if (seal := self._seal) is None:
            return
        positions = sorted(self._leaves)
        within = len(positions) == seal.events and positions[0] > seal.after and positions[-1] == seal.through
        if not within or root([self._leaves[each] for each in positions]) != seal.root:
            raise ArchiveDamaged(f"{self._name}: it does not hold what seal {seal.number} covers")
        self._held.hashes[seal.number] = seal.hash.hex()
        self._held.through = seal.through
        self._previous, self._seal = seal, None

    def _end(self, document: Mapping[str, Any]) -> None:
        held = self._held
        said = (document.get("events"), document.get("seals"), document.get("sha256"))
        if said != (held.events, len(held.hashes), held.digest.hex()):
            raise ArchiveDamaged(f"{self._name}: lines before its end were changed")
