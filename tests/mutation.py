"""Changes one thing in a file at a time and runs tests, which should notice: `python -m tests.mutation FILE TEST...`.

Small on purpose: comparisons, boolean operators, `not`, numbers, returned truth values, and statements that can be left out. Docstrings,
annotations and what is only raised as a message are let alone. Prints what survived.
"""

from __future__ import annotations

import ast
import copy
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

SECONDS = 120
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


def main(file: str, *tests: str) -> int:
    path = Path(file)
    source = path.read_text(encoding="utf-8")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the file is put back
    survived, total = [], 0
    try:
        for line, what, changed in mutants(source):
            total += 1
            path.write_text(changed, encoding="utf-8")
            if not _noticed(tests):
                survived.append(f"{file}:{line}: {what}")
                print(survived[-1], flush=True)
    finally:
        path.write_text(source, encoding="utf-8")
    print(f"{file}: {total - len(survived)} of {total} noticed")
    return 0


def _noticed(tests: tuple[str, ...]) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    try:
        return subprocess.run(command, capture_output=True, timeout=SECONDS, check=False).returncode != 0
    except subprocess.TimeoutExpired:
        return True


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
