"""A file with the bytes of a month's webhooks: packed lines of JSON, the first says what it is, the last what it holds. Pure but for the disk.

It can be read with `zcat` and any JSON library, and checked without us: every line names the SHA-256 of its body, which the sealed log names too.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import json
import os
import uuid
import zlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from runtime.files import open_new
from schemas.errors import LunasError

FORMAT = "lunas bodies 1"
ARCHIVED = 0o640
"""Personal data, and nobody's to read but the owner's; the group's too, for a second operator of the same folder, who must be able to forget somebody."""


class ArchiveDamaged(LunasError):
    """A file is not what was written; says where."""


class ArchivedBody(NamedTuple):
    """`position` of its receipt in the log; `sha256` in hexadecimal."""

    delivery_id: uuid.UUID
    provider: str
    received_at: datetime
    position: int
    sha256: str
    body: bytes


class BodyFileWriter:
    """Writes a file; it is whole after `end`, and synced."""

    def __init__(self, path: Path, month: date, through: int) -> None:
        self.path = path
        self.bodies = 0
        self._digest = hashlib.sha256()
        self._raw = open_new(path, ARCHIVED)
        self._packed = gzip.GzipFile(filename="", mode="wb", fileobj=self._raw, mtime=0)
        self._line({"format": FORMAT, "month": f"{month:%Y-%m}", "through": through})

    def __enter__(self) -> BodyFileWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._raw.closed:  # something failed: nobody is to take it for a whole one
            self._raw.close()
            self.path.unlink(missing_ok=True)

    def add(self, one: ArchivedBody) -> None:
        """Raises ArchiveDamaged when the body is not the one that its digest names."""
        if hashlib.sha256(one.body).hexdigest() != one.sha256:
            raise ArchiveDamaged(f"{one.delivery_id}: its bytes are not those that came")
        self.bodies += 1
        told = one._asdict() | {
            "delivery_id": str(one.delivery_id),
            "received_at": one.received_at.isoformat(),
        }
        self._line(told | {"body": base64.b64encode(one.body).decode("ascii")})

    def end(self) -> bytes:
        """SHA-256 of the lines; the last one, which names it, is not among them."""
        digest = self._digest.digest()
        self._line({"bodies": self.bodies, "sha256": digest.hex()})
        self._packed.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        return digest

    def _line(self, document: Mapping[str, object]) -> None:
        line = json.dumps(document, separators=(",", ":")).encode() + b"\n"
        self._digest.update(line)
        self._packed.write(line)


def read_bodies(path: Path) -> Iterator[ArchivedBody]:
    """Everything in a file. Raises ArchiveDamaged, at the latest when the last one was taken, and OSError when it cannot be read."""
    digest, count = hashlib.sha256(), 0
    for number, line in enumerate(_lines(path), 1):
        document = _document(path, number, line)
        if number == 1:
            if document.get("format") != FORMAT:
                raise ArchiveDamaged(f"{path.name}: not a file of {FORMAT!r}")
        elif "body" in document:
            count += 1
            yield _body(path, number, document)
        else:
            if (document.get("bodies"), document.get("sha256")) != (count, digest.hexdigest()):
                raise ArchiveDamaged(f"{path.name}: line {number}: lines before it were changed")
            return
        digest.update(line)
    raise ArchiveDamaged(f"{path.name}: its end is missing")


def documents(path: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Each line of a packed file, and what it says. Raises ArchiveDamaged, OSError."""
    for number, line in enumerate(_lines(path), 1):
        yield line, _document(path, number, line)


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path, "rb") as packed:
            yield from packed
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ArchiveDamaged(f"{path.name}: {error}") from None


def _document(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise ArchiveDamaged(f"{path.name}: line {number} is no line of ours")
    return document


def _body(path: Path, number: int, document: Mapping[str, Any]) -> ArchivedBody:
    try:
        one = ArchivedBody(
            uuid.UUID(document["delivery_id"]),
            document["provider"],
            datetime.fromisoformat(document["received_at"]),
            int(document["position"]),
            document["sha256"],
            base64.b64decode(document["body"], validate=True),
        )
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise ArchiveDamaged(f"{path.name}: line {number} is no line of ours") from None
    if hashlib.sha256(one.body).hexdigest() != one.sha256:
        raise ArchiveDamaged(f"{path.name}: line {number}: the bytes are not those that came")
    return one
