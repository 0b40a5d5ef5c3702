"""A test passes on any day and at any speed: it waits for what is to happen, and asks no calendar what today is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FOR_EVER = 60
"""Seconds. Who sleeps longer is meant to be ended from outside."""
HERE = {"waiting.py", "jumping.py"}
"""The homes of waiting: for a condition, and in a time that jumps."""
BESIDE = {"benchmarks", "anyday", "torture", "witness"}
"""Not tests: measuring time, moving it, and faults that last a while."""


def ours() -> Iterator[Path]:
    for path in sorted(TESTS.rglob("*.py")):
        if path.name not in HERE and not BESIDE.intersection(path.relative_to(TESTS).parts):
            yield path


def fixed_waits(tree: ast.AST, polling: bool = False) -> Iterator[int]:
    """Lines with a sleep of a fixed time outside a loop that looks for something (`while`)."""
    for node in ast.iter_child_nodes(tree):
        looks = isinstance(node, ast.While) or (polling and not isinstance(node, ast.For | ast.AsyncFor))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("asyncio.sleep", "time.sleep", "sleep"):
            seconds = node.args[0]
            known = isinstance(seconds, ast.Constant) and isinstance(seconds.value, int | float)
            harmless = known and (seconds.value == 0 or seconds.value >= FOR_EVER)  # type: ignore[attr-defined,operator]
            if not polling and not harmless:
                yield node.lineno
        yield from fixed_waits(node, looks)


def calendar_reads(tree: ast.AST) -> Iterator[int]:
    """Lines that ask what today is: for a time without a zone, or for a part of it (months have 28 days, days 23 hours)."""
    parts = ("year", "month", "day", "hour", "weekday", "strftime")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            local = ("date.today", "datetime.today", "datetime.utcnow", "time.localtime", "time.strftime")
            if name in local or (name == "datetime.now" and not node.args and not node.keywords):
                yield node.lineno
            if name.startswith("datetime.now(") and {word.arg for word in node.keywords} & {*parts}:
                yield node.lineno
        if (
            isinstance(node, ast.Attribute)
            and node.attr in parts
            and "datetime.now(" in ast.unparse(node.value)
        ):
            yield node.lineno


@pytest.mark.parametrize("forbidden", [fixed_waits, calendar_reads])
def test_no_test_waits_for_a_while_or_reads_the_calendar(forbidden: object) -> None:
    found = [
        f"{path.relative_to(TESTS)}:{line}"
        for path in ours()
        for line in forbidden(ast.parse(path.read_text(encoding="utf-8")))  # type: ignore[operator]
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "waits"),
    [
        ("async def f():\n    await asyncio.sleep(0.2)", True),
        ("def f():\n    for _ in range(3):\n        time.sleep(1)", True),
        ("def f():\n    while a:\n        for b in c:\n            time.sleep(1)", True),
        ("def f():\n    await asyncio.sleep(pause)", True),
        ("def f():\n    while not look():\n        time.sleep(0.1)", False),
        ("def f():\n    await asyncio.sleep(0)", False),
        ("def f():\n    stuck(asyncio.sleep(60))", False),
    ],
)
def test_a_fixed_wait_is_recognised(text: str, waits: bool) -> None:
    assert bool([*fixed_waits(ast.parse(text))]) is waits


@pytest.mark.parametrize(
    "text", ["date.today()", "datetime.now()", "datetime.now(UTC).replace(day=1)", "datetime.now(UTC).month"]
)
def test_a_calendar_read_is_recognised(text: str) -> None:
    assert [*calendar_reads(ast.parse(text))]
