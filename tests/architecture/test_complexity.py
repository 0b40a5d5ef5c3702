"""How many ways lead through a function, counted strictly: ruff's C901 counts statements only, this counts every branch inside expressions too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST = 15
FILES = [*sorted((ROOT / "processor").rglob("*.py")), ROOT / "schemas" / "money.py"]

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def inside(function: Function) -> Iterator[ast.AST]:
    """Everything of it but functions that it defines: they count for themselves."""
    waiting: list[ast.AST] = [*ast.iter_child_nodes(function)]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Function):
            waiting.extend(ast.iter_child_nodes(node))


def ways(function: Function) -> int:
    """One, and one more for each condition, loop, handler, `and` and `or`. A comprehension without a condition is no branch."""
    return 1 + sum(_branches(node) for node in inside(function))


def _branches(node: ast.AST) -> int:
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.comprehension):
        return len(node.ifs)
    if isinstance(node, ast.For | ast.AsyncFor | ast.While):
        return 1 + bool(node.orelse)
    return int(isinstance(node, ast.If | ast.IfExp | ast.ExceptHandler | ast.Assert | ast.match_case))


def test_no_function_of_the_engine_has_more_ways_through_it_than_fifteen() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}": ways(function)
        for path in FILES
        for function in functions(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert {name: count for name, count in found.items() if count > MOST} == {}


def test_every_branch_inside_expressions_counts() -> None:
    source = "def one(a, b):\n    return [x for x in a if x and b] or (1 if a else 2)\n"
    (function,) = functions(ast.parse(source))
    assert ways(function) == 1 + 1 + 1 + 1 + 1
