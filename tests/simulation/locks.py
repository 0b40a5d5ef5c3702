"""Locks of files: the kernel takes them from a process that dies, wherever it was, and a simulated process has nobody else to do that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingress.journal import place as places
from ingress.journal import upkeep
from ingress.journal.place import JournalFolder
from tests.simulation.loop import PROCESS, SimProcess


class SimLocks:
    """Which process holds which folders of the journal."""

    def __init__(self) -> None:
        self._held: list[tuple[SimProcess | None, JournalFolder]] = []

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Who holds a folder in this block is known, and what is held at its end is let go."""
        sound = places.hold

        def hold(folder: Path) -> JournalFolder | None:
            found = sound(folder)
            if found is not None:
                self._keep(found)
            return found

        places.hold = upkeep.hold = hold  # type: ignore[attr-defined]
        try:
            yield
        finally:
            places.hold = upkeep.hold = sound  # type: ignore[attr-defined]
            for _, place in list(self._held):
                place.release()

    def free(self, process: SimProcess) -> None:
        """It is dead."""
        for owner, place in list(self._held):
            if owner is process:
                place.release()

    def _keep(self, place: JournalFolder) -> None:
        entry = PROCESS.get(), place
        let_go = place.release

        def release() -> None:
            if entry in self._held:
                self._held.remove(entry)
                let_go()

        place.release = release  # type: ignore[method-assign]
        self._held.append(entry)
