"""The changes: comparisons, boolean operators, sums, `not`, conditions, numbers and truth values, one at a time. Docstrings and annotations are let alone."""

from __future__ import annotations

import ast
import hashlib
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """`names` of the module's function, class or constant that is changed in `tree`; tests reach it by `lines`, or by the whole file (None). `place` is
    its name as long as the function around it stays as it is, wherever in the file that stands.
    """

    line: int
    what: str
    tree: ast.Module
    names: tuple[str, ...]
    lines: range | None
    place: str


def mutants(source: str) -> Iterator[Mutant]:
    """Every change that this tool knows, one at a time: all share one tree, which has the change until the next one is asked for."""
    tree = ast.parse(source)
    skipped = {id(part) for one in ast.walk(tree) for part in _annotations(one)}
    around = {id(part): top for top in tree.body for part in ast.walk(top)}
    statements, homes = _statements(tree), _homes(tree)
    counted: Counter[str] = Counter()
    for node in [*ast.walk(tree)]:
        if id(node) in skipped:
            continue
        home = homes.get(id(node), "")
        for what in _change(node):
            line = (node.iter if isinstance(node, ast.comprehension) else node).lineno  # type: ignore[attr-defined]
            place = f"{home} {counted[home]}"
            counted[home] += 1
            yield Mutant(line, what, tree, _names(around.get(id(node))), statements.get(id(node)), place)


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


def _homes(tree: ast.Module) -> dict[int, str]:
    """Name and digest of the innermost function around each node, or else of the statement of the module."""
    found: dict[int, str] = {}
    for home in (*tree.body, *(one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef))):
        digest = hashlib.sha256(ast.dump(home).encode()).hexdigest()[:12]
        found |= dict.fromkeys(map(id, ast.walk(home)), f"{getattr(home, 'name', '')} {digest}")
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
