"""`python -m tests.museum [NAME …]`: plants each bug of bugs.toml in a copy of the project, runs the tests that are to catch it, and says which did.

Exit code 0 when all were caught, 1 when one was not, 2 for a name that is none.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIST = Path(__file__).with_name("bugs.toml")
CAUGHT = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
TESTS_FAILED = 1
"""Exit code of pytest; any other says that the tests did not run."""
LONGEST_SECONDS = 600


@dataclass(frozen=True)
class Bug:
    """One replacement in one file, and the tests that must fail with it."""

    name: str
    why: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def planted(self, text: str) -> str:
        """The file with the bug. Raises ValueError when there is not exactly one place for it."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.file} has {text.count(self.old)} places for it")
        return text.replace(self.old, self.new)


def bugs() -> list[Bug]:
    """All of them."""
    return [
        Bug(**{**found, "tests": tuple(found["tests"])})
        for found in tomllib.loads(LIST.read_text("utf-8"))["bugs"]
    ]


def copied(folder: Path) -> Path:
    """The project as it is here, what is not committed too; with the same .venv."""
    tree = folder / "lunas"
    named = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.split(b"\0")
    for name in filter(None, (each.decode() for each in named)):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    (tree / ".venv").symlink_to(ROOT / ".venv")
    return tree


def catch(tree: Path, bug: Bug) -> tuple[str | None, float]:
    """The test that caught it, or None; and the seconds that took."""
    place = tree / bug.file
    sound = place.read_text("utf-8")
    place.write_text(bug.planted(sound), "utf-8")
    started = time.monotonic()
    try:
        for tests in bug.tests:
            done = subprocess.run(
                [str(tree / ".venv/bin/python"), "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", tests],
                cwd=tree,
                capture_output=True,
                text=True,
                timeout=LONGEST_SECONDS,
                check=False,
            )
            if done.returncode == TESTS_FAILED:
                found = CAUGHT.search(done.stdout)
                return (found[1] if found else tests), time.monotonic() - started
            if done.returncode != 0:
                return f"{tests}: did not run: {done.stdout[-200:]}", time.monotonic() - started
    except subprocess.TimeoutExpired:
        return f"{tests}: nothing ended for {LONGEST_SECONDS} s", time.monotonic() - started
    finally:
        place.write_text(sound, "utf-8")
    return None, time.monotonic() - started


def main(names: Sequence[str]) -> int:
    """Plants all bugs, or those that are named; the exit code."""
    chosen = [bug for bug in bugs() if not names or bug.name in names]
    if missing := set(names) - {bug.name for bug in chosen}:
        print(f"No such bug: {', '.join(sorted(missing))}", file=sys.stderr)
        return 2
    free: list[str] = []
    with tempfile.TemporaryDirectory(prefix="lunas-museum-") as folder:
        tree = copied(Path(folder))
        for bug in chosen:
            by, seconds = catch(tree, bug)
            if by is None:
                free.append(bug.name)
            print(f"{bug.name:<32} {seconds:6.1f} s  {by or 'NOT CAUGHT: ' + bug.why}", flush=True)
    print(f"{len(chosen) - len(free)} of {len(chosen)} caught")
    return 1 if free else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
