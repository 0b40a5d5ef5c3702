"""`make test-anyday`: the tests and the services they start, under moved clocks.

    python -m tests.anyday [--minutes M] [--deal N] [--clock NAME] [PATH...] [PYTEST-OPTION...]

Without `--minutes` every clock runs everything. With it, the files that know what time it is are dealt out to the clocks,
every clock the same share of the time; the deal changes with the commit, so that soon every file has met every clock,
and the same commit always gets the same one. `--deal` names one instead. What is red is run once more, alone and under its
clock (`tests/again.py`): a moved clock is moved the second time too, and speed is not what is looked for here.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.installation.packages import FAKETIME
from tests.again import NAMED, again
from tests.anyday import box
from tests.anyday.clocks import CLOCKS, Clock, environment
from tests.anyday.library import without_hooks

ROOT = Path(__file__).parents[2]
# What reads a clock, or stores what was read from one. The other rings know time as a parameter, or not at all.
SENSITIVE = (
    "tests/contract/api",
    "tests/integration/console",
    "tests/integration/eventstore",
    "tests/integration/processor",
    "tests/integration/projections",
    "tests/system/test_pipeline.py",
    "tests/unit",
)
QUICK = "tests/unit/"


def files(paths: Sequence[str]) -> list[str]:
    """The test files under the paths, in an order that no machine changes."""
    found: set[Path] = set()
    for path in paths:
        place = ROOT / path
        found.update(place.rglob("test_*.py") if place.is_dir() else [place])
    return sorted(str(path.relative_to(ROOT)) for path in found)


def in_turn(paths: Sequence[str], number: int) -> list[str]:
    """What needs no service first, for it is quick; the others from another one on for each number: time may run out on the last ones."""
    quick = [path for path in paths if path.startswith(QUICK)]
    slow = [path for path in paths if not path.startswith(QUICK)]
    middle = number % max(len(slow), 1)
    return [*quick, *slow[middle:], *slow[:middle]]


def deal(paths: Sequence[str], players: int, first: int) -> list[list[str]]:
    """Deals the files out one by one, beginning with player `first`."""
    hands: list[list[str]] = [[] for _ in range(players)]
    for number, path in enumerate(paths):
        hands[(first + number) % players].append(path)
    return hands


def run(clock: Clock, arguments: Sequence[str], seconds: float | None) -> int:
    """Zero, or an exit code of pytest's or `again`'s."""
    now = datetime.now(UTC)
    print(f"\nlunas: {clock.name}: it is {clock.begins(now):%-d %B %Y, %H:%M:%S} in {clock.zone}", flush=True)
    with tempfile.TemporaryDirectory(prefix="lunas-anyday-") as folder:
        # A folder of its own: under a moved clock, pytest would take other runs' folders for old ones and remove them.
        Path(folder).chmod(0o755)  # the services' own users load the library too
        library = Path(folder, "libfaketime.so")
        without_hooks(found(), library)
        cache = Path(folder, "cache")
        options = ["-q", "-o", f"cache_dir={cache}", "-p", box.__name__, f"--basetemp={folder}/pytest"]
        limit = {box.VARIABLE: str(seconds)} if seconds is not None else {}
        given = {**os.environ, **environment(clock, now, library), **limit, "LUNAS_TEST_SERVICES": "programs"}
        command = [sys.executable, "-m", "pytest", *options]

        def alone(test: str) -> bool:
            without_limit = {name: value for name, value in given.items() if name != box.VARIABLE}
            return subprocess.run([*command, test], cwd=ROOT, env=without_limit, check=False).returncode == 0

        try:
            code = subprocess.run([*command, *arguments], cwd=ROOT, env=given, check=False).returncode
            return code and again(cache / "v", alone, sys.stdout, NAMED)
        finally:
            sweep()


def found() -> Path:
    """The library that the set-up installed."""
    libraries = sorted(Path("/").glob(FAKETIME))
    if not libraries:
        sys.exit(
            "lunas: libfaketime is missing: run `make test-anyday`, or `apt-get install faketime` as root"
        )
    return libraries[0]


def sweep() -> None:
    """Removes what libfaketime left in memory of processes that were killed."""
    for path in Path("/dev/shm").glob("*faketime_s*_*"):
        if not Path("/proc", path.name.rpartition("_")[2]).exists():
            path.unlink(missing_ok=True)


def commit() -> str:
    """The commit that is checked out, or nothing outside a clone."""
    command = ["git", "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return ""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.anyday")
    parser.add_argument("--minutes", type=float, help="deal the files out and stop after about so long")
    parser.add_argument("--deal", type=int, help="which deal (default: as the commit says)")
    parser.add_argument("--clock", choices=[clock.name for clock in CLOCKS], help="this clock only")
    parser.add_argument("paths", nargs="*", help="these tests only")
    given, options = parser.parse_known_args(arguments)
    clocks = [clock for clock in CLOCKS if given.clock in (None, clock.name)]
    ends = None if given.minutes is None else time.monotonic() + given.minutes * 60
    if ends is None:
        hands = [list(given.paths)] * len(clocks)
    else:
        number = int(commit()[:8] or "0", 16) if given.deal is None else given.deal
        hands = deal(in_turn(files(given.paths or SENSITIVE), number), len(clocks), number % len(clocks))
    failed = []
    for number, (clock, hand) in enumerate(zip(clocks, hands, strict=True)):
        seconds = None if ends is None else (ends - time.monotonic()) / (len(clocks) - number)
        if run(clock, [*options, *hand], seconds) != 0:
            failed.append(clock.name)
    if failed:
        print(
            f"\nlunas: red under {', '.join(failed)}. One of them again: python -m tests.anyday --clock {failed[0]} PATH"
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
