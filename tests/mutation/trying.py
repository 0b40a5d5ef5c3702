"""A plugin of pytest that runs the tests for every change, each in a forked process that has all of them loaded.

The tests are run once without a change, to see which of them reach which lines. Then those that reach a change run, first those that notice much for the
time they take; the first that fails ends it. Files and tests on disk stay as they are.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import json
import os
import resource
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest

from tests.mutation.changes import Mutant, put_into
from tests.mutation.kept import NOTICED, OPEN, SURVIVED, UNTRIED, Kept, Same, digest_of, stored, text_of

ALLOWANCE, FACTOR, MEMORY = 10, 10, 4 << 30
"""Seconds of a processor, times what a test took without a change, and bytes: what takes more is noticed, because it comes to no end."""

BUSY = 10
"""How many times longer than that it may take by the clock on the wall: others use the processors too."""

VERDICTS = {0: SURVIVED, 2: UNTRIED}
CODES = {verdict: code for code, verdict in VERDICTS.items()}


def quick_properties() -> None:
    """The same examples in every process; a failing one need not become a simple one."""
    from hypothesis import Phase, settings  # pytest wants to be the first to import it

    phases = (Phase.explicit, Phase.generate)
    settings.register_profile(
        "mutation", derandomize=True, database=None, deadline=None, phases=phases, report_multiple_bugs=False
    )
    settings.load_profile("mutation")


@dataclass
class Reach:
    """Which lines of which files each test reaches, and how long it takes."""

    lines: dict[str, dict[str, set[int]]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    noticed: Counter[str] = field(default_factory=Counter)
    tried: Counter[str] = field(default_factory=Counter)

    @contextlib.contextmanager
    def of(self, item: pytest.Item, files: frozenset[str]) -> Iterator[None]:
        seen: defaultdict[str, set[int]] = defaultdict(set)

        def line(frame: FrameType, event: str, _: object) -> Any:
            if event == "line":
                seen[frame.f_code.co_filename].add(frame.f_lineno)
            return line

        def call(frame: FrameType, _event: str, _: object) -> Any:
            return line if frame.f_code.co_filename in files else None

        started = time.process_time()
        sys.settrace(call)
        try:
            yield
        finally:
            sys.settrace(None)
            self.seconds[item.nodeid] = time.process_time() - started
            if seen:
                self.lines[item.nodeid] = dict(seen)

    def reaching(
        self, items: Sequence[pytest.Item], file: str, mutant: Mutant, first: str
    ) -> list[pytest.Item]:
        """Those that notice most for their time first; before all others the one that noticed this change before."""

        def reaches(item: pytest.Item) -> bool:
            reached = self.lines.get(item.nodeid, {}).get(file)
            return reached is not None and (
                mutant.lines is None or any(one in mutant.lines for one in reached)
            )

        def costs(item: pytest.Item) -> tuple[bool, float]:
            name = item.nodeid
            chance = (self.noticed[name] + 1) / (self.tried[name] + 2)
            return name != first, (self.seconds[name] + 0.01) / chance

        return sorted(filter(reaches, items), key=costs)

    def by_file(self) -> dict[str, dict[str, Any]]:
        """All of it as JSON, by file of tests."""
        files: dict[str, dict[str, Any]] = {}
        for name, seconds in self.seconds.items():
            of_file = files.setdefault(name.partition("::")[0], {"lines": {}, "seconds": {}})
            of_file["seconds"][name] = seconds
            of_file["lines"][name] = {file: sorted(seen) for file, seen in self.lines.get(name, {}).items()}
        return files

    def add(self, said: dict[str, Any]) -> None:
        """What was written of one file."""
        self.seconds |= said["seconds"]
        self.lines |= {
            name: {file: set(seen) for file, seen in of.items()} for name, of in said["lines"].items()
        }


@dataclass
class Options:
    """`only`: which of the files to change now. `jobs`: changes at a time. `until`: on the monotonic clock, when to stop and leave the rest to the next run. `afresh`: also what was noticed before
    is tried again. `seconds`: how much of the tests' time each change is given. `learnt`: where what the tests reach is kept under the name `state`.
    """

    files: list[str]
    jobs: int = 1
    until: float = float("inf")
    afresh: bool = False
    seconds: float = float("inf")
    learnt: Path | None = None
    state: str = ""
    only: Sequence[str] = ()


@dataclass
class Running:
    file: str
    mutant: Mutant
    chosen: list[pytest.Item]
    whole: bool
    until: float
    told: int


class Trying:
    """In place of running the tests once."""

    def __init__(self, options: Options, kept: Kept) -> None:
        self.options, self.kept, self.same = options, kept, Same.read()
        self.failed = False
        self.unfinished = False
        self.reach = Reach()
        self.running: dict[int, Running] = {}
        self.counted: Counter[str] = Counter()

    def pytest_configure(self) -> None:
        quick_properties()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed = self.failed or report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        paths = {file: str(Path(file).resolve()) for file in self.options.files}
        modules = {file: _module(path) for file, path in paths.items()}
        self._learn(session.items, paths)
        gc.freeze()  # so that forked processes share what is loaded
        for file, path in ((file, path) for file, path in paths.items() if file in self.options.only):
            for mutant in self._open(file):
                if time.monotonic() > self.options.until:
                    self.unfinished = True
                    break
                known = self.kept.of(file, mutant)
                chosen = self.reach.reaching(session.items, path, mutant, known.by if known else "")
                self._wait(self.options.jobs - 1)
                self._fork(modules[file], file, mutant, chosen, self._within(chosen))
        self._wait(0)
        return True

    def _open(self, file: str) -> Iterator[Mutant]:
        """Changes that are to be tried now: those that survived are tried again, for there may be other tests by now."""
        for mutant, why in self.same.of(file, Path(file).read_text(encoding="utf-8")):
            known = self.kept.of(file, mutant)
            settled = known is not None and (
                known.commit == self.kept.commit if self.options.afresh else known.verdict == NOTICED
            )
            if not why and not settled:
                yield mutant

    def _learn(self, items: Sequence[pytest.Item], paths: dict[str, str]) -> None:
        options, files = self.options, frozenset(paths.values())
        known = stored(options.learnt, options.state)
        for one in known.values():
            self.reach.add(one)
        fresh = [item for item in items if item.nodeid not in self.reach.seconds]
        for item, following in zip(fresh, [*fresh[1:], None], strict=False):
            with self.reach.of(item, files):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                raise pytest.UsageError(f"{item.nodeid} fails without any change")
        if options.learnt is not None:
            learnt = {
                file: {"digest": digest_of(Path(file))} | said for file, said in self.reach.by_file().items()
            }
            options.learnt.write_text(json.dumps({"": options.state} | learnt), encoding="utf-8")
        self.reach.noticed = self.kept.noticing()
        self.reach.tried = Counter(self.reach.noticed)

    def _within(self, chosen: list[pytest.Item]) -> int:
        """How many of them the time is enough for; one at least."""
        sums = itertools.accumulate(self.reach.seconds[item.nodeid] for item in chosen)
        return max(1, sum(one <= self.options.seconds for one in sums))

    def _fork(
        self, module: ModuleType, file: str, mutant: Mutant, reaching: list[pytest.Item], within: int
    ) -> None:
        chosen = reaching[:within]
        seconds = BUSY * (ALLOWANCE + FACTOR * sum(self.reach.seconds[item.nodeid] for item in chosen))
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            code = 1  # noticed, also when it cannot even be imported
            try:
                code = self._try(module, mutant, chosen, tell)
            finally:
                os._exit(code)
        os.close(tell)
        self.running[child] = Running(
            file, mutant, chosen, within >= len(reaching), time.monotonic() + seconds, told
        )

    def _try(self, module: ModuleType, mutant: Mutant, items: Sequence[pytest.Item], tell: int) -> int:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        try:
            put_into(module, mutant)
        except (AttributeError, TypeError, LookupError, ValueError):
            return CODES[UNTRIED]
        for number, item in enumerate(items):
            os.write(tell, f"{number}\n".encode())
            signal.setitimer(signal.ITIMER_PROF, ALLOWANCE + FACTOR * self.reach.seconds[item.nodeid])
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if self.failed:
                return 1
        return CODES[SURVIVED]

    def _wait(self, at_most: int) -> None:
        while len(self.running) > at_most:
            for child, one in [*self.running.items()]:
                done, status = os.waitpid(child, os.WNOHANG)
                if not done and time.monotonic() > one.until:
                    os.kill(child, signal.SIGKILL)
                    done, status = os.waitpid(child, 0)
                if done:
                    del self.running[child]
                    self._note(one, VERDICTS.get(os.waitstatus_to_exitcode(status), NOTICED))
            time.sleep(0.01)

    def _note(self, one: Running, verdict: str) -> None:
        with open(one.told, encoding="utf-8") as told:
            begun = len(told.read().splitlines())
        ran = [item.nodeid for item in one.chosen[:begun]]
        if verdict == SURVIVED and not one.whole:
            verdict = OPEN
        by = ran[-1] if verdict == NOTICED and ran else ""
        self.reach.tried.update(ran)
        self.reach.noticed.update([by] if by else [])
        self.kept.keep(one.file, one.mutant, verdict, by)
        self.counted[verdict] += 1
        if self.counted.total() % 20 == 0:
            print(f"{one.file}: {dict(self.counted)}", file=sys.__stdout__, flush=True)
        if verdict != NOTICED:
            text = text_of(Path(one.file).read_text(encoding="utf-8").splitlines(), one.mutant)
            said = f"{one.file}:{one.mutant.line}: {verdict}, {one.mutant.what}: {text}"
            print(said, file=sys.__stdout__, flush=True)


def _module(path: str) -> ModuleType:
    return next(one for one in [*sys.modules.values()] if getattr(one, "__file__", None) == path)
