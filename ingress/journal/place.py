"""Where journals lie: one numbered folder per ingress process, held by a lock while the process lives.

What a process that died left behind is taken over by whoever holds its folder next.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

from ingress.journal.record import HEAD, Damage, Record
from ingress.journal.segment import Segment, segments
from runtime.files import write_whole
from runtime.logs import get_logger
from schemas.errors import ConfigurationError

log = get_logger(__name__)

PLACES_MAX = 256
"""Ingress processes over one root; far more than one machine has cores."""

LOCK = "lock"
RELAYED = "relayed.json"


class JournalFolder:
    """One folder, held by this process. `relayed`: up to this record the broker has everything. `sure`: up to this one it will not have forgotten it,
    and no record behind it may go.
    """

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self._lock = lock
        self.relayed, self.sure = _read(folder)

    def segments(self) -> list[Segment]:
        """Oldest first."""
        return segments(self.folder)

    def last_number(self) -> int:
        """Number of the last record here. Raises OSError."""
        last = self.relayed
        for segment in self.segments()[-1:]:
            items = list(segment.scan())
            # What is damaged keeps its number: nothing else is written under its name.
            damaged = any(not isinstance(item, Record) and not item.torn for item in items)
            last = max(
                [
                    last,
                    segment.first if damaged else segment.first - 1,
                    *(item.number for item in items if isinstance(item, Record)),
                ]
            )
        return last

    def cut_torn(self) -> None:
        """Takes the end of a write that a crash stopped out of the last file: it was never answered; and room that was not used. Raises OSError."""
        for segment in self.segments()[-1:]:
            items = list(segment.scan())
            last = items[-1] if items else None
            if isinstance(last, Damage) and last.torn:
                log.warning(
                    "a write that a crash stopped is cut off",
                    action="ingress.journal_cut",
                    segment=segment.path.name,
                    bytes=last.end - last.offset,
                )
                if last.offset == 0:
                    segment.path.unlink()
                else:
                    os.truncate(segment.path, last.offset)
            elif segment.size > (end := last.end if last else HEAD.size):
                os.truncate(segment.path, end)

    def save_relayed(self, number: int, sure: int | None = None) -> None:
        """`sure` is the same number unless something is in doubt. Raises OSError."""
        sure = number if sure is None else sure
        write_whole(self.folder / RELAYED, json.dumps({"record": number, "sure": sure}).encode())
        self.relayed, self.sure = number, sure

    def release(self) -> None:
        """Lets go; the folder stays."""
        os.close(self._lock)


def own_place(root: Path) -> JournalFolder:
    """The first folder under `root` that no living process holds. Raises ConfigurationError with what to do."""
    for number in range(PLACES_MAX):
        place = hold(root / str(number))
        if place is not None:
            return place
    raise ConfigurationError(f"all {PLACES_MAX} journals under {root} are held by living processes")


def hold(folder: Path) -> JournalFolder | None:
    """Holds a folder, made when it is missing; None when a living process holds it. Raises ConfigurationError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"the journal cannot be kept in {folder}: {error.strerror}. Set LUNAS_INGRESS_JOURNAL_DIR to a folder that this user may "
            "write to, or LUNAS_INGRESS_DURABILITY=broker to do without"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return JournalFolder(folder, lock)


def folders(root: Path) -> list[Path]:
    """Every journal under `root`, whoever holds it."""
    if not root.is_dir():
        return []
    return sorted((path for path in root.iterdir() if path.name.isdigit()), key=lambda path: int(path.name))


def is_held(folder: Path) -> bool:
    """A living process writes to it."""
    try:
        lock = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def read_relayed(folder: Path) -> int:
    """What the place remembers; 0 when it does not, and then everything is sent again, which is recognised."""
    return _read(folder)[0]


def _read(folder: Path) -> tuple[int, int]:
    try:
        document = json.loads((folder / RELAYED).read_bytes())
    except (FileNotFoundError, ValueError):
        return 0, 0
    number = document.get("record") if isinstance(document, dict) else None
    if type(number) is not int:
        return 0, 0
    sure = document.get("sure")  # the release before knew none
    return number, min(number, sure) if type(sure) is int else number
