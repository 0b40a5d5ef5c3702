"""Changes one thing in a file at a time and runs tests, which should notice: `python -m tests.mutation FILE[/every/N] TEST...`.

Small on purpose: comparisons, boolean operators, `not`, numbers and truth values. Docstrings and annotations are let alone. The file itself stays as
it is: each change is imported in a process of its own, forked from one that has loaded everybody else's code. `/every/N` takes every Nth change.
Prints what survived.
"""

from __future__ import annotations

import ast
import copy
import importlib
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType

import pytest

SECONDS = 300
LOADED_ONCE = (
    "aiohttp",
    "asyncpg",
    "msgspec",
    "orjson",
    "prometheus_client",
    "pydantic",
    "structlog",
    "tenacity",
)
"""What tests need and no change concerns."""

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
}  # fmt: skip


def mutants(source: str) -> Iterator[tuple[int, str, str]]:
    """Line, what was changed, and the changed source."""
    tree = ast.parse(source)
    for number, _ in enumerate(ast.walk(tree)):
        changed = copy.deepcopy(tree)
        node = list(ast.walk(changed))[number]
        for what in _change(node):
            yield getattr(node, "lineno", 0), what, ast.unparse(changed)


def _change(node: ast.AST) -> Iterator[str]:
    """Each change in turn; the node is as it was before the next one."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPPED:
        before = node.ops[0]
        node.ops[0] = SWAPPED[type(before)]()  # type: ignore[assignment]
        yield f"{type(before).__name__} to {type(node.ops[0]).__name__}"
        node.ops[0] = before
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


def main(target: str, *tests: str) -> int:
    file, _, every = target.partition("/every/")
    source = Path(file).read_text(encoding="utf-8")
    for name in LOADED_ONCE:
        importlib.import_module(name)
    if _noticed(file, source, tests):
        print(f"{file}: the tests fail without any change")
        return 1
    survived, total = 0, 0
    for number, (line, what, changed) in enumerate(mutants(source)):
        if number % int(every or 1):
            continue
        total += 1
        if not _noticed(file, changed, tests):
            survived += 1
            print(f"{file}:{line}: {what}", flush=True)
    print(f"{file}: {total - survived} of {total} noticed")
    return 0


def _noticed(file: str, changed: str, tests: Sequence[str]) -> bool:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = _run(file, changed, tests)
        finally:
            os._exit(code)
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status != 0
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def _run(file: str, changed: str, tests: Sequence[str]) -> int:
    """0 when nothing was noticed."""
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    sys.meta_path.insert(0, _Changed(file, changed))
    return int(pytest.main(["-q", "-x", "-p", "no:cacheprovider", *tests]) != 0)


class _Changed(MetaPathFinder):
    """Gives the changed source to whoever imports the file."""

    def __init__(self, file: str, source: str) -> None:
        self.file, self.source = file, source
        self.module = file.removesuffix(".py").replace("/", ".")

    def find_spec(self, fullname: str, _path: object, _target: object = None) -> ModuleSpec | None:
        if fullname != self.module:
            return None
        return spec_from_file_location(fullname, self.file, loader=_Loader(fullname, self.file, self.source))


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self.source = source

    def get_code(self, _fullname: str) -> CodeType:
        return compile(self.source, self.path, "exec", dont_inherit=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
