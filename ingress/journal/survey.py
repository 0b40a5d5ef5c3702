"""What lies in the journals of an installation, for people. Reads files only; a living ingress is not disturbed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ingress.journal.place import folders, is_held, read_relayed
from ingress.journal.record import Record
from ingress.journal.segment import Segment, segments
from schemas.envelope import MAGIC, Envelope, EnvelopeError, unpack


@dataclass(frozen=True, slots=True)
class JournalState:
    """One journal. `waiting`: records that the broker does not have, as far as was saved; `held`: a living process writes to it."""

    folder: Path
    held: bool
    files: int
    bytes: int
    records: int
    waiting: int
    oldest: datetime | None
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong in one file. `kind`: `torn` (a write that a crash stopped, never answered), `damaged` (changed after it was written),
    `missing` (records that should be there and are not)."""

    file: Path
    kind: str
    offset: int
    bytes: int
    after_record: int


def survey(root: Path) -> Iterator[JournalState]:
    """Every journal under `root`, from its first record and its last file alone: quick, however large it is. Raises OSError."""
    for folder in folders(root):
        found = segments(folder)
        first = next((record for segment in found[:1] for record in _records(segment)), None)
        last = next(
            iter(deque((record for segment in found[-1:] for record in _records(segment)), maxlen=1)), None
        )
        number = last.number if last else found[-1].first - 1 if found else 0
        yield JournalState(
            folder,
            held=is_held(folder),
            files=len(found),
            bytes=sum(segment.size for segment in found),
            records=number - found[0].first + 1 if found else 0,
            waiting=max(0, number - max(read_relayed(folder), found[0].first - 1)) if found else 0,
            oldest=_received(first),
            newest=_received(last),
        )


def examine(root: Path) -> Iterator[Flaw]:
    """Everything that is wrong in the journals under `root`; of files deleted because their time was over nothing is missing."""
    for folder in folders(root):
        yield from _examine(segments(folder), held=is_held(folder))


def _examine(found: list[Segment], *, held: bool) -> Iterator[Flaw]:
    last, explained = found[0].first - 1 if found else 0, False
    for segment in found:
        if segment.first > last + 1 and not explained:
            yield Flaw(segment.path, "missing", 0, 0, last)
        last, explained = max(last, segment.first - 1), False
        for item in segment.scan():
            if isinstance(item, Record):
                last, explained = item.number, False
            elif not (
                item.torn and held and segment is found[-1]
            ):  # the last file of a living process is being written
                kind = "torn" if item.torn else "damaged"
                yield Flaw(segment.path, kind, item.offset, item.end - item.offset, last)
                explained = True


def accepted_since(root: Path, since: datetime) -> Iterator[Envelope]:
    """What was accepted from then on, journal by journal, in order. Raises OSError."""
    for folder in folders(root):
        for segment in segments(folder):
            if datetime.fromtimestamp(segment.path.stat().st_mtime, UTC) < since:
                continue
            for item in segment.scan():
                envelope = _envelope(item) if isinstance(item, Record) else None
                if envelope is not None and _moment(envelope.received_at) >= since:
                    yield envelope


def _records(segment: Segment) -> Iterator[Record]:
    return (item for item in segment.scan() if isinstance(item, Record))


def _received(record: Record | None) -> datetime | None:
    envelope = _envelope(record) if record else None
    return _moment(envelope.received_at) if envelope else None


def _envelope(record: Record) -> Envelope | None:
    try:
        (envelope,) = unpack(MAGIC + record.frame)
    except (EnvelopeError, ValueError):
        return None  # whole, and yet written by a later version
    return envelope


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)
