"""Changes one thing in a file at a time and runs the tests that reach it, which should notice: `python -m tests.mutation FILE... -- TEST...`.

Small on purpose: comparisons, boolean operators, sums, `not`, conditions, numbers and truth values. Docstrings and annotations are let alone. What is after
`--` is for pytest. The tests are collected and run once, to see which of them reach which lines; each change is then put into a forked process that
has all of them loaded, and the quickest of those that reach it run first. Files and tests on disk stay as they are. Prints what survived.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import gc
import os
import resource
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, FunctionType, ModuleType
from typing import Any

import pytest

ALLOWANCE, FACTOR, MEMORY = 30, 10, 4 << 30
"""Seconds, times what its tests took without a change, and bytes: what takes more is noticed, because it comes to no end."""

SURVIVED, NOTICED, UNTRIED = 0, 1, 2

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """`name` of the module's function, class or constant that is changed in `tree`; tests reach it by `lines`, or by the whole file (None)."""

    line: int
    what: str
    tree: ast.Module
    names: tuple[str, ...]
    lines: range | None


def mutants(source: str) -> Iterator[Mutant]:
    """Every change that this tool knows, one at a time."""
    tree = ast.parse(source)
    skipped = {id(part) for one in ast.walk(tree) for part in _annotations(one)}
    places = [(number, node) for number, node in enumerate(ast.walk(tree)) if id(node) not in skipped]
    around = {id(part): top for top in tree.body for part in ast.walk(top)}
    statements = _statements(tree)
    for number, node in places:
        changed = copy.deepcopy(tree)
        target = list(ast.walk(changed))[number]
        top = around.get(id(node))
        for what in _change(target):
            line = getattr(node, "lineno", getattr(top, "lineno", 0))
            yield Mutant(line, what, copy.deepcopy(changed), _names(top), statements.get(id(node)))


def _annotations(node: ast.AST) -> Iterator[ast.AST]:
    for name in ("annotation", "returns"):
        said = getattr(node, name, None)
        if isinstance(said, ast.AST):
            yield from ast.walk(said)


