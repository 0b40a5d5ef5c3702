"""What lies in the journals of an installation, for people. Reads files only; a living ingress is not disturbed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingress.journal.place import folders, is_held, read_relayed
from ingress.journal.record import Record
from ingress.journal.segment import Segment, segments
from schemas.envelope import MAGIC, Envelope, EnvelopeError, unpack

CLOCK_SET_BACK = timedelta(days=1)
"""So far back may a clock have been set between two records: what is read in vain costs time, what is left out is lost."""


@dataclass(frozen=True, slots=True)
class JournalState:
    """One journal. `first`: number of the oldest record that is kept, 0 without any; `waiting`: records that the broker does not have, as far
    as was saved, `unsent`: when the first of them came, where it can be read; `held`: a living process writes to it."""

    folder: Path
    held: bool
    files: int
    bytes: int
    first: int
    records: int
    waiting: int
    oldest: datetime | None
    newest: datetime | None
    unsent: datetime | None = None

    def reaches(self, moment: datetime) -> bool:
        """Nothing that was accepted here from then on has been deleted."""
        return self.first <= 1 or (self.oldest is not None and self.oldest <= moment)


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
        relayed = max(read_relayed(folder), found[0].first - 1) if found else 0
        yield JournalState(
            folder,
            held=is_held(folder),
            files=len(found),
            bytes=sum(segment.size for segment in found),
            first=found[0].first if found else 0,
            records=number - found[0].first + 1 if found else 0,
            waiting=max(0, number - relayed),
            oldest=_received(first),
            newest=_received(last),
            unsent=_received(_following(found, relayed)) if number > relayed else None,
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


def accepted_since(root: Path, since: datetime, *, relayed: bool = False) -> Iterator[Envelope]:
    """What was accepted from then on, journal by journal, in order. `relayed`: without what a living process is still to send itself. Raises OSError."""
    for folder in folders(root):
        through = read_relayed(folder) if relayed and is_held(folder) else None
        for segment in _that_may_reach(segments(folder), since):
            for record in _records(segment):
                if through is not None and record.number > through:
                    break
                envelope = _envelope(record)
                if envelope is not None and _moment(envelope.received_at) >= since:
                    yield envelope


def _following(found: Sequence[Segment], number: int) -> Record | None:
    """The first record after this one; of one file, or of the next where it was the last."""
    holding = [place for place, segment in enumerate(found) if segment.first <= number + 1][-1:]
    later = (
        record for place in holding for segment in found[place : place + 2] for record in _records(segment)
    )
    return next((record for record in later if record.number > number), None)


def _that_may_reach(found: Sequence[Segment], moment: datetime) -> Iterator[Segment]:
    """Without those that ended well before then: the next one begins before. The times of the files say nothing: they change when a
    journal is copied or brought back, and are not of our clock."""
    for number, segment in enumerate(found):
        following = (record for each in found[number + 1 : number + 2] for record in _records(each))
        ended = _received(next(following, None))
        if ended is None or ended >= moment - CLOCK_SET_BACK:
            yield segment


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
