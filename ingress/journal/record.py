"""How one accepted delivery lies in a segment, and how bytes are read back. Pure: no file is opened here.

A segment is a head and records, big-endian::

    head    b"LNJ1"  u64 number of its first record
    record  b"rec\\n"  u32 length of the frame  u64 number of the record  u32 CRC-32 of these two  u32 CRC-32 of number and frame  frame

The frame is one envelope as it travels to the processor (schemas.envelope). Records are numbered without gaps over all segments of a
place. The mark lets a reader find the next record behind a damaged one. Zeros up to the end are room for records to come, and nothing else.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from mmap import mmap

from isal.isal_zlib import crc32

MAGIC = b"LNJ1"
MARK = b"rec\n"
HEAD = struct.Struct(">4sQ")
_PREFIX = struct.Struct(">4sIQII")
PREFIX_BYTES = _PREFIX.size
_COUNTED = struct.Struct(">IQ")

# A frame is a body under the limit of the door with its headers; a longer length is damage, not a record.
MAX_FRAME_BYTES = 32 * 1024 * 1024


Bytes = bytes | mmap


@dataclass(frozen=True, slots=True)
class Record:
    """One accepted delivery. `offset` and `end` are bytes in its segment."""

    number: int
    offset: int
    end: int
    frame: bytes


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes `offset` to `end` of a segment that are no whole record.

    `torn`: a write that was cut off, at the very end: it was never answered. Otherwise something changed what was written.
    """

    offset: int
    end: int
    torn: bool


def pack_head(number: int) -> bytes:
    """The first bytes of a segment."""
    return HEAD.pack(MAGIC, number)


def record_parts(first: int, frames: Iterable[bytes]) -> list[bytes]:
    """Records with these frames, numbered from `first` on, as parts that lie one behind the other: the frames themselves are not copied."""
    parts: list[bytes] = []
    for number, frame in enumerate(frames, first):
        length = len(frame)
        counted = crc32(_COUNTED.pack(length, number))
        parts += (_PREFIX.pack(MARK, length, number, counted, crc32(frame, counted)), frame)
    return parts


def pack_records(first: int, frames: Iterable[bytes]) -> bytes:
    """The same in one piece."""
    return b"".join(record_parts(first, frames))


def scan(data: Bytes, number: int, start: int = 0) -> Iterator[Record | Damage]:
    """All that the bytes of segment `number` hold, in order; every byte behind the head and before zeros up to the end belongs to exactly one of them.

    From `start` on, where a record begins; 0 is the head.
    """
    offset, written = start, -1
    if start == 0:
        offset = HEAD.size
        if data[:offset] != pack_head(number):
            offset = _next(data, 0)
            yield Damage(0, offset, torn=len(data) < HEAD.size or not any(data[: HEAD.size]))
    while offset < len(data):
        record = _record(data, offset)
        if record is None:
            written = _written(data) if written < 0 else written
            if offset >= written:
                return
            end = min(_next(data, offset + 1), written)
            yield Damage(offset, end, torn=_is_torn(data, offset, end, written))
            offset = end
        else:
            yield record
            offset = record.end


def _prefix(data: Bytes, offset: int) -> tuple[int, int, int] | None:
    """Length, number and checksum that a record at `offset` states, if these are what was written."""
    if offset + _PREFIX.size > len(data):
        return None
    mark, length, number, counted, summed = _PREFIX.unpack_from(data, offset)
    right = mark == MARK and length <= MAX_FRAME_BYTES and counted == crc32(_COUNTED.pack(length, number))
    return (length, number, summed) if right else None


def _record(data: Bytes, offset: int) -> Record | None:
    """The record that begins at `offset`, if a whole one does."""
    prefix = _prefix(data, offset)
    if prefix is None:
        return None
    length, number, summed = prefix
    start = offset + _PREFIX.size
    frame = data[start : start + length]
    whole = len(frame) == length and crc32(frame, crc32(_COUNTED.pack(length, number))) == summed
    return Record(number, offset, start + length, frame) if whole else None


def _next(data: Bytes, offset: int) -> int:
    """Where the next whole record begins, or the end."""
    while (offset := data.find(MARK, offset)) >= 0:
        if _record(data, offset) is not None:
            return offset
        offset += 1
    return len(data)


def _written(data: Bytes) -> int:
    """Where zeros begin that go on up to the end."""
    end = len(data)
    while end > 0:
        start = max(0, end - ZEROS_BYTES)
        kept = len(data[start:end].rstrip(b"\0"))
        if kept:
            return start + kept
        end = start
    return 0


def _is_torn(data: Bytes, offset: int, end: int, written: int) -> bool:
    """The write stopped half-way. Of bytes that never reached the disk either the file is too short, or they read as zeros: up to the end, or whole pages."""
    if end == written:
        prefix = _prefix(data, offset)
        if end - offset < _PREFIX.size or (prefix is not None and offset + _PREFIX.size + prefix[0] > end):
            return True
    return any(
        not any(data[max(offset, page) : min(end, page + PAGE_BYTES)])
        for page in range(offset - offset % PAGE_BYTES, end, PAGE_BYTES)
    )


ZEROS_BYTES = 65_536  # looked at together
PAGE_BYTES = 4096
"""What the kernel writes whole. Headers are JSON and bodies nearly always are: neither holds a run of zeros to the end of a page."""
