"""`python -m tests.museum [NAME …]`: plants each bug of bugs.toml in a copy of the project, runs the tests that are to catch it, and says which did.

`--minutes 3` plants them in an order that `--seed` says (by default the day's), until the time is over. `--lanes 2`: so many side by side, each in a
copy and on services of its own. `--record` writes docs/museum.md. At the end the tests that
caught one are run without any bug: one that is red then too has caught nothing. Exit code 0 when all that were planted were caught, 1 when one was not,
2 for a name that is none.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.services.private import private_services
from tests.museum.record import Seen, keep
from tests.services import containers_wanted

ROOT = Path(__file__).parents[2]
LIST = Path(__file__).with_name("bugs.toml")
CAUGHT = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
TESTS_FAILED = 1
"""Exit code of pytest; any other says that the tests did not run."""
LONGEST_SECONDS = 3600
"""For the tests of one bug: a busy machine takes minutes for a file. What hangs is ended by pytest's own limit long before, and fails."""


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


def catch(tree: Path, bug: Bug, environment: Mapping[str, str]) -> tuple[str | None, float]:
    """The test that caught it, or None; and the seconds that took."""
    place = tree / bug.file
    sound = place.read_text("utf-8")
    place.write_text(bug.planted(sound), "utf-8")
    started = time.monotonic()
    try:
        for tests in bug.tests:
            done = suite_run(tree, environment, "-x", tests)
            found = CAUGHT.search(done.stdout) if done.returncode == TESTS_FAILED else None
            if found is not None:
                return found[1], time.monotonic() - started
            if done.returncode != 0:
                print(f"{bug.name}: {tests} did not run:\n{done.stdout[-1000:]}", file=sys.stderr)
                break
    finally:
        place.write_text(sound, "utf-8")
    return None, time.monotonic() - started


def suite_run(tree: Path, environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """What pytest says of these tests in that copy. Nothing of it outlives its time."""
    command = [str(tree / ".venv/bin/python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
    with subprocess.Popen(
        command,
        cwd=tree,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            said, _ = process.communicate()
    return subprocess.CompletedProcess(command, process.returncode, said)


def red_without(tree: Path, environment: Mapping[str, str], tests: Sequence[str]) -> list[str]:
    """Those of these tests that fail in a copy without any bug: what they catch may be something else. By name, whatever their parameters."""
    names = sorted({plain(test) for test in tests})
    if not names:
        return []
    done = suite_run(tree, environment, *names)
    red = sorted({plain(found) for found in CAUGHT.findall(done.stdout)})
    if done.returncode != 0 and not (red and done.returncode == TESTS_FAILED):
        print(f"without any bug the tests did not run:\n{done.stdout[-1000:]}", file=sys.stderr)
        return names
    return red


def plain(test: str) -> str:
    """A test's name without its parameters."""
    return test.partition("[")[0]


@dataclass(frozen=True)
class Catch:
    """One bug, the test that caught it or None, and the seconds that took."""

    bug: Bug
    by: str | None
    seconds: float


class Museum:
    """Bugs that wait to be planted, and what became of those that were. Lanes take from it side by side."""

    def __init__(self, chosen: Sequence[Bug], until: float) -> None:
        self._waiting = deque(chosen)
        self._until = until
        self._telling = threading.Lock()
        self.done: list[Catch] = []

    def visit(self, tree: Path, environment: Mapping[str, str]) -> None:
        """Plants one after the other in this copy, until there is none left or the time is over. Raises what a lane cannot go on after."""
        while time.monotonic() < self._until:
            try:
                bug = self._waiting.popleft()
            except IndexError:
                return
            found = Catch(bug, *catch(tree, bug, environment))
            with self._telling:
                self.done.append(found)
                said = found.by or f"NOT CAUGHT: {bug.why}"
                print(f"{bug.name:<32} {found.seconds:6.1f} s  {said}", flush=True)


@contextmanager
def services() -> Iterator[dict[str, str]]:
    """The environment of the tests: servers that all of them share, where starting them again for each bug would take most of the time."""
    if os.environ.get("LUNAS_TEST_DATABASE_URL") or containers_wanted():
        yield dict(os.environ)
        return
    home = Path(tempfile.mkdtemp(prefix="lunas-museum-services-"))
    home.chmod(0o755)  # the service's own user must pass through
    with private_services(home, erase=True) as urls:
        yield os.environ | {
            "LUNAS_TEST_DATABASE_URL": urls.database_url,
            "LUNAS_TEST_BROKER_URL": urls.broker_url,
            "LUNAS_TEST_RABBITMQCTL": shlex.join(urls.rabbitmqctl),
        }


def chosen_bugs(names: Sequence[str], seed: int | None) -> list[Bug]:
    """All of them in the order of the list, or as the seed deals them; those that are named. Raises SystemExit for a name that is none."""
    found = [bug for bug in bugs() if not names or bug.name in names]
    if missing := set(names) - {bug.name for bug in found}:
        print(f"No such bug: {', '.join(sorted(missing))}", file=sys.stderr)
        raise SystemExit(2)
    return found if seed is None else random.Random(seed).sample(found, len(found))


def main(words: Sequence[str]) -> int:
    """Plants all bugs, or those that are named, or as many as there is time for; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.museum", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument(
        "--seed", type=int, help="deals the bugs in another order; by default the day, with --minutes"
    )
    parser.add_argument("--lanes", type=int, default=1)
    parser.add_argument("--record", action="store_true", help="write what was seen to docs/museum.md")
    given = parser.parse_args(words)
    seed = given.seed
    if seed is None and given.minutes != float("inf"):
        seed = int(f"{datetime.now(UTC):%Y%m%d}")
    chosen = chosen_bugs(given.names, seed)
    began = time.monotonic()
    museum = Museum(chosen, began + given.minutes * 60)
    with ExitStack() as stack, ThreadPoolExecutor(given.lanes) as pool:
        lanes = []
        for _ in range(given.lanes):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="lunas-museum-"))
            lanes.append((copied(Path(folder)), stack.enter_context(services())))
        for visit in [pool.submit(museum.visit, *lane) for lane in lanes]:
            visit.result()
        red = red_without(*lanes[0], [one.by for one in museum.done if one.by is not None])
    done = [replace(one, by=None) if one.by and plain(one.by) in red else one for one in museum.done]
    for test in red:
        print(f"RED WITHOUT ANY BUG TOO, so that it says nothing of one: {test}")
    shown = f", seed {seed}" if seed is not None else ""
    print(f"{summary(done)}, of {len(chosen)} there are, in {time.monotonic() - began:.0f} s{shown}")
    if given.record:
        caught = [(one.bug.name, Seen.of(one.by, one.seconds)) for one in done if one.by is not None]
        keep(
            {bug.name: bug.why for bug in bugs()},
            caught,
            [one.bug.name for one in done if one.by is None],
        )
    return 1 if any(one.by is None for one in done) else 0


def summary(done: Sequence[Catch]) -> str:
    """How many were caught, and how fast."""
    caught = [one.seconds for one in done if one.by is not None]
    said = f"{len(caught)} of {len(done)} caught"
    if not caught:
        return said
    return f"{said}, half of them within {statistics.median(caught):.1f} s, the longest {max(caught):.1f} s"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
