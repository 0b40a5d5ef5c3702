"""In which order files of tests have their turn."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

TESTS = Path(__file__).parent
WAITING = ("system", "contract/api", "browser", "integration")
"""Folders whose tests wait for processes and services most of the time; the files of the others compute."""
MIXED_SHARE = 0.85
"""Of the run: what waits is over by then, and the end is left to files of a second."""


def turns_of(files: Iterable[Path]) -> dict[Path, float]:
    """When each file's turn is, from 0 to 1: long ones that wait beside short ones that compute, so that no worker waits alone at the end.

    Whole files keep together and tests of a file their order.
    """
    ring = {path: _ring(path.relative_to(TESTS).as_posix()) for path in files}
    waiting = sorted((path for path, number in ring.items() if number < len(WAITING)), key=ring.__getitem__)
    computing = [path for path, number in ring.items() if number == len(WAITING)]
    return {path: MIXED_SHARE * number / len(waiting) for number, path in enumerate(waiting)} | {
        path: number / len(computing) for number, path in enumerate(computing)
    }


def _ring(name: str) -> int:
    return next(
        (number for number, folder in enumerate(WAITING) if name.startswith(f"{folder}/")), len(WAITING)
    )