def _names(top: ast.stmt | None) -> tuple[str, ...]:
    """What a statement of the module binds."""
    if isinstance(top, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return (top.name,)
    if isinstance(top, ast.Assign):
        return tuple(
            node.id for target in top.targets for node in ast.walk(target) if isinstance(node, ast.Name)
        )
    return (top.target.id,) if isinstance(top, ast.AnnAssign) and isinstance(top.target, ast.Name) else ()


def _statements(tree: ast.Module) -> dict[int, range]:
    """The lines of the innermost statement in a function's body around each node."""
    found: dict[int, range] = {}
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for statement in (
                one for part in function.body for one in ast.walk(part) if isinstance(one, ast.stmt)
            ):
                lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
                for node in ast.walk(statement):
                    if id(node) not in found or len(lines) <= len(found[id(node)]):
                        found[id(node)] = lines
    return found


def _change(node: ast.AST) -> Iterator[str]:
    """Each change in turn; the node is as it was before the next one."""
    if isinstance(node, ast.Compare):
        for place, before in enumerate(node.ops):
            if type(before) in SWAPPED:
                node.ops[place] = SWAPPED[type(before)]()  # type: ignore[call-overload]
                yield f"{type(before).__name__} to {type(node.ops[place]).__name__}"
                node.ops[place] = before
    elif isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in SWAPPED:
        old = node.op
        node.op = SWAPPED[type(old)]()  # type: ignore[assignment]
        yield f"{type(old).__name__} to {type(node.op).__name__}"
        node.op = old
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        node.value = not node.value
        yield f"{not node.value} to {node.value}"
        node.value = not node.value
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        node.value += 1
        yield f"{node.value - 1} to {node.value}"
        node.value -= 1
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        test = node.test
        node.test = ast.UnaryOp(ast.Not(), test)
        yield "condition turned round"
        node.test = test
    elif isinstance(node, ast.comprehension):
        for place, condition in enumerate(node.ifs):
            node.ifs[place] = ast.UnaryOp(ast.Not(), condition)
            yield "condition turned round"
            node.ifs[place] = condition
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        node.op, operand = ast.Not(), node.operand
        node.operand = ast.UnaryOp(ast.Not(), operand)
        yield "without its not"
        node.operand = operand


def put_into(module: ModuleType, mutant: Mutant) -> None:
    """Change a module that others have imported from already. Raises what a class or a constant that cannot be changed raises."""
    fresh: dict[str, Any] = {"__name__": module.__name__, "__file__": module.__file__}
    tree = ast.fix_missing_locations(mutant.tree)
    exec(compile(tree, str(module.__file__), "exec", dont_inherit=True), fresh)
    for name in mutant.names:
        before, after = vars(module)[name], fresh[name]
        if isinstance(before, FunctionType) or hasattr(before, "__wrapped__"):
            _put_function(before, after)
        elif isinstance(before, type):
            _put_class(before, after)
        else:
            for other in [*sys.modules.values()]:
                if vars(other).get(name) is before:
                    setattr(other, name, after)
    if not mutant.names:
        raise LookupError(f"line {mutant.line} binds no name")


def _put_function(before: Any, after: Any) -> None:
    before, after = getattr(before, "__wrapped__", before), getattr(after, "__wrapped__", after)
    before.__code__, before.__defaults__ = after.__code__, after.__defaults__
    before.__kwdefaults__ = after.__kwdefaults__


def _put_class(before: type, after: type) -> None:
    for name, one in vars(after).items():
        was = vars(before).get(name)
        if isinstance(one, FunctionType) and isinstance(was, FunctionType):
            _put_function(was, one)
        elif isinstance(one, property) and isinstance(was, property):
            _put_function(was.fget, one.fget)
        elif isinstance(one, classmethod | staticmethod) and isinstance(was, classmethod | staticmethod):
            _put_function(was.__func__, one.__func__)
        elif isinstance(one, bool | int | str | tuple | frozenset) and one != was:
            setattr(before, name, one)


@dataclass
class Reach:
    """Which lines each test reaches, and how long it takes."""

    lines: dict[str, set[tuple[str, int]]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    noticed: Counter[str] = field(default_factory=Counter)

    def of(self, item: pytest.Item, files: frozenset[str]) -> contextlib.AbstractContextManager[None]:
        seen = self.lines.setdefault(item.nodeid, set())

        def line(frame: FrameType, event: str, _: object) -> Any:
            if event == "line":
                seen.add((frame.f_code.co_filename, frame.f_lineno))
            return line

        def call(frame: FrameType, _event: str, _: object) -> Any:
            return line if frame.f_code.co_filename in files else None

        return self._traced(item, call)

    @contextlib.contextmanager
    def _traced(self, item: pytest.Item, call: Any) -> Iterator[None]:
        started = time.monotonic()
        sys.settrace(call)
        try:
            yield
        finally:
            sys.settrace(None)
            self.seconds[item.nodeid] = time.monotonic() - started

    def reaching(self, items: Sequence[pytest.Item], file: str, mutant: Mutant) -> list[pytest.Item]:
        """Those that noticed most so far first, then the quickest."""
        lines = mutant.lines

        def reaches(item: pytest.Item) -> bool:
            return any(
                name == file and (lines is None or line in lines) for name, line in self.lines[item.nodeid]
            )

        return sorted(
            filter(reaches, items), key=lambda item: (-self.noticed[item.nodeid], self.seconds[item.nodeid])
        )


class Trying:
    """A plugin of pytest: in place of running the tests once, it runs them for every change."""

    def __init__(self, files: Sequence[str], jobs: int) -> None:
        self.files, self.jobs = files, jobs
        self.failed = False
        self.reach = Reach()
        self.running: dict[int, tuple[str, Mutant, float, int]] = {}
        self.results: dict[str, list[tuple[Mutant, int]]] = defaultdict(list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed = self.failed or report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        reach, paths = self.reach, {file: str(Path(file).resolve()) for file in self.files}
        modules = {file: _module(path) for file, path in paths.items()}
        for item, following in zip(session.items, [*session.items[1:], None], strict=True):
            with reach.of(item, frozenset(paths.values())):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if self.failed:
            raise pytest.UsageError("the tests fail without any change")
        gc.freeze()  # so that forked processes share what is loaded
        for file in self.files:
            for mutant in mutants(Path(file).read_text(encoding="utf-8")):
                chosen = reach.reaching(session.items, paths[file], mutant)
                seconds = ALLOWANCE + FACTOR * sum(reach.seconds[item.nodeid] for item in chosen)
                self._wait(self.jobs - 1)
                told, tell = os.pipe()
                child = os.fork()
                if child == 0:
                    code = NOTICED  # also when it cannot even be imported
                    try:
                        code = self._try(modules[file], mutant, chosen, tell)
                    finally:
                        os._exit(code)
                os.close(tell)
                self.running[child] = (file, mutant, time.monotonic() + seconds, told)
        self._wait(0)
        return True

    def _try(self, module: ModuleType, mutant: Mutant, items: Sequence[pytest.Item], tell: int) -> int:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        try:
            put_into(module, mutant)
        except (AttributeError, TypeError, LookupError):
            return UNTRIED
        for item in items:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if self.failed:
                os.write(tell, item.nodeid.encode())
                return NOTICED
        return SURVIVED

    def _wait(self, at_most: int) -> None:
        while len(self.running) > at_most:
            for child, (file, mutant, until, told) in [*self.running.items()]:
                done, status = os.waitpid(child, os.WNOHANG)
                if not done and time.monotonic() > until:
                    os.kill(child, signal.SIGKILL)
                    done, status = os.waitpid(child, 0)
                if done:
                    del self.running[child]
                    with open(told, encoding="utf-8") as noticed:
                        self.reach.noticed.update(noticed.read().splitlines()[:1])
                    code = os.waitstatus_to_exitcode(status)
                    self._note(file, mutant, code if code in (SURVIVED, UNTRIED) else NOTICED)
            time.sleep(0.02)

    def _note(self, file: str, mutant: Mutant, code: int) -> None:
        self.results[file].append((mutant, code))
        if len(self.results[file]) % 20 == 0:
            print(f"{file}: {len(self.results[file])} tried", file=sys.__stdout__, flush=True)
        if code != NOTICED:
            text = Path(file).read_text(encoding="utf-8").splitlines()[mutant.line - 1].strip()
            word = "not tried, " if code == UNTRIED else ""
            print(f"{file}:{mutant.line}: {word}{mutant.what}: {text}", file=sys.__stdout__, flush=True)


def _module(path: str) -> ModuleType:
    return next(one for one in [*sys.modules.values()] if getattr(one, "__file__", None) == path)


def main(*arguments: str) -> int:
    """Files, and after `--` what pytest is told. `--jobs=N`: so many changes at a time."""
    divide = arguments.index("--") if "--" in arguments else len(arguments)
    jobs = next(
        (int(one.removeprefix("--jobs=")) for one in arguments[:divide] if one.startswith("--jobs=")), 1
    )
    trying = Trying([one for one in arguments[:divide] if not one.startswith("--jobs=")], jobs)
    code = pytest.main(["-q", "-s", "-p", "no:cacheprovider", *arguments[divide + 1 :]], plugins=[trying])
    for file, results in trying.results.items():
        tried = [code for _, code in results if code != UNTRIED]
        print(f"{file}: {tried.count(NOTICED)} of {len(tried)} noticed", flush=True)
    return int(code)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
