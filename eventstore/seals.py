"""What a seal is: a hash over a range of the log, chained to the seal before it (docs/adr/0010). Pure; nothing here reads or writes.

Leaf: SHA-256 over a zero byte and the event's columns as netstrings (`5:hello,`), in the order of `FIELDS`, each as its text in the database.
Tree: as RFC 6962, section 2.1: a node is the SHA-256 over a one byte and its two children, the left child covers the largest power of
two that is smaller than the whole. Seal: SHA-256 over the lines of `statement`.

`deploy/verify_proof.py` says the same once more, without any of this code, for whoever does not want to trust it.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

FIELDS = (
    "position",
    "event_id",
    "recorded_at",
    "stream_id",
    "stream",
    "version",
    "type",
    "schema_version",
    "data",
    "metadata",
)
"""Everything that a row of the log consists of, in the order in which it is hashed."""

HASH_BYTES = 32
BEGINNING = bytes(HASH_BYTES)
"""What the first seal names as the one before it."""

_ENTRY = struct.Struct(f">Q{HASH_BYTES}s")
ENTRY_BYTES = _ENTRY.size


@dataclass(frozen=True, slots=True)
class Seal:
    """Says: the events behind `after` up to `through` are these `events`, whose tree has this `root`, and seal `number - 1` had the hash `previous`."""

    number: int
    after: int
    through: int
    events: int
    root: bytes
    previous: bytes
    sealed_at: datetime

    @property
    def statement(self) -> bytes:
        """The bytes that are hashed: one line for each field, in ASCII."""
        lines = (
            "lunas seal 1",
            f"number {self.number}",
            f"after {self.after}",
            f"through {self.through}",
            f"events {self.events}",
            f"root {self.root.hex()}",
            f"previous {self.previous.hex()}",
            f"sealed_at {time_text(self.sealed_at)}",
        )
        return "".join(f"{line}\n" for line in lines).encode("ascii")

    @property
    def hash(self) -> bytes:
        """SHA-256 of the statement: what is published, and what the next seal names."""
        return hashlib.sha256(self.statement).digest()

    def as_document(self) -> dict[str, Any]:
        """JSON-ready, as published and as part of a proof. Hashes are in hex, times in UTC."""
        return {
            "number": self.number,
            "after": self.after,
            "through": self.through,
            "events": self.events,
            "root": self.root.hex(),
            "previous": self.previous.hex(),
            "sealed_at": time_text(self.sealed_at),
            "hash": self.hash.hex(),
        }


def time_text(moment: datetime) -> str:
    """In UTC, to the microsecond, as the database's statement writes it: 2026-01-31T23:59:59.000001Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def event_texts(row: Mapping[str, Any]) -> dict[str, str]:
    """The columns of one event as texts, by `FIELDS`."""
    return {
        name: time_text(value) if isinstance(value := row[name], datetime) else str(value) for name in FIELDS
    }


def leaf(texts: Mapping[str, str]) -> bytes:
    """Hash of one event. `texts`: its columns as `event_texts` gives them."""
    digest = hashlib.sha256(b"\0")
    for name in FIELDS:
        field = texts[name].encode()
        digest.update(b"%d:%b," % (len(field), field))
    return digest.digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Hash of the whole tree. Raises ValueError without leaves: a seal covers something."""
    if not leaves:
        raise ValueError("a tree has at least one leaf")
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes beside the way from one leaf up to the root, lowest first."""
    beside: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        if (neighbour := index ^ 1) < len(level):
            beside.append(level[neighbour])
        level, index = _above(level), index // 2
    return beside


def _above(level: Sequence[bytes]) -> list[bytes]:
    """One level higher. A last one without a neighbour goes up as it is, which makes the tree of RFC 6962."""
    pairs = zip(level[::2], level[1::2], strict=False)
    above = [hashlib.sha256(b"\1" + left + right).digest() for left, right in pairs]
    return [*above, level[-1]] if len(level) % 2 else above


def packed(after: int, leaves: Iterable[tuple[int, bytes]]) -> bytes:
    """Positions and hashes as the database keeps them: 40 bytes an event, so that a changed event can be named."""
    return b"".join(_ENTRY.pack(position - after, each) for position, each in leaves)


def unpacked(after: int, data: bytes) -> Iterator[tuple[int, bytes]]:
    """What `packed` made. Raises ValueError when the length is not a multiple of an entry's."""
    if len(data) % ENTRY_BYTES:
        raise ValueError(f"{len(data)} bytes are no whole number of entries")
    for offset, each in _ENTRY.iter_unpack(data):
        yield after + offset, each
