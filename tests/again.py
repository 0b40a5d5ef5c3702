"""`make test-again`: the tests that were red in the last run, each once more and alone.

A test that is red among three workers and green alone depends on speed or on what ran beside it. That is a fault, of the test or of the
program: it is named, and has to be mended like any other; but it says nothing about the commit that CI looks at. So CI asks again, and only
where few were red: `MOST`. A run that did not come to its end, or that nobody knows of, is red as it stands.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

import orjson
import pytest

ROOT = Path(__file__).parent.parent
CACHE = ROOT / ".pytest_cache/v"
ENDED = "lunas/ended"
"""How the last run ended, as `tests/conftest.py` writes it into pytest's cache: its exit code, or `CRASHED`."""
CRASHED = -1
NAMED = ROOT / ".pytest_cache/green-alone"
MOST = 3


def chosen(cache: Path) -> tuple[list[str], str | None]:
    """Ids of the tests to run again, and why none is (None where some are)."""
    if _read(cache / ENDED) != pytest.ExitCode.TESTS_FAILED:
        return [], "The last run did not come to its end, or there was none: nothing is run again."
    red = sorted(_read(cache / "cache/lastfailed") or {})
    if not red:
        return [], "No test was red in the last run: nothing is run again."
    if len(red) > MOST:
        return [], f"{len(red)} tests were red, more than {MOST}: nothing is run again."
    return red, None


def _read(file: Path) -> object | Mapping[str, bool] | None:
    try:
        read: object = orjson.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    return read


def again(cache: Path, run: Callable[[str], bool], out: TextIO, named: Path) -> int:
    """Exit code: 0 when each that was red is green alone. `run`: of one test, whether it was green."""
    red, why = chosen(cache)
    if why is not None:
        print(why, file=out)
        return 1
    green = [test for test in red if run(test)]
    still = [test for test in red if test not in green]
    for test in still:
        print(f"Red again: {test}", file=out)
    if green:
        with named.open("a", encoding="utf-8") as file:
            file.writelines(f"{test}\n" for test in green)
    for test in green:
        print(f"Green alone, red beside others: {test}. It depends on speed or order: mend it.", file=out)
    return 1 if still else 0


def _alone(test: str) -> bool:
    command: Sequence[str] = (sys.executable, "-m", "pytest", "-n0", "-m", "", test)
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(again(CACHE, _alone, sys.stdout, NAMED))
